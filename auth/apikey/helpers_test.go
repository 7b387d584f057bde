package apikey_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/apikey"
)

var quiet = slog.New(slog.DiscardHandler)

func newMemory(t testing.TB, c apikey.MemoryConfig) *apikey.Memory {
	t.Helper()
	m, err := apikey.NewMemory(c)
	require.NoError(t, err)
	return m
}

// newKeys fills in what a test does not care about.
func newKeys(t testing.TB, c apikey.Config) *apikey.Keys {
	t.Helper()
	if c.Prefix == "" {
		c.Prefix = "acme"
	}
	if c.Store == nil {
		c.Store = newMemory(t, apikey.MemoryConfig{})
	}
	if c.Logger == nil {
		c.Logger = quiet
	}
	k, err := apikey.New(c)
	require.NoError(t, err)
	return k
}

func create(t testing.TB, k *apikey.Keys, g apikey.Grant) (string, apikey.Record) {
	t.Helper()
	if g.Subject == "" {
		g.Subject = "alice"
	}
	key, r, err := k.Create(t.Context(), g)
	require.NoError(t, err)
	return key.Reveal(), r
}

func newGuard(t testing.TB, a auth.Authenticator) *auth.Guard {
	t.Helper()
	g, err := auth.New(auth.Config{Authenticator: a, Realm: "acme", Logger: quiet})
	require.NoError(t, err)
	return g
}

func request(t testing.TB, header string, values ...string) *http.Request {
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
	if len(values) > 0 {
		r.Header[http.CanonicalHeaderKey(header)] = values
	}
	return r
}

func withKey(t testing.TB, values ...string) *http.Request { return request(t, "X-API-Key", values...) }

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

var ok = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })

// events returns a logger and what it was given.
func events(t testing.TB) (*slog.Logger, func() []map[string]any) {
	var buf bytes.Buffer
	return slog.New(slog.NewJSONHandler(&buf, &slog.HandlerOptions{Level: slog.LevelDebug})), func() (lines []map[string]any) {
		for dec := json.NewDecoder(bytes.NewReader(buf.Bytes())); dec.More(); {
			var line map[string]any
			require.NoError(t, dec.Decode(&line))
			lines = append(lines, line)
		}
		return lines
	}
}

// altered is a store that fails, or changes what another one answers.
type altered struct {
	apikey.Store
	create func(apikey.Record) error
	lookup func(apikey.Record, error) (apikey.Record, error)
	touch  func(ctx context.Context, id string) error
	fail   error // of revoke and list
}

func (s *altered) Create(ctx context.Context, r apikey.Record, most int, now time.Time) error {
	if s.create != nil {
		if err := s.create(r); err != nil {
			return err
		}
	}
	return s.Store.Create(ctx, r, most, now)
}

func (s *altered) Lookup(ctx context.Context, id string) (apikey.Record, error) {
	r, err := s.Store.Lookup(ctx, id)
	if s.lookup != nil {
		return s.lookup(r, err)
	}
	return r, err
}

func (s *altered) Touch(ctx context.Context, id string, now time.Time) error {
	if s.touch != nil {
		if err := s.touch(ctx, id); err != nil {
			return err
		}
	}
	return s.Store.Touch(ctx, id, now)
}

func (s *altered) Revoke(ctx context.Context, id, subject string, now time.Time) error {
	if s.fail != nil {
		return s.fail
	}
	return s.Store.Revoke(ctx, id, subject, now)
}

func (s *altered) RevokeSubject(ctx context.Context, subject string, now time.Time) error {
	if s.fail != nil {
		return s.fail
	}
	return s.Store.RevokeSubject(ctx, subject, now)
}

func (s *altered) List(ctx context.Context, subject string) ([]apikey.Record, error) {
	if s.fail != nil {
		return nil, s.fail
	}
	return s.Store.List(ctx, subject)
}
