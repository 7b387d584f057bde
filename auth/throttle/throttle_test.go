package throttle_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/throttle"
)

func TestNewReportsEveryFaultTogether(t *testing.T) {
	_, err := throttle.New(throttle.Config{
		Pair:     throttle.Limit{Free: -1, First: time.Microsecond, Most: 25 * time.Hour},
		Account:  throttle.Limit{Most: time.Minute},
		Network:  throttle.Limit{Free: 10_001, First: time.Hour, Most: time.Millisecond},
		Hold:     11 * time.Second,
		Familiar: -1,
		Names:    1 << 25,
		Counters: &shared{},
	})
	require.Error(t, err)
	for _, want := range []string{
		"throttle: Config.Pair.Free -1 is not from 1 to 10000: bring it into that range, or leave it zero",
		"throttle: Config.Pair.Most 25h0m0s is not from 1s to 24h0m0s: bring it into that range, or leave it zero",
		"throttle: Config.Pair.First 1µs is not from 1ms to Most, which is 25h0m0s: bring it into that range, or leave it zero",
		"throttle: Config.Account allows 1468 failures in 24 h, which is more than 100: lower Free or raise Most",
		"throttle: Config.Network.Free 10001 is not from 1 to 10000: bring it into that range, or leave it zero",
		"throttle: Config.Network.Most 1ms is not from 1s to 24h0m0s: bring it into that range, or leave it zero",
		"throttle: Config.Network.First 1h0m0s is not from 1ms to Most, which is 1ms: bring it into that range, or leave it zero",
		"throttle: Config.Hold 11s is more than 10s: lower it, or leave it zero for 2s",
		"throttle: Config.Familiar -1ns is not from 1h0m0s to 8784h0m0s: bring it into that range, or leave it zero for 720h0m0s",
		"throttle: Config.Names 33554432 is not from 1024 to 16777216: bring it into that range, or leave it zero for 262144",
		"throttle: Config.Names is for counts in memory, and Config.Counters is given: leave one of them zero",
	} {
		assert.ErrorContains(t, err, want)
	}
}

func TestNewTakesTheBounds(t *testing.T) {
	for name, c := range map[string]throttle.Config{
		"zero":     {},
		"least":    {Pair: throttle.Limit{Free: 1, First: time.Millisecond, Most: 24 * time.Hour}, Familiar: time.Hour, Names: 1024, Hold: 1},
		"most":     {Network: throttle.Limit{Free: 10_000, First: time.Second, Most: time.Second}, Familiar: 366 * 24 * time.Hour, Hold: 10 * time.Second},
		"shared":   {Counters: &shared{}},
		"one hole": {Account: throttle.Limit{Free: 50}},
	} {
		_, err := throttle.New(c)
		assert.NoError(t, err, name)
	}
	_, err := throttle.New(throttle.Config{Account: throttle.Limit{Free: 62}})
	assert.NoError(t, err, "exactly 100")
	_, err = throttle.New(throttle.Config{Account: throttle.Limit{Free: 63}})
	assert.ErrorContains(t, err, "allows 101 failures")
}

func TestRefusalOverHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := newThrottle(t, throttle.Config{})
		failures(t, limiter, home, "canary")
		time.Sleep(time.Millisecond)
		_, err := limiter.Begin(from(t, home), "canary")
		w := httptest.NewRecorder()
		limiter.Refuse(w, from(t, home), err)
		assert.Equal(t, http.StatusTooManyRequests, w.Code)
		assert.Equal(t, "4", w.Header().Get("Retry-After"), "3.999 s, rounded up")
		var body map[string]any
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
		assert.Equal(t, map[string]any{"title": "Too Many Requests", "status": 429.0, "detail": "Too many attempts to log in. Try again later."}, body)
		assert.EqualError(t, err, "throttle: too many attempts (limit: pair)")
	})
}

func TestCustomDenyKeepsRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got error
		limiter := newThrottle(t, throttle.Config{Hold: -1, Deny: func(w http.ResponseWriter, _ *http.Request, err error) {
			got = err
			w.WriteHeader(http.StatusTeapot)
		}})
		failures(t, limiter, home, "alice")
		_, err := limiter.Begin(from(t, home), "alice")
		w := httptest.NewRecorder()
		limiter.Refuse(w, from(t, home), err)
		assert.Equal(t, http.StatusTeapot, w.Code)
		assert.Equal(t, "1", w.Header().Get("Retry-After"))
		assert.ErrorIs(t, got, throttle.ErrLimited)
	})
}

func TestEvents(t *testing.T) {
	for name, c := range map[string]struct {
		prepare         func(t *testing.T, limiter *throttle.Throttle)
		addr, who       string
		event, attrs    string
		nameIsInTheLine bool
	}{
		"pair": {func(t *testing.T, l *throttle.Throttle) { failures(t, l, home, "canary") },
			home, "canary", "authn_login_fail_max", "limit=pair retry_after=1s", true},
		"familiar": {func(t *testing.T, l *throttle.Throttle) {
			succeed(t, l, home, "canary")
			failures(t, l, home, "canary")
		},
			home, "canary", "authn_login_fail_max", "limit=familiar retry_after=1s", true},
		"account": {func(t *testing.T, l *throttle.Throttle) {
			for i := range 4 {
				failures(t, l, bot(i), "canary")
			}
		}, home, "canary", "authn_login_fail_max", "limit=account retry_after=1s", true},
		"network": {func(t *testing.T, l *throttle.Throttle) {
			for i := range 100 {
				fail(t, l, home, string(rune(0x4e00+i)))
			}
		}, home, "canary", "excess_rate_limit_exceeded", "limit=network retry_after=1s", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log logBuffer
				limiter := newThrottle(t, throttle.Config{Hold: -1, Logger: log.logger()})
				c.prepare(t, limiter)
				was := len(log.String())
				require.Positive(t, fail(t, limiter, c.addr, c.who))
				line := log.String()[was:]
				assert.Contains(t, line, "level=WARN msg="+c.event+" event="+c.event+" client_addr=192.0.2.1")
				assert.Contains(t, line, c.attrs)
				if c.nameIsInTheLine {
					assert.Contains(t, line, "name=canary")
				} else {
					assert.NotContains(t, line, "canary")
				}
			})
		})
	}
}

func TestErrorsNeverEchoInput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := refusing(t)
		failures(t, limiter, home, "canary")
		_, err := limiter.Begin(from(t, home), "canary")
		refusal, ok := errors.AsType[*throttle.Error](err)
		require.True(t, ok)
		assert.NotContains(t, refusal.Error()+refusal.Public(), "canary")
		assert.NotContains(t, refusal.Error()+refusal.Public(), home)
	})
}
