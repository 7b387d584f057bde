package session_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/session"
)

// Whatever the Cookie header says, nobody is somebody without the cookie of a session in it, and with two of the name nobody is.
func FuzzCookieHeaderMakesNobodySomebody(f *testing.F) {
	s := newSessions(f, session.Config{})
	cookie := login(f, s, auth.Identity{Subject: "alice"})
	// @ stands for the cookie, which each process of the fuzzer has another of.
	for _, header := range []string{"__Host-session=@", "a=b; __Host-session=@; c=d", "__Host-session=@; __Host-session=@", `__Host-session="@"`,
		"__Host-session=@;__Host-session=", "__host-session=@", "__Host-session= @", "__Host-session =@", "__Host-session=@,", "=@", "__Host-session=%40@", ";;;=;"} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		r := request(t, "GET")
		r.Header.Set("Cookie", strings.ReplaceAll(header, "@", cookie))
		p, err := s.Authenticate(r)
		if err != nil {
			assert.Nil(t, p)
			assert.NotContains(t, err.Error(), cookie)
			return
		}
		assert.Equal(t, "alice", p.Subject())
		assert.Contains(t, header, "__Host-session=")
		assert.Contains(t, header, "@")
		named := r.CookiesNamed("__Host-session")
		require.Len(t, named, 1)
		assert.Equal(t, cookie, named[0].Value)
	})
}

// Whatever a browser says of itself, a login works, and what is kept of it is fit for a log and a column.
func FuzzUserAgentIsKeptCleanly(f *testing.F) {
	s := newSessions(f, session.Config{})
	for _, agent := range []string{"", "Mozilla/5.0 (X11; Linux x86_64)", "a\x00b", "\xff\xfe", strings.Repeat("ü", 150), "\u0085\u202e"} {
		f.Add(agent)
	}
	f.Fuzz(func(t *testing.T, agent string) {
		r := request(t, "POST")
		r.Header["User-Agent"] = []string{agent}
		w := httptest.NewRecorder()
		require.NoError(t, s.Login(w, r, auth.Identity{Subject: "alice"}))
		records, err := s.List(t.Context(), "alice")
		require.NoError(t, err)
		require.Len(t, records, 1)
		kept := records[0].UserAgent
		assert.LessOrEqual(t, len(kept), 200)
		assert.True(t, utf8.ValidString(kept))
		assert.False(t, strings.ContainsFunc(kept, unicode.IsControl))
		if len(agent) <= 200 && utf8.ValidString(agent) && !strings.ContainsFunc(agent, unicode.IsControl) {
			assert.Equal(t, agent, kept)
		}
		out := request(t, "POST", w.Result().Cookies()[0].Value)
		require.NoError(t, s.Logout(httptest.NewRecorder(), out))
	})
}
