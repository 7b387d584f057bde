package throttle_test

import (
	"fmt"
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

// bot is the address of one of 16 million machines.
func bot(n int) string {
	return netip.AddrFrom4([4]byte{11, byte(n >> 16), byte(n >> 8), byte(n)}).String()
}

func TestAttackAHundredGuessesInParallel(t *testing.T) {
	for name, c := range map[string]struct {
		hold time.Duration
		want int64
	}{"refused": {-1, 5}, "held": {2 * time.Second, 7}} { // at 0 s, 1 s and 3 s, or rather 2 s of it
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limiter := newThrottle(t, throttle.Config{Hold: c.hold})
				var passed atomic.Int64
				var wg sync.WaitGroup
				for range 100 {
					wg.Go(func() {
						if _, err := limiter.Begin(from(t, home), "alice"); err == nil {
							passed.Add(1)
						}
					})
				}
				wg.Wait()
				assert.LessOrEqual(t, passed.Load(), c.want)
				assert.GreaterOrEqual(t, passed.Load(), int64(5))
			})
		})
	}
}

func TestAttackBotnetAgainstOneName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := refusing(t)
		succeed(t, limiter, home, "alice")

		passed, n := 0, 0
		for start := time.Now(); time.Since(start) < day; n++ {
			wait := fail(t, limiter, bot(n), "alice")
			if wait == 0 {
				passed++
			}
			time.Sleep(wait)
			if n%10 == 0 {
				assertPasses(t, limiter, home, "alice", "the user where they have been before")
			}
		}
		assert.Greater(t, n, 50)
		assert.LessOrEqual(t, passed, 58)

		fail(t, limiter, bot(n), "alice")
		assert.Positive(t, fail(t, limiter, office, "alice"), "the user elsewhere has to wait")
		limiter.Trust(from(t, office), "alice") // or to prove themselves by a link that was sent
		assert.Equal(t, 5, failures(t, limiter, office, "alice"))
		assertPasses(t, limiter, bot(n), "bob", "other names are not concerned")
	})
}

func TestAttackStrangerCannotLockAUserOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := refusing(t)
		succeed(t, limiter, home, "alice")
		for i := range 1000 {
			fail(t, limiter, bot(i), "alice")
			fail(t, limiter, office, "alice")
		}
		for range 100 {
			succeed(t, limiter, home, "alice")
		}
		for i := range 100_000 { // nor by filling the table
			fail(t, limiter, bot(i), fmt.Sprint("name", i))
		}
		assert.Equal(t, 5, failures(t, limiter, home, "alice"))
	})
}

func TestAttackOnePasswordOverAMillionNames(t *testing.T) {
	for name, addr := range map[string]func(i int) string{
		"from one address": func(int) string { return office },
		"from one /64": func(i int) string {
			return fmt.Sprintf("[2001:db8:1:2:%x:%x::1]:1", i>>16, i&0xffff)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limiter := refusing(t)
				passed := 0
				for i := range 1_000_000 {
					if fail(t, limiter, addr(i), fmt.Sprint("name", i)) == 0 {
						passed++
					}
					if passed < i { // one is enough to see that it is over
						break
					}
				}
				assert.Equal(t, 100, passed)

				start := time.Now()
				for i := 0; time.Since(start) < day; i++ {
					wait := fail(t, limiter, addr(i), fmt.Sprint("more", i))
					if wait == 0 {
						passed++
					}
					time.Sleep(wait)
				}
				assert.LessOrEqual(t, passed, 1548)
				assertPasses(t, limiter, home, "name7", "from elsewhere")
			})
		})
	}
}

func TestAttackEveryNetworkOfOneSite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := refusing(t)
		passed := 0
		for i := range 1 << 16 {
			if fail(t, limiter, fmt.Sprintf("[2001:db8:1:%x::1]:1", i), fmt.Sprint("name", i)) == 0 {
				passed++
			}
		}
		assert.Equal(t, 800, passed)
		assertPasses(t, limiter, "[2001:db8:2:1::1]:1", "alice", "another site")
	})
}

// The owner of one account must not win guesses at another by logging in to their own.
func TestAttackOwnSuccessBetweenGuesses(t *testing.T) {
	for name, own := range map[string]string{
		"another name":                  "mallory",
		"a name that folds to the same": "Álice",
		"the same in another case":      "ALICE",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limiter := refusing(t)
				succeed(t, limiter, office, own)
				passed := 0
				for range 1000 {
					if fail(t, limiter, office, "alice") == 0 {
						passed++
					}
					succeed(t, limiter, office, own)
				}
				assert.Equal(t, 5, passed)
			})
		})
	}
}

func TestAttackOwnSuccessBetweenGuessesFromTheVictimsNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := refusing(t)
		succeed(t, limiter, office, "alice")
		passed := 0
		for range 1000 {
			if fail(t, limiter, office, "alice") == 0 {
				passed++
			}
			succeed(t, limiter, office, "Álice")
		}
		assert.Equal(t, 5, passed)
	})
}

func TestAttackFamiliarByAnotherSpelling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := refusing(t)
		succeed(t, limiter, office, "Álice")
		for i := range 4 {
			failures(t, limiter, bot(i), "alice")
		}
		assert.Positive(t, fail(t, limiter, office, "alice"), "as for every stranger")
		assertPasses(t, limiter, office, "Álice")
	})
}

// A slow login must not take back what others have added since.
func TestAttackLateSuccessTakesBackOnlyItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := refusing(t)
		var slow []*throttle.Attempt
		for i := range 50 {
			attempt, err := limiter.Begin(from(t, office), fmt.Sprint("mallory", i))
			require.NoError(t, err)
			slow = append(slow, attempt)
		}
		time.Sleep(2 * time.Hour)
		for i := range 100 {
			require.Zero(t, fail(t, limiter, office, fmt.Sprint("name", i)))
		}
		for _, attempt := range slow {
			attempt.Succeeded(t.Context())
		}
		assert.Positive(t, fail(t, limiter, office, "alice"))
	})
}

func TestAttackSpellings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := refusing(t)
		passed := 0
		for i, name := range []string{"jose", "JOSE", "José", "jose\u0301", " jose ", "jo\u200bse", "ｊｏｓｅ", "𝓳𝓸𝓼𝓮", "joſe", "jose\x00", "j\u00adose\u202e", "jøse"} {
			if fail(t, limiter, home, name) == 0 {
				passed++
			}
			assert.LessOrEqual(t, passed, 5, "%d: %q", i, name)
		}
		assert.Equal(t, 5, passed)
		assertPasses(t, limiter, home, "josef")
	})
}

func TestAttackCallersHeldWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := newThrottle(t, throttle.Config{Hold: 10 * time.Second})
		const names = 3000
		for i := range names {
			for range 5 {
				require.Zero(t, fail(t, limiter, bot(i), fmt.Sprint("name", i)))
			}
		}
		var held, refused atomic.Int64
		var wg sync.WaitGroup
		start := time.Now()
		for i := range names { // each may try again in a second
			wg.Go(func() {
				if fail(t, limiter, bot(i), fmt.Sprint("name", i)) == 0 {
					held.Add(1)
				} else {
					refused.Add(1)
				}
			})
		}
		wg.Wait()
		assert.Equal(t, time.Second, time.Since(start))
		assert.Equal(t, int64(1024), held.Load())
		assert.Equal(t, int64(names-1024), refused.Load())
	})
}
