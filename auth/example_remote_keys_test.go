package auth_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/sallyport-go/sallyport/auth"
)

// provider is somebody else's authorization server, with the metadata and the keys that everybody can read.
func provider() (issuer *auth.Issuer, server *httptest.Server, err error) {
	keys, err := auth.NewKeyRing(auth.KeyRingConfig{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, nil, err
	}
	mux := http.NewServeMux()
	server = httptest.NewTLSServer(mux)
	mux.Handle("GET /keys", keys.JWKS())
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, server.URL, server.URL+"/keys")
	})
	issuer, err = auth.NewIssuer(auth.IssuerConfig{Issuer: server.URL, Audience: []string{"https://api.example"}, Keys: keys})
	return issuer, server, err
}

// From the name of an issuer to a verifier of its tokens.
func ExampleDiscover() {
	issuer, server, err := provider()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	ctx := context.Background()

	keys, err := auth.Discover(ctx, auth.DiscoverConfig{
		Issuer: server.URL,
		Keys:   auth.RemoteKeysConfig{Client: server.Client(), Logger: slog.New(slog.DiscardHandler)}, // nothing, outside of tests
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier, err := auth.NewVerifier(auth.VerifierConfig{Issuer: server.URL, Audience: []string{"https://api.example"}, Keys: keys})
	if err != nil {
		fmt.Println(err)
		return
	}

	token, err := issuer.Issue(ctx, auth.Grant{Subject: "alice", Client: "web"})
	if err != nil {
		fmt.Println(err)
		return
	}
	principal, err := verifier.Verify(ctx, token.Value)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(principal.Subject())
	// Output: alice
}

// The usual mistake: the name of the issuer is not quite the one that it calls itself. Copy it from the issuer's own metadata.
func ExampleDiscover_anotherIssuer() {
	_, server, err := provider()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	_, err = auth.Discover(context.Background(), auth.DiscoverConfig{
		Issuer: server.URL + "/", // this one calls itself by the name without the slash
		Keys:   auth.RemoteKeysConfig{Client: server.Client()},
	})
	fmt.Println(err)
	// Output:
	// auth: /.well-known/oauth-authorization-server: the answer has status 404, not 200
	// auth: /.well-known/openid-configuration: the metadata names another issuer: copy the name from there into DiscoverConfig.Issuer, byte by byte, if it is the one that you mean
}

// A service starts while its provider is down, answers 503 meanwhile, and needs no restart afterwards.
func ExampleNewRemoteKeys() {
	issuer, server, err := provider()
	if err != nil {
		fmt.Println(err)
		return
	}
	keys, err := auth.NewRemoteKeys(auth.RemoteKeysConfig{
		URL:    server.URL + "/keys",
		Client: server.Client(),
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier, err := auth.NewVerifier(auth.VerifierConfig{Issuer: server.URL, Audience: []string{"https://api.example"}, Keys: keys})
	if err != nil {
		fmt.Println(err)
		return
	}
	token, err := issuer.Issue(context.Background(), auth.Grant{Subject: "alice", Client: "web"})
	if err != nil {
		fmt.Println(err)
		return
	}

	server.Close() // the provider is down
	_, err = verifier.Verify(context.Background(), token.Value)
	fmt.Println(errors.Is(err, auth.ErrUnavailable))
	// Output: true
}
