package apikey_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/apikey"
)

func Example() {
	store, err := apikey.NewMemory(apikey.MemoryConfig{}) // sqlkeys.New keeps them
	if err != nil {
		log.Fatal(err)
	}
	keys, err := apikey.New(apikey.Config{Prefix: "acme", Store: store})
	if err != nil {
		log.Fatal(err)
	}
	guard, err := auth.New(auth.Config{Authenticator: keys, Realm: "orders"})
	if err != nil {
		log.Fatal(err)
	}
	orders := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, _ := auth.FromContext(r.Context())
		fmt.Fprintf(w, "the orders of %s", p.Subject())
	})
	mux := http.NewServeMux()
	mux.Handle("GET /orders", guard.Require("orders:read")(orders))

	get := func(key string) {
		r := httptest.NewRequest("GET", "/orders", nil)
		r.Header.Set("X-API-Key", key)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code == http.StatusOK {
			fmt.Println(w.Code, w.Body)
		} else {
			fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
		}
	}
	ctx := context.Background()
	key, record, err := keys.Create(ctx, apikey.Grant{Subject: "u-17", Name: "backup script", Scopes: []string{"orders:read"}, TTL: 30 * 24 * time.Hour})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key) // only Reveal shows it
	get(key.Reveal())
	get(key.Reveal()[:60]) // cut off when it was copied
	get("")

	if err := keys.RevokeOwn(ctx, "u-17", record.ID); err != nil {
		log.Fatal(err)
	}
	get(key.Reveal())
	// Output:
	// [redacted]
	// 200 the orders of u-17
	// 401 ApiKey realm="orders"
	// 401 ApiKey realm="orders"
	// 401 ApiKey realm="orders"
}

// One header for users with access tokens and programs with keys.
func ExampleKeys_BearerOr() {
	ring, err := auth.NewKeyRing(auth.KeyRingConfig{})
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := auth.NewIssuer(auth.IssuerConfig{Issuer: "https://api.example", Audience: []string{"https://api.example"}, Keys: ring})
	if err != nil {
		log.Fatal(err)
	}
	store, err := apikey.NewMemory(apikey.MemoryConfig{})
	if err != nil {
		log.Fatal(err)
	}
	keys, err := apikey.New(apikey.Config{Prefix: "acme", Store: store})
	if err != nil {
		log.Fatal(err)
	}
	either, err := keys.BearerOr(issuer.Verifier())
	if err != nil {
		log.Fatal(err)
	}
	guard, err := auth.New(auth.Config{Authenticator: either})
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	key, _, err := keys.Create(ctx, apikey.Grant{Subject: "u-17"})
	if err != nil {
		log.Fatal(err)
	}
	token, err := issuer.Issue(ctx, auth.Grant{Subject: "u-17", Client: "web"})
	if err != nil {
		log.Fatal(err)
	}
	for _, credential := range []string{key.Reveal(), token.Value} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+credential)
		r, err := guard.Check(r)
		if err != nil {
			log.Fatal(err)
		}
		p, _ := auth.FromContext(r.Context())
		fmt.Println(p.Issuer(), p.Subject()) // two issuers, two identities
	}
	// Output:
	// apikey u-17
	// https://api.example u-17
}

// The usual mistakes: a key in the URL, and one that is printed.
func ExampleKeys() {
	store, err := apikey.NewMemory(apikey.MemoryConfig{})
	if err != nil {
		log.Fatal(err)
	}
	keys, err := apikey.New(apikey.Config{Prefix: "acme", Store: store})
	if err != nil {
		log.Fatal(err)
	}
	key, _, err := keys.Create(context.Background(), apikey.Grant{Subject: "u-17"})
	if err != nil {
		log.Fatal(err)
	}
	_, err = keys.Authenticate(httptest.NewRequest("GET", "/?api_key="+key.Reveal(), nil))
	fmt.Println(err)
	fmt.Printf("%v %+v %q\n", key, struct{ Key apikey.Key }{key}, key)
	// Output:
	// auth: no credentials
	// [redacted] {Key:[redacted]} [redacted]
}
