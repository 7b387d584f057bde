package authtest_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/authtest"
)

// service stands for the application: all of its handlers, with the keys that it is given.
func service(issuer string, audience []string, keys auth.Keys) http.Handler {
	v, err := auth.NewVerifier(auth.VerifierConfig{Issuer: issuer, Audience: audience, Keys: keys})
	if err != nil {
		panic(err)
	}
	g, err := auth.New(auth.Config{Authenticator: auth.Bearer(v), Logger: quiet})
	if err != nil {
		panic(err)
	}
	return g.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
}

// A test of an application: more than 200 attacks on its own wiring.
func ExampleAttack() {
	test := func(t *testing.T) {
		issuer := authtest.NewIssuer(t)
		handler := service(issuer.Name, issuer.Audience, issuer.Keys())
		authtest.Attack(t, handler, issuer, authtest.AttackConfig{
			Grant:   auth.Grant{Subject: "alice", Scopes: []string{"orders:read"}},
			Request: func() *http.Request { return httptest.NewRequest(http.MethodGet, "/orders", nil) },
		})
	}
	_ = test // in a file of tests: func TestAttacks(t *testing.T) { … }
}
