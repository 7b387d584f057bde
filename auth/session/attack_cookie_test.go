package session_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/session"
)

func TestAttackCookieTossing(t *testing.T) {
	s := newSessions(t, session.Config{})
	mine, planted := login(t, s, auth.Identity{Subject: "alice"}), login(t, s, auth.Identity{Subject: "mallory"})
	h := site(t, s)
	for name, cookies := range map[string][]string{"planted first": {planted, mine}, "planted last": {mine, planted}, "twice the same": {mine, mine},
		"an empty one": {mine, ""}, "rubbish": {"x", mine}} {
		t.Run(name, func(t *testing.T) {
			for path, method := range map[string]string{"/me": "GET", "/login": "POST", "/logout": "POST"} {
				r := request(t, method, cookies...)
				r.URL.Path = path
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				assert.Equal(t, http.StatusBadRequest, w.Code, path)
				assert.Empty(t, w.Header()["Set-Cookie"])
			}
		})
	}
	r := request(t, "GET", mine)
	r.AddCookie(&http.Cookie{Name: "__host-session", Value: planted}) // names of cookies are case-sensitive
	r.AddCookie(&http.Cookie{Name: "session", Value: planted})
	p, err := s.Authenticate(r)
	require.NoError(t, err)
	assert.Equal(t, "alice", p.Subject())
}

// net/http would read the first three as the cookie; other servers have read the others so.
func TestAttackNameThatBrowsersTakeForAnother(t *testing.T) {
	s := newSessions(t, session.Config{})
	planted := login(t, s, auth.Identity{Subject: "mallory"})
	for _, header := range []string{"__Host-session =" + planted, "  __Host-session=" + planted, "a=b; \t__Host-session=" + planted,
		"\u2000__Host-session=" + planted, "\u00a0__Host-session=" + planted, "__Host-session\u0085=" + planted} {
		r := request(t, "GET")
		r.Header.Set("Cookie", header)
		p, err := s.Authenticate(r)
		assert.ErrorIs(t, err, auth.ErrInvalidRequest, "%q", header)
		assert.Nil(t, p)
		assert.True(t, s.Presents(r))
	}
	r := request(t, "GET")
	r.Header.Set("Cookie", `__Host-session="`+planted+`"`)
	_, err := s.Authenticate(r)
	assert.ErrorIs(t, err, auth.ErrInvalidCredentials, "another spelling")
	for _, header := range []string{"a=b; __Host-session=" + planted, "a=b;__Host-session=" + planted + ";c=d"} {
		r.Header.Set("Cookie", header)
		_, err = s.Authenticate(r)
		assert.NoError(t, err)
	}
	r.Header["Cookie"] = []string{"a=b", "__Host-session=" + planted} // HTTP/2 may send one by one (RFC 9113, section 8.2.3)
	_, err = s.Authenticate(r)
	assert.NoError(t, err)
}

func TestAttackTextsThatAreNoSessionsDoNotReachTheStore(t *testing.T) {
	store := &altered{Store: newMemory(t, session.MemoryConfig{})}
	s := newSessions(t, session.Config{Store: store})
	cookie := login(t, s, auth.Identity{Subject: "alice"})
	records, err := s.List(t.Context(), "alice")
	require.NoError(t, err)
	store.lookup = fmt.Errorf("asked")
	sum := sha256.Sum256([]byte(cookie))
	for _, value := range []string{records[0].ID, cookie[1:], cookie + "A", cookie[:42] + "=", cookie[:42] + "+", cookie[:42] + "/", "x",
		fmt.Sprintf("%x", sum), strings.Repeat("A", 1<<20)} {
		_, err := s.Authenticate(request(t, "GET", value))
		assert.ErrorIs(t, err, auth.ErrInvalidCredentials, "%.60q", value)
	}
	_, err = s.Authenticate(request(t, "GET", ""))
	assert.ErrorIs(t, err, auth.ErrNoCredentials)
}
