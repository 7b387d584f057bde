package session_test

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/session"
)

func TestLoginUseLogout(t *testing.T) {
	b := newBrowser(t, newSite(t, newSessions(t, session.Config{})))
	assert.Empty(t, b.me())
	require.Equal(t, http.StatusOK, b.login("alice"))
	assert.Equal(t, "alice", b.me())
	code, _ := b.send("POST", "/me", "a=b", "Sec-Fetch-Site", "same-origin", "Origin", b.base)
	assert.Equal(t, http.StatusOK, code)
	code, _ = b.send("POST", "/logout", "a=b")
	assert.Equal(t, http.StatusOK, code)
	assert.Empty(t, b.cookie(), "the browser has no cookie any more")
	assert.Empty(t, b.me())
	code, _ = b.send("POST", "/logout", "a=b")
	assert.Equal(t, http.StatusOK, code, "a second logout is none")
}

// The attacker plants a session of theirs, and waits for the victim to log in with it.
func TestAttackFixation(t *testing.T) {
	server := newSite(t, newSessions(t, session.Config{}))
	attacker, victim := newBrowser(t, server), newBrowser(t, server)
	require.Equal(t, http.StatusOK, attacker.login("mallory"))
	planted := attacker.cookie()
	victim.plant(planted)
	require.Equal(t, http.StatusOK, victim.login("alice"))
	assert.NotEqual(t, planted, victim.cookie())
	assert.Equal(t, "alice", victim.me())
	assert.Empty(t, attacker.me(), "what was planted has ended")
}

// A value that the attacker has made up never becomes a session.
func TestAttackFixationWithAnIDOfTheAttackers(t *testing.T) {
	server := newSite(t, newSessions(t, session.Config{}))
	attacker, victim := newBrowser(t, server), newBrowser(t, server)
	made := strings.Repeat("A", 43)
	victim.plant(made)
	require.Equal(t, http.StatusOK, victim.login("alice"))
	attacker.plant(made)
	assert.Empty(t, attacker.me())
	assert.Equal(t, "alice", victim.me())
}

func TestAttackEveryLoginHasAnotherID(t *testing.T) {
	s := newSessions(t, session.Config{})
	b := newBrowser(t, newSite(t, s))
	seen := map[string]bool{}
	for range 10 {
		require.Equal(t, http.StatusOK, b.login("alice"))
		assert.False(t, seen[b.cookie()])
		seen[b.cookie()] = true
	}
	records, err := s.List(t.Context(), "alice")
	require.NoError(t, err)
	assert.Len(t, records, 1, "each login has ended the one before it")
}

func TestAttackReplayAfterLogout(t *testing.T) {
	server := newSite(t, newSessions(t, session.Config{}))
	victim, thief := newBrowser(t, server), newBrowser(t, server)
	require.Equal(t, http.StatusOK, victim.login("alice"))
	thief.plant(victim.cookie())
	require.Equal(t, "alice", thief.me())
	code, _ := victim.send("POST", "/logout", "a=b")
	require.Equal(t, http.StatusOK, code)
	code, body := thief.send("GET", "/me", "")
	assert.Equal(t, http.StatusUnauthorized, code)
	assert.NotContains(t, body, thief.cookie())
}

