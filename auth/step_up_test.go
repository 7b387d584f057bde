package auth_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

func loggedIn(t testing.TB, at time.Time, acr string) auth.TokenVerifier {
	p, err := auth.NewPrincipal(auth.Identity{Subject: "alice", AuthTime: at, ACR: acr, Scopes: []string{"a"}})
	require.NoError(t, err)
	return verifierFunc(func(context.Context, string) (*auth.Principal, error) { return p, nil })
}

func TestStepUpChallengeOfRFC9470(t *testing.T) {
	const errorCode = `Bearer realm="api", error="insufficient_user_authentication", error_description="A more recent or a stronger login is required"`
	for name, c := range map[string]struct {
		age          time.Duration
		acr          string
		requirements []auth.Requirement
		challenge    string
	}{
		"young enough":    {4 * time.Minute, "", []auth.Requirement{auth.MaxAge(5 * time.Minute)}, ""},
		"at the limit":    {5 * time.Minute, "", []auth.Requirement{auth.MaxAge(5 * time.Minute)}, ""},
		"too old":         {5*time.Minute + time.Second, "", []auth.Requirement{auth.MaxAge(5 * time.Minute)}, errorCode + `, max_age="300"`},
		"no auth_time":    {-1, "", []auth.Requirement{auth.MaxAge(time.Hour)}, errorCode + `, max_age="3600"`},
		"the first class": {0, "mfa", []auth.Requirement{auth.ACR("mfa", "phr")}, ""},
		"the last class":  {0, "phr", []auth.Requirement{auth.ACR("mfa", "phr")}, ""},
		"no class":        {0, "", []auth.Requirement{auth.ACR("mfa", "phr")}, errorCode + `, acr_values="mfa phr"`},
		"another class":   {0, "MFA", []auth.Requirement{auth.ACR("mfa")}, errorCode + `, acr_values="mfa"`},
		"one login must meet both": {time.Hour, "mfa", []auth.Requirement{auth.MaxAge(time.Minute), auth.ACR("mfa")},
			errorCode + `, max_age="60", acr_values="mfa"`},
		"scope and age": {0, "", []auth.Requirement{auth.Scopes("a"), auth.MaxAge(time.Minute)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				at := time.Now().Add(-c.age)
				if c.age < 0 {
					at = time.Time{}
				}
				h := newGuard(t, auth.Config{Authenticator: auth.Bearer(loggedIn(t, at, c.acr))}).RequireAll(c.requirements...)(whoami)
				w := serve(h, request(t, "Bearer x"))
				assert.Equal(t, c.challenge, w.Header().Get("WWW-Authenticate"))
				if c.challenge == "" {
					assert.Equal(t, 200, w.Code)
				} else {
					assert.Equal(t, 401, w.Code)
				}
			})
		})
	}
}

func TestStepUpFaultsAreFoundAtStartUp(t *testing.T) {
	g := newGuard(t, auth.Config{Authenticator: auth.Bearer(named(t))})
	for name, requirements := range map[string][]auth.Requirement{
		"no age": {auth.MaxAge(0)}, "under a second": {auth.MaxAge(time.Second - 1)}, "over a year": {auth.MaxAge(366 * 24 * time.Hour)},
		"no class": {auth.ACR()}, "a space": {auth.ACR("a b")}, "a quotation mark": {auth.ACR(`a"`)}, "nil": {nil},
		"twice": {auth.MaxAge(time.Minute), auth.MaxAge(time.Hour)},
	} {
		h := g.RequireAll(requirements...)(whoami)
		assert.Error(t, h.(interface{ Err() error }).Err(), name)
		assert.Equal(t, 500, serve(h, request(t, "Bearer alice")).Code, name)
	}
	for _, wrong := range [][]auth.Requirement{{auth.MaxAge(0)}, {nil}, {auth.ACR("a"), auth.ACR("b")}, {auth.Scopes("a b")}} {
		_, err := g.Check(request(t, "Bearer alice"), wrong...)
		refused, ok := errors.AsType[*auth.Error](err)
		require.True(t, ok)
		assert.Equal(t, 500, refused.HTTPStatus(), "Check fails closed as well")
	}
}

func TestNestedStepUpKeepsTheScopes(t *testing.T) {
	g := newGuard(t, auth.Config{Authenticator: auth.Bearer(loggedIn(t, time.Now(), ""))})
	h := g.RequireAll(auth.MaxAge(time.Minute), auth.Scopes("a"))(g.Require("b")(whoami))
	assert.Equal(t, []string{"a", "b"}, h.(interface{ RequiredScopes() []string }).RequiredScopes())
	w := serve(h, request(t, "Bearer x"))
	assert.Equal(t, 403, w.Code)
	assert.Contains(t, w.Header().Get("WWW-Authenticate"), `scope="a b"`)
}

func TestResourceMetadataOfRFC9728(t *testing.T) {
	for resource, want := range map[string]string{
		"https://api.example":         "https://api.example/.well-known/oauth-protected-resource",
		"https://api.example/":        "https://api.example/.well-known/oauth-protected-resource",
		"https://api.example/v1":      "https://api.example/.well-known/oauth-protected-resource/v1",
		"https://api.example:8443/v1": "https://api.example:8443/.well-known/oauth-protected-resource/v1",
		"http://127.0.0.1:9000":       "http://127.0.0.1:9000/.well-known/oauth-protected-resource",
	} {
		m, err := auth.NewResourceMetadata(auth.ResourceMetadataConfig{Resource: resource, AuthorizationServers: []string{testIssuer}, Scopes: []string{"a"}, Name: "Notes"})
		require.NoError(t, err, resource)
		assert.Equal(t, want, m.URL())

		g := newGuard(t, auth.Config{Authenticator: auth.Bearer(named(t)), Metadata: m})
		w := serve(g.Handler(whoami), request(t))
		assert.Equal(t, `Bearer realm="api", resource_metadata="`+want+`"`, w.Header().Get("WWW-Authenticate"))
		w = serve(g.Require("c")(whoami), request(t, "Bearer alice"))
		assert.Contains(t, w.Header().Get("WWW-Authenticate"), `error="insufficient_scope"`)
		assert.Contains(t, w.Header().Get("WWW-Authenticate"), `, resource_metadata="`+want+`"`)

		mux := http.NewServeMux()
		mux.Handle("GET "+m.Path(), m)
		r := request(t)
		r.URL.Path = m.Path()
		w = serve(mux, r)
		assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
		assert.JSONEq(t, `{"resource":"`+resource+`","authorization_servers":["`+testIssuer+`"],"scopes_supported":["a"],"bearer_methods_supported":["header"],"resource_name":"Notes"}`, w.Body.String())
		r.Method = "POST"
		w = serve(m, r)
		assert.Equal(t, 405, w.Code)
		assert.Equal(t, "GET, HEAD", w.Header().Get("Allow"))
	}
}

func TestResourceMetadataFaultsAreReportedTogether(t *testing.T) {
	_, err := auth.NewResourceMetadata(auth.ResourceMetadataConfig{
		Resource: "http://api.example/#f", AuthorizationServers: []string{"x"}, Scopes: []string{"a b"}, Name: "a\nb", Documentation: "ftp://x",
	})
	for _, field := range []string{"Resource", "AuthorizationServers", "Scopes", "Name", "Documentation"} {
		assert.ErrorContains(t, err, "ResourceMetadataConfig."+field)
	}
	_, err = auth.NewResourceMetadata(auth.ResourceMetadataConfig{Resource: `https://api.example/a"b`})
	assert.ErrorContains(t, err, "ResourceMetadataConfig.Resource")
}
