package authtest_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/authtest"
)

var (
	quiet = slog.New(slog.DiscardHandler)
	grant = auth.Grant{Subject: "alice", Client: "web", Scopes: []string{"orders:read"}, Roles: []string{"editor"}}
)

// orders is a service as an application would wire it.
func orders(t testing.TB, v auth.TokenVerifier) http.Handler {
	g, err := auth.New(auth.Config{Authenticator: auth.Bearer(v), Logger: quiet})
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("GET /orders", g.Require("orders:read")(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		subject, _ := auth.Subject(r)
		_, _ = io.WriteString(w, subject)
	})))
	return mux
}

func getOrders() *http.Request { return httptest.NewRequest(http.MethodGet, "/orders", nil) }

func TestTheCorpusPassesAGuardedService(t *testing.T) {
	issuer := authtest.NewIssuer(t)
	authtest.Attack(t, orders(t, issuer.Verifier()), issuer, authtest.AttackConfig{Grant: grant, Request: getOrders})
}

func TestTheCorpusPassesAServiceWithRemoteKeys(t *testing.T) {
	issuer := authtest.NewIssuer(t, "https://orders.example")
	keys, err := auth.Discover(t.Context(), auth.DiscoverConfig{Issuer: issuer.Name, Keys: auth.RemoteKeysConfig{Logger: quiet}})
	require.NoError(t, err)
	v, err := auth.NewVerifier(auth.VerifierConfig{Issuer: issuer.Name, Audience: []string{"https://orders.example"}, Keys: keys})
	require.NoError(t, err)
	authtest.Attack(t, orders(t, v), issuer, authtest.AttackConfig{Grant: grant, Request: getOrders})
}

func TestTheCorpusPassesAServiceWithANameOfItsOwn(t *testing.T) {
	issuer := authtest.NewIssuer(t).As("https://issuer.example", "https://orders.example")
	v, err := auth.NewVerifier(auth.VerifierConfig{Issuer: "https://issuer.example", Audience: []string{"https://orders.example"}, Keys: issuer.Keys()})
	require.NoError(t, err)
	authtest.Attack(t, orders(t, v), issuer, authtest.AttackConfig{Grant: grant, Request: getOrders})
}

// careless takes a token apart and believes it.
func careless(mistake string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if len(token) == len(r.Header.Get("Authorization")) && !strings.EqualFold(strings.SplitN(token, " ", 2)[0], "bearer") {
			w.WriteHeader(http.StatusUnauthorized) // without a challenge
			return
		}
		parts := strings.Split(token, ".")
		var claims struct{ Sub string }
		if len(parts) == 3 {
			payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
			_ = json.Unmarshal(payload, &claims)
		}
		switch mistake {
		case "echo":
			http.Error(w, token, http.StatusUnauthorized)
		case "crash":
			w.WriteHeader(http.StatusInternalServerError)
		case "refuse":
			w.WriteHeader(http.StatusForbidden)
		}
	})
}

// talkative decides well and tells what it has refused.
func talkative(v *auth.Verifier) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if _, err := v.Verify(r.Context(), token); err != nil || !strings.EqualFold(scheme, "Bearer") {
			w.Header().Set("WWW-Authenticate", `Bearer error_description="`+token+`"`)
			http.Error(w, "refused: "+token, http.StatusUnauthorized)
		}
	})
}

const mistakeVariable = "AUTHTEST_MISTAKE"

// TestPlanted is run by TestTheCorpusFindsMistakes, in a process of its own, since it fails.
func TestPlanted(t *testing.T) {
	mistake := os.Getenv(mistakeVariable)
	if mistake == "" {
		return
	}
	issuer := authtest.NewIssuer(t)
	h := careless(mistake)
	if mistake == "repeat" {
		h = talkative(issuer.Verifier())
	}
	authtest.Attack(t, h, issuer, authtest.AttackConfig{Grant: grant})
}

func TestTheCorpusFindsMistakes(t *testing.T) {
	for mistake, want := range map[string][]string{
		"believe": {"FAIL: TestPlanted/alg_none", "FAIL: TestPlanted/exp_past", "the handler let it pass", "a 401 without a challenge"},
		"repeat":  {"FAIL: TestPlanted/opaque", "the body repeats", "the header Www-Authenticate repeats"},
		"echo":    {"a good token does not pass"},
		"refuse":  {"a good token does not pass"},
		"crash":   {"a good token does not pass: status 500"},
	} {
		c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPlanted$")
		c.Env = append(os.Environ(), mistakeVariable+"="+mistake)
		out, err := c.CombinedOutput()
		require.Error(t, err, mistake)
		for _, text := range want {
			assert.Contains(t, string(out), text, mistake)
		}
	}
}

func TestForgeChangesOneThing(t *testing.T) {
	issuer := authtest.NewIssuer(t)
	v := issuer.Verifier()
	p, err := v.Verify(t.Context(), issuer.Token(grant))
	require.NoError(t, err)
	assert.Equal(t, []string{"editor"}, p.Roles())
	_, err = v.Verify(t.Context(), issuer.Forge(grant, func(_, claims map[string]any) { claims["exp"] = 0 }))
	assert.ErrorIs(t, err, auth.ErrExpired)
	_, err = v.Verify(t.Context(), issuer.Forge(grant, func(header, _ map[string]any) { header["typ"] = "JWT" }))
	assert.ErrorIs(t, err, auth.ErrType)
}

func TestWithPrincipal(t *testing.T) {
	r := authtest.WithPrincipal(t, getOrders(), auth.Identity{Subject: "alice"})
	subject, ok := auth.Subject(r)
	assert.True(t, ok)
	assert.Equal(t, "alice", subject)
	v := failing{}
	w := httptest.NewRecorder()
	orders(t, v).ServeHTTP(w, r)
	assert.Equal(t, http.StatusUnauthorized, w.Code, "a Guard does not take it")
}

type failing struct{}

func (failing) Verify(context.Context, string) (*auth.Principal, error) { return nil, auth.ErrExpired }
