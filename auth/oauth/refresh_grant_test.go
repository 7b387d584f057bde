package oauth_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/oauth"
	"github.com/sallyport-go/sallyport/auth/store"
)

const hour = time.Hour

func TestRefreshRotates(t *testing.T) {
	f := newFixture(t)
	first := f.login("scope", "notes:read notes:write")
	second := f.refresh(first.RefreshToken)
	require.Equal(t, 200, second.status, second.body)
	assert.NotEqual(t, first.RefreshToken, second.RefreshToken)
	assert.NotEqual(t, first.AccessToken, second.AccessToken)
	a, b := f.principal(first), f.principal(second)
	assert.Equal(t, a.Session(), b.Session())
	assert.Equal(t, a.AuthTime(), b.AuthTime())
	assert.Equal(t, a.AMR(), b.AMR())
	assert.Equal(t, a.Scopes(), b.Scopes())
	assert.NotEqual(t, a.TokenID(), b.TokenID())
	assert.Equal(t, 200, f.refresh(second.RefreshToken).status)
}

// RFC 6749, section 6: narrower if asked for, never wider, and the next token has the scope of this one.
func TestRefreshNarrowsAndNeverWidens(t *testing.T) {
	f := newFixture(t)
	f.users.change("alice", func(u *oauth.User) { u.Scopes = []string{"a", "b", "c"} })
	token := f.login("scope", "a b").RefreshToken
	ask := func(scope string) reply {
		t.Helper()
		r := f.refresh(token, "scope", scope)
		if r.status == 200 {
			token = r.RefreshToken
		}
		return r
	}
	assert.Equal(t, "a", ask("a").Scope)
	assert.Equal(t, "a b", ask("").Scope, "the login is as wide as before")
	assert.Equal(t, "invalid_scope", ask("c").Error, "the user has it, the login has not")
	assert.Equal(t, "invalid_scope", ask("a c").Error)
	assert.Equal(t, "invalid_scope", ask("admin").Error)
	assert.Equal(t, "b a", ask("b a").Scope, "a refusal consumes nothing")

	f.users.change("alice", func(u *oauth.User) { u.Scopes, u.Roles = []string{"b", "d"}, []string{"reader"} })
	r := ask("")
	assert.Equal(t, "b", r.Scope, "what the user has lost is lost")
	assert.Equal(t, []string{"reader"}, f.principal(r).Roles())
	assert.Equal(t, "b", ask("a b").Scope)
	assert.Equal(t, "invalid_scope", ask("a").Error)
}

// RFC 9700, section 4.14.2.
func TestAttackReuseEndsTheLogin(t *testing.T) {
	f := newFixture(t)
	stolen, other := f.login(), f.login()
	second := f.refresh(stolen.RefreshToken)
	third := f.refresh(second.RefreshToken)
	require.Equal(t, 200, third.status)

	for range 3 {
		a := f.refresh(stolen.RefreshToken)
		assert.Equal(t, 400, a.status)
		assert.Equal(t, "invalid_grant", a.Error)
	}
	assert.Equal(t, "invalid_grant", f.refresh(third.RefreshToken).Error, "thief and owner cannot be told apart")
	assert.Equal(t, 1, f.events("authn_token_reuse"))
	assert.Contains(t, f.log.String(), `"subject":"u-1"`)
	assert.Equal(t, 200, f.refresh(other.RefreshToken).status, "another login goes on")
}

