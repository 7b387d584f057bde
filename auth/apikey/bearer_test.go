package apikey_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/apikey"
)

// tokens takes "token" for that of bob, and remembers what it was shown.
type tokens struct{ seen []string }

func (v *tokens) Verify(_ context.Context, token string) (*auth.Principal, error) {
	v.seen = append(v.seen, token)
	if token != "token" {
		return nil, auth.ErrMalformed
	}
	return auth.NewPrincipal(auth.Identity{Issuer: "tokens", Subject: "bob"})
}

func TestBearerOfKeysAlone(t *testing.T) {
	k := newKeys(t, apikey.Config{})
	key, _ := create(t, k, apikey.Grant{})
	h := newGuard(t, auth.Bearer(k)).Handler(ok)
	assert.Equal(t, 200, serve(h, request(t, "Authorization", "Bearer "+key)).Code)
	w := serve(h, request(t, "Authorization", "Bearer token"))
	assert.Equal(t, 401, w.Code)
	assert.Contains(t, w.Header().Get("WWW-Authenticate"), `error="invalid_token"`)
	assert.Equal(t, 401, serve(h, withKey(t, key)).Code)
}

func TestBearerOr(t *testing.T) {
	others := &tokens{}
	k := newKeys(t, apikey.Config{})
	key, r := create(t, k, apikey.Grant{})
	revoked, gone := create(t, k, apikey.Grant{})
	require.NoError(t, k.Revoke(t.Context(), gone.ID))
	either, err := k.BearerOr(others)
	require.NoError(t, err)
	g := newGuard(t, either)
	const invalid, malformed = `error="invalid_token"`, `error="invalid_request"`
	for name, c := range map[string]struct {
		header    []string
		status    int
		challenge string
		shown     int // to the others
	}{
		"key":                      {[]string{"Bearer " + key}, 200, "", 0},
		"scheme in other case":     {[]string{"bEARER " + key}, 200, "", 0},
		"token":                    {[]string{"Bearer token"}, 200, "", 1},
		"nothing":                  {nil, 401, "", 0},
		"other scheme":             {[]string{"Basic eA=="}, 401, "", 0},
		"key in other scheme":      {[]string{"Basic " + key}, 401, "", 0},
		"scheme alone":             {[]string{"Bearer"}, 400, malformed, 0},
		"two spaces before a key":  {[]string{"Bearer  " + key}, 400, malformed, 0},
		"space after a key":        {[]string{"Bearer " + key + " "}, 400, malformed, 0},
		"two keys":                 {[]string{"Bearer " + key, "Bearer " + key}, 400, malformed, 0},
		"key and token":            {[]string{"Bearer " + key, "Bearer token"}, 400, malformed, 0},
		"joined":                   {[]string{"Bearer " + key + ", Bearer token"}, 400, malformed, 0},
		"revoked":                  {[]string{"Bearer " + revoked}, 401, invalid, 0},
		"mistyped":                 {[]string{"Bearer " + key[:20] + "." + key[21:]}, 401, invalid, 0},
		"forged":                   {[]string{"Bearer " + apikey.Compose("acme", r.ID, strings.Repeat("0", 43))}, 401, invalid, 0},
		"prefix of another":        {[]string{"Bearer acme_live_" + key[5:]}, 401, invalid, 1},
		"prefix in other case":     {[]string{"Bearer ACME_" + key[5:]}, 401, invalid, 1},
		"token that begins alike":  {[]string{"Bearer acmex"}, 401, invalid, 1},
		"token with an underscore": {[]string{"Bearer a.b_c.d"}, 401, invalid, 1},
	} {
		t.Run(name, func(t *testing.T) {
			others.seen = nil
			r := request(t, "Authorization", c.header...)
			w := serve(g.Handler(ok), r)
			assert.Equal(t, c.status, w.Code)
			assert.Contains(t, w.Header().Get("WWW-Authenticate"), c.challenge)
			assert.Len(t, others.seen, c.shown)
			assert.NotContains(t, fmt.Sprint(others.seen), key)
		})
	}
}

func TestBearerOrWithinFirst(t *testing.T) {
	k := newKeys(t, apikey.Config{})
	key, _ := create(t, k, apikey.Grant{})
	either, err := k.BearerOr(&tokens{})
	require.NoError(t, err)
	h := newGuard(t, auth.First(k, either)).Handler(ok)
	assert.Equal(t, 200, serve(h, withKey(t, key)).Code)
	assert.Equal(t, 200, serve(h, request(t, "Authorization", "Bearer "+key)).Code)
	assert.Equal(t, 200, serve(h, request(t, "Authorization", "Bearer token")).Code)
	for _, second := range []string{"token", key} {
		r := withKey(t, key)
		r.Header.Set("Authorization", "Bearer "+second)
		assert.Equal(t, 400, serve(h, r).Code, "two at once")
	}
}

func TestBearerOrWithoutOthersIsFoundAtStartUp(t *testing.T) {
	k := newKeys(t, apikey.Config{})
	for _, others := range []auth.TokenVerifier{nil, (*auth.Verifier)(nil), (*auth.Issuers)(nil)} {
		a, err := k.BearerOr(others)
		assert.Error(t, err)
		assert.Nil(t, a)
	}
}

func TestBearerOrPassesAnOutageOn(t *testing.T) {
	store := &altered{Store: newMemory(t, apikey.MemoryConfig{})}
	k := newKeys(t, apikey.Config{Store: store})
	key, _ := create(t, k, apikey.Grant{})
	store.lookup = func(apikey.Record, error) (apikey.Record, error) { return apikey.Record{}, errors.New("down") }
	either, err := k.BearerOr(&tokens{})
	require.NoError(t, err)
	h := newGuard(t, either).Handler(ok)
	w := serve(h, request(t, "Authorization", "Bearer "+key))
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.NotEmpty(t, w.Header().Get("Retry-After"))
	assert.Equal(t, 200, serve(h, request(t, "Authorization", "Bearer token")).Code)
}
