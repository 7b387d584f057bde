package store_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/store"
)

var _ auth.Revocations = (*store.Memory)(nil)

func revoked(t testing.TB, m *store.Memory, subject, session, id string, issued, at time.Time) bool {
	t.Helper()
	yes, err := m.Revoked(t.Context(), subject, session, id, issued, at)
	require.NoError(t, err)
	return yes
}

func TestAttackFloodOfDenialsMakesNoneForgotten(t *testing.T) {
	m := newMemory(t, store.Config{Denials: 3})
	until := now.Add(10 * time.Minute)
	for i := range 3 {
		require.NoError(t, m.DenyToken(t.Context(), fmt.Sprint(i), until, now))
		require.NoError(t, m.DenySession(t.Context(), fmt.Sprint(i), until, now))
	}
	for i := range 100 {
		assert.ErrorIs(t, m.DenyToken(t.Context(), fmt.Sprint("x", i), until, now), store.ErrFull)
		assert.ErrorIs(t, m.DenySession(t.Context(), fmt.Sprint("x", i), until, now), store.ErrFull)
	}
	for i := range 3 {
		assert.True(t, revoked(t, m, "alice", "", fmt.Sprint(i), now, now))
		assert.True(t, revoked(t, m, "alice", fmt.Sprint(i), "", now, now))
		assert.NoError(t, m.DenyToken(t.Context(), fmt.Sprint(i), until.Add(time.Hour), now), "what is denied may be denied for longer")
	}
	// The way out has room of its own.
	require.NoError(t, m.DenyBefore(t.Context(), "alice", now, until, now))
	assert.True(t, revoked(t, m, "alice", "x1", "x1", now, now))
	for i := range 2 {
		require.NoError(t, m.DenyBefore(t.Context(), fmt.Sprint(i), now, until, now))
	}
	assert.ErrorIs(t, m.DenyBefore(t.Context(), "bob", now, until, now), store.ErrFull)
}

func TestFullDenialsTakeMoreOnceOneEnds(t *testing.T) {
	m := newMemory(t, store.Config{Denials: 1})
	until := now.Add(10 * time.Minute)
	require.NoError(t, m.DenyToken(t.Context(), "a", until, now))
	assert.ErrorIs(t, m.DenyToken(t.Context(), "b", until.Add(time.Hour), until.Add(store.Leeway-time.Microsecond)), store.ErrFull)
	assert.NoError(t, m.DenyToken(t.Context(), "b", until.Add(time.Hour), until.Add(store.Leeway+10*time.Second)))
	assert.True(t, revoked(t, m, "", "", "b", now, until))
	assert.False(t, revoked(t, m, "", "", "a", now, until), "it was swept")
}

func TestDenialsAreFoundWhileTheTableGrows(t *testing.T) {
	const writers, each = 4, 2000
	m := newMemory(t, store.Config{})
	var done atomic.Bool
	var highest [writers]atomic.Int64
	var wg, readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for i := 0; !done.Load(); i++ {
				w := i % writers
				n := highest[w].Load() // everything up to here has been denied
				if n > 0 && !revoked(t, m, "", "", fmt.Sprint(w, ":", n-int64(i)%n), now, now) {
					t.Errorf("forgotten")
					return
				}
			}
		})
	}
	for w := range writers {
		wg.Go(func() {
			for n := int64(1); n <= each; n++ {
				assert.NoError(t, m.DenyToken(t.Context(), fmt.Sprint(w, ":", n), now.Add(time.Hour), now.Add(time.Duration(n)*20*time.Millisecond)))
				highest[w].Store(n)
			}
		})
	}
	wg.Wait()
	done.Store(true)
	readers.Wait()
	for w := range writers {
		for n := 1; n <= each; n++ {
			require.True(t, revoked(t, m, "", "", fmt.Sprint(w, ":", n), now, now))
		}
	}
}

func TestNewMemoryReportsAllFaults(t *testing.T) {
	_, err := store.NewMemory(store.Config{Families: -1, Denials: 10_000_001})
	assert.EqualError(t, err, "store: Config.Families -1 is not from 0 (for 100000) to 10000000\nstore: Config.Denials 10000001 is not from 0 (for 100000) to 10000000")
}

func TestRevokedAllocatesNothing(t *testing.T) {
	m := newMemory(t, store.Config{})
	check := func() { _, _ = m.Revoked(t.Context(), "alice", "8f14e45fceea167a", "NTHXMJ2D6LQKQ6UXJAQ3", now, now) }
	assert.Zero(t, testing.AllocsPerRun(100, check))
	require.NoError(t, m.DenyToken(t.Context(), "NTHXMJ2D6LQKQ6UXJAQ3", now.Add(time.Hour), now))
	assert.Zero(t, testing.AllocsPerRun(100, check))
}

// FuzzDenialHoldsForItsNameOnly: what was denied is denied, and what was not is not.
func FuzzDenialHoldsForItsNameOnly(f *testing.F) {
	f.Add("a", "b", "a", int64(0))
	f.Add("a", "a", "A", int64(1_500_000_000))
	f.Fuzz(func(t *testing.T, token, subject, other string, after int64) {
		m := newMemory(t, store.Config{})
		if token == "" || subject == "" {
			assert.Error(t, m.DenyToken(t.Context(), "", now.Add(time.Hour), now))
			return
		}
		require.NoError(t, m.DenyToken(t.Context(), token, now.Add(time.Hour), now))
		require.NoError(t, m.DenyBefore(t.Context(), subject, now, now.Add(time.Hour), now))
		issued := now.Add(time.Duration(after))
		assert.True(t, revoked(t, m, other, "", token, issued, now))
		assert.Equal(t, other == token, revoked(t, m, "", token, other, issued, now))
		assert.Equal(t, other == subject && issued.Unix() <= now.Unix(), revoked(t, m, other, other, "", issued, now))
	})
}

func BenchmarkMemoryRevoked(b *testing.B) {
	for name, denials := range map[string]int{"nothing denied": 0, "one denied": 1, "full": 100_000} {
		m := newMemory(b, store.Config{})
		for i := range denials {
			require.NoError(b, m.DenyToken(b.Context(), fmt.Sprintf("NTHXMJ2D6LQKQ%07d", i), now.Add(time.Hour), now))
			require.NoError(b, m.DenySession(b.Context(), fmt.Sprintf("8f14e45fcee%07d", i), now.Add(time.Hour), now))
			require.NoError(b, m.DenyBefore(b.Context(), fmt.Sprintf("alice%07d", i), now, now.Add(time.Hour), now))
		}
		ctx := b.Context()
		ask := func(b *testing.B) {
			if yes, _ := m.Revoked(ctx, "alice", "8f14e45fceea167a", "NTHXMJ2D6LQKQ6UXJAQ3", now, now); yes {
				b.Error("revoked")
			}
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ask(b)
			}
		})
		b.Run(name+", in parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					ask(b)
				}
			})
		})
	}
}

// BenchmarkMemoryDeny reports what a denial of a 22-byte name takes of memory, at the bound.
func BenchmarkMemoryDeny(b *testing.B) {
	b.ReportAllocs()
	const most = 100_000
	m, n, until := newMemory(b, store.Config{Denials: most}), 0, now.Add(time.Hour)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for b.Loop() {
		if err := m.DenyToken(b.Context(), fmt.Sprintf("%s%09d", strings.Repeat("x", 13), n%most), until, now); err != nil {
			b.Fatal(err)
		}
		n++
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if n >= most {
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/most, "B/denial")
	}
	runtime.KeepAlive(m)
}
