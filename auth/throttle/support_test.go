package throttle_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/throttle"
)

const (
	home   = "192.0.2.1"
	office = "198.51.100.7"
)

var quiet = slog.New(slog.DiscardHandler)

func newThrottle(t testing.TB, c throttle.Config) *throttle.Throttle {
	t.Helper()
	if c.Logger == nil {
		c.Logger = quiet
	}
	limiter, err := throttle.New(c)
	require.NoError(t, err)
	return limiter
}

// refusing never waits, so that each attempt passes at once or not at all.
func refusing(t testing.TB) *throttle.Throttle { return newThrottle(t, throttle.Config{Hold: -1}) }

func from(t testing.TB, addr string) *http.Request {
	r := &http.Request{Method: http.MethodPost, URL: &url.URL{Path: "/login"}, Header: http.Header{}, RemoteAddr: addr}
	if addr != "" && addr[0] != '[' {
		r.RemoteAddr += ":4711"
	}
	return r.WithContext(t.Context())
}

// fail tries a wrong password. It returns 0 if that was let through, and else how long to wait.
func fail(t testing.TB, limiter *throttle.Throttle, addr, name string) (wait time.Duration) {
	t.Helper()
	_, err := limiter.Begin(from(t, addr), name)
	if err == nil {
		return 0
	}
	require.ErrorIs(t, err, throttle.ErrLimited)
	refusal, ok := errors.AsType[*throttle.Error](err)
	require.True(t, ok)
	seconds, err := strconv.Atoi(refusal.Header().Get("Retry-After"))
	require.NoError(t, err)
	require.Positive(t, seconds)
	return time.Duration(seconds) * time.Second
}

// failures tries wrong passwords until one is refused, and counts those before.
func failures(t testing.TB, limiter *throttle.Throttle, addr, name string) (passed int) {
	t.Helper()
	for ; fail(t, limiter, addr, name) == 0; passed++ {
		require.Less(t, passed, 100_000, "nothing stops it")
	}
	return passed
}

func succeed(t testing.TB, limiter *throttle.Throttle, addr, name string) {
	t.Helper()
	attempt, err := limiter.Begin(from(t, addr), name)
	require.NoError(t, err)
	attempt.Succeeded(t.Context())
}

func assertPasses(t testing.TB, limiter *throttle.Throttle, addr, name string, msg ...any) {
	t.Helper()
	attempt, err := limiter.Begin(from(t, addr), name)
	if assert.NoError(t, err, msg...) {
		attempt.Undecided(t.Context())
	}
}

// logBuffer collects events of all levels.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *logBuffer) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