func TestAttackParallelUseWinsOnce(t *testing.T) {
	f := newFixture(t)
	server := httptest.NewServer(f.handler)
	defer server.Close()
	token := f.login().RefreshToken
	const uses = 50
	replies := make([]reply, uses)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range uses {
		wg.Go(func() {
			<-start
			req, err := http.NewRequestWithContext(t.Context(), "POST", server.URL, strings.NewReader("grant_type=refresh_token&refresh_token="+token))
			if !assert.NoError(t, err) {
				return
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			res, err := server.Client().Do(req)
			if assert.NoError(t, err) {
				defer res.Body.Close()
				replies[i].status = res.StatusCode
			}
		})
	}
	close(start)
	wg.Wait()
	won := 0
	for _, r := range replies {
		if r.status == 200 {
			won++
		} else {
			assert.Equal(t, 400, r.status)
		}
	}
	assert.Equal(t, 1, won)
	assert.Equal(t, 1, f.events("authn_token_reuse"))
}

// The name of a login is in its access tokens, so it must be of no use to whoever reads one.
func TestAttackForgedTokenEndsNobodysLogin(t *testing.T) {
	f := newFixture(t)
	login := f.login()
	session, err := base64.RawURLEncoding.DecodeString(f.principal(login).Session())
	require.NoError(t, err)
	raw := append(session, make([]byte, 32)...)
	raw = binary.BigEndian.AppendUint32(raw, crc32.ChecksumIEEE(raw))
	forged := "spr_" + base64.RawURLEncoding.EncodeToString(raw)
	_, _, _, ok := oauth.ParseRefreshToken(forged)
	require.True(t, ok, "well-formed")
	for _, token := range []string{forged, oauth.NewRefreshToken()} {
		assert.Equal(t, "invalid_grant", f.refresh(token).Error)
	}
	assert.Zero(t, f.events("authn_token_reuse"))
	assert.Equal(t, 200, f.refresh(login.RefreshToken).status)
}

func TestExpiry(t *testing.T) {
	const tick = time.Microsecond // to which stores keep times
	for name, c := range map[string]struct {
		change func(*oauth.RefreshGrant)
		waits  []time.Duration // before each refresh; all but the last succeed
	}{
		"idle by default":      {func(*oauth.RefreshGrant) {}, []time.Duration{7*24*hour - tick, 7*24*hour - tick, 7 * 24 * hour}},
		"absolute by default":  {func(*oauth.RefreshGrant) {}, []time.Duration{144 * hour, 144 * hour, 144 * hour, 144 * hour, 144*hour - tick, tick}},
		"idle":                 {func(g *oauth.RefreshGrant) { g.Idle = hour }, []time.Duration{hour - tick, hour - tick, hour}},
		"no idle expiry":       {func(g *oauth.RefreshGrant) { g.Idle = -1 }, []time.Duration{29 * 24 * hour, 24*hour - tick, tick}},
		"idle within lifetime": {func(g *oauth.RefreshGrant) { g.Lifetime = hour }, []time.Duration{hour - tick, tick}},
	} {
		t.Run(name, func(t *testing.T) {
			hasher() // outside of the bubble
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t, func(cfg *oauth.Config) { c.change(cfg.Refresh) })
				start := time.Now()
				token := f.login().RefreshToken
				for i, wait := range c.waits {
					time.Sleep(wait)
					a := f.refresh(token)
					if last := i == len(c.waits)-1; last {
						assert.Equal(t, "invalid_grant", a.Error)
						assert.Equal(t, 1, f.events("session_use_after_expire"))
						return
					}
					require.Equal(t, 200, a.status, i)
					assert.Equal(t, start.Unix(), f.principal(a).AuthTime().Unix(), "to refresh is not to prove who one is")
					token = a.RefreshToken
				}
			})
		})
	}
}

func TestDisabledUserLosesAllLogins(t *testing.T) {
	for name, gone := range map[string]func(*oauth.User){
		"disabled": func(u *oauth.User) { u.Disabled = true },
		"unknown":  func(u *oauth.User) { u.Subject = "somebody else" },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			a, b := f.login(), f.login()
			var before oauth.User
			f.users.change("alice", func(u *oauth.User) { before = *u; gone(u) })
			refused := f.refresh(a.RefreshToken)
			assert.Equal(t, "invalid_grant", refused.Error)
			assert.Equal(t, 1, f.events("authn_token_revoked"))
			f.users.change("alice", func(u *oauth.User) { *u = before })
			assert.Equal(t, "invalid_grant", f.refresh(a.RefreshToken).Error, "for good")
			assert.Equal(t, "invalid_grant", f.refresh(b.RefreshToken).Error)
		})
	}
}

func TestAttackTokenOfAnotherClient(t *testing.T) {
	web := newFixture(t)
	app := newFixture(t, func(c *oauth.Config) {
		c.Password.ClientID = "other"
		c.Refresh.Store = web.store
	})
	token := web.login().RefreshToken
	assert.Equal(t, "invalid_grant", app.refresh(token).Error)
	assert.Equal(t, 200, web.refresh(token).status, "and it is not consumed")
}

// flaky is a store that fails on request.
type flaky struct {
	store.RefreshTokens
	lookup, rotate, revoke error
	change                 func(*store.Refresh)
}