func TestAttackCrossSiteRequests(t *testing.T) {
	s := newSessions(t, session.Config{TrustedOrigins: []string{"https://app.example"}})
	server := newSite(t, s)
	for name, c := range map[string]struct {
		method string
		header []string
		want   int
	}{
		"form of another site":                {"POST", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, 403},
		"form of a sibling":                   {"POST", []string{"Sec-Fetch-Site", "same-site", "Origin", "https://blog.site.example"}, 403},
		"old browser, another site":           {"POST", []string{"Origin", "https://evil.example"}, 403},
		"sandboxed frame":                     {"POST", []string{"Origin", "null"}, 403},
		"sandboxed frame, new browser":        {"POST", []string{"Sec-Fetch-Site", "cross-site", "Origin", "null"}, 403},
		"claims of the page are not believed": {"POST", []string{"Sec-Fetch-Site", "cross-site", "Origin", server.URL}, 403},
		"own page":                            {"POST", []string{"Sec-Fetch-Site", "same-origin", "Origin", server.URL}, 200},
		"typed into the address bar":          {"POST", []string{"Sec-Fetch-Site", "none"}, 200},
		"trusted app":                         {"POST", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://app.example"}, 200},
		"no browser":                          {"POST", nil, 200},
		"link on another site":                {"GET", []string{"Sec-Fetch-Site", "cross-site"}, 200},
		"WebSocket of another site":           {"GET", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example", "Upgrade", "websocket", "Connection", "Upgrade"}, 403},
		"WebSocket, old browser":              {"GET", []string{"Origin", "https://evil.example", "Upgrade", "websocket", "Connection", "Upgrade"}, 403},
		"own WebSocket":                       {"GET", []string{"Sec-Fetch-Site", "same-origin", "Origin", server.URL, "Upgrade", "websocket", "Connection", "Upgrade"}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBrowser(t, server)
			require.Equal(t, http.StatusOK, b.login("alice"))
			code, _ := b.send(c.method, "/me", "", c.header...)
			assert.Equal(t, c.want, code)
			assert.Equal(t, "alice", b.me(), "and the session lives")
		})
	}
}

// The Guard alone refuses them too, where Handler was forgotten.
func TestAttackCrossSiteRequestsWithoutHandler(t *testing.T) {
	s := newSessions(t, session.Config{})
	cookie := login(t, s, auth.Identity{Subject: "alice"})
	h := newGuard(t, s).Handler(http.NotFoundHandler())
	r := request(t, "DELETE", cookie)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	assert.Equal(t, http.StatusForbidden, w.Code)
	assert.Empty(t, w.Header().Get("WWW-Authenticate"), "no credentials would help")
}

// Another site logs the victim in as the attacker, or out.
func TestAttackCrossSiteLoginAndLogout(t *testing.T) {
	b := newBrowser(t, newSite(t, newSessions(t, session.Config{})))
	code, _ := b.send("POST", "/login", "user=mallory", "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
	assert.Equal(t, http.StatusForbidden, code)
	assert.Empty(t, b.cookie())
	require.Equal(t, http.StatusOK, b.login("alice"))
	before := b.cookie()
	for _, path := range []string{"/login", "/logout"} {
		code, _ = b.send("POST", path, "user=mallory", "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
		assert.Equal(t, http.StatusForbidden, code)
	}
	assert.Equal(t, before, b.cookie())
	assert.Equal(t, "alice", b.me())

	s := newSessions(t, session.Config{}) // without Handler
	r := request(t, "POST")
	r.Header.Set("Origin", "https://evil.example")
	w := httptest.NewRecorder()
	assert.ErrorIs(t, s.Login(w, r, auth.Identity{Subject: "mallory"}), session.ErrCrossOrigin)
	assert.ErrorIs(t, s.Logout(w, r), session.ErrCrossOrigin)
	assert.Empty(t, w.Header()["Set-Cookie"])
}

func TestAttackStoreIsReadByAThief(t *testing.T) {
	store := &altered{Store: newMemory(t, session.MemoryConfig{})}
	s := newSessions(t, session.Config{Store: store})
	cookie := login(t, s, auth.Identity{Subject: "alice"})
	records, err := store.List(t.Context(), "alice", time.Now())
	require.NoError(t, err)
	require.Len(t, records, 1)
	dump := fmt.Sprintf("%+v %q %x", records[0], records[0].Hash, records[0].Hash)
	assert.NotContains(t, dump, cookie)
	assert.Equal(t, session.Hash(sha256.Sum256([]byte("__Host-session\x00session\x00"+cookie))), records[0].Hash)
}

// Many tabs log in at once, with the session of before: it ends, and none of them shares an id.
func TestAttackParallelLogins(t *testing.T) {
	s := newSessions(t, session.Config{})
	old := login(t, s, auth.Identity{Subject: "alice"})
	var mu sync.Mutex
	made := map[string]bool{}
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			w := httptest.NewRecorder()
			if assert.NoError(t, s.Login(w, request(t, "POST", old), auth.Identity{Subject: "alice"})) {
				mu.Lock()
				defer mu.Unlock()
				made[w.Result().Cookies()[0].Value] = true
			}
		})
	}
	wg.Wait()
	assert.Len(t, made, 32)
	_, err := s.Authenticate(request(t, "GET", old))
	assert.ErrorIs(t, err, auth.ErrInvalidCredentials)
	for cookie := range made {
		_, err := s.Authenticate(request(t, "GET", cookie))
		assert.NoError(t, err)
	}
}

