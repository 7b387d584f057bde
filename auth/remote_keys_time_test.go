package auth_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

// inBubble runs a test in which time is not real, and the provider is reached without a socket.
func inBubble(t *testing.T, c auth.RemoteKeysConfig, test func(t *testing.T, e *endpoint, a asker)) {
	t.Helper()
	p256() // not made in the bubble, since others wait for it
	synctest.Test(t, func(t *testing.T) {
		var e endpoint
		c.URL, c.Client = "https://login.example/jwks", &http.Client{Transport: &e}
		test(t, &e, newAsker(t, remoteKeys(t, c)))
	})
}

func TestKeysAreRefreshedAheadOfTheirEnd(t *testing.T) {
	inBubble(t, auth.RemoteKeysConfig{}, func(t *testing.T, e *endpoint, a asker) {
		e.publish(publicSet(t, keyNamed("a"), keyNamed("b")), "public, max-age=1000")
		require.NoError(t, a.ask(keyNamed("a")))
		time.Sleep(799 * time.Second)
		require.NoError(t, a.ask(keyNamed("a")))
		synctest.Wait()
		assert.EqualValues(t, 1, e.requests.Load(), "before 80 % of the lifetime")

		set := publicSet(t, keyNamed("a"))
		e.set(func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(time.Second)
			_, _ = w.Write([]byte(set))
		})
		time.Sleep(time.Second)
		assert.NoError(t, a.ask(keyNamed("b")), "who finds it due does not wait for it")
		time.Sleep(time.Second)
		synctest.Wait()
		assert.EqualValues(t, 2, e.requests.Load())
		assert.ErrorIs(t, a.ask(keyNamed("b")), auth.ErrUnknownKey, "what was withdrawn is gone")
	})
}

