package session_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/session"
)

func TestStoreThatCannotAnswerIs503AndNever401(t *testing.T) {
	store := &altered{Store: newMemory(t, session.MemoryConfig{})}
	s := newSessions(t, session.Config{Store: store})
	cookie := login(t, s, auth.Identity{Subject: "alice"})
	h := newGuard(t, s).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for name, cause := range map[string]error{
		"unavailable":             session.ErrUnavailable,
		"wrapped":                 fmt.Errorf("store: %w", session.ErrUnavailable),
		"unheard of":              errors.New("disk on fire"),
		"cancelled":               context.Canceled,
		"login of its own":        fmt.Errorf("store: %w", auth.ErrInvalidCredentials),
		"no login of its own":     auth.ErrNoCredentials,
		"unknown among the words": errors.New(session.ErrUnknown.Error()),
	} {
		t.Run(name, func(t *testing.T) {
			store.lookup = cause
			w := httptest.NewRecorder()
			h.ServeHTTP(w, request(t, "GET", cookie))
			assert.Equal(t, http.StatusServiceUnavailable, w.Code)
			assert.NotEmpty(t, w.Header().Get("Retry-After"))
			assert.Empty(t, w.Header().Get("WWW-Authenticate"))
			assert.Empty(t, w.Header()["Set-Cookie"], "the session is not thrown away")
		})
	}
	store.lookup = nil
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request(t, "GET", cookie))
	assert.Equal(t, http.StatusOK, w.Code, "it comes back")
}

func TestStoreThatCannotEndAnythingSaysSo(t *testing.T) {
	down := errors.New("disk on fire")
	store := &altered{Store: newMemory(t, session.MemoryConfig{})}
	s := newSessions(t, session.Config{Store: store})
	cookie := login(t, s, auth.Identity{Subject: "alice"})
	p, err := s.Authenticate(request(t, "GET", cookie))
	require.NoError(t, err)
	store.end, store.list, store.create = down, down, down

	w := httptest.NewRecorder()
	_, list := s.List(t.Context(), "alice")
	for name, err := range map[string]error{
		"login over another": s.Login(w, request(t, "POST", cookie), auth.Identity{Subject: "alice"}),
		"login":              s.Login(w, request(t, "POST"), auth.Identity{Subject: "alice"}),
		"logout":             s.Logout(w, request(t, "POST", cookie)),
		"end":                s.End(t.Context(), p.Session()),
		"end own":            s.EndOwn(t.Context(), "alice", p.Session()),
		"end all":            s.EndAll(t.Context(), "alice"),
		"list":               list,
	} {
		assert.ErrorIs(t, err, session.ErrUnavailable, name)
		assert.ErrorIs(t, err, down, name)
		var e *session.Error
		require.ErrorAs(t, err, &e, name)
		assert.Equal(t, http.StatusServiceUnavailable, e.HTTPStatus(), name)
		assert.Equal(t, "5", e.Header().Get("Retry-After"), name)
		assert.NotContains(t, e.Public(), "disk", name)
	}
	assert.Empty(t, w.Header()["Set-Cookie"])
	store.end, store.lookup = nil, down
	assert.ErrorIs(t, s.Logout(w, request(t, "POST", cookie)), session.ErrUnavailable)
}

// The old session may be known to somebody else, so a login that cannot end it is none.
func TestLoginThatCannotEndTheOldSessionMakesNone(t *testing.T) {
	store := &altered{Store: newMemory(t, session.MemoryConfig{})}
	s := newSessions(t, session.Config{Store: store})
	cookie := login(t, s, auth.Identity{Subject: "alice"})
	store.end = session.ErrUnavailable
	w := httptest.NewRecorder()
	assert.ErrorIs(t, s.Login(w, request(t, "POST", cookie), auth.Identity{Subject: "alice"}), session.ErrUnavailable)
	assert.Empty(t, w.Header()["Set-Cookie"])
	records, err := s.List(t.Context(), "alice")
	require.NoError(t, err)
	assert.Len(t, records, 1)
}

