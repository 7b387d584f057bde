package auth_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/sallyport-go/sallyport/auth"
)

func Example() {
	keys, err := auth.NewKeyRing(auth.KeyRingConfig{}) // with a Path the key outlives the process
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := auth.NewIssuer(auth.IssuerConfig{Issuer: "https://api.example", Audience: []string{"https://api.example"}, Keys: keys})
	if err != nil {
		log.Fatal(err)
	}
	guard, err := auth.New(auth.Config{Authenticator: auth.Bearer(issuer.Verifier()), Realm: "orders"})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /orders", guard.Require("orders:read")(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, _ := auth.FromContext(r.Context())
		fmt.Fprintf(w, "the orders of %s", p.Subject())
	})))

	get := func(authorization string) {
		r := httptest.NewRequest("GET", "/orders", nil)
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code == http.StatusOK {
			fmt.Println(w.Code, w.Body)
		} else {
			fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
		}
	}
	for _, scope := range []string{"orders:read", "orders:write"} {
		token, err := issuer.Issue(context.Background(), auth.Grant{Subject: "alice", Client: "web", Scopes: []string{scope}})
		if err != nil {
			log.Fatal(err)
		}
		get("Bearer " + token.Value)
	}
	get("")
	get("Bearer not.a.token")
	// Output:
	// 200 the orders of alice
	// 403 Bearer realm="orders", error="insufficient_scope", error_description="The access token does not cover this request", scope="orders:read"
	// 401 Bearer realm="orders"
	// 401 Bearer realm="orders", error="invalid_token", error_description="The access token is not valid"
}

// A service that does not issue tokens itself verifies those of one issuer, and only those that are meant for it.
func ExampleNewVerifier() {
	keys, err := auth.NewKeyRing(auth.KeyRingConfig{})
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := auth.NewIssuer(auth.IssuerConfig{Issuer: "https://login.example", Audience: []string{"https://orders.example", "https://mail.example"}, Keys: keys})
	if err != nil {
		log.Fatal(err)
	}
	orders, err := auth.NewVerifier(auth.VerifierConfig{Issuer: "https://login.example", Audience: []string{"https://orders.example"}, Keys: keys})
	if err != nil {
		log.Fatal(err)
	}
	for _, audience := range []string{"https://orders.example", "https://mail.example"} {
		token, err := issuer.Issue(context.Background(), auth.Grant{Subject: "alice", Client: "web", Audience: []string{audience}})
		if err != nil {
			log.Fatal(err)
		}
		p, err := orders.Verify(context.Background(), token.Value)
		if errors.Is(err, auth.ErrAudience) {
			fmt.Println(err)
			continue
		}
		fmt.Println(p.Subject(), "by", p.Issuer())
	}
	// Output:
	// alice by https://login.example
	// auth: the token is for another audience
}

// An adapter for a framework calls Check, which writes nothing.
func ExampleGuard_Check() {
	alice, err := auth.NewPrincipal(auth.Identity{Subject: "alice", Scopes: []string{"orders:read"}})
	if err != nil {
		log.Fatal(err)
	}
	guard, err := auth.New(auth.Config{Authenticator: gateway{alice}})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	_, err = guard.Check(r, auth.Scopes("orders:write"))
	if refusal, ok := errors.AsType[*auth.Error](err); ok {
		fmt.Println(refusal.HTTPStatus(), refusal.Public())
	}
	r, err = guard.Check(r, auth.Scopes("orders:read"))
	subject, ok := auth.Subject(r)
	fmt.Println(subject, ok, err)
	// Output:
	// 403 The access token does not cover this request.
	// alice true <nil>
}

// gateway is an authenticator of an application: somebody in front of it has done the work.
type gateway struct{ who *auth.Principal }

func (g gateway) Authenticate(*http.Request) (*auth.Principal, error) { return g.who, nil }
func (gateway) Schemes() []string                                     { return []string{"Bearer"} }

// The usual mistake is a scope that no token can have, here two scopes in one text. The handler refuses everybody, and says why.
func ExampleGuard_Require_mistake() {
	alice, err := auth.NewPrincipal(auth.Identity{Subject: "alice", Scopes: []string{"orders:read", "orders:write"}})
	if err != nil {
		log.Fatal(err)
	}
	guard, err := auth.New(auth.Config{Authenticator: gateway{alice}})
	if err != nil {
		log.Fatal(err)
	}
	handler := guard.Require("orders:read orders:write")(http.NotFoundHandler())
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Code)
	if broken, ok := handler.(interface{ Err() error }); ok {
		fmt.Println(broken.Err())
	}
	// Output:
	// 500
	// auth: a required scope has other characters than RFC 6749, section 3.3, allows: use printable ASCII without space, " and \
}

func ExamplePrincipal_Claims() {
	keys, err := auth.NewKeyRing(auth.KeyRingConfig{})
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := auth.NewIssuer(auth.IssuerConfig{Issuer: "https://api.example", Audience: []string{"https://api.example"}, Keys: keys})
	if err != nil {
		log.Fatal(err)
	}
	token, err := issuer.Issue(context.Background(), auth.Grant{Subject: "alice", Client: "web", Extra: map[string]any{"tenant": "north"}})
	if err != nil {
		log.Fatal(err)
	}
	p, err := issuer.Verifier().Verify(context.Background(), token.Value)
	if err != nil {
		log.Fatal(err)
	}
	var claims struct {
		Tenant string `json:"tenant"`
	}
	fmt.Println(p.Claims(&claims), claims.Tenant)
	// Output: <nil> north
}
