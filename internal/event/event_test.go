package event_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/internal/event"
)

func newLog(t *testing.T) (*event.Log, func() []map[string]any) {
	t.Helper()
	var buf bytes.Buffer
	return event.New(slog.New(slog.NewJSONHandler(&buf, nil)), nil), func() []map[string]any {
		var lines []map[string]any
		for dec := json.NewDecoder(&buf); dec.More(); {
			var line map[string]any
			require.NoError(t, dec.Decode(&line))
			lines = append(lines, line)
		}
		return lines
	}
}

func TestRequestSaysWhoWhatWhere(t *testing.T) {
	log, lines := newLog(t)
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/notes/7?token=secret", nil)
	r.Pattern, r.RemoteAddr = "GET /notes/{id}", "[::ffff:192.0.2.7]:4711"
	log.Request(r, slog.LevelWarn, event.AuthzFail, slog.String("subject", "alice"))
	got := lines()
	require.Len(t, got, 1)
	delete(got[0], "time")
	assert.Equal(t, map[string]any{"level": "WARN", "msg": "authz_fail", "event": "authz_fail", "client_addr": "192.0.2.7",
		"method": "GET", "route": "GET /notes/{id}", "subject": "alice"}, got[0])
}

func TestClientAddrOfTheApplication(t *testing.T) {
	var buf bytes.Buffer
	log := event.New(slog.New(slog.NewTextHandler(&buf, nil)), event.RemoteAddr)
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
	r.RemoteAddr = "@"
	log.Request(r, slog.LevelInfo, event.AuthzFail)
	assert.NotContains(t, buf.String(), "client_addr")
	assert.Equal(t, netip.Addr{}, event.RemoteAddr(r))
}

func TestLogInjectionIsCleaned(t *testing.T) {
	log, lines := newLog(t)
	log.Emit(t.Context(), slog.LevelInfo, event.AuthnLoginFail,
		slog.String("a", "x\n{\"event\":\"authn_login_success\"}\u202e\u2028\x00\xff"),
		slog.Any("b", errors.New("two\r\nlines")),
		slog.Group("c", slog.String("d\n", "\x1b[2J")),
		slog.Int("n", 7))
	got := lines()
	require.Len(t, got, 1)
	assert.Equal(t, "x�{\"event\":\"authn_login_success\"}����", got[0]["a"])
	assert.Equal(t, "two��lines", got[0]["b"])
	assert.Equal(t, map[string]any{"d�": "�[2J"}, got[0]["c"])
	assert.Equal(t, 7.0, got[0]["n"])
}

func TestFloodIsBoundedAndCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, lines := newLog(t)
		for range 10_000 {
			log.Emit(t.Context(), slog.LevelWarn, event.AuthzFail)
		}
		log.Emit(t.Context(), slog.LevelWarn, event.AuthnLoginFail) // another name has its own allowance
		assert.Len(t, lines(), event.Burst+1)

		time.Sleep(time.Second)
		for range 10_000 {
			log.Emit(t.Context(), slog.LevelWarn, event.AuthzFail)
		}
		got := lines()
		assert.Len(t, got, event.PerSecond)
		assert.Equal(t, float64(10_000-event.Burst), got[0]["dropped"])
		assert.NotContains(t, got[1], "dropped")
	})
}

func TestManyNamesShareABucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, lines := newLog(t)
		for i := range 10_000 {
			log.Emit(t.Context(), slog.LevelWarn, event.Name(strings.Repeat("x", i)))
		}
		assert.Less(t, len(lines()), 64+event.Burst+1)
	})
}

func TestConcurrentEvents(t *testing.T) {
	log, lines := newLog(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				log.Emit(t.Context(), slog.LevelWarn, event.AuthzFail)
			}
		})
	}
	wg.Wait()
	assert.GreaterOrEqual(t, len(lines()), event.Burst)
}

func FuzzCleanIsFitForALog(f *testing.F) {
	for _, s := range []string{"", "alice", "a\nb", "\xff\xfe", "\u202e", strings.Repeat("ü", 300), "\U000e0001"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := event.Clean(s)
		assert.LessOrEqual(t, len(c), event.MaxText)
		assert.True(t, utf8.ValidString(c))
		assert.Equal(t, c, event.Clean(c), "cleaning twice changes nothing")
		for _, r := range c {
			assert.False(t, unicode.IsControl(r) || unicode.Is(unicode.Cf, r), "%U", r)
		}
		if len(s) <= event.MaxText && utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
			assert.Equal(t, s, c, "what is fit already is kept")
		}
	})
}
