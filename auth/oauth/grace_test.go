package oauth_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/oauth"
	"github.com/sallyport-go/sallyport/auth/store"
)

func grace(d time.Duration) func(*oauth.Config) {
	return func(c *oauth.Config) { c.Refresh.Grace = d }
}

func TestGraceAnswersTheDirectPredecessorWithTheSameSuccessor(t *testing.T) {
	aliceHash()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, grace(10*time.Second))
		first := f.login()
		second := f.refresh(first.RefreshToken)
		require.Equal(t, 200, second.status)
		for range 3 {
			again := f.refresh(first.RefreshToken)
			require.Equal(t, 200, again.status)
			assert.Equal(t, second.RefreshToken, again.RefreshToken, "a family does not fork")
			assert.NotEqual(t, second.AccessToken, again.AccessToken)
			assert.Equal(t, "alice", map[string]string{"u-1": "alice"}[f.principal(again).Subject()])
		}
		time.Sleep(10*time.Second - time.Microsecond)
		assert.Equal(t, 200, f.refresh(first.RefreshToken).status)
		assert.Equal(t, 200, f.refresh(second.RefreshToken).status, "and the successor works")
	})
}

func TestGraceEnds(t *testing.T) {
	aliceHash()
	for name, end := range map[string]func(f *fixture, first, second reply){
		"with its time":              func(*fixture, reply, reply) { time.Sleep(10 * time.Second) },
		"when the successor is used": func(f *fixture, _, second reply) { f.refresh(second.RefreshToken) },
		"when the user is disabled":  func(f *fixture, _, _ reply) { f.users.change("alice", func(u *oauth.User) { u.Disabled = true }) },
		"when the login is revoked":  func(f *fixture, _, second reply) { f.at(f.service.Revoke(), "", "token="+second.RefreshToken) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t, grace(10*time.Second))
				first := f.login()
				second := f.refresh(first.RefreshToken)
				end(f, first, second)
				assert.Equal(t, "invalid_grant", f.refresh(first.RefreshToken).Error)
				assert.Equal(t, "invalid_grant", f.refresh(second.RefreshToken).Error, "the login is over")
			})
		})
	}
}

func TestGraceIsForTheDirectPredecessorOnly(t *testing.T) {
	f := newFixture(t, grace(10*time.Second))
	first := f.login()
	second := f.refresh(first.RefreshToken)
	third := f.refresh(second.RefreshToken)
	assert.Equal(t, third.RefreshToken, f.refresh(second.RefreshToken).RefreshToken)
	assert.Equal(t, "invalid_grant", f.refresh(first.RefreshToken).Error)
	assert.Equal(t, "invalid_grant", f.refresh(third.RefreshToken).Error)
	assert.Equal(t, 1, f.events("authn_token_reuse"))
}

func TestGraceUnderAHundredParallelUses(t *testing.T) {
	f := newFixture(t, grace(10*time.Second))
	login := f.login()
	var mu sync.Mutex
	successors := map[string]int{}
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			a := f.refresh(login.RefreshToken)
			mu.Lock()
			defer mu.Unlock()
			successors[a.RefreshToken]++
		})
	}
	wg.Wait()
	assert.Len(t, successors, 1, "all of them get one and the same")
}

func TestGraceIsOffByDefaultAndBounded(t *testing.T) {
	f := newFixture(t)
	first := f.login()
	require.Equal(t, 200, f.refresh(first.RefreshToken).status)
	assert.Equal(t, "invalid_grant", f.refresh(first.RefreshToken).Error)
	for _, d := range []time.Duration{-1, 10*time.Second + 1} {
		_, err := oauth.New(config(t, grace(d)))
		assert.ErrorContains(t, err, "Config.Refresh.Grace")
	}
	_, err := oauth.New(config(t, grace(time.Second), func(c *oauth.Config) { c.Refresh.Store = struct{ store.RefreshTokens }{c.Refresh.Store} }))
	assert.ErrorContains(t, err, "no store.GraceTokens")
}
