package redisstore_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/store"
	"github.com/sallyport-go/sallyport/auth/throttle"
)

// BenchmarkStore is what a request asks of the server; "round trip" is what it cannot do without.
func BenchmarkStore(b *testing.B) {
	client := connect(b, options(b))
	s := newStore(b, client, freshPrefix(b, client))
	b.Run("round trip", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			require.NoError(b, client.Ping(b.Context()).Err())
		}
	})
	b.Run("look for a denial", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if yes, err := s.Revoked(b.Context(), "alice", "session", "token", now, now); yes || err != nil {
				b.Fatal(yes, err)
			}
		}
	})
	b.Run("refresh", func(b *testing.B) {
		b.ReportAllocs()
		r := refresh("f", "alice")
		require.NoError(b, s.Create(b.Context(), r, now))
		for b.Loop() {
			if _, err := s.Lookup(b.Context(), "f", now); err != nil {
				b.Fatal(err)
			}
			next := store.Hash(sha256.Sum256(r.Hash[:]))
			if err := s.Rotate(b.Context(), "f", r.Hash, next, r.Until, now); err != nil {
				b.Fatal(err)
			}
			r.Hash = next
		}
		require.NoError(b, s.RevokeFamily(b.Context(), "f", now))
	})
	b.Run("count", func(b *testing.B) {
		b.ReportAllocs()
		keys := []throttle.Key{{0, 1}, {1, 2}, {2, 3}, {3, 4}}
		for b.Loop() {
			require.NoError(b, s.Update(b.Context(), keys, now, func(c []throttle.Count) bool { c[0].Heat += time.Second; return true }))
		}
	})
	b.Run("revoke a subject of 10 logins", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			for i := range 10 {
				require.NoError(b, s.Create(b.Context(), refresh(fmt.Sprint("b", i), "bob"), now))
			}
			b.StartTimer()
			require.NoError(b, s.RevokeSubject(b.Context(), "bob", now))
		}
	})
}
