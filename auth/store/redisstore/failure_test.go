package redisstore_test

import (
	"context"
	"crypto/sha256"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/store"
	"github.com/sallyport-go/sallyport/auth/store/redisstore"
	"github.com/sallyport-go/sallyport/auth/throttle"
)

var now = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

func refresh(family, subject string) store.Refresh {
	return store.Refresh{Family: family, Hash: sha256.Sum256([]byte(family)), Subject: subject, Client: "app",
		AuthTime: now, Until: now.Add(time.Hour), Expiry: now.Add(24 * time.Hour)}
}

// everything calls each method once, and returns the errors.
func everything(ctx context.Context, s *redisstore.Store) map[string]error {
	_, lookup := s.Lookup(ctx, "canary", now)
	_, grace := s.RotateGrace(ctx, store.Rotation{Family: "canary", Next: store.Hash{2}, Until: now}, now)
	_, revoked := s.Revoked(ctx, "canary", "canary", "canary", now, now)
	_, familiar := s.Familiar(ctx, throttle.Key{1}, throttle.Key{2}, now)
	until := now.Add(time.Hour)
	return map[string]error{
		"create":         s.Create(ctx, refresh("canary", "canary"), now),
		"lookup":         lookup,
		"rotate":         s.Rotate(ctx, "canary", store.Hash{1}, store.Hash{2}, until, now),
		"rotate grace":   grace,
		"revoke family":  s.RevokeFamily(ctx, "canary", now),
		"revoke subject": s.RevokeSubject(ctx, "canary", now),
		"revoked":        revoked,
		"deny token":     s.DenyToken(ctx, "canary", until, now),
		"deny session":   s.DenySession(ctx, "canary", until, now),
		"deny before":    s.DenyBefore(ctx, "canary", now, until, now),
		"update":         s.Update(ctx, []throttle.Key{{1}}, now, func([]throttle.Count) bool { return true }),
		"familiar":       familiar,
		"remember":       s.Remember(ctx, throttle.Key{1}, throttle.Key{2}, until, now),
		"check":          s.Check(ctx),
	}
}

// The server is killed and comes back. What was confirmed is there if it was told to write at once.
func TestServerGoesAwayAndComesBack(t *testing.T) {
	server := newServer(t, "--appendonly", "yes", "--appendfsync", "always")
	s := newStore(t, connect(t, server.options()), "")
	for range 3 {
		require.NoError(t, s.Create(t.Context(), refresh("f", "alice"), now))
		require.NoError(t, s.Rotate(t.Context(), "f", refresh("f", "").Hash, store.Hash{1}, now.Add(time.Hour), now))
		require.NoError(t, s.DenyToken(t.Context(), "t", now.Add(time.Hour), now))
		require.NoError(t, s.Update(t.Context(), []throttle.Key{{7}}, now, func(c []throttle.Count) bool { c[0].Heat += time.Minute; return true }))

		server.kill(t)
		for name, err := range everything(t.Context(), s) {
			assert.ErrorIs(t, err, store.ErrUnavailable, name)
		}
		server.start(t)
		// After many failures the client asks once a second whether the server is back.
		require.Eventually(t, func() bool { return s.Check(t.Context()) == nil }, 20*time.Second, 10*time.Millisecond)
		r, err := s.Lookup(t.Context(), "f", now)
		require.NoError(t, err)
		assert.Equal(t, store.Hash{1}, r.Hash, "the rotation was kept")
		revoked, err := s.Revoked(t.Context(), "", "", "t", now, now)
		require.NoError(t, err)
		assert.True(t, revoked)
		assert.ErrorIs(t, s.Rotate(t.Context(), "f", refresh("f", "").Hash, store.Hash{2}, now.Add(time.Hour), now), store.ErrReused)
	}
	require.NoError(t, s.Update(t.Context(), []throttle.Key{{7}}, now, func(c []throttle.Count) bool {
		assert.Equal(t, 3*time.Minute, c[0].Heat)
		return false
	}))
}

func TestServiceStartsWhileTheServerIsDown(t *testing.T) {
	s := newStore(t, connect(t, &redis.Options{Addr: "127.0.0.1:1", ContextTimeoutEnabled: true, DialerRetries: 1}), "")
	for name, err := range everything(t.Context(), s) {
		require.ErrorIs(t, err, store.ErrUnavailable, name)
		assert.NotContains(t, err.Error(), "canary", name)
	}
}