func (s *flaky) Lookup(ctx context.Context, family string, now time.Time) (store.Refresh, error) {
	if s.lookup != nil {
		return store.Refresh{}, s.lookup
	}
	r, err := s.RefreshTokens.Lookup(ctx, family, now)
	if s.change != nil {
		s.change(&r)
	}
	return r, err
}

func (s *flaky) Rotate(ctx context.Context, family string, old, next store.Hash, until, now time.Time) error {
	if s.rotate != nil {
		return s.rotate
	}
	return s.RefreshTokens.Rotate(ctx, family, old, next, until, now)
}

func (s *flaky) RevokeSubject(ctx context.Context, subject string, now time.Time) error {
	if s.revoke != nil {
		return s.revoke
	}
	return s.RefreshTokens.RevokeSubject(ctx, subject, now)
}

func newFlaky(t *testing.T) (*fixture, *flaky) {
	broken := &flaky{}
	f := newFixture(t, func(c *oauth.Config) {
		broken.RefreshTokens = c.Refresh.Store
		c.Refresh.Store = broken
	})
	return f, broken
}

func TestWhatCannotAnswerConsumesNothing(t *testing.T) {
	f, broken := newFlaky(t)
	token := f.login().RefreshToken
	down := errors.New("down")
	for name, c := range map[string]struct{ on, off func() }{
		"users":  {func() { f.users.fail(down) }, func() { f.users.fail(nil) }},
		"lookup": {func() { broken.lookup = store.ErrUnavailable }, func() { broken.lookup = nil }},
		"rotate": {func() { broken.rotate = down }, func() { broken.rotate = nil }},
		"revoke": {func() {
			broken.revoke = store.ErrUnavailable
			f.users.change("alice", func(u *oauth.User) { u.Disabled = true })
		}, func() { f.users.change("alice", func(u *oauth.User) { u.Disabled = false }) }},
	} {
		t.Run(name, func(t *testing.T) {
			f.t = t
			c.on()
			a := f.refresh(token)
			assert.Equal(t, 503, a.status)
			assert.Equal(t, "temporarily_unavailable", a.Error)
			assert.NotEmpty(t, a.header.Get("Retry-After"))
			assert.NotContains(t, a.body, "access_token")
			c.off()
			b := f.refresh(token)
			require.Equal(t, 200, b.status, b.body)
			token = b.RefreshToken
		})
	}
}

func TestUserThatNoTokenCanStateKeepsTheRefreshToken(t *testing.T) {
	f := newFixture(t)
	token := f.login().RefreshToken
	f.users.change("alice", func(u *oauth.User) { u.Roles = []string{"\x00"} })
	a := f.refresh(token)
	assert.Equal(t, 500, a.status)
	f.users.change("alice", func(u *oauth.User) { u.Roles = nil })
	assert.Equal(t, 200, f.refresh(token).status)
}

// wrong answers with somebody else.
type wrong struct{ *table }

func (wrong) LookupSubject(context.Context, string) (oauth.User, error) {
	return oauth.User{Subject: "u-2"}, nil
}

func TestUsersThatConfuseSubjectsAreNotTrusted(t *testing.T) {
	f := newFixture(t, func(c *oauth.Config) { c.Users = wrong{newTable()} })
	a := f.refresh(f.login().RefreshToken)
	assert.Equal(t, 500, a.status)
	assert.NotContains(t, a.body, "access_token")
}

func TestStoreThatRotatesWhatIsNotInForceIsNotTrusted(t *testing.T) {
	f, broken := newFlaky(t)
	token := f.login().RefreshToken
	broken.change = func(r *store.Refresh) { r.Hash[0]++ }
	a := f.refresh(token)
	assert.Equal(t, 500, a.status)
	assert.NotContains(t, a.body, "access_token")
}

func TestLoginOnANodeWhoseClockIsAhead(t *testing.T) {
	f, broken := newFlaky(t)
	token := f.login().RefreshToken
	broken.change = func(r *store.Refresh) { r.AuthTime = time.Now().Add(5 * time.Minute) }
	a := f.refresh(token)
	require.Equal(t, 200, a.status)
	assert.False(t, f.principal(a).AuthTime().After(time.Now()))
}

func TestReuseByAClientThatHangsUp(t *testing.T) {
	f := newFixture(t)
	first := f.login()
	second := f.refresh(first.RefreshToken)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f.send(newRequest(t, "grant_type=refresh_token&refresh_token="+first.RefreshToken).WithContext(ctx))
	assert.Equal(t, "invalid_grant", f.refresh(second.RefreshToken).Error)
}
