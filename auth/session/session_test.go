package session_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/session"
)

func TestNewReportsAllFaults(t *testing.T) {
	_, err := session.New(session.Config{Name: "session", Issuer: "a\nb", Idle: time.Second, Absolute: time.Millisecond, PerSubject: -1,
		TrustedOrigins: []string{"app.example"}})
	require.Error(t, err)
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, 7)
	assert.Equal(t, []string{
		"session: Config.Store is nil: give one of NewMemory or sqlsessions.New",
		"session: Config.Name is not __Host- and letters, digits, - and _, up to 64 bytes in all: leave it empty for __Host-session",
		"session: Config.Issuer is longer than 255 bytes, not UTF-8, or has control characters: shorten or clean it",
		"session: Config.Idle 1s is not from 1m0s to 168h0m0s: bring it into that range, or leave it zero for 30m0s",
		"session: Config.Absolute 1ms is not from Idle to 2160h0m0s: bring it into that range, or leave it zero for 12h0m0s",
		"session: Config.PerSubject -1 is not from 0 (for 100) to 500: bring it into that range",
	}, lines[:6])
	assert.Contains(t, lines[6], "session: Config.TrustedOrigins: ")

	m := newMemory(t, session.MemoryConfig{})
	for _, c := range []session.Config{{Name: "__Host-"}, {Name: "__Secure-x"}, {Name: "__Host-a b"}, {Name: "__Host-a;b"}, {Name: "__host-a"},
		{Name: "__Host-" + strings.Repeat("x", 58)}, {Idle: 8 * 24 * time.Hour, Absolute: 9 * 24 * time.Hour}, {Absolute: 91 * 24 * time.Hour},
		{Idle: -1}, {Absolute: -1}, {Idle: time.Hour, Absolute: time.Minute}, {PerSubject: 501}} {
		c.Store = m
		_, err := session.New(c)
		assert.Error(t, err, "%+v", c)
	}
	for _, c := range []session.Config{{}, {Name: "__Host-" + strings.Repeat("x", 57)}, {Idle: 24 * time.Hour}, {Idle: time.Minute, Absolute: time.Minute}} {
		c.Store = m
		_, err := session.New(c)
		assert.NoError(t, err, "%+v", c)
	}
}

func TestCookieIsOfTheStrictestKind(t *testing.T) {
	s := newSessions(t, session.Config{})
	w := httptest.NewRecorder()
	http.SetCookie(w, &http.Cookie{Name: "theme", Value: "dark"})
	require.NoError(t, s.Login(w, request(t, "POST"), auth.Identity{Subject: "alice"}))
	require.NoError(t, s.Login(w, request(t, "POST"), auth.Identity{Subject: "alice"}), "twice in one answer")
	lines := w.Header()["Set-Cookie"]
	require.Len(t, lines, 2)
	assert.Equal(t, "theme=dark", lines[0])
	assert.Regexp(t, `^__Host-session=[A-Za-z0-9_-]{43}; Path=/; HttpOnly; Secure; SameSite=Lax$`, lines[1])
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
}

func TestPrincipalIsWhoLoggedIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSessions(t, session.Config{Issuer: "https://api.example"})
		proved := time.Now().Add(-time.Minute)
		cookie := login(t, s, auth.Identity{Issuer: "https://api.example", Subject: "u-17", Client: "web", Scopes: []string{"a", "b"}, Roles: []string{"team lead"},
			AuthTime: proved, ACR: "mfa", AMR: []string{"pwd", "otp"}})
		p, err := s.Authenticate(request(t, "GET", cookie))
		require.NoError(t, err)
		records, err := s.List(t.Context(), "u-17")
		require.NoError(t, err)
		require.Len(t, records, 1)
		assert.Equal(t, "https://api.example", p.Issuer())
		assert.Equal(t, "u-17", p.Subject())
		assert.Equal(t, "web", p.Client())
		assert.Equal(t, records[0].ID, p.Session())
		assert.Equal(t, []string{"a", "b"}, p.Scopes())
		assert.Equal(t, []string{"team lead"}, p.Roles())
		assert.True(t, proved.Equal(p.AuthTime()))
		assert.Equal(t, "mfa", p.ACR())
		assert.Equal(t, []string{"pwd", "otp"}, p.AMR())
		assert.True(t, time.Now().Add(12*time.Hour).Equal(p.Expiry()))
		assert.Zero(t, records[0].Hash)
	})
}

func TestIdleTimeEndsASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSessions(t, session.Config{})
		cookie := login(t, s, auth.Identity{Subject: "alice"})
		for range 20 { // ten hours of use
			time.Sleep(30*time.Minute - time.Microsecond)
			_, err := s.Authenticate(request(t, "GET", cookie))
			require.NoError(t, err)
		}
		time.Sleep(30 * time.Minute)
		_, err := s.Authenticate(request(t, "GET", cookie))
		assert.ErrorIs(t, err, auth.ErrExpired)
		records, err := s.List(t.Context(), "alice")
		require.NoError(t, err)
		assert.Empty(t, records)
	})
}

func TestAbsoluteTimeEndsASessionHoweverMuchItIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSessions(t, session.Config{})
		cookie := login(t, s, auth.Identity{Subject: "alice"})
		for range 12*60 - 1 {
			time.Sleep(time.Minute)
			_, err := s.Authenticate(request(t, "GET", cookie))
			require.NoError(t, err)
		}
		time.Sleep(time.Minute)
		_, err := s.Authenticate(request(t, "GET", cookie))
		assert.ErrorIs(t, err, auth.ErrExpired)
	})
}

func TestIdentityThatEndsEarlierShortensTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSessions(t, session.Config{})
		cookie := login(t, s, auth.Identity{Subject: "alice", Expiry: time.Now().Add(time.Minute)})
		time.Sleep(time.Minute - time.Microsecond)
		_, err := s.Authenticate(request(t, "GET", cookie))
		require.NoError(t, err)
		time.Sleep(time.Microsecond)
		_, err = s.Authenticate(request(t, "GET", cookie))
		assert.ErrorIs(t, err, auth.ErrExpired)
	})
}

func TestShorterTimesHoldForSessionsThatAreThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(t, session.MemoryConfig{})
		before := newSessions(t, session.Config{Store: m})
		cookie := login(t, before, auth.Identity{Subject: "alice"})
		time.Sleep(10 * time.Minute)
		_, err := newSessions(t, session.Config{Store: m, Idle: 10 * time.Minute}).Authenticate(request(t, "GET", cookie))
		assert.ErrorIs(t, err, auth.ErrExpired)
		_, err = before.Authenticate(request(t, "GET", cookie))
		assert.NoError(t, err, "seen just now")
		_, err = newSessions(t, session.Config{Store: m, Idle: 10 * time.Minute, Absolute: 10 * time.Minute}).Authenticate(request(t, "GET", cookie))
		assert.ErrorIs(t, err, auth.ErrExpired)
	})
}

func TestLongerTimesBringNoSessionBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(t, session.MemoryConfig{})
		cookie := login(t, newSessions(t, session.Config{Store: m, Idle: time.Minute}), auth.Identity{Subject: "alice"})
		time.Sleep(time.Minute)
		_, err := newSessions(t, session.Config{Store: m}).Authenticate(request(t, "GET", cookie))
		assert.ErrorIs(t, err, auth.ErrExpired)
	})
}

func TestUseIsWrittenOnceATenthOfTheIdleTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &altered{Store: newMemory(t, session.MemoryConfig{})}
		s := newSessions(t, session.Config{Store: store})
		cookie := login(t, s, auth.Identity{Subject: "alice"})
		for range 60 * 60 { // an hour, a request a second
			_, err := s.Authenticate(request(t, "GET", cookie))
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
		assert.Equal(t, 19, store.touched, "every three minutes")
	})
}

func TestUseThatCannotBeWrittenRefusesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logger, lines := newLog()
		store := &altered{Store: newMemory(t, session.MemoryConfig{}), touch: session.ErrUnavailable}
		s := newSessions(t, session.Config{Store: store, Logger: logger})
		cookie := login(t, s, auth.Identity{Subject: "alice"})
		time.Sleep(4 * time.Minute)
		_, err := s.Authenticate(request(t, "GET", cookie))
		assert.NoError(t, err)
		last := lines()[len(lines())-1]
		assert.Equal(t, "sys_availability_fail", last["event"])
		assert.NotContains(t, fmt.Sprint(last), cookie)
	})
}

func TestListAndEnd(t *testing.T) {
	s := newSessions(t, session.Config{})
	first, second := login(t, s, auth.Identity{Subject: "alice"}), login(t, s, auth.Identity{Subject: "alice"})
	other := login(t, s, auth.Identity{Subject: "bob"})
	works := func(cookie string) bool {
		_, err := s.Authenticate(request(t, "GET", cookie))
		return err == nil
	}
	p, err := s.Authenticate(request(t, "GET", first))
	require.NoError(t, err)

	assert.ErrorIs(t, s.EndOwn(t.Context(), "bob", p.Session()), session.ErrUnknown)
	assert.ErrorIs(t, s.EndOwn(t.Context(), "", p.Session()), session.ErrUnknown)
	for _, id := range []string{"", first, "x", strings.Repeat("x", 1<<20)} {
		assert.ErrorIs(t, s.End(t.Context(), id), session.ErrUnknown)
	}
	require.True(t, works(first))
	require.NoError(t, s.EndOwn(t.Context(), "alice", p.Session()))
	assert.False(t, works(first))
	assert.True(t, works(second))
	assert.ErrorIs(t, s.EndOwn(t.Context(), "alice", p.Session()), session.ErrUnknown)

	p, err = s.Authenticate(request(t, "GET", other))
	require.NoError(t, err)
	require.NoError(t, s.End(t.Context(), p.Session()))
	assert.False(t, works(other))

	require.NoError(t, s.EndAll(t.Context(), ""))
	assert.True(t, works(second))
	require.NoError(t, s.EndAll(t.Context(), "alice"))
	assert.False(t, works(second))
	records, err := s.List(t.Context(), "alice")
	require.NoError(t, err)
	assert.Empty(t, records)
}

func TestUserAgentIsCut(t *testing.T) {
	s := newSessions(t, session.Config{})
	for sent, want := range map[string]string{
		"":                            "",
		"Firefox":                     "Firefox",
		"a\tb\x00c\xffd\u0085e":       "abcde",
		strings.Repeat("ü", 200):      strings.Repeat("ü", 100),
		strings.Repeat("x", 1<<20):    strings.Repeat("x", 200),
		strings.Repeat("\x01", 1<<20): "",
	} {
		r := request(t, "POST")
		r.Header.Set("User-Agent", sent)
		require.NoError(t, s.Login(httptest.NewRecorder(), r, auth.Identity{Subject: "u"}))
		records, err := s.List(t.Context(), "u")
		require.NoError(t, err)
		require.Len(t, records, 1)
		assert.Equal(t, want, records[0].UserAgent)
		require.NoError(t, s.EndAll(t.Context(), "u"))
	}
}
