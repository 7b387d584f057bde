package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/authtest"
)

func TestEveryRouterHoldsAgainstTheCorpus(t *testing.T) {
	issuer := authtest.NewIssuer(t)
	guard, err := auth.New(auth.Config{Authenticator: auth.Bearer(issuer.Verifier()), Realm: "orders", Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	grant := auth.Grant{Subject: "alice", Scopes: []string{"orders:read"}}
	for name, router := range routers {
		t.Run(name, func(t *testing.T) {
			h := router(guard)
			authtest.Attack(t, h, issuer, authtest.AttackConfig{
				Grant: grant,
				Request: func() *http.Request {
					return httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/orders/17", nil)
				},
			})
		})
	}
}

// The same requests over the wire get the same answers from every router.
func TestEveryRouterAnswersAlike(t *testing.T) {
	issuer := authtest.NewIssuer(t)
	guard, err := auth.New(auth.Config{Authenticator: auth.Bearer(issuer.Verifier()), Realm: "orders", Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	good := "Bearer " + issuer.Token(auth.Grant{Subject: "alice", Scopes: []string{"orders:read"}})
	poor := "Bearer " + issuer.Token(auth.Grant{Subject: "alice"})
	for name, router := range routers {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(router(guard))
			defer server.Close()
			for _, c := range []struct {
				authorization, path string
				status              int
				body, challenge     string
			}{
				{good, "/orders/17", 200, `{"subject":"alice","order":"17"}`, ""},
				{"", "/orders/17", 401, "", `Bearer realm="orders"`},
				{"Bearer x", "/orders/17", 401, "", `Bearer realm="orders", error="invalid_token", error_description="The access token is not valid"`},
				{poor, "/orders/17", 403, "", `Bearer realm="orders", error="insufficient_scope", error_description="The access token does not cover this request", scope="orders:read"`},
				{good, "/nothing", 404, "", ""},
			} {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+c.path, nil)
				require.NoError(t, err)
				if c.authorization != "" {
					r.Header.Set("Authorization", c.authorization)
				}
				res, err := server.Client().Do(r)
				require.NoError(t, err)
				body, err := io.ReadAll(res.Body)
				require.NoError(t, err)
				require.NoError(t, res.Body.Close())
				assert.Equal(t, c.status, res.StatusCode)
				assert.Equal(t, c.challenge, res.Header.Get("WWW-Authenticate"))
				if c.body != "" {
					assert.JSONEq(t, c.body, string(body))
				}
				if c.status == 401 || c.status == 403 {
					assert.Equal(t, "application/problem+json", res.Header.Get("Content-Type"))
				}
			}
		})
	}
}
