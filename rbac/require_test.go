package rbac_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/rbac"
)

// reached is a handler that says so.
func reached(hit *bool) http.Handler {
	return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { *hit = true })
}

func request(t *testing.T, method, target, user string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	r.Header.Set("X-Example-User", user)
	return r
}

func TestRequireAnswers(t *testing.T) {
	ended, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	roles := func(r *http.Request) []string { return r.Header.Values("X-Role") }
	tenant := func(r *http.Request) (string, bool) { return r.Header.Get("X-Tenant"), r.Header.Get("X-Tenant") != "?" }
	for name, test := range map[string]struct {
		user, role, tenant string
		ctx                context.Context
		status             int
		header             string
		event              map[string]any
	}{
		"allowed":        {user: "alice", status: 200},
		"vouched role":   {user: "zoe", role: "viewer", status: 200},
		"tenant":         {user: "bob", tenant: "acme", status: 200},
		"other tenant":   {user: "bob", tenant: "globex", status: 403, event: map[string]any{"event": "authz_fail", "subject": "bob", "tenant": "globex", "reason": "no rule allows it"}},
		"unknown tenant": {user: "alice", tenant: "?", status: 403, event: map[string]any{"event": "authz_fail", "subject": "alice", "reason": "the request names no tenant"}},
		"unknown role": {user: "zoe", role: "Viewer", status: 403, event: map[string]any{"event": "authz_fail", "subject": "zoe",
			"reason": "no rule allows it, and the policy has no line about a role that was vouched for", "roles_not_in_policy": "role:Viewer"}},
		"denied":        {user: "mallory", status: 403, event: map[string]any{"event": "authz_fail", "subject": "mallory", "reason": "no rule allows it"}},
		"a rule denies": {user: "alice", role: "suspended", status: 403, event: map[string]any{"reason": "rules:8 denies it"}},
		"nobody":        {status: 401, header: "Www-Authenticate", event: map[string]any{"event": "authz_fail", "subject": "", "reason": "nobody is authenticated"}},
		"cannot decide": {user: "alice", ctx: ended, status: 503, header: "Retry-After", event: map[string]any{"event": "sys_availability_fail", "level": "ERROR"}},
		"log injection": {user: "x\nlevel=INFO", status: 403, event: map[string]any{"subject": "x\ufffdlevel=INFO"}},
	} {
		t.Run(name, func(t *testing.T) {
			log, logged := events(t)
			e, err := rbac.New(rbac.Config{Source: rbac.Rules(office...), Subject: header, Roles: roles, Tenant: tenant, Logger: log,
				ClientAddr: func(*http.Request) netip.Addr { return netip.MustParseAddr("192.0.2.7") }})
			require.NoError(t, err)
			var hit bool
			r := request(t, "GET", "/notes/secret", test.user)
			r.Header.Set("X-Tenant", test.tenant)
			r.Header.Set("X-Role", test.role)
			if test.ctx != nil {
				r = r.WithContext(test.ctx)
			}
			w := httptest.NewRecorder()
			e.Require("notes:read")(reached(&hit)).ServeHTTP(w, r)

			assert.Equal(t, test.status, w.Code)
			assert.Equal(t, test.status == 200, hit, "the handler runs if and only if it is allowed")
			if test.header != "" {
				assert.NotEmpty(t, w.Result().Header[test.header])
			}
			all := logged()
			if test.event == nil {
				assert.Empty(t, all)
				return
			}
			require.Len(t, all, 1)
			assert.Subset(t, all[0], test.event)
			assert.Equal(t, "192.0.2.7", all[0]["client_addr"])
			assert.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
			assert.NotContains(t, w.Body.String(), "secret", "a refusal does not repeat the request")
			assert.NotContains(t, w.Body.String(), "rule")
		})
	}
}

