package auth_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/store"
)

func newDenials(t testing.TB) *store.Memory {
	t.Helper()
	m, err := store.NewMemory(store.Config{})
	require.NoError(t, err)
	return m
}

func revocableIssuer(t testing.TB, r auth.Revocations) *auth.Issuer {
	t.Helper()
	keys, err := auth.NewKeyRing(auth.KeyRingConfig{Logger: quiet})
	require.NoError(t, err)
	i, err := auth.NewIssuer(auth.IssuerConfig{Issuer: testIssuer, Audience: []string{testAudience}, Keys: keys, Revocations: r, Logger: quiet})
	require.NoError(t, err)
	return i
}

func TestARevokedTokenIsRefusedThoughItIsRemembered(t *testing.T) {
	for name, revoke := range map[string]func(m *store.Memory, id string, now time.Time) error{
		"by token": func(m *store.Memory, id string, now time.Time) error {
			return m.DenyToken(t.Context(), id, now.Add(time.Hour), now)
		},
		"by session": func(m *store.Memory, _ string, now time.Time) error {
			return m.DenySession(t.Context(), "login-1", now.Add(time.Hour), now)
		},
		"by subject": func(m *store.Memory, _ string, now time.Time) error {
			return m.DenyBefore(t.Context(), "alice", now, now.Add(time.Hour), now)
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newDenials(t)
			i := revocableIssuer(t, m)
			grant := auth.Grant{Subject: "alice", Client: "web", Session: "login-1"}
			token, err := i.Issue(t.Context(), grant)
			require.NoError(t, err)
			other, err := i.Issue(t.Context(), auth.Grant{Subject: "bob", Client: "web", Session: "login-2"})
			require.NoError(t, err)
			for range 2 {
				_, err = i.Verifier().Verify(t.Context(), token.Value)
				require.NoError(t, err)
			}
			require.NoError(t, revoke(m, token.ID, time.Now()))
			for range 2 {
				_, err = i.Verifier().Verify(t.Context(), token.Value)
				require.ErrorIs(t, err, auth.ErrRevoked)
			}
			w := serve(newGuard(t, auth.Config{Authenticator: auth.Bearer(i.Verifier())}).Handler(whoami), request(t, "Bearer "+token.Value))
			assert.Equal(t, 401, w.Code)
			assert.Contains(t, w.Header().Get("WWW-Authenticate"), `error="invalid_token"`)
			_, err = i.Verifier().Verify(t.Context(), other.Value)
			assert.NoError(t, err, "others go on")
		})
	}
}

func TestANewLoginWaitsTheSecondOut(t *testing.T) {
	m := newDenials(t)
	synctest.Test(t, func(t *testing.T) {
		i := revocableIssuer(t, m)
		time.Sleep(300 * time.Millisecond) // into the second
		now := time.Now()
		require.NoError(t, m.DenyBefore(t.Context(), "alice", now, now.Add(time.Hour), now))
		token, err := i.Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web"})
		require.NoError(t, err)
		assert.Equal(t, 700*time.Millisecond, time.Since(now))
		_, err = i.Verifier().Verify(t.Context(), token.Value)
		require.NoError(t, err)

		require.NoError(t, m.DenySession(t.Context(), "login-1", now.Add(time.Hour), now))
		_, err = i.Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web", Session: "login-1"})
		assert.ErrorIs(t, err, auth.ErrRevoked, "a session does not come back")

		time.Sleep(300 * time.Millisecond)
		require.NoError(t, m.DenyBefore(t.Context(), "bob", time.Now(), now.Add(time.Hour), now))
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err = i.Issue(ctx, auth.Grant{Subject: "bob", Client: "web"})
		assert.ErrorIs(t, err, auth.ErrUnavailable)
	})
}

type brokenRevocations struct{}

func (brokenRevocations) Revoked(context.Context, string, string, string, time.Time, time.Time) (bool, error) {
	return false, errors.New("the store is gone")
}

func TestWithoutRevocationsNobodyPassesAndNobodyIsRefused(t *testing.T) {
	k := testKey{"k", "ES256", p256()}
	v, err := auth.NewVerifier(auth.VerifierConfig{Issuer: testIssuer, Audience: []string{testAudience}, Keys: ring(t, k), Revocations: brokenRevocations{}})
	require.NoError(t, err)
	h := newGuard(t, auth.Config{Authenticator: auth.Bearer(v)}).Handler(whoami)
	token := newForge(t, k).token()
	for range 2 { // the second time from the cache
		w := serve(h, request(t, "Bearer "+token))
		assert.Equal(t, 503, w.Code)
		assert.NotEmpty(t, w.Header().Get("Retry-After"))
	}
	_, err = revocableIssuer(t, brokenRevocations{}).Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web"})
	assert.ErrorIs(t, err, auth.ErrUnavailable)
}

func TestRevocationWhileTokensAreUsed(t *testing.T) {
	m := newDenials(t)
	i := revocableIssuer(t, m)
	var tokens []auth.Token
	for range 50 {
		token, err := i.Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web"})
		require.NoError(t, err)
		tokens = append(tokens, token)
	}
	var wg sync.WaitGroup
	for _, token := range tokens {
		wg.Go(func() {
			_, err := i.Verifier().Verify(t.Context(), token.Value)
			assert.NoError(t, err)
			assert.NoError(t, m.DenyToken(t.Context(), token.ID, token.Expiry, time.Now()))
			_, err = i.Verifier().Verify(t.Context(), token.Value)
			assert.ErrorIs(t, err, auth.ErrRevoked)
		})
	}
	wg.Wait()
}

type countedRevocations struct {
	auth.Revocations
	asked atomic.Int64
}

func (c *countedRevocations) Revoked(ctx context.Context, subject, session, id string, issued, now time.Time) (bool, error) {
	c.asked.Add(1)
	return c.Revocations.Revoked(ctx, subject, session, id, issued, now)
}

func TestAnswersAboutRevocationsAgeAsConfigured(t *testing.T) {
	k := testKey{"k", "ES256", p256()}
	keys := ring(t, k)
	synctest.Test(t, func(t *testing.T) {
		m := newDenials(t)
		counted := &countedRevocations{Revocations: m}
		v, err := auth.NewVerifier(auth.VerifierConfig{Issuer: testIssuer, Audience: []string{testAudience}, Keys: keys, Revocations: counted,
			RevocationsMaxStale: 10 * time.Second})
		require.NoError(t, err)
		token := newForge(t, k).token()
		for range 5 {
			_, err = v.Verify(t.Context(), token)
			require.NoError(t, err)
		}
		assert.EqualValues(t, 1, counted.asked.Load())
		require.NoError(t, m.DenyToken(t.Context(), "t1", time.Now().Add(time.Hour), time.Now()))
		time.Sleep(10*time.Second - time.Microsecond)
		_, err = v.Verify(t.Context(), token)
		require.NoError(t, err, "as long as it may be stale")
		time.Sleep(time.Microsecond)
		for range 2 {
			_, err = v.Verify(t.Context(), token)
			require.ErrorIs(t, err, auth.ErrRevoked)
		}
		assert.EqualValues(t, 3, counted.asked.Load(), "a refusal is not remembered")
	})
	for _, stale := range []time.Duration{-1, 31 * time.Second} {
		_, err := auth.NewVerifier(auth.VerifierConfig{Issuer: testIssuer, Audience: []string{testAudience}, Keys: keys, RevocationsMaxStale: stale})
		assert.ErrorContains(t, err, "not in 0 to 30s")
		assert.ErrorContains(t, err, "Revocations is nil")
	}
}
