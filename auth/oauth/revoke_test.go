package oauth_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/authtest"
	"github.com/sallyport-go/sallyport/auth/oauth"
	"github.com/sallyport-go/sallyport/auth/store"
)

// revocable gives the issuer the store of the refresh tokens for its revocations as well.
func revocable(t testing.TB) func(*oauth.Config) {
	return func(c *oauth.Config) {
		quiet := slog.New(slog.DiscardHandler)
		keys, err := auth.NewKeyRing(auth.KeyRingConfig{Logger: quiet})
		require.NoError(t, err)
		c.Issuer, err = auth.NewIssuer(auth.IssuerConfig{
			Issuer: issuerName, Audience: []string{issuerName}, Keys: keys, Logger: quiet, Revocations: c.Refresh.Store.(auth.Revocations),
		})
		require.NoError(t, err)
	}
}

// at sends a form to another endpoint than the token endpoint, and returns status and body.
func (f *fixture) at(h http.Handler, authorization, body string) (int, string) {
	f.t.Helper()
	r := newRequest(f.t, body)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	assert.Equal(f.t, "no-store", w.Header().Get("Cache-Control"))
	return w.Code, w.Body.String()
}

func (f *fixture) active(token string) bool {
	f.t.Helper()
	_, err := f.verifier.Verify(f.t.Context(), token)
	if err != nil {
		require.ErrorIs(f.t, err, auth.ErrRevoked)
	}
	return err == nil
}

func TestRevokeARefreshTokenEndsItsLogin(t *testing.T) {
	f := newFixture(t, withClients, revocable(t))
	login, other := f.login(), f.login()
	next := f.refresh(login.RefreshToken)
	status, body := f.at(f.service.Revoke(), "", "token="+next.RefreshToken+"&token_type_hint=refresh_token")
	assert.Equal(t, 200, status)
	assert.Empty(t, body)
	assert.Equal(t, "invalid_grant", f.refresh(next.RefreshToken).Error)
	assert.False(t, f.active(login.AccessToken), "RFC 7009, section 2.1: the access tokens as well")
	assert.False(t, f.active(next.AccessToken))
	assert.True(t, f.active(other.AccessToken), "another login of the user")
	assert.Equal(t, 200, f.refresh(other.RefreshToken).status)
	for range 2 {
		status, _ = f.at(f.service.Revoke(), "", "token="+next.RefreshToken)
		assert.Equal(t, 200, status, "a token that has ended is as good as revoked")
	}
	assert.Equal(t, 1, f.events("authn_token_revoked"))
}

func TestRevokeAnAccessToken(t *testing.T) {
	f := newFixture(t, withClients, revocable(t))
	login := f.login()
	next := f.refresh(login.RefreshToken)
	status, _ := f.at(f.service.Revoke(), "", "token="+login.AccessToken+"&token_type_hint=something")
	assert.Equal(t, 200, status)
	assert.False(t, f.active(login.AccessToken))
	assert.True(t, f.active(next.AccessToken))

	f = newFixture(t)
	login = f.login()
	status, body := f.at(f.service.Revoke(), "", "token="+login.AccessToken)
	assert.Equal(t, 400, status)
	assert.Contains(t, body, "unsupported_token_type", "RFC 7009, section 2.2.1: no store to keep it in")
}

func TestRevokeRefusals(t *testing.T) {
	f := newFixture(t, withClients, revocable(t))
	login := f.login()
	for name, c := range map[string]struct {
		authorization, body string
		status              int
		want                string
	}{
		"the refresh token of another client": {basicAuth("web", webSecret), "token=" + login.RefreshToken, 400, "unauthorized_client"},
		"the access token of another client":  {basicAuth("web", webSecret), "token=" + login.AccessToken, 400, "unauthorized_client"},
		"a wrong secret":                      {basicAuth("web", "x"), "token=" + login.AccessToken, 401, "invalid_client"},
		"no token":                            {"", "token=", 400, "invalid_request"},
		"two tokens":                          {"", "token=a&token=b", 400, "invalid_request"},
		"an unknown token":                    {"", "token=x", 200, ""},
		"a token that somebody made up":       {"", "token=" + login.AccessToken + "x", 200, ""},
	} {
		status, body := f.at(f.service.Revoke(), c.authorization, c.body)
		assert.Equal(t, c.status, status, name)
		assert.Contains(t, body, c.want, name)
	}
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/revoke?token="+login.RefreshToken, nil)
	w := httptest.NewRecorder()
	f.service.Revoke().ServeHTTP(w, r)
	assert.Equal(t, 405, w.Code)
	assert.True(t, f.active(login.AccessToken))
	assert.Equal(t, 200, f.refresh(login.RefreshToken).status)
}

