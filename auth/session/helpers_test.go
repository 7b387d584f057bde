package session_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/session"
)

const cookieName = "__Host-session"

func newSessions(t testing.TB, c session.Config) *session.Sessions {
	t.Helper()
	if c.Store == nil {
		c.Store = newMemory(t, session.MemoryConfig{})
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := session.New(c)
	require.NoError(t, err)
	return s
}

func newGuard(t testing.TB, a auth.Authenticator) *auth.Guard {
	t.Helper()
	g, err := auth.New(auth.Config{Authenticator: a, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return g
}

// site is what an application makes of the package. Anybody who asks is logged in as whom they say: proving it is not its matter.
func site(t testing.TB, s *session.Sessions) http.Handler {
	t.Helper()
	guard := newGuard(t, s)
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, err error) {
		if err != nil {
			refusal, ok := err.(interface{ HTTPStatus() int })
			require.True(t, ok)
			w.WriteHeader(refusal.HTTPStatus())
		}
	}
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		answer(w, s.Login(w, r, auth.Identity{Subject: r.FormValue("user"), AMR: []string{"pwd"}}))
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) { answer(w, s.Logout(w, r)) })
	me := guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, _ := auth.FromContext(r.Context())
		fmt.Fprint(w, p.Subject())
	}))
	mux.Handle("GET /me", me)
	mux.Handle("POST /me", me)
	return s.Handler(mux)
}

// browser is a real client with a real jar, at a real server.
type browser struct {
	t      *testing.T
	base   string
	client *http.Client
}

func newSite(t *testing.T, s *session.Sessions) *httptest.Server {
	t.Helper()
	server := httptest.NewTLSServer(site(t, s))
	t.Cleanup(server.Close)
	return server
}

func newBrowser(t *testing.T, server *httptest.Server) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client := *server.Client()
	client.Jar = jar
	return &browser{t: t, base: server.URL, client: &client}
}

// send returns the status and the body.
func (b *browser) send(method, path, form string, headers ...string) (int, string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, strings.NewReader(form))
	require.NoError(b.t, err)
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := b.client.Do(r)
	require.NoError(b.t, err)
	defer res.Body.Close()
	var body bytes.Buffer
	_, err = body.ReadFrom(res.Body)
	require.NoError(b.t, err)
	return res.StatusCode, body.String()
}

func (b *browser) login(user string) int {
	b.t.Helper()
	code, _ := b.send("POST", "/login", "user="+user)
	return code
}

// me returns whom the site takes the browser for, or nobody.
func (b *browser) me() string {
	b.t.Helper()
	code, body := b.send("GET", "/me", "")
	if code != http.StatusOK {
		return ""
	}
	return body
}

// cookie returns the value that the jar has.
func (b *browser) cookie() string {
	b.t.Helper()
	u, err := url.Parse(b.base)
	require.NoError(b.t, err)
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == cookieName {
			return c.Value
		}
	}
	return ""
}

func (b *browser) plant(value string) {
	b.t.Helper()
	u, err := url.Parse(b.base)
	require.NoError(b.t, err)
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: cookieName, Value: value, Path: "/", Secure: true}})
}

// request is one without a socket, for tests of time.
func request(t testing.TB, method string, cookies ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "https://site.example/me", nil)
	r.TLS = &tls.ConnectionState{}
	for _, c := range cookies {
		r.AddCookie(&http.Cookie{Name: cookieName, Value: c})
	}
	return r
}

// login returns the cookie of a new session.
func login(t testing.TB, s *session.Sessions, id auth.Identity, cookies ...string) string {
	t.Helper()
	w := httptest.NewRecorder()
	require.NoError(t, s.Login(w, request(t, "POST", cookies...), id))
	set := w.Result().Cookies()
	require.Len(t, set, 1)
	return set[0].Value
}

// altered is a store whose answers a test changes.
type altered struct {
	session.Store
	lookup, touch, create, end, list error
	touched                          int
}

func (a *altered) Lookup(ctx context.Context, h session.Hash) (session.Record, error) {
	if a.lookup != nil {
		return session.Record{}, a.lookup
	}
	return a.Store.Lookup(ctx, h)
}

func (a *altered) Touch(ctx context.Context, h session.Hash, seen, now, until time.Time) error {
	a.touched++
	if a.touch != nil {
		return a.touch
	}
	return a.Store.Touch(ctx, h, seen, now, until)
}

func (a *altered) Create(ctx context.Context, r session.Record, most int, now time.Time) error {
	if a.create != nil {
		return a.create
	}
	return a.Store.Create(ctx, r, most, now)
}

func (a *altered) End(ctx context.Context, h session.Hash) error {
	if a.end != nil {
		return a.end
	}
	return a.Store.End(ctx, h)
}

func (a *altered) EndID(ctx context.Context, id, subject string) error {
	if a.end != nil {
		return a.end
	}
	return a.Store.EndID(ctx, id, subject)
}

func (a *altered) EndSubject(ctx context.Context, subject string) error {
	if a.end != nil {
		return a.end
	}
	return a.Store.EndSubject(ctx, subject)
}

func (a *altered) List(ctx context.Context, subject string, now time.Time) ([]session.Record, error) {
	if a.list != nil {
		return nil, a.list
	}
	return a.Store.List(ctx, subject, now)
}

// newLog returns a logger and what it was told.
func newLog() (*slog.Logger, func() []map[string]any) {
	var buf bytes.Buffer
	return slog.New(slog.NewJSONHandler(&buf, nil)), func() []map[string]any {
		var lines []map[string]any
		for dec := json.NewDecoder(bytes.NewReader(buf.Bytes())); dec.More(); {
			var line map[string]any
			if dec.Decode(&line) != nil {
				break
			}
			lines = append(lines, line)
		}
		return lines
	}
}
