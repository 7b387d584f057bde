package redisstore_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/store"
	"github.com/sallyport-go/sallyport/auth/throttle"
)

// Everything ends by itself: every key has a time to live, which covers what it is for.
func TestEveryKeyEndsByItself(t *testing.T) {
	client := connect(t, options(t))
	prefix := freshPrefix(t, client)
	s := newStore(t, client, prefix)
	require.NoError(t, s.Create(t.Context(), refresh("f", "alice"), now))
	_, err := s.RotateGrace(t.Context(), store.Rotation{Family: "f", Old: refresh("f", "").Hash, Next: store.Hash{1}, Until: now.Add(2 * time.Hour),
		Sealed: []byte("sealed"), GraceUntil: now.Add(10 * time.Second)}, now)
	require.NoError(t, err)
	require.NoError(t, s.DenyToken(t.Context(), "t", now.Add(time.Hour), now))
	require.NoError(t, s.DenyBefore(t.Context(), "alice", now, now.Add(time.Hour), now))
	require.NoError(t, s.Update(t.Context(), []throttle.Key{{1}, {2}}, now, func(c []throttle.Count) bool { c[0].Heat = time.Hour; return true }))
	require.NoError(t, s.Remember(t.Context(), throttle.Key{1}, throttle.Key{2}, now.Add(time.Hour), now))

	const soon = time.Minute // what the test itself takes, and more
	want := map[string]time.Duration{
		"f:": 3 * time.Hour, "g:": 10 * time.Second, "u:": 26 * time.Hour,
		"d:t": time.Hour + store.Leeway, "d:u": time.Hour + store.Leeway, "c:": time.Hour + time.Minute, "p:": time.Hour,
	}
	seen := map[string]bool{}
	for _, key := range keysOf(t.Context(), t, client, prefix) {
		left, err := client.PTTL(t.Context(), key).Result()
		require.NoError(t, err)
		for kind, lifetime := range want {
			if strings.HasPrefix(strings.TrimPrefix(key, prefix), kind) {
				seen[kind] = true
				if kind == "c:" && left < 2*time.Minute { // the count that is zero
					lifetime = time.Minute
				}
				assert.LessOrEqual(t, left, lifetime+time.Millisecond, kind)
				assert.Greater(t, left, lifetime-min(soon, lifetime), kind)
			}
		}
	}
	assert.Len(t, seen, len(want))
}

// A use that leaves less time shortens the family's life, and one that leaves more prolongs it.
func TestRotationMovesTheEnd(t *testing.T) {
	client := connect(t, options(t))
	prefix := freshPrefix(t, client)
	s := newStore(t, client, prefix)
	require.NoError(t, s.Create(t.Context(), refresh("f", "alice"), now))
	old := refresh("f", "").Hash
	for i, c := range []struct{ until, life time.Duration }{
		{5 * time.Hour, 6 * time.Hour}, {time.Minute, time.Hour + time.Minute}, {10_000 * time.Hour, 25 * time.Hour}, {-time.Hour, time.Hour},
	} {
		next := store.Hash{byte(i + 1)}
		require.NoError(t, s.Rotate(t.Context(), "f", old, next, now.Add(c.until), now))
		left, err := client.PTTL(t.Context(), prefix+"f:{f}").Result()
		require.NoError(t, err)
		assert.InDelta(t, c.life, left, float64(time.Minute))
		old = next
	}
}

// What was sealed goes when its time is over, whether anybody comes or not; and when it is used or revoked.
func TestAttackSealedTokenIsErased(t *testing.T) {
	client := connect(t, options(t))
	prefix := freshPrefix(t, client)
	s := newStore(t, client, prefix)
	there := func() bool { return client.Exists(t.Context(), prefix+"g:{f}").Val() == 1 }
	rotation := store.Rotation{Family: "f", Old: refresh("f", "").Hash, Next: store.Hash{1}, Until: now.Add(time.Hour), Sealed: []byte("sealed"), GraceUntil: now.Add(time.Hour)}
	for name, end := range map[string]func(){
		"used": func() {
			require.NoError(t, s.Rotate(t.Context(), "f", store.Hash{1}, store.Hash{2}, now.Add(time.Hour), now))
		},
		"revoked": func() { require.NoError(t, s.RevokeFamily(t.Context(), "f", now)) },
		"subject": func() { require.NoError(t, s.RevokeSubject(t.Context(), "alice", now)) },
		"reused": func() {
			assert.ErrorIs(t, s.Rotate(t.Context(), "f", store.Hash{9}, store.Hash{8}, now.Add(time.Hour), now), store.ErrReused)
		},
	} {
		require.NoError(t, s.Create(t.Context(), refresh("f", "alice"), now))
		_, err := s.RotateGrace(t.Context(), rotation, now)
		require.NoError(t, err)
		require.True(t, there(), name)
		end()
		assert.False(t, there(), name)
		require.NoError(t, s.RevokeFamily(t.Context(), "f", now))
	}
	require.NoError(t, s.Create(t.Context(), refresh("f", "alice"), now))
	rotation.GraceUntil = now.Add(50 * time.Millisecond)
	_, err := s.RotateGrace(t.Context(), rotation, now)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return !there() }, 10*time.Second, time.Millisecond)
	_, err = s.Lookup(t.Context(), "f", now)
	assert.NoError(t, err, "the family goes on")
}

// Who logs in and out without end, and who knows a thousand networks, takes no more room for it.
func TestAttackOneSubjectDoesNotGrow(t *testing.T) {
	client := connect(t, options(t))
	prefix := freshPrefix(t, client)
	s := newStore(t, client, prefix)
	size := func(kind string) (n int64) {
		for _, key := range keysOf(t.Context(), t, client, prefix) {
			if strings.HasPrefix(key, prefix+kind) {
				n += client.ZCard(t.Context(), key).Val()
			}
		}
		return n
	}
	for i := range 200 {
		family := fmt.Sprint("out", i)
		require.NoError(t, s.Create(t.Context(), refresh(family, "alice"), now))
		require.NoError(t, s.RevokeFamily(t.Context(), family, now))
	}
	assert.Zero(t, size("u:"), "logged out")
	for i := range 200 {
		at := now.Add(time.Duration(i) * 24 * time.Hour)
		r := refresh(fmt.Sprint("forgotten", i), "alice")
		r.Until, r.Expiry = at.Add(time.Hour), at.Add(24*time.Hour)
		require.NoError(t, s.Create(t.Context(), r, at))
	}
	assert.LessOrEqual(t, size("u:"), int64(3), "never logged out")
	for i := range 1000 {
		var network throttle.Key
		network[0], network[1] = byte(i), byte(i>>8)
		require.NoError(t, s.Remember(t.Context(), throttle.Key{1}, network, now.Add(time.Hour), now))
	}
	assert.Equal(t, int64(33), size("p:"))
}

// A name that is taken leaves a trace in the other subject's set, which must not end a login that is not theirs.
func TestAttackRevocationEndsOnlyTheSubjectsOwn(t *testing.T) {
	client := connect(t, options(t))
	s := newStore(t, client, freshPrefix(t, client))
	require.NoError(t, s.Create(t.Context(), refresh("f", "alice"), now))
	require.Error(t, s.Create(t.Context(), refresh("f", "mallory"), now))
	require.NoError(t, s.RevokeSubject(t.Context(), "mallory", now))
	_, err := s.Lookup(t.Context(), "f", now)
	assert.NoError(t, err)
}
