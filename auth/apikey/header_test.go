package apikey_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/apikey"
)

func TestHeader(t *testing.T) {
	k := newKeys(t, apikey.Config{})
	key, _ := create(t, k, apikey.Grant{})
	h := newGuard(t, k).Handler(ok)
	for name, c := range map[string]struct {
		values []string
		status int
	}{
		"good":              {[]string{key}, 200},
		"none":              {nil, 401},
		"empty":             {[]string{""}, 401},
		"not a key":         {[]string{"x"}, 401},
		"with a scheme":     {[]string{"Bearer " + key}, 401},
		"space":             {[]string{" " + key}, 401},
		"repeated":          {[]string{key, key}, 400},
		"repeated, empty":   {[]string{"", key}, 400},
		"joined by a proxy": {[]string{key + ", " + key}, 400},
		"joined without":    {[]string{key + ","}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			w := serve(h, withKey(t, c.values...))
			assert.Equal(t, c.status, w.Code)
			challenge := `ApiKey realm="acme"`
			if c.status == 200 {
				challenge = ""
			}
			assert.Equal(t, challenge, w.Header().Get("WWW-Authenticate"))
			assert.NotContains(t, w.Body.String(), key)
		})
	}
}

func TestHeaderOfAnotherName(t *testing.T) {
	k := newKeys(t, apikey.Config{Header: "x-acme-key"})
	key, _ := create(t, k, apikey.Grant{})
	_, err := k.Authenticate(request(t, "X-Acme-Key", key))
	assert.NoError(t, err)
	_, err = k.Authenticate(withKey(t, key))
	assert.ErrorIs(t, err, auth.ErrNoCredentials)
}

func TestPrincipal(t *testing.T) {
	for _, issuer := range []string{"", "https://api.example"} {
		k := newKeys(t, apikey.Config{Issuer: issuer})
		key, r := create(t, k, apikey.Grant{Subject: "alice", Scopes: []string{"a", "b"}})
		p, err := k.Authenticate(withKey(t, key))
		require.NoError(t, err)
		if issuer == "" {
			issuer = "apikey"
		}
		assert.Equal(t, issuer, p.Issuer())
		assert.Equal(t, "alice", p.Subject())
		assert.Equal(t, []string{"a", "b"}, p.Scopes())
		assert.Equal(t, r.ID, p.TokenID())
		assert.Equal(t, r.Expiry, p.Expiry())
		assert.Zero(t, p.AuthTime(), "a key proves no recent login")
		assert.Empty(t, p.Session())
	}
}

func TestKeyWithoutAScopeDoesNotPassForOne(t *testing.T) {
	k := newKeys(t, apikey.Config{})
	g := newGuard(t, k)
	none, _ := create(t, k, apikey.Grant{})
	other, _ := create(t, k, apikey.Grant{Scopes: []string{"orders:write"}})
	for _, key := range []string{none, other} {
		assert.Equal(t, 403, serve(g.Require("orders:read")(ok), withKey(t, key)).Code)
		assert.Equal(t, 401, serve(g.RequireAll(auth.MaxAge(1e9))(ok), withKey(t, key)).Code)
	}
}

func TestFirstWithAKeyAndABearerToken(t *testing.T) {
	k := newKeys(t, apikey.Config{})
	key, _ := create(t, k, apikey.Grant{})
	bearer := auth.Bearer(newKeys(t, apikey.Config{})) // accepts nothing that is used here
	h := newGuard(t, auth.First(k, bearer)).Handler(ok)

	both := withKey(t, key)
	both.Header.Set("Authorization", "Bearer x")
	w := serve(h, both)
	assert.Equal(t, 400, w.Code, "two kinds at once")
	assert.Equal(t, []string{`ApiKey realm="acme"`, `Bearer realm="acme", error="invalid_request", error_description="The credentials are malformed or repeated"`}, w.Header()["Www-Authenticate"])

	assert.Equal(t, 200, serve(h, withKey(t, key)).Code)
	assert.Equal(t, 401, serve(h, request(t, "Authorization", "Bearer x")).Code)
	assert.Equal(t, 401, serve(h, withKey(t)).Code)
	empty := request(t, "Authorization", "Bearer x")
	empty.Header["X-Api-Key"] = []string{""}
	assert.Equal(t, 401, serve(h, empty).Code, "an empty header is none")
}

func TestOptional(t *testing.T) {
	k := newKeys(t, apikey.Config{})
	h := newGuard(t, k).Optional(ok)
	assert.Equal(t, 200, serve(h, withKey(t)).Code)
	assert.Equal(t, 200, serve(h, withKey(t, "")).Code)
	assert.Equal(t, 401, serve(h, withKey(t, "x")).Code)
}

func TestAnswersAreNotForSharedCaches(t *testing.T) {
	k := newKeys(t, apikey.Config{})
	key, _ := create(t, k, apikey.Grant{})
	g := newGuard(t, k)
	w := serve(g.Handler(ok), withKey(t, key))
	assert.Equal(t, "private", w.Header().Get("Cache-Control"))
	assert.Equal(t, []string{"X-Api-Key"}, w.Header()["Vary"])

	own := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Add("Vary", "Accept")
	})
	w = serve(g.Handler(own), withKey(t, key))
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	assert.Equal(t, []string{"X-Api-Key", "Accept"}, w.Header()["Vary"])
}