func TestAttackManyLoginsOfOneSubject(t *testing.T) {
	s := newSessions(t, session.Config{PerSubject: 3})
	var cookies []string
	for range 3 {
		cookies = append(cookies, login(t, s, auth.Identity{Subject: "alice"}))
	}
	for range 100 {
		w := httptest.NewRecorder()
		assert.ErrorIs(t, s.Login(w, request(t, "POST"), auth.Identity{Subject: "alice"}), session.ErrTooMany)
		assert.Empty(t, w.Header()["Set-Cookie"])
	}
	for _, cookie := range cookies {
		_, err := s.Authenticate(request(t, "GET", cookie))
		assert.NoError(t, err, "nobody was logged out")
	}
	login(t, s, auth.Identity{Subject: "alice"}, cookies[0]) // one that comes with a session takes its place
	login(t, s, auth.Identity{Subject: "bob"})
}

func TestAttackReadersAndWritersAtOnce(t *testing.T) {
	s := newSessions(t, session.Config{})
	cookie := login(t, s, auth.Identity{Subject: "alice"})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				_, err := s.Authenticate(request(t, "GET", cookie))
				assert.NoError(t, err)
			}
		})
		wg.Go(func() {
			for range 50 {
				own := login(t, s, auth.Identity{Subject: "bob"})
				_, err := s.List(t.Context(), "bob")
				assert.NoError(t, err)
				assert.NoError(t, s.Logout(httptest.NewRecorder(), request(t, "POST", own)))
				_, err = s.Authenticate(request(t, "GET", own))
				assert.ErrorIs(t, err, auth.ErrInvalidCredentials)
			}
		})
	}
	wg.Wait()
}

// Two Sessions of one store are two realms, even if a cookie is sent under the other's name.
func TestAttackCookieOfAnotherRealm(t *testing.T) {
	memory, err := session.NewMemory(session.MemoryConfig{})
	require.NoError(t, err)
	customers, err := session.New(session.Config{Store: memory, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	staff, err := session.New(session.Config{Store: memory, Name: "__Host-staff", Issuer: "staff", Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://site.example/login", nil)
	w := httptest.NewRecorder()
	require.NoError(t, customers.Login(w, r, auth.Identity{Subject: "17"}))
	value := w.Result().Cookies()[0].Value
	for name, want := range map[string]error{"__Host-session": nil, "__Host-staff": auth.ErrInvalidCredentials} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://site.example/", nil)
		r.AddCookie(&http.Cookie{Name: name, Value: value})
		s := map[string]*session.Sessions{"__Host-session": customers, "__Host-staff": staff}[name]
		_, err := s.Authenticate(r)
		assert.ErrorIs(t, err, want)
	}
	require.Error(t, customers.Login(httptest.NewRecorder(), r, auth.Identity{Subject: "17", AuthTime: time.Now().Add(time.Hour)}), "fresh for ever")
}