func TestAttackPlainHTTPSetsNoCookie(t *testing.T) {
	s := newSessions(t, session.Config{})
	server := httptest.NewServer(site(t, s))
	t.Cleanup(server.Close)
	b := newBrowser(t, server)
	assert.Equal(t, http.StatusInternalServerError, b.login("alice"))
	records, err := s.List(t.Context(), "alice")
	require.NoError(t, err)
	assert.Empty(t, records)

	behindProxy := newSessions(t, session.Config{HTTPS: func(r *http.Request) bool { return r.Header.Get("X-Forwarded-Proto") == "https" }})
	r := request(t, "POST")
	r.TLS = nil
	assert.ErrorIs(t, behindProxy.Login(httptest.NewRecorder(), r, auth.Identity{Subject: "alice"}), session.ErrInsecure)
	r.Header.Set("X-Forwarded-Proto", "https")
	assert.NoError(t, behindProxy.Login(httptest.NewRecorder(), r, auth.Identity{Subject: "alice"}))
	r.Header.Del("X-Forwarded-Proto")
	r.TLS = &tls.ConnectionState{} // the way from the proxy is not the client's
	assert.ErrorIs(t, behindProxy.Login(httptest.NewRecorder(), r, auth.Identity{Subject: "alice"}), session.ErrInsecure)
}

func TestIdentityThatCannotBeKeptIsRefused(t *testing.T) {
	s := newSessions(t, session.Config{})
	for name, id := range map[string]auth.Identity{
		"nobody":         {},
		"another issuer": {Subject: "canary", Issuer: "https://idp.example"},
		"a session":      {Subject: "canary", Session: "canary"},
		"a token":        {Subject: "canary", TokenID: "canary"},
		"past":           {Subject: "canary", Expiry: time.Now().Add(-time.Second)},
		"a bad scope":    {Subject: "canary", Scopes: []string{"can ary"}},
		"a bad role":     {Subject: "canary", Roles: []string{"can\nary"}},
		"a bad subject":  {Subject: "canary\n"},
	} {
		w := httptest.NewRecorder()
		err := s.Login(w, request(t, "POST"), id)
		require.ErrorIs(t, err, session.ErrIdentity, name)
		var e *session.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, http.StatusInternalServerError, e.HTTPStatus())
		assert.NotContains(t, e.Error()+e.Public(), "ary")
		assert.Empty(t, w.Header()["Set-Cookie"])
	}
}

func TestErrorsForClients(t *testing.T) {
	s := newSessions(t, session.Config{Store: newMemory(t, session.MemoryConfig{Sessions: 1}), PerSubject: 1})
	cookie := login(t, s, auth.Identity{Subject: "alice"})
	forged := request(t, "POST", cookie)
	forged.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	for _, c := range []struct {
		err    error
		kind   error
		status int
		public string
	}{
		{s.Login(w, request(t, "POST", "a", "b"), auth.Identity{Subject: "bob"}), session.ErrInvalidRequest, 400, "The request has more than one session."},
		{s.Login(w, forged, auth.Identity{Subject: "bob"}), session.ErrCrossOrigin, 403, "The request comes from another origin."},
		{s.End(t.Context(), "x"), session.ErrUnknown, 404, "There is no such session."},
		{s.Login(w, request(t, "POST"), auth.Identity{Subject: "alice"}), session.ErrTooMany, 409, "There are too many sessions. End one that is not used."},
		{s.Login(w, request(t, "POST"), auth.Identity{}), session.ErrIdentity, 500, "The request could not be served."},
		{s.Login(w, request(t, "POST"), auth.Identity{Subject: "bob"}), session.ErrFull, 503, "The service is not available at the moment. Try again later."},
	} {
		var e *session.Error
		require.ErrorAs(t, c.err, &e)
		assert.ErrorIs(t, c.err, c.kind)
		assert.Equal(t, c.status, e.HTTPStatus())
		assert.Equal(t, c.public, e.Public())
		assert.Equal(t, c.status == 503, e.Header() != nil)
	}
}

