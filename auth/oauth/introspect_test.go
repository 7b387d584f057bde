package oauth_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/oauth"
)

func TestIntrospectionOfRFC7662(t *testing.T) {
	f := newFixture(t, withClients, revocable(t))
	login := f.as(basicAuth("web", webSecret), loginForm)
	own := f.login()
	p := f.principal(login)
	ask := func(id, secret, token string) map[string]any {
		status, body := f.at(f.service.Introspect(), basicAuth(id, secret), "token="+token)
		require.Equal(t, 200, status)
		var m map[string]any
		require.NoError(t, json.Unmarshal([]byte(body), &m))
		return m
	}
	inactive := map[string]any{"active": false}
	assert.Equal(t, map[string]any{
		"active": true, "scope": "notes:read", "client_id": "web", "token_type": "Bearer", "sub": "u-1", "iss": issuerName, "aud": issuerName,
		"jti": p.TokenID(), "exp": float64(p.Expiry().Unix()), "iat": float64(p.IssuedAt().Unix()),
	}, ask("api", apiSecret, login.AccessToken), "a resource server asks about the token of another client")
	assert.Equal(t, true, ask("web", webSecret, login.AccessToken)["active"], "a client asks about its own")
	assert.Equal(t, inactive, ask("web", webSecret, own.AccessToken), "a client asks about another's")
	assert.Equal(t, inactive, ask("api", apiSecret, "x"))
	assert.Equal(t, inactive, ask("api", apiSecret, login.AccessToken+"x"))
	assert.Equal(t, inactive, ask("api", apiSecret, login.RefreshToken), "a resource server never sees refresh tokens")

	refresh := ask("web", webSecret, login.RefreshToken)
	assert.Equal(t, true, refresh["active"])
	assert.NotContains(t, refresh, "token_type", "no resource takes it")
	f.users.change("alice", func(u *oauth.User) { u.Disabled = true })
	assert.Equal(t, inactive, ask("web", webSecret, login.RefreshToken), "a refresh would be refused")
	f.users.change("alice", func(u *oauth.User) { u.Disabled = false })
	next := f.as(basicAuth("web", webSecret), "grant_type=refresh_token&refresh_token="+login.RefreshToken)
	require.Equal(t, 200, next.status, "to ask uses nothing up")
	assert.Equal(t, inactive, ask("web", webSecret, login.RefreshToken), "used up")
	assert.Equal(t, 200, f.as(basicAuth("web", webSecret), "grant_type=refresh_token&refresh_token="+next.RefreshToken).status, "to ask about a used one is not to use it again")

	status, _ := f.at(f.service.Revoke(), basicAuth("web", webSecret), "token="+login.AccessToken)
	require.Equal(t, 200, status)
	assert.Equal(t, inactive, ask("api", apiSecret, login.AccessToken), "revoked")
}

func TestIntrospectionIsForClientsThatAuthenticate(t *testing.T) {
	f := newFixture(t, withClients)
	token := f.login().AccessToken
	for name, c := range map[string]struct {
		authorization, body string
		status              int
	}{
		"nobody":          {"", "token=" + token, 400},
		"a public client": {"", "client_id=cli&token=" + token, 400},
		"a wrong secret":  {basicAuth("api", "x"), "token=" + token, 401},
		"a user's token":  {"Bearer " + token, "token=" + token, 401},
		"no token":        {basicAuth("api", apiSecret), "", 400},
		"two tokens":      {basicAuth("api", apiSecret), "token=a&token=b", 400},
	} {
		status, body := f.at(f.service.Introspect(), c.authorization, c.body)
		assert.Equal(t, c.status, status, name)
		assert.NotContains(t, body, "active", name)
	}
}

func TestIntrospectionOfATokenThatHasExpired(t *testing.T) {
	aliceHash()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, withClients)
		login := f.as(basicAuth("web", webSecret), loginForm)
		time.Sleep(8 * 24 * time.Hour)
		for _, token := range []string{login.AccessToken, login.RefreshToken} {
			_, body := f.at(f.service.Introspect(), basicAuth("web", webSecret), "token="+token)
			assert.Equal(t, `{"active":false}`, body)
		}
	})
}