// brokenStore fails from a time on.
type brokenStore struct {
	*store.Memory
	broken bool
}

var errGone = errors.New("the store is gone")

func (b *brokenStore) DenySession(ctx context.Context, session string, until, now time.Time) error {
	if b.broken {
		return errGone
	}
	return b.Memory.DenySession(ctx, session, until, now)
}

func (b *brokenStore) DenyToken(ctx context.Context, id string, until, now time.Time) error {
	if b.broken {
		return errGone
	}
	return b.Memory.DenyToken(ctx, id, until, now)
}

func (b *brokenStore) DenyBefore(ctx context.Context, subject string, notBefore, until, now time.Time) error {
	if b.broken {
		return errGone
	}
	return b.Memory.DenyBefore(ctx, subject, notBefore, until, now)
}

func TestRevocationThatCannotBeKeptIs503AndCanBeRepeated(t *testing.T) {
	memory, err := store.NewMemory(store.Config{})
	require.NoError(t, err)
	broken := &brokenStore{Memory: memory}
	f := newFixture(t, func(c *oauth.Config) { c.Refresh.Store = broken }, revocable(t))
	login := f.login()
	broken.broken = true
	for _, token := range []string{login.RefreshToken, login.AccessToken} {
		status, body := f.at(f.service.Revoke(), "", "token="+token)
		assert.Equal(t, 503, status)
		assert.NotContains(t, body, "gone")
	}
	assert.ErrorIs(t, f.service.RevokeSubject(t.Context(), "u-1"), errGone)
	broken.broken = false
	status, _ := f.at(f.service.Revoke(), "", "token="+login.RefreshToken)
	assert.Equal(t, 200, status)
	assert.False(t, f.active(login.AccessToken))
}