func TestEventsSayWhoAndNeverTheCookie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logger, lines := newLog()
		s := newSessions(t, session.Config{Logger: logger})
		cookie := login(t, s, auth.Identity{Subject: "alice"})
		require.NoError(t, s.Logout(httptest.NewRecorder(), request(t, "POST", cookie)))
		second := login(t, s, auth.Identity{Subject: "alice"})
		time.Sleep(31 * time.Minute)
		_, err := s.Authenticate(request(t, "GET", second))
		require.ErrorIs(t, err, auth.ErrExpired)
		require.NoError(t, s.EndAll(t.Context(), "alice"))
		var names []string
		for _, line := range lines() {
			names = append(names, fmt.Sprint(line["event"]))
			assert.Equal(t, "alice", line["subject"])
			assert.NotContains(t, fmt.Sprint(line), cookie)
			assert.NotContains(t, fmt.Sprint(line), second)
		}
		assert.Equal(t, []string{"session_created", "session_expired", "session_created", "session_use_after_expire", "session_expired"}, names)
	})
}

func TestHandlerTellsCaches(t *testing.T) {
	s := newSessions(t, session.Config{})
	cookie := login(t, s, auth.Identity{Subject: "alice"})
	for name, c := range map[string]struct {
		cookies []string
		set     string
		want    string
	}{
		"with a session":         {[]string{cookie}, "", "private"},
		"without":                {nil, "", ""},
		"the application's word": {[]string{cookie}, "public, max-age=60", "public, max-age=60"},
	} {
		w := httptest.NewRecorder()
		s.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if c.set != "" {
				w.Header().Set("Cache-Control", c.set)
			}
		})).ServeHTTP(w, request(t, "GET", c.cookies...))
		assert.Equal(t, c.want, w.Header().Get("Cache-Control"), name)
		assert.Equal(t, "Cookie", w.Header().Get("Vary"), name)
	}
}

func TestHandlerThatIsBuiltWronglyServesNothing(t *testing.T) {
	var log bytes.Buffer
	s := newSessions(t, session.Config{Logger: slog.New(slog.NewTextHandler(&log, nil)), Deny: func(w http.ResponseWriter, _ *http.Request, err error) {
		http.Error(w, "denied", err.(interface{ HTTPStatus() int }).HTTPStatus())
	}})
	h := s.Handler(nil)
	assert.EqualError(t, h.(interface{ Err() error }).Err(), "session: the handler inside Handler is nil: give one")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request(t, "GET"))
	assert.Equal(t, http.StatusInternalServerError, w.Code)
	assert.Equal(t, "denied\n", w.Body.String())
	assert.Contains(t, log.String(), "is nil")

	inner := http.NotFoundHandler()
	good := s.Handler(inner)
	assert.NoError(t, good.(interface{ Err() error }).Err())
	assert.NotNil(t, good.(interface{ Unwrap() http.Handler }).Unwrap())
}

func TestGuardFindsSessionsAmongOthers(t *testing.T) {
	s := newSessions(t, session.Config{})
	cookie := login(t, s, auth.Identity{Subject: "alice"})
	basic := auth.Basic(func(context.Context, string, string) (*auth.Principal, error) {
		return auth.NewPrincipal(auth.Identity{Subject: "bob"})
	})
	h := newGuard(t, auth.First(s, basic)).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, _ := auth.FromContext(r.Context())
		fmt.Fprint(w, p.Subject())
	}))
	both, none, other := request(t, "GET", cookie), request(t, "GET"), request(t, "GET")
	both.SetBasicAuth("bob", "x")
	other.SetBasicAuth("bob", "x")
	for want, r := range map[string]*http.Request{"alice": request(t, "GET", cookie), "bob": other} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		assert.Equal(t, want, w.Body.String())
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, both)
	assert.Equal(t, http.StatusBadRequest, w.Code, "two kinds of credentials")
	w = httptest.NewRecorder()
	h.ServeHTTP(w, none)
	assert.Equal(t, http.StatusUnauthorized, w.Code)
	assert.Equal(t, `Session realm="api"`, w.Header()["Www-Authenticate"][0])
}