// A server that takes connections and never answers.
func TestTimeoutBoundsAServerThatHangs(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	s, err := redisstore.New(redisstore.Config{Client: connect(t, &redis.Options{Addr: l.Addr().String(), ContextTimeoutEnabled: true}), Timeout: 20 * time.Millisecond})
	require.NoError(t, err)
	began := time.Now()
	for name, err := range everything(t.Context(), s) {
		assert.ErrorIs(t, err, store.ErrUnavailable, name)
		assert.ErrorIs(t, err, context.DeadlineExceeded, name)
	}
	assert.Less(t, time.Since(began), 10*time.Second)
}

func TestCallerWhoIsGoneIsUnavailable(t *testing.T) {
	client := connect(t, options(t))
	s := newStore(t, client, freshPrefix(t, client))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range everything(ctx, s) {
		assert.ErrorIs(t, err, store.ErrUnavailable, name)
		assert.ErrorIs(t, err, context.Canceled, name)
	}
}

// What is not the record that it should be refuses, and neither the keys nor the values come to light.
func TestAttackForeignRecordsAreRefusedAndNotQuoted(t *testing.T) {
	client := connect(t, options(t))
	for name, spoil := range map[string]func(key string) error{
		"another type": func(key string) error { return client.LPush(t.Context(), key, "secret").Err() },
		"another text": func(key string) error {
			if strings.Contains(key, "f:{") {
				return client.HSet(t.Context(), key, "hash", "secret", "until", "secret", "expiry", "secret").Err()
			}
			return client.Set(t.Context(), key, "secret", 0).Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			prefix := freshPrefix(t, client)
			s := newStore(t, client, prefix)
			everything(t.Context(), s)
			require.NoError(t, s.Create(t.Context(), refresh("canary", "canary"), now))
			keys := keysOf(t.Context(), t, client, prefix)
			require.GreaterOrEqual(t, len(keys), 7)
			for _, key := range keys {
				require.NoError(t, client.Del(t.Context(), key).Err())
				require.NoError(t, spoil(key))
			}
			got := everything(t.Context(), s)
			for _, name := range []string{"create", "lookup", "rotate", "revoked", "deny token", "deny session", "deny before", "familiar"} {
				require.Error(t, got[name], name)
				for _, secret := range []string{"canary", "secret", prefix, "redis.call"} {
					assert.NotContains(t, got[name].Error(), secret, name)
				}
			}
			for _, name := range []string{"lookup", "revoked", "familiar"} {
				assert.ErrorIs(t, got[name], store.ErrUnavailable, name)
			}
			if name == "another text" { // a count of another type is none, and is replaced
				assert.ErrorIs(t, got["update"], store.ErrUnavailable)
			}
		})
	}
}

func TestFullServerRefusesAndForgetsNothing(t *testing.T) {
	server := newServer(t)
	client := connect(t, server.options())
	s := newStore(t, client, "")
	require.NoError(t, s.DenyToken(t.Context(), "t", now.Add(time.Hour), now))
	require.NoError(t, client.ConfigSet(t.Context(), "maxmemory", "1").Err())
	err := s.DenyToken(t.Context(), "u", now.Add(time.Hour), now)
	assert.ErrorIs(t, err, store.ErrUnavailable)
	assert.ErrorContains(t, err, "OOM")
	assert.ErrorIs(t, s.Create(t.Context(), refresh("f", "alice"), now), store.ErrUnavailable)
	revoked, err := s.Revoked(t.Context(), "", "", "t", now, now)
	require.NoError(t, err)
	assert.True(t, revoked)
}

func TestCheckRefusesAServerThatForgets(t *testing.T) {
	server := newServer(t)
	client := connect(t, server.options())
	s := newStore(t, client, "")
	require.NoError(t, s.Check(t.Context()))
	for policy, sound := range map[string]bool{"noeviction": true, "allkeys-lru": false, "volatile-ttl": false} {
		require.NoError(t, client.ConfigSet(t.Context(), "maxmemory-policy", policy).Err())
		require.NoError(t, client.ConfigSet(t.Context(), "maxmemory", "0").Err())
		assert.NoError(t, s.Check(t.Context()), policy)
		require.NoError(t, client.ConfigSet(t.Context(), "maxmemory", "100mb").Err())
		if sound {
			assert.NoError(t, s.Check(t.Context()), policy)
		} else {
			assert.ErrorContains(t, s.Check(t.Context()), "noeviction", policy)
		}
	}
	require.NoError(t, client.ConfigSet(t.Context(), "maxmemory", "0").Err())
	require.NoError(t, client.ReplicaOf(t.Context(), "127.0.0.1", "1").Err())
	assert.ErrorContains(t, s.Check(t.Context()), "replica")
}
