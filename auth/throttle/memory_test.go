package throttle_test

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/throttle"
)

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestAttackAMillionNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := heap()
		limiter := refusing(t)
		made := heap()
		assert.Less(t, made-before, uint64(39<<20))

		hot := failures(t, limiter, office, "alice")
		require.Equal(t, 5, hot)
		for i := range 4 {
			failures(t, limiter, bot(1<<23+i), "alice") // now the account is hot, too
		}
		succeed(t, limiter, home, "bob")
		for i := range 1_000_000 {
			fail(t, limiter, bot(i/10), fmt.Sprint("name", i))
		}
		assert.Less(t, int64(heap()-made), int64(1<<20), "nothing grows")

		assert.Positive(t, fail(t, limiter, office, "alice"), "the pair is not forgotten")
		assert.Positive(t, fail(t, limiter, home, "alice"), "nor is the account")
		assert.Equal(t, 5, failures(t, limiter, home, "bob"), "nor who is familiar")
		fresh := 0
		for i := range 100 {
			if fail(t, limiter, bot(1<<22+i), fmt.Sprint("new", i)) == 0 {
				fresh++
			}
		}
		assert.Greater(t, fresh, 90, "who is new is hardly ever taken for an attacker")
		runtime.KeepAlive(limiter)
	})
}

func TestAttackTableOverrunForgetsNoHotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := newThrottle(t, throttle.Config{Names: 1024, Hold: -1})
		failures(t, limiter, office, "alice")
		for i := range 100_000 {
			fail(t, limiter, bot(i), fmt.Sprint("name", i))
		}
		assert.Positive(t, fail(t, limiter, office, "alice"))

		time.Sleep(7 * 24 * time.Hour)
		assert.Equal(t, 5, failures(t, limiter, office, "alice"), "it passes")
		assert.Equal(t, 5, failures(t, limiter, home, "carol"), "for those who shared, too")
	})
}

// An account that logs in from very many networks makes nearly nobody a stranger.
func TestAttackOneAccountFromManyNetworks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := throttle.NewMemory(128)
		now := time.Now()
		remember := func(name, network string) {
			spelling, net := throttle.PairKeys(name, network)
			require.NoError(t, m.Remember(t.Context(), spelling, net, now.Add(time.Hour), now))
		}
		for i := range 50 {
			remember(fmt.Sprint("user", i), "home")
		}
		for i := range 10_000 {
			remember("mallory", fmt.Sprint(i))
		}
		known := 0
		for i := range 50 {
			spelling, net := throttle.PairKeys(fmt.Sprint("user", i), "home")
			familiar, err := m.Familiar(t.Context(), spelling, net, now)
			require.NoError(t, err)
			if familiar {
				known++
			}
		}
		assert.Greater(t, known, 40) // those in the set of mallory are lost
	})
}

func TestFamiliarIsExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := throttle.NewMemory(1) // every pair is in the one set
		now := time.Now()
		familiar := func(name, network string, at time.Time) bool {
			spelling, net := throttle.PairKeys(name, network)
			ok, err := m.Familiar(t.Context(), spelling, net, at)
			require.NoError(t, err)
			return ok
		}
		for i := range 100 {
			name := fmt.Sprint(i)
			spelling, net := throttle.PairKeys(name, "home")
			require.NoError(t, m.Remember(t.Context(), spelling, net, now.Add(time.Hour+time.Duration(i)), now))
			assert.True(t, familiar(name, "home", now))
			assert.False(t, familiar(name, "office", now))
			assert.False(t, familiar("home", name, now))
			assert.False(t, familiar(name+"x", "home", now))
			assert.False(t, familiar(name, "home", now.Add(2*time.Hour)))
		}
		kept := 0
		for i := range 100 {
			if familiar(fmt.Sprint(i), "home", now) {
				kept++
				assert.GreaterOrEqual(t, i, 92, "what ends first goes first")
			}
		}
		assert.Equal(t, 8, kept)
	})
}

func TestUnchangedCountsAreNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, now := throttle.NewMemory(1), time.Now()
		key := []throttle.Key{throttle.AccountKey("alice")}
		update := func(write bool, c throttle.Count) (seen throttle.Count) {
			require.NoError(t, m.Update(t.Context(), key, now, func(counts []throttle.Count) bool {
				seen = counts[0]
				counts[0] = c
				return write
			}))
			return seen
		}
		update(false, throttle.Count{Heat: time.Hour})
		assert.Equal(t, throttle.Count{}, update(true, throttle.Count{Heat: time.Hour, Wait: time.Minute}))
		now = now.Add(30 * time.Minute)
		assert.Equal(t, throttle.Count{Heat: 30 * time.Minute}, update(true, throttle.Count{}))
		assert.Equal(t, throttle.Count{}, update(false, throttle.Count{}))
	})
}