func TestClientThatWentAwayRaisesNoAlarm(t *testing.T) {
	log, logged := events(t)
	e, err := rbac.New(rbac.Config{Source: rbac.Rules(allowed), Subject: header, Logger: log})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var hit bool
	w := httptest.NewRecorder()
	e.Require("notes:read")(reached(&hit)).ServeHTTP(w, request(t, "GET", "/", "alice").WithContext(ctx))
	assert.False(t, hit)
	assert.Equal(t, 503, w.Code)
	assert.Empty(t, logged())
}

type contextKey struct{}

// login is an Authenticate: it writes its own 401 and puts the name into the context.
func login(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ok := header(r)
		if !ok {
			w.Header().Set("WWW-Authenticate", `Basic realm="notes"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, name+" at "+r.Pattern+" "+r.PathValue("id"))))
	})
}

func fromContext(r *http.Request) (string, bool) {
	_, known := r.Context().Value(contextKey{}).(string)
	name, _ := header(r)
	return name, known
}

func TestAuthenticateRunsBeforeTheDecisionAndWritesTheChallenge(t *testing.T) {
	log, logged := events(t)
	e, err := rbac.New(rbac.Config{Source: rbac.Rules(allowed), Subject: fromContext, Authenticate: login, Logger: log})
	require.NoError(t, err)
	h := e.Require("notes:read")(notes)
	for user, status := range map[string]int{"": 401, "alice": 200, "mallory": 403} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request(t, "GET", "/", user))
		assert.Equal(t, status, w.Code, user)
		if status == 401 {
			assert.Equal(t, []string{`Basic realm="notes"`}, w.Header().Values("WWW-Authenticate"))
		}
	}
	assert.Len(t, logged(), 1, "the 401 is for Authenticate to log")
}

func TestAuthenticateThatLetsEverybodyThroughIsNoPass(t *testing.T) {
	e, err := rbac.New(rbac.Config{Source: rbac.Rules(allowed), Subject: fromContext, Authenticate: func(h http.Handler) http.Handler { return h }})
	require.NoError(t, err)
	var hit bool
	w := httptest.NewRecorder()
	e.Require("notes:read")(reached(&hit)).ServeHTTP(w, request(t, "GET", "/", "alice"))
	assert.Equal(t, 401, w.Code)
	assert.False(t, hit)
}

func TestSubjectWithoutANameIsDenied(t *testing.T) {
	e, err := rbac.New(rbac.Config{Source: rbac.Rules(allowed), Subject: func(*http.Request) (string, bool) { return "", true }})
	require.NoError(t, err)
	var hit bool
	w := httptest.NewRecorder()
	e.Require("notes:read")(reached(&hit)).ServeHTTP(w, request(t, "GET", "/", "alice"))
	assert.Equal(t, 403, w.Code)
	assert.False(t, hit)
}

func TestCustomDenyGetsTheErrorAndItsHeaders(t *testing.T) {
	var got error
	e, err := rbac.New(rbac.Config{Source: rbac.Rules(allowed), Subject: header, Deny: func(w http.ResponseWriter, _ *http.Request, err error) {
		got = err
		w.WriteHeader(http.StatusTeapot)
	}})
	require.NoError(t, err)
	h := e.Require("notes:read")(notes)
	for user, want := range map[string]error{"": rbac.ErrUnauthenticated, "mallory": rbac.ErrDenied} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request(t, "GET", "/", user))
		assert.Equal(t, http.StatusTeapot, w.Code)
		assert.ErrorIs(t, got, want)
		var refusal *rbac.Error
		require.ErrorAs(t, got, &refusal)
		assert.Equal(t, refusal.Header().Get("WWW-Authenticate"), w.Header().Get("WWW-Authenticate"))
		assert.NotContains(t, refusal.Error(), "mallory")
	}
}

// broken is a handler of another package that was built wrongly.
type broken struct{ next http.Handler }

func (broken) Err() error                                   { return errors.New("scope is empty") }
func (b broken) Unwrap() http.Handler                       { return b.next }
func (broken) ServeHTTP(http.ResponseWriter, *http.Request) {}

func TestHandlerThatWasBuiltWronglySaysSoAndNeverPasses(t *testing.T) {
	var hit bool
	good := newEngine(t, allowed)
	with := func(authenticate func(http.Handler) http.Handler) *rbac.Engine {
		e, err := rbac.New(rbac.Config{Source: rbac.Rules(allowed), Subject: header, Authenticate: authenticate})
		require.NoError(t, err)
		return e
	}
	for name, test := range map[string]struct {
		engine     *rbac.Engine
		permission string
		next       http.Handler
		want       string
	}{
		"empty permission":     {good, "", reached(&hit), "the permission is empty"},
		"one word":             {good, "notes", reached(&hit), "the permission is not"},
		"no action":            {good, "notes:", reached(&hit), "the permission is not"},
		"no object":            {good, ":read", reached(&hit), "the permission is not"},
		"two colons":           {good, "notes:read:all", reached(&hit), "the permission is not"},
		"wildcard":             {good, "notes:*", reached(&hit), "the permission is not"},
		"space":                {good, "notes: read", reached(&hit), "the permission is not"},
		"control":              {good, "notes:read\n", reached(&hit), "the permission is not"},
		"nil handler":          {good, "notes:read", nil, "the handler is nil"},
		"nil function":         {good, "notes:read", http.HandlerFunc(nil), "the handler is nil"},
		"nil pointer":          {good, "notes:read", (*http.ServeMux)(nil), "the handler is nil"},
		"nil engine":           {nil, "notes:read", reached(&hit), "the engine was not made by New"},
		"zero engine":          {new(rbac.Engine), "notes:read", reached(&hit), "the engine was not made by New"},
		"no authentication":    {with(func(http.Handler) http.Handler { return nil }), "notes:read", reached(&hit), "Config.Authenticate returned no handler"},
		"wrong authentication": {with(func(h http.Handler) http.Handler { return broken{h} }), "notes:read", reached(&hit), "built wrongly: scope is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			h := test.engine.Require(test.permission)(test.next)
			says, ok := h.(interface{ Err() error })
			require.True(t, ok)
			assert.ErrorContains(t, says.Err(), test.want)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, request(t, "GET", "/", "alice"))
			assert.Equal(t, 500, w.Code)
			assert.False(t, hit)
		})
	}
}

func TestHandlerShowsWhatItIs(t *testing.T) {
	h := newEngine(t, allowed).Require("notes:read")(http.NotFoundHandler())
	assert.NoError(t, h.(interface{ Err() error }).Err())
	assert.Equal(t, "notes:read", h.(interface{ Permission() string }).Permission())
	assert.NotNil(t, h.(interface{ Unwrap() http.Handler }).Unwrap())
}

func TestResponseWriterIsNotHidden(t *testing.T) {
	e, err := rbac.New(rbac.Config{Source: rbac.Rules(allowed), Subject: header})
	require.NoError(t, err)
	mux := e.Mux()
	mux.Handle("GET /flush", "notes:read", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, isFlusher := w.(http.Flusher)
		assert.True(t, isFlusher)
		assert.NoError(t, http.NewResponseController(w).Flush())
	}))
	mux.Handle("GET /hijack", "notes:read", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if assert.NoError(t, err) {
			_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
			_ = conn.Close()
		}
	}))
	h, err := mux.Build()
	require.NoError(t, err)
	server := httptest.NewServer(h)
	defer server.Close()
	for path, status := range map[string]int{"/flush": 200, "/hijack": 204} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+path, nil)
		require.NoError(t, err)
		r.Header.Set("X-Example-User", "alice")
		res, err := server.Client().Do(r)
		require.NoError(t, err)
		_ = res.Body.Close()
		assert.Equal(t, status, res.StatusCode)
	}
}
