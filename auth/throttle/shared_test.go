package throttle_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/throttle"
)

// shared is what several nodes count in: as a database would do it, with instants, and with work thrown away and begun anew.
type shared struct {
	mu     sync.Mutex
	counts map[throttle.Key][2]time.Time
	pairs  map[[2]throttle.Key]time.Time
	down   error
}

func (s *shared) Update(ctx context.Context, keys []throttle.Key, now time.Time, change func([]throttle.Count) bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return s.down
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	read := func() []throttle.Count {
		counts := make([]throttle.Count, len(keys))
		for i, k := range keys {
			if c, ok := s.counts[k]; ok {
				counts[i] = throttle.Count{Heat: max(c[0].Sub(now), 0), Wait: max(c[1].Sub(now), 0)}
			}
		}
		return counts
	}
	change(read()) // a conflict: begin anew
	counts := read()
	if !change(counts) {
		return nil
	}
	if s.counts == nil {
		s.counts = map[throttle.Key][2]time.Time{}
	}
	for i, k := range keys {
		s.counts[k] = [2]time.Time{now.Add(counts[i].Heat), now.Add(counts[i].Wait)}
	}
	return nil
}

func (s *shared) Familiar(_ context.Context, account, network throttle.Key, now time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return now.Before(s.pairs[[2]throttle.Key{account, network}]), s.down
}

func (s *shared) Remember(_ context.Context, account, network throttle.Key, until, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down == nil {
		if s.pairs == nil {
			s.pairs = map[[2]throttle.Key]time.Time{}
		}
		s.pairs[[2]throttle.Key{account, network}] = until
	}
	return s.down
}

func (s *shared) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = err
}

func TestNodesShareCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shared{}
		one, two := newThrottle(t, throttle.Config{Counters: s, Hold: -1}), newThrottle(t, throttle.Config{Counters: s, Hold: -1})
		for range 2 {
			require.Zero(t, fail(t, one, home, "alice"))
			require.Zero(t, fail(t, two, home, "alice"))
		}
		require.Zero(t, fail(t, one, home, "alice"))
		assert.Equal(t, time.Second, fail(t, two, home, "alice"))
		time.Sleep(time.Second)
		succeed(t, two, home, "alice")
		assert.Equal(t, 5, failures(t, one, home, "alice"), "familiar on both")
	})
}

// An outage is neither a pass nor a refusal of the user.
func TestAttackCountersGoAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		s := &shared{}
		limiter := newThrottle(t, throttle.Config{Counters: s, Logger: log.logger()})
		outage := errors.New("connection refused")
		attempt, err := limiter.Begin(from(t, home), "alice")
		require.NoError(t, err)

		s.fail(outage)
		_, err = limiter.Begin(from(t, home), "alice")
		require.ErrorIs(t, err, throttle.ErrUnavailable)
		assert.ErrorIs(t, err, outage)
		refusal, _ := errors.AsType[*throttle.Error](err)
		assert.Equal(t, http.StatusServiceUnavailable, refusal.HTTPStatus())
		assert.Equal(t, "5", refusal.Header().Get("Retry-After"))
		assert.NotContains(t, refusal.Error()+refusal.Public(), "refused")
		assert.Contains(t, log.String(), "level=ERROR msg=sys_availability_fail")
		assert.Contains(t, log.String(), `cause="connection refused"`)

		attempt.Succeeded(t.Context()) // says so in the log, and no more
		s.fail(nil)
		assertPasses(t, limiter, home, "alice")
	})
}

func TestClientThatHangsUpRaisesNoAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		s := &shared{}
		s.fail(context.Canceled)
		limiter := newThrottle(t, throttle.Config{Counters: s, Logger: log.logger()})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := limiter.Begin(from(t, home).WithContext(ctx), "alice")
		assert.ErrorIs(t, err, throttle.ErrUnavailable)
		assert.Empty(t, log.String())
	})
}

// A node's clock may be years ahead of the others, or be set back: nobody waits for longer than the longest pause.
func TestAttackClockGoesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &ahead{shared: &shared{}, by: 5 * 365 * day}
		limiter := newThrottle(t, throttle.Config{Counters: s, Hold: -1})
		failures(t, limiter, home, "alice")
		s.by = 0
		assert.Equal(t, time.Hour, fail(t, limiter, home, "alice"))
		time.Sleep(time.Hour)
		assertPasses(t, limiter, home, "alice")
	})
}

type ahead struct {
	*shared
	by time.Duration
}

func (a *ahead) Update(ctx context.Context, keys []throttle.Key, now time.Time, change func([]throttle.Count) bool) error {
	return a.shared.Update(ctx, keys, now.Add(a.by), change)
}

// What Counters are called with: no key twice, names not in the clear, the same on every node.
func TestKeysAreOpaqueAndDistinct(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &recorder{}
		limiter := newThrottle(t, throttle.Config{Counters: s, Hold: -1})
		attempt, err := limiter.Begin(from(t, "[2001:db8::1]:1"), "alice")
		require.NoError(t, err)
		attempt.Succeeded(t.Context())
		require.Len(t, s.calls, 2)
		assert.Len(t, s.calls[0], 4)
		assert.Len(t, s.calls[1], 5)
		distinct := map[throttle.Key]bool{}
		for _, k := range s.calls[1] {
			distinct[k] = true
			assert.NotContains(t, string(k[:]), "alice")
		}
		assert.Len(t, distinct, 5)

		again := &recorder{}
		_, err = newThrottle(t, throttle.Config{Counters: again}).Begin(from(t, "[2001:db8::2]:1"), "ALICE")
		require.NoError(t, err)
		assert.Equal(t, s.calls[0], again.calls[0])
	})
}

type recorder struct {
	shared
	calls [][]throttle.Key
}

func (r *recorder) Update(ctx context.Context, keys []throttle.Key, now time.Time, change func([]throttle.Count) bool) error {
	r.calls = append(r.calls, append([]throttle.Key(nil), keys...))
	return r.shared.Update(ctx, keys, now, change)
}
