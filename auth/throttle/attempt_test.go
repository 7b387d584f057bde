package throttle_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/throttle"
)

func TestFailuresAreFreeThenHeldThenRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := newThrottle(t, throttle.Config{})
		start := time.Now()
		var waited []time.Duration
		for range 7 {
			require.Zero(t, fail(t, limiter, home, "alice"))
			waited = append(waited, time.Since(start))
		}
		assert.Equal(t, []time.Duration{0, 0, 0, 0, 0, time.Second, 3 * time.Second}, waited)
		assert.Equal(t, 4*time.Second, fail(t, limiter, home, "alice"))

		time.Sleep(2 * time.Second) // of the synctest bubble: two more to go, which is Hold
		assert.Zero(t, fail(t, limiter, home, "alice"))
		assert.Equal(t, 7*time.Second, time.Since(start))
	})
}

func TestRefusedAttemptsProlongNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := refusing(t)
		assert.Equal(t, 5, failures(t, limiter, home, "alice"))
		time.Sleep(500 * time.Millisecond)
		for range 10_000 {
			assert.Equal(t, time.Second, fail(t, limiter, home, "alice"), "half a second, rounded up")
		}
		time.Sleep(500 * time.Millisecond)
		assertPasses(t, limiter, home, "alice")
	})
}

func TestSuccessClearsThePairOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := refusing(t)
		for _, name := range []string{"alice", "bob"} {
			for range 4 {
				require.Zero(t, fail(t, limiter, home, name))
				require.Zero(t, fail(t, limiter, office, name))
			}
		}
		succeed(t, limiter, home, "alice")
		assert.Equal(t, 5, failures(t, limiter, home, "alice"))
		assert.Equal(t, 1, failures(t, limiter, home, "bob"), "another name")
		assert.Equal(t, 1, failures(t, limiter, office, "alice"), "another network")

		time.Sleep(10 * time.Minute)
		succeed(t, limiter, home, "alice")
		assert.Equal(t, 5, failures(t, limiter, home, "alice"), "and again")
	})
}

func TestSuccessAndUndecidedAreNoFailures(t *testing.T) {
	for name, settle := range map[string]func(*throttle.Attempt, context.Context){
		"succeeded": (*throttle.Attempt).Succeeded, "undecided": (*throttle.Attempt).Undecided,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limiter := refusing(t)
				for range 1000 { // ten times what a network may fail
					attempt, err := limiter.Begin(from(t, home), "alice")
					require.NoError(t, err)
					time.Sleep(20 * time.Millisecond)
					settle(attempt, t.Context())
				}
				assert.Equal(t, 5, failures(t, limiter, home, "alice"))
				assert.Equal(t, 5, failures(t, limiter, office, "alice"))
				assert.Equal(t, 5, failures(t, limiter, home, "bob"))
			})
		})
	}
}

func TestOnlyTheFirstOutcomeCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := refusing(t)
		for range 3 {
			require.Zero(t, fail(t, limiter, home, "alice"))
		}
		attempt, err := limiter.Begin(from(t, home), "alice")
		require.NoError(t, err)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { attempt.Undecided(t.Context()) })
		}
		wg.Wait()
		attempt.Succeeded(t.Context())
		assert.Equal(t, 2, failures(t, limiter, home, "alice"))
	})
}

func TestSuccessIsKeptWhenTheClientHangsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := newThrottle(t, throttle.Config{Counters: &shared{}, Hold: -1})
		for range 4 {
			require.Zero(t, fail(t, limiter, home, "alice"))
		}
		attempt, err := limiter.Begin(from(t, home), "alice")
		require.NoError(t, err)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		attempt.Succeeded(gone)
		assert.Equal(t, 5, failures(t, limiter, home, "alice"))
	})
}

func TestWhoHangsUpWhileHeldHasNotTried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		limiter := newThrottle(t, throttle.Config{Logger: log.logger()})
		for range 5 {
			require.Zero(t, fail(t, limiter, home, "alice"))
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(100*time.Millisecond, func() { cancel(errors.New("gone")) })
		_, err := limiter.Begin(from(t, home).WithContext(ctx), "alice")
		require.ErrorIs(t, err, throttle.ErrUnavailable)
		assert.ErrorContains(t, errors.Unwrap(err), "gone")
		start := time.Now()
		require.Zero(t, fail(t, limiter, home, "alice"))
		assert.Equal(t, 900*time.Millisecond, time.Since(start))
		assert.Empty(t, log.String())
	})
}

func TestFamiliarityEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := newThrottle(t, throttle.Config{Hold: -1, Familiar: 2 * time.Hour})
		succeed(t, limiter, home, "alice")
		time.Sleep(2*time.Hour - 1)
		assert.Equal(t, 5, failures(t, limiter, home, "alice"))
		assert.Equal(t, 5, failures(t, limiter, office, "alice"))
		time.Sleep(time.Nanosecond)
		assert.Equal(t, 5, failures(t, limiter, home, "alice"), "a stranger again, who has not failed yet")
	})
}

func TestTrustIsLikeALogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := refusing(t)
		failures(t, limiter, home, "alice")
		limiter.Trust(from(t, home), "alice")
		assert.Equal(t, 5, failures(t, limiter, home, "alice"))
		limiter.Trust(from(t, home), "alice")
		assert.Equal(t, 5, failures(t, limiter, home, "alice"))
	})
}

func TestNetworks(t *testing.T) {
	for name, c := range map[string]struct {
		one, other string
		same       bool
	}{
		"IPv4 neighbours":               {"192.0.2.1", "192.0.2.2", false},
		"IPv4 in IPv6":                  {"192.0.2.1", "[::ffff:192.0.2.1]:1", true},
		"one /64":                       {"[2001:db8:1:2::1]:1", "[2001:db8:1:2:ffff::2]:2", true},
		"two /64":                       {"[2001:db8:1:2::1]:1", "[2001:db8:1:3::1]:1", false},
		"zones":                         {"[fe80::1%eth0]:1", "[fe80::1%eth1]:1", true},
		"IPv4 through NAT64":            {"192.0.2.1", "[64:ff9b::192.0.2.1]:1", true},
		"IPv4 neighbours through NAT64": {"[64:ff9b::192.0.2.1]:1", "[64:ff9b::192.0.2.2]:1", false},
		"no address":                    {"", "", true},
		"no address and 0.0.0.0":        {"", "0.0.0.0", false},
		"no address and ::":             {"", "[::]:1", false},
		"0.0.0.0 and ::":                {"0.0.0.0", "[::]:1", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limiter := refusing(t)
				require.Equal(t, 5, failures(t, limiter, c.one, "alice"))
				if c.same {
					assert.Positive(t, fail(t, limiter, c.other, "alice"))
				} else {
					assert.Equal(t, 5, failures(t, limiter, c.other, "alice"))
				}
			})
		})
	}
}

func TestClientAddrOfTheApplication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := newThrottle(t, throttle.Config{Hold: -1, ClientAddr: func(r *http.Request) netip.Addr {
			addr, _ := netip.ParseAddr(r.Header.Get("X-Real-IP"))
			return addr
		}})
		behindProxy := func(addr string) bool {
			r := from(t, "127.0.0.1")
			r.Header.Set("X-Real-IP", addr)
			_, err := limiter.Begin(r, "alice")
			return err == nil
		}
		for range 5 {
			require.True(t, behindProxy(home))
		}
		assert.False(t, behindProxy(home))
		assert.True(t, behindProxy(office))
	})
}

func TestConcurrentUse(t *testing.T) {
	limiter := newThrottle(t, throttle.Config{Names: 1024, Hold: -1})
	var wg sync.WaitGroup
	var passed atomic.Int64
	for i := range 16 {
		wg.Go(func() {
			for j := range 200 {
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
				r.RemoteAddr = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i), byte(j)}), 1).String()
				attempt, err := limiter.Begin(r, string(rune('a'+j%26)))
				if err != nil {
					limiter.Refuse(httptest.NewRecorder(), r, err)
					continue
				}
				passed.Add(1)
				switch j % 3 {
				case 0:
					attempt.Succeeded(t.Context())
				case 1:
					attempt.Undecided(t.Context())
				}
				limiter.Trust(r, "z")
			}
		})
	}
	wg.Wait()
	assert.Positive(t, passed.Load())
}