func TestLogoutEverywhere(t *testing.T) {
	f := newFixture(t, revocable(t))
	guard, err := auth.New(auth.Config{Authenticator: auth.Bearer(f.verifier), Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	h := guard.Handler(f.service.LogoutEverywhere())
	send := func(method, token string) int {
		r := httptest.NewRequestWithContext(t.Context(), method, "/", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	one, two := f.login(), f.login()
	assert.Equal(t, 405, send("GET", one.AccessToken), "no link and no picture logs anybody out")
	assert.Equal(t, 401, send("POST", "x"))
	assert.Equal(t, 204, send("POST", one.AccessToken))
	for _, login := range []reply{one, two} {
		assert.False(t, f.active(login.AccessToken))
		assert.Equal(t, "invalid_grant", f.refresh(login.RefreshToken).Error)
	}
	assert.True(t, f.active(f.login().AccessToken), "and can log in again, right away")

	w := httptest.NewRecorder()
	f.service.LogoutEverywhere().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "POST", "/", nil))
	assert.Equal(t, 500, w.Code, "without a Guard it does nothing")
}

// slowStore lets something happen before the refresh tokens of a subject are gone.
type slowStore struct {
	*store.Memory
	before func()
}

func (s *slowStore) RevokeSubject(ctx context.Context, subject string, now time.Time) error {
	s.before()
	return s.Memory.RevokeSubject(ctx, subject, now)
}

func TestARefreshWhileTheSubjectIsBeingRevoked(t *testing.T) {
	aliceHash()
	synctest.Test(t, func(t *testing.T) {
		memory, err := store.NewMemory(store.Config{})
		require.NoError(t, err)
		slow := &slowStore{Memory: memory}
		f := newFixture(t, func(c *oauth.Config) { c.Refresh.Store = slow }, revocable(t))
		login := f.login()
		var next reply
		slow.before = func() {
			time.Sleep(3 * time.Second)
			next = f.refresh(login.RefreshToken)
			require.Equal(t, 200, next.status, "its refresh token was still there")
		}
		require.NoError(t, f.service.RevokeSubject(t.Context(), "u-1"))
		assert.False(t, f.active(next.AccessToken))
		assert.Equal(t, "invalid_grant", f.refresh(next.RefreshToken).Error)
	})
}

func TestLogoutEverywhereIsForOurOwnSubjects(t *testing.T) {
	f := newFixture(t, revocable(t))
	login := f.login()
	partner := authtest.NewIssuer(t, issuerName)
	issuers, err := auth.NewIssuers(auth.IssuersConfig{Issuers: []auth.TrustedIssuer{{Verifier: f.verifier, Prefix: "own:"}, {Verifier: partner.Verifier()}}})
	require.NoError(t, err)
	guard, err := auth.New(auth.Config{Authenticator: auth.Bearer(issuers), Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	send := func(token string) int {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		guard.Handler(f.service.LogoutEverywhere()).ServeHTTP(w, r)
		return w.Code
	}
	assert.Equal(t, 403, send(partner.Token(auth.Grant{Subject: "u-1"})), "somebody else of the same name")
	assert.True(t, f.active(login.AccessToken))
	session, err := auth.NewPrincipal(auth.Identity{Subject: "u-1"})
	require.NoError(t, err)
	r := httptest.NewRequestWithContext(auth.NewContext(t.Context(), session), "POST", "/", nil)
	w := httptest.NewRecorder()
	f.service.LogoutEverywhere().ServeHTTP(w, r)
	assert.Equal(t, 403, w.Code)

	assert.Equal(t, 204, send(login.AccessToken), "under whatever prefix")
	assert.False(t, f.active(login.AccessToken))
	assert.Equal(t, "invalid_grant", f.refresh(login.RefreshToken).Error)
}

func TestAttackFillTheStoreOfRevocations(t *testing.T) {
	small, err := store.NewMemory(store.Config{Denials: 2})
	require.NoError(t, err)
	f := newFixture(t, func(c *oauth.Config) { c.Refresh.Store = small }, revocable(t))
	for range 2 {
		status, _ := f.at(f.service.Revoke(), "", "token="+f.login().AccessToken)
		require.Equal(t, 200, status)
	}
	bob := f.form("grant_type", "password", "username", "plain", "password", alicePW)
	require.Equal(t, 200, bob.status)
	status, _ := f.at(f.service.Revoke(), "", "token="+bob.AccessToken)
	assert.Equal(t, 200, status, "nobody is kept from revoking")
	assert.False(t, f.active(bob.AccessToken))
}

// whileLoggingIn does something between the look-up of a user and what follows.
type whileLoggingIn struct {
	*table
	do func()
}

func (w *whileLoggingIn) Lookup(ctx context.Context, name string) (oauth.User, error) {
	u, err := w.table.Lookup(ctx, name)
	if do := w.do; do != nil {
		w.do = nil
		do()
	}
	return u, err
}

func TestALoginThatIsOvertakenByARevocation(t *testing.T) {
	newHash, err := hasher().Hash(t.Context(), "a new password of the owner")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		change func(u *oauth.User)
		status int
	}{
		"the password was changed":     {func(u *oauth.User) { u.Hash = newHash }, 400},
		"the user was disabled":        {func(u *oauth.User) { u.Disabled = true }, 400},
		"nothing but being logged out": {func(*oauth.User) {}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			aliceHash()
			synctest.Test(t, func(t *testing.T) {
				users := &whileLoggingIn{table: newTable()}
				f := newFixture(t, func(c *oauth.Config) { c.Users = users }, revocable(t))
				users.do = func() {
					users.change("alice", c.change)
					require.NoError(t, f.service.RevokeSubject(t.Context(), "u-1"))
				}
				a := f.form("grant_type", "password", "username", "alice", "password", alicePW)
				assert.Equal(t, c.status, a.status)
				if c.status == 200 {
					assert.True(t, f.active(a.AccessToken))
					assert.Equal(t, 200, f.refresh(a.RefreshToken).status)
				} else {
					assert.Equal(t, "invalid_grant", a.Error)
				}
			})
		})
	}
}
