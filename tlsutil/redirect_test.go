package tlsutil_test

import (
	"bytes"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/tlsutil"
)

func newRedirect(t testing.TB, c tlsutil.RedirectConfig) *tlsutil.Redirect {
	t.Helper()
	if c.Hosts == nil {
		c.Hosts = ours
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	rd, err := tlsutil.NewRedirect(c)
	require.NoError(t, err)
	return rd
}

func TestRedirectNamesOnlyListedHosts(t *testing.T) {
	rd := newRedirect(t, tlsutil.RedirectConfig{Port: 8443})
	for header, want := range spellings {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/a?b=c", nil)
		r.Host = header
		target, err := rd.Target(r)
		if want != "" {
			assert.NoError(t, err, header)
			assert.Equal(t, "https://"+want+":8443/a?b=c", target, header)
		} else {
			assert.ErrorIs(t, err, tlsutil.ErrHost, header)
			assert.Empty(t, target)
		}
	}
}

// The requests are bytes on a socket, because a client library would tidy them up.
func TestRedirectAttacks(t *testing.T) {
	server := start(t, tlsutil.Config{RedirectAddr: "127.0.0.1:0", Hosts: []string{"localhost", "127.0.0.1"}})
	_, port, err := net.SplitHostPort(server.Addr().String())
	require.NoError(t, err)
	const host = "\r\nHost: localhost\r\n\r\n"
	base := "https://localhost:" + port
	cases := map[string]struct {
		request  string
		status   int
		location string
	}{
		"plain":                     {"GET / HTTP/1.1" + host, 301, base + "/"},
		"path and query":            {"GET /a/b%2Fc;d?x=%00&y=1+2&z HTTP/1.1" + host, 301, base + "/a/b%2Fc;d?x=%00&y=1+2&z"},
		"HEAD":                      {"HEAD /a HTTP/1.1" + host, 301, base + "/a"},
		"HTTP/1.0":                  {"GET /a HTTP/1.0" + host, 301, base + "/a"},
		"empty query":               {"GET /a? HTTP/1.1" + host, 301, base + "/a?"},
		"own port":                  {"GET /a HTTP/1.1\r\nHost: localhost:80\r\n\r\n", 301, base + "/a"},
		"address":                   {"GET /a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 301, "https://127.0.0.1:" + port + "/a"},
		"forwarded host":            {"GET /a HTTP/1.1\r\nX-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\nHost: localhost\r\n\r\n", 301, base + "/a"},
		"two slashes":               {"GET //evil.example/a HTTP/1.1" + host, 301, base + "//evil.example/a"},
		"three slashes":             {"GET ///evil.example HTTP/1.1" + host, 301, base + "///evil.example"},
		"backslash":                 {`GET /\evil.example HTTP/1.1` + host, 301, base + "/%5Cevil.example"},
		"backslash and dots":        {`GET /..\..//evil.example HTTP/1.1` + host, 301, base + "/..%5C..//evil.example"},
		"at sign":                   {"GET /@evil.example HTTP/1.1" + host, 301, base + "/@evil.example"},
		"no slash, at sign":         {"GET @evil.example HTTP/1.1" + host, 400, ""},
		"no slash, dot":             {"GET .evil.example HTTP/1.1" + host, 400, ""},
		"opaque":                    {"GET http:.evil.example HTTP/1.1" + host, 301, base + "/"},
		"opaque at sign":            {"GET x:@evil.example?q HTTP/1.1" + host, 301, base + "/?q"},
		"star":                      {"GET * HTTP/1.1" + host, 301, base + "/"},
		"fragment":                  {"GET /a#//evil.example HTTP/1.1" + host, 301, base + "/a%23//evil.example"},
		"CRLF escaped in path":      {"GET /a%0d%0aSet-Cookie:x=1 HTTP/1.1" + host, 301, base + "/a%0d%0aSet-Cookie:x=1"},
		"CRLF escaped in query":     {"GET /?a%0d%0aSet-Cookie:x=1 HTTP/1.1" + host, 301, base + "/?a%0d%0aSet-Cookie:x=1"},
		"bare CR in path":           {"GET /a\rb HTTP/1.1" + host, 400, ""},
		"bare CR in query":          {"GET /?a\rb HTTP/1.1" + host, 400, ""},
		"NUL":                       {"GET /a\x00b HTTP/1.1" + host, 400, ""},
		"bytes above ASCII":         {"GET /\xff?\xe2\x80\xae\xff HTTP/1.1" + host, 301, base + "/%FF?%E2%80%AE%FF"},
		"quotes and angles":         {`GET /"<x>?"<x>\^{|}` + "` HTTP/1.1" + host, 301, base + "/%22%3Cx%3E?%22%3Cx%3E%5C%5E%7B%7C%7D%60"},
		"absolute form":             {"GET http://localhost/a HTTP/1.1\r\nHost: evil.example\r\n\r\n", 301, base + "/a"},
		"absolute form, evil":       {"GET http://evil.example/a HTTP/1.1" + host, 421, ""},
		"absolute form, https":      {"GET https://evil.example/a HTTP/1.1" + host, 421, ""},
		"absolute form, userinfo":   {"GET http://localhost@evil.example/ HTTP/1.1" + host, 421, ""},
		"absolute form, own user":   {"GET http://evil.example@localhost/a HTTP/1.1" + host, 301, base + "/a"},
		"absolute form, backslash":  {`GET http://localhost\@evil.example/ HTTP/1.1` + host, 400, ""},
		"absolute form, empty":      {"GET http:///evil.example HTTP/1.1" + host, 301, base + "/evil.example"},
		"absolute form, port":       {"GET http://localhost:1/a HTTP/1.1" + host, 301, base + "/a"},
		"unknown host":              {"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421, ""},
		"host with userinfo":        {"GET / HTTP/1.1\r\nHost: localhost@evil.example\r\n\r\n", 400, ""},
		"host with path":            {"GET / HTTP/1.1\r\nHost: localhost/.evil.example\r\n\r\n", 400, ""},
		"host and bad port":         {"GET / HTTP/1.1\r\nHost: localhost:80@evil.example\r\n\r\n", 400, ""},
		"two hosts in one":          {"GET / HTTP/1.1\r\nHost: localhost, evil.example\r\n\r\n", 400, ""},
		"two host lines":            {"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", 400, ""},
		"folded host line":          {"GET / HTTP/1.1\r\nHost: localhost\r\n .evil.example\r\n\r\n", 400, ""},
		"no host":                   {"GET / HTTP/1.1\r\n\r\n", 400, ""},
		"no host in HTTP/1.0":       {"GET / HTTP/1.0\r\n\r\n", 421, ""},
		"POST":                      {"POST /login HTTP/1.1\r\nContent-Length: 12" + host + "password=abc", 403, ""},
		"POST to unknown host":      {"POST /login HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n", 403, ""},
		"PUT":                       {"PUT / HTTP/1.1" + host, 403, ""},
		"DELETE":                    {"DELETE / HTTP/1.1" + host, 403, ""},
		"OPTIONS":                   {"OPTIONS / HTTP/1.1" + host, 403, ""},
		"OPTIONS *":                 {"OPTIONS * HTTP/1.1" + host, 403, ""},
		"TRACE":                     {"TRACE / HTTP/1.1" + host, 403, ""},
		"CONNECT":                   {"CONNECT evil.example:443 HTTP/1.1" + host, 403, ""},
		"lower-case method":         {"get / HTTP/1.1" + host, 403, ""},
		"method in a header":        {"POST / HTTP/1.1\r\nX-HTTP-Method-Override: GET\r\nContent-Length: 0" + host, 403, ""},
		"HTTP/2 preface":            {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 403, ""},
		"headers larger than limit": {"GET / HTTP/1.1\r\nX: " + string(bytes.Repeat([]byte("a"), 64<<10)) + host, 431, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			res := raw(t, server.RedirectAddr(), c.request)
			assert.Equal(t, c.status, res.StatusCode)
			assert.Equal(t, c.location, res.Header.Get("Location"))
			assert.Empty(t, res.Cookies())
			assert.Empty(t, res.Header.Get("Strict-Transport-Security"), "RFC 6797, section 7.2")
			if c.status == 301 {
				assert.Equal(t, "no-store", res.Header.Get("Cache-Control"))
				assert.Empty(t, text(t, res))
			} else {
				assert.NotContains(t, text(t, res), "evil", "a refusal does not echo")
			}
		})
	}
}

func TestSecretSentInTheClearIsAnEvent(t *testing.T) {
	var log logged
	rd := newRedirect(t, tlsutil.RedirectConfig{Logger: log.logger(slog.LevelInfo)})
	w := httptest.NewRecorder()
	rd.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://api.example.com/login?k=secret", nil))
	assert.Equal(t, http.StatusForbidden, w.Code)
	assert.Contains(t, w.Body.String(), "replace any secret")
	events := log.events(t, "malicious_extraneous")
	require.Len(t, events, 1)
	assert.Equal(t, "POST", events[0]["method"])
	assert.NotContains(t, log.String(), "secret")
}

func TestRedirectPort(t *testing.T) {
	for port, want := range map[int]string{0: "", 443: "", 1: ":1", 65535: ":65535"} {
		target, err := newRedirect(t, tlsutil.RedirectConfig{Port: port}).Target(
			httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://api.example.com:80/", nil))
		require.NoError(t, err)
		assert.Equal(t, "https://api.example.com"+want+"/", target)
	}
}

func TestRedirectPortSeenByClients(t *testing.T) {
	server := start(t, tlsutil.Config{RedirectAddr: "127.0.0.1:0", RedirectPort: 443, Hosts: []string{"localhost"}})
	res := raw(t, server.RedirectAddr(), "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n")
	assert.Equal(t, "https://localhost/a", res.Header.Get("Location"))
}

func TestRedirectConfigFaults(t *testing.T) {
	for _, port := range []int{-1, 65536} {
		_, err := tlsutil.NewRedirect(tlsutil.RedirectConfig{Port: port})
		assertFaults(t, err, "RedirectConfig.Hosts is empty", "RedirectConfig.Port "+strconv.Itoa(port)+" is not a port")
	}
}