func TestRefreshAheadKeepsNobodyWaiting(t *testing.T) {
	inBubble(t, auth.RemoteKeysConfig{}, func(t *testing.T, e *endpoint, a asker) {
		e.publish(publicSet(t, keyNamed("a")), "max-age=1000")
		require.NoError(t, a.ask(keyNamed("a")))
		e.set(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		time.Sleep(900 * time.Second)
		began := time.Now()
		for range 1000 {
			require.NoError(t, a.ask(keyNamed("a")))
		}
		assert.Zero(t, time.Since(began))
		assert.EqualValues(t, 2, e.requests.Load(), "one fetch at a time")
		time.Sleep(5 * time.Second) // no goroutine outlives that, or the bubble says so
	})
}

func TestFetchEndsAfterFiveSeconds(t *testing.T) {
	inBubble(t, auth.RemoteKeysConfig{}, func(t *testing.T, e *endpoint, a asker) {
		e.set(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		began := time.Now()
		assert.ErrorIs(t, a.ask(keyNamed("a")), auth.ErrUnavailable)
		assert.Equal(t, 5*time.Second, time.Since(began))
	})
}

// After a quiet night the first token must not verify with keys that were withdrawn in the evening.
func TestKeysBeyondTheirLifetimeAreConfirmedFirst(t *testing.T) {
	inBubble(t, auth.RemoteKeysConfig{}, func(t *testing.T, e *endpoint, a asker) {
		e.publish(publicSet(t, keyNamed("a"), keyNamed("b")), "max-age=1000")
		require.NoError(t, a.ask(keyNamed("b")))
		e.publish(publicSet(t, keyNamed("a")), "max-age=1000")
		time.Sleep(1001 * time.Second)
		assert.ErrorIs(t, a.ask(keyNamed("b")), auth.ErrUnknownKey)
		assert.EqualValues(t, 2, e.requests.Load())
	})
}

func TestLastGoodKeysAreKeptUpToMaxStale(t *testing.T) {
	for name, c := range map[string]struct{ config, stale time.Duration }{
		"default":   {0, time.Hour},
		"an hour":   {2 * time.Hour, 2 * time.Hour},
		"none":      {-1, 0},
		"the most":  {24 * time.Hour, 24 * time.Hour},
		"a second":  {time.Second, time.Second},
		"negative ": {-time.Hour, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var log logBuffer
			inBubble(t, auth.RemoteKeysConfig{MaxStale: c.config, Logger: log.logger()}, func(t *testing.T, e *endpoint, a asker) {
				e.publish(publicSet(t, keyNamed("a")), "max-age=1000")
				require.NoError(t, a.ask(keyNamed("a")))
				e.fail()
				time.Sleep(1000*time.Second + c.stale - time.Millisecond)
				assert.NoError(t, a.ask(keyNamed("a")), "while there is nothing better")
				time.Sleep(time.Millisecond)
				assert.ErrorIs(t, a.ask(keyNamed("a")), auth.ErrUnavailable, "neither 200 nor 401")
				assert.Contains(t, log.String(), "event=sys_availability_fail")

				e.publish(publicSet(t, keyNamed("a")))
				time.Sleep(30 * time.Second)
				assert.NoError(t, a.ask(keyNamed("a")))
			})
		})
	}
}

func TestProviderThatIsDownIsAskedLessAndLess(t *testing.T) {
	inBubble(t, auth.RemoteKeysConfig{}, func(t *testing.T, e *endpoint, a asker) {
		e.fail()
		var at []time.Duration
		began := time.Now()
		for range 20 * 120 {
			before := e.requests.Load()
			require.ErrorIs(t, a.ask(keyNamed("a")), auth.ErrUnavailable)
			if e.requests.Load() > before {
				at = append(at, time.Since(began))
			}
			time.Sleep(50 * time.Millisecond)
		}
		ms := time.Millisecond
		assert.Equal(t, []time.Duration{0, 250 * ms, 750 * ms, 1750 * ms, 3750 * ms, 7750 * ms, 15750 * ms, 31750 * ms, 61750 * ms, 91750 * ms}, at)
		e.publish(publicSet(t, keyNamed("a")))
		time.Sleep(30 * time.Second)
		assert.NoError(t, a.ask(keyNamed("a")))
	})
}

func TestOutageAfterAnOutageBeginsAnew(t *testing.T) {
	inBubble(t, auth.RemoteKeysConfig{MaxStale: -1}, func(t *testing.T, e *endpoint, a asker) {
		outage := func(d time.Duration) {
			e.fail()
			for range d / (50 * time.Millisecond) {
				require.ErrorIs(t, a.ask(keyNamed("a")), auth.ErrUnavailable)
				time.Sleep(50 * time.Millisecond)
			}
		}
		outage(5 * time.Minute)
		e.publish(publicSet(t, keyNamed("a")), "max-age=60")
		time.Sleep(30 * time.Second)
		require.NoError(t, a.ask(keyNamed("a")))
		time.Sleep(time.Minute)
		before := e.requests.Load()
		outage(4 * time.Second)
		assert.EqualValues(t, 5, e.requests.Load()-before)
	})
}

// While old keys serve during an outage, no request pays for the attempts to end it.
func TestOutageDelaysNobodyWithKnownKeys(t *testing.T) {
	inBubble(t, auth.RemoteKeysConfig{}, func(t *testing.T, e *endpoint, a asker) {
		e.publish(publicSet(t, keyNamed("a")), "max-age=1000")
		require.NoError(t, a.ask(keyNamed("a")))
		e.set(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		time.Sleep(900 * time.Second)
		require.NoError(t, a.ask(keyNamed("a")))
		time.Sleep(200 * time.Second) // the lifetime is over, and an attempt has failed
		for range 60 {
			began := time.Now()
			require.NoError(t, a.ask(keyNamed("a")))
			assert.Zero(t, time.Since(began))
			time.Sleep(10 * time.Second)
		}
		e.publish(publicSet(t, keyNamed("a"), keyNamed("b")), "max-age=1000")
		time.Sleep(30 * time.Second)
		require.NoError(t, a.ask(keyNamed("a")))
		synctest.Wait()
		assert.NoError(t, a.ask(keyNamed("b")))
	})
}

func TestUnknownKidRefetchesAtMostOnceACooldown(t *testing.T) {
	inBubble(t, auth.RemoteKeysConfig{Cooldown: 20 * time.Second}, func(t *testing.T, e *endpoint, a asker) {
		e.publish(publicSet(t, keyNamed("a")), "max-age=86400")
		require.NoError(t, a.ask(keyNamed("a")))
		for i := range 1000 { // 100 s
			require.ErrorIs(t, a.ask(keyNamed(fmt.Sprint("random-", i))), auth.ErrUnknownKey)
			time.Sleep(100 * time.Millisecond)
		}
		assert.EqualValues(t, 1+5, e.requests.Load())
	})
}

func TestUnknownKidIsNotAskedForAgain(t *testing.T) {
	inBubble(t, auth.RemoteKeysConfig{Cooldown: 20 * time.Second}, func(t *testing.T, e *endpoint, a asker) {
		e.publish(publicSet(t, keyNamed("a")), "max-age=86400")
		require.NoError(t, a.ask(keyNamed("a")))
		for range 199 {
			require.ErrorIs(t, a.ask(keyNamed("retired")), auth.ErrUnknownKey)
			time.Sleep(time.Second)
		}
		assert.EqualValues(t, 2, e.requests.Load())

		e.publish(publicSet(t, keyNamed("a"), keyNamed("retired")), "max-age=86400")
		time.Sleep(2 * time.Second)
		assert.NoError(t, a.ask(keyNamed("retired")), "ten cooldowns later it may have become known")
	})
}

// Whoever guesses the id of a key to come cannot keep it from being found with the next fetch for whatever reason.
func TestPoisoningTheNegativeCache(t *testing.T) {
	inBubble(t, auth.RemoteKeysConfig{Cooldown: 20 * time.Second}, func(t *testing.T, e *endpoint, a asker) {
		e.publish(publicSet(t, keyNamed("2024")), "max-age=86400")
		require.NoError(t, a.ask(keyNamed("2024")))
		require.ErrorIs(t, a.ask(keyNamed("2025")), auth.ErrUnknownKey)
		e.publish(publicSet(t, keyNamed("2024"), keyNamed("2025")), "max-age=86400")
		time.Sleep(21 * time.Second)
		require.ErrorIs(t, a.ask(keyNamed("2025")), auth.ErrUnknownKey, "remembered")
		require.ErrorIs(t, a.ask(keyNamed("random")), auth.ErrUnknownKey)
		assert.NoError(t, a.ask(keyNamed("2025")))
	})
}

func TestNegativeCacheIsBounded(t *testing.T) {
	p256()
	synctest.Test(t, func(t *testing.T) {
		var e endpoint
		e.publish(publicSet(t, keyNamed("a")), "max-age=86400")
		k := remoteKeys(t, auth.RemoteKeysConfig{URL: "https://login.example", Client: &http.Client{Transport: &e}, Cooldown: time.Second})
		a, most := newAsker(t, k), 0
		for i := range 2000 {
			require.ErrorIs(t, a.ask(keyNamed(fmt.Sprint(i, strings.Repeat("x", 100)))), auth.ErrUnknownKey)
			time.Sleep(250 * time.Millisecond)
			most = max(most, k.Remembered())
		}
		assert.Greater(t, most, 5)
		assert.LessOrEqual(t, most, 11)
	})
}

// A key that is not known may be new. As long as nobody can say, the answer is that nobody can say.
func TestUnknownKidWhileTheProviderIsDown(t *testing.T) {
	inBubble(t, auth.RemoteKeysConfig{}, func(t *testing.T, e *endpoint, a asker) {
		e.publish(publicSet(t, keyNamed("a")), "max-age=3600")
		require.NoError(t, a.ask(keyNamed("a")))
		e.fail()
		for range 100 {
			require.ErrorIs(t, a.ask(keyNamed("new")), auth.ErrUnavailable)
			require.NoError(t, a.ask(keyNamed("a")))
			time.Sleep(100 * time.Millisecond)
		}
		assert.EqualValues(t, 2, e.requests.Load(), "the provider is asked once a cooldown in an outage as well")
		e.publish(publicSet(t, keyNamed("a"), keyNamed("new")), "max-age=3600")
		time.Sleep(20 * time.Second)
		assert.NoError(t, a.ask(keyNamed("new")))
	})
}

// A provider that withdraws its only key means it.
func TestWithdrawalOfTheOnlyKey(t *testing.T) {
	for name, set := range map[string]string{
		"an empty set":                      `{"keys":[]}`,
		"a set with nothing for signatures": `{"keys":[{"kty":"EC","kid":"a","use":"enc"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			var log logBuffer
			inBubble(t, auth.RemoteKeysConfig{MaxStale: 24 * time.Hour, Logger: log.logger()}, func(t *testing.T, e *endpoint, a asker) {
				e.publish(publicSet(t, keyNamed("a")), "max-age=100")
				require.NoError(t, a.ask(keyNamed("a")))
				e.publish(set, "max-age=86400")
				time.Sleep(100 * time.Second)
				assert.ErrorIs(t, a.ask(keyNamed("a")), auth.ErrUnavailable)
				assert.Contains(t, log.String(), "keys=0 removed=a")
				assert.Contains(t, log.String(), "level=ERROR msg=sys_availability_fail")

				e.publish(publicSet(t, keyNamed("b")), "max-age=100")
				time.Sleep(time.Second)
				assert.NoError(t, a.ask(keyNamed("b")), "and it is asked again soon, whatever lifetime it gave to nothing")
				assert.ErrorIs(t, a.ask(keyNamed("a")), auth.ErrUnknownKey)
			})
		})
	}
}

func TestSetThatIsRefusedDoesNotReplaceAGoodOne(t *testing.T) {
	for name, set := range map[string]string{
		"no set":      `{"error":"try later"}`,
		"a kid twice": publicSet(t, keyNamed("b"), testKey{"b", "ES384", p384()}),
		"a secret":    jwkSet(t, keyNamed("b").public(t), map[string]any{"kty": "oct", "k": "AAAA"}),
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, auth.RemoteKeysConfig{}, func(t *testing.T, e *endpoint, a asker) {
				e.publish(publicSet(t, keyNamed("a")), "max-age=100")
				require.NoError(t, a.ask(keyNamed("a")))
				e.publish(set)
				time.Sleep(100 * time.Second)
				assert.NoError(t, a.ask(keyNamed("a")))
				assert.ErrorIs(t, a.ask(keyNamed("b")), auth.ErrUnavailable)
			})
		})
	}
}

func TestCacheHeaders(t *testing.T) {
	at := func(d time.Duration) string { return time.Now().UTC().Add(d).Format(http.TimeFormat) }
	for name, c := range map[string]struct {
		header func() http.Header
		want   time.Duration
	}{
		"none":                      {func() http.Header { return http.Header{} }, 5 * time.Minute},
		"public":                    {cacheControl("public"), 5 * time.Minute},
		"max-age":                   {cacheControl("public, max-age=600"), 10 * time.Minute},
		"in another case":           {cacheControl("MAX-AGE=600"), 10 * time.Minute},
		"quoted":                    {cacheControl(`max-age="600"`), 10 * time.Minute},
		"for shared caches":         {cacheControl("max-age=600, s-maxage=9000"), 10 * time.Minute},
		"the shortest of two":       {cacheControl("max-age=6000", "max-age=600"), 10 * time.Minute},
		"max-age=0":                 {cacheControl("max-age=0"), time.Minute},
		"no-store":                  {cacheControl("no-store"), time.Minute},
		"no-store beside max-age":   {cacheControl("max-age=600, no-store"), time.Minute},
		"no-cache":                  {cacheControl("no-cache"), time.Minute},
		"a minus":                   {cacheControl("max-age=-600"), time.Minute},
		"a fraction":                {cacheControl("max-age=600.5"), time.Minute},
		"a word":                    {cacheControl("max-age=never"), time.Minute},
		"no number":                 {cacheControl("max-age"), time.Minute},
		"two months":                {cacheControl("max-age=5155862"), 24 * time.Hour},
		"more than 64 bits":         {cacheControl("max-age=99999999999999999999999999"), 24 * time.Hour},
		"nearly 63 bits of seconds": {cacheControl("max-age=9223372036854775807"), 24 * time.Hour},
		"older than it may be":      {func() http.Header { return http.Header{"Cache-Control": {"max-age=600"}, "Age": {"7000"}} }, time.Minute},
		"half its age":              {func() http.Header { return http.Header{"Cache-Control": {"max-age=600"}, "Age": {"300"}} }, 5 * time.Minute},
		"an age that is absurd": {func() http.Header {
			return http.Header{"Cache-Control": {"max-age=99999999999"}, "Age": {"99999999999999999999"}}
		}, time.Minute},
		"Expires": {func() http.Header { return http.Header{"Expires": {at(600 * time.Second)}} }, 10 * time.Minute},
		"Expires against Date": {func() http.Header {
			return http.Header{"Expires": {at(7800 * time.Second)}, "Date": {at(2 * time.Hour)}}
		}, 10 * time.Minute},
		"Expires 0":                   {func() http.Header { return http.Header{"Expires": {"0"}} }, time.Minute},
		"Expires long ago":            {func() http.Header { return http.Header{"Expires": {at(-900000 * time.Hour)}} }, time.Minute},
		"Expires in a thousand years": {func() http.Header { return http.Header{"Expires": {at(900000 * time.Hour)}} }, 24 * time.Hour},
		"max-age goes before Expires": {func() http.Header { return http.Header{"Cache-Control": {"max-age=600"}, "Expires": {"0"}} }, 10 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, auth.RemoteKeysConfig{}, func(t *testing.T, e *endpoint, a asker) {
				header, set := c.header(), publicSet(t, keyNamed("a"))
				e.set(func(w http.ResponseWriter, _ *http.Request) {
					for name, values := range header {
						w.Header()[name] = values
					}
					_, _ = w.Write([]byte(set))
				})
				require.NoError(t, a.ask(keyNamed("a")))
				time.Sleep(c.want*4/5 - time.Millisecond)
				require.NoError(t, a.ask(keyNamed("a")))
				synctest.Wait()
				assert.EqualValues(t, 1, e.requests.Load(), "before 80 % of the lifetime")
				time.Sleep(time.Millisecond)
				require.NoError(t, a.ask(keyNamed("a")))
				synctest.Wait()
				assert.EqualValues(t, 2, e.requests.Load(), "at 80 % of the lifetime")
			})
		})
	}
}

func cacheControl(values ...string) func() http.Header {
	return func() http.Header { return http.Header{"Cache-Control": values} }
}

// A day of rotations, with the key published an hour before it signs and withdrawn an hour after.
func TestRotationsUnderLoadRefuseNoValidToken(t *testing.T) {
	inBubble(t, auth.RemoteKeysConfig{}, func(t *testing.T, e *endpoint, a asker) {
		keys := func(hour int) string {
			return publicSet(t, keyNamed(fmt.Sprint(hour)), keyNamed(fmt.Sprint(hour+1)), keyNamed(fmt.Sprint(hour+2)))
		}
		e.publish(keys(0), "max-age=900")
		began := time.Now()
		var wg sync.WaitGroup
		for worker := range 4 {
			wg.Go(func() {
				for time.Since(began) < 24*time.Hour {
					signing := keyNamed(fmt.Sprint(int(time.Since(began).Hours()) + 1))
					assert.NoError(t, a.ask(signing), "worker %d", worker)
					time.Sleep(time.Duration(worker+3) * 17 * time.Second)
				}
			})
		}
		for hour := 1; hour <= 24; hour++ {
			time.Sleep(time.Hour)
			e.publish(keys(hour), "max-age=900")
		}
		wg.Wait()
		assert.LessOrEqual(t, e.requests.Load(), int64(24*3600/720+1))
	})
}
