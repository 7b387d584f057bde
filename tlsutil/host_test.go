package tlsutil_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/tlsutil"
)

var ours = []string{"api.example.com", "API2.Example.Com", "xn--bcher-kva.example", "192.0.2.1", "2001:DB8::1", "[::1]"}

// spellings are Host headers and what a listed host they name, or "".
var spellings = map[string]string{
	"api.example.com":       "api.example.com",
	"api.example.com:443":   "api.example.com",
	"api.example.com:8443":  "api.example.com",
	"api.example.com:":      "api.example.com",
	"API.Example.COM":       "api.example.com",
	"api.example.com.":      "api.example.com",
	"api.example.com.:443":  "api.example.com",
	"api2.example.com":      "api2.example.com",
	"xn--bcher-kva.example": "xn--bcher-kva.example",
	"192.0.2.1":             "192.0.2.1",
	"192.0.2.1:80":          "192.0.2.1",
	"[2001:db8::1]":         "[2001:db8::1]",
	"[2001:0DB8:0:0::1]:99": "[2001:db8::1]",
	"[::1]":                 "[::1]",

	"":                                    "",
	".":                                   "",
	":443":                                "",
	"evil.example":                        "",
	"api.example.com.evil.example":        "",
	"evil.example/api.example.com":        "",
	"evilapi.example.com":                 "",
	"x.api.example.com":                   "",
	"example.com":                         "",
	"api.example.com..":                   "",
	".api.example.com":                    "",
	"api.example.com:0":                   "",
	"api.example.com:65536":               "",
	"api.example.com:0443":                "",
	"api.example.com:+443":                "",
	"api.example.com:-1":                  "",
	"api.example.com:https":               "",
	"api.example.com:443:443":             "",
	"api.example.com:443@evil":            "",
	"api.example.com@evil.example":        "",
	"user@api.example.com":                "",
	"user:443@api.example.com":            "",
	"api.example.com,evil.example":        "",
	"api.example.com evil.example":        "",
	"api.example.com\tx":                  "",
	" api.example.com":                    "",
	"api.example.com#":                    "",
	"api.example.com?":                    "",
	"api.example.com/":                    "",
	"api.example.com\\@evil.example":      "",
	"api%2eexample.com":                   "",
	"api.example.com\x00":                 "",
	"api。example.com":                     "",
	"ａpi.example.com":                     "",
	"bücher.example":                      "",
	"192.0.2.1.evil.example":              "",
	"192.0.2.01":                          "",
	"3221225985":                          "",
	"0xc0.0.2.1":                          "",
	"[192.0.2.1]":                         "",
	"[::ffff:192.0.2.1]":                  "",
	"2001:db8::1":                         "",
	"::1":                                 "",
	"[::1":                                "",
	"::1]":                                "",
	"[::1]]":                              "",
	"[::1]evil.example":                   "",
	"[::1].":                              "",
	"[::1]:443:1":                         "",
	"[::1%25lo]":                          "",
	"[::1%lo]":                            "",
	"[api.example.com]":                   "",
	"[]":                                  "",
	"[::1]@evil.example":                  "",
	strings.Repeat("a", 64<<10):           "",
	strings.Repeat("[", 64<<10):           "",
	strings.Repeat("api.example.com.", 9): "",
}

func TestHostHeaderTricks(t *testing.T) {
	hosts, err := tlsutil.NewHosts(tlsutil.HostsConfig{Hosts: ours, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	for header, want := range spellings {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Host = header
		if err := hosts.Check(r); want != "" {
			assert.NoError(t, err, header)
		} else {
			assert.ErrorIs(t, err, tlsutil.ErrHost, header)
		}
	}
}

func TestUnknownHostIsMisdirected(t *testing.T) {
	var log logged
	hosts, err := tlsutil.NewHosts(tlsutil.HostsConfig{
		Hosts: ours, Logger: log.logger(slog.LevelInfo),
		ClientAddr: func(*http.Request) netip.Addr { return netip.MustParseAddr("203.0.113.9") },
	})
	require.NoError(t, err)
	h := hosts.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the handler was reached") }))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.Host = "evil.example\n"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)

	assert.Equal(t, http.StatusMisdirectedRequest, w.Code)
	assert.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	var body map[string]any
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
	assert.Equal(t, map[string]any{"title": "Misdirected Request", "status": 421.0, "detail": "This server does not answer for the requested host."}, body)
	events := log.events(t, "input_validation_fail")
	require.Len(t, events, 1)
	assert.Equal(t, "203.0.113.9", events[0]["client_addr"])
	assert.Equal(t, "evil.example\ufffd", events[0]["host"])
}

func TestHostsAnswersAsTheApplicationDoes(t *testing.T) {
	hosts, err := tlsutil.NewHosts(tlsutil.HostsConfig{
		Hosts: ours, Logger: slog.New(slog.DiscardHandler),
		Deny: func(w http.ResponseWriter, _ *http.Request, err error) {
			var refused *tlsutil.Error
			assert.ErrorAs(t, err, &refused)
			assert.EqualError(t, err, "tlsutil: host is not served here")
			w.WriteHeader(http.StatusTeapot)
		},
	})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	hosts.Handler(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	assert.Equal(t, http.StatusTeapot, w.Code)
}

func TestHostsConfigIsNotKept(t *testing.T) {
	list := []string{"api.example.com"}
	hosts, err := tlsutil.NewHosts(tlsutil.HostsConfig{Hosts: list})
	require.NoError(t, err)
	list[0] = "evil.example"
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://evil.example/", nil)
	assert.Error(t, hosts.Check(r))
}

func TestHostsThatAreNone(t *testing.T) {
	_, err := tlsutil.NewHosts(tlsutil.HostsConfig{})
	assertFaults(t, err, "HostsConfig.Hosts is empty")

	bad := []string{
		"", ".", "https://example.com", "example.com:443", "example.com/", "*.example.com", "*", "bücher.example", "a..b", ".a", "a.",
		"-a.example", "a-.example", "a_b.example", "127.1", "0x7f.1", "1", "1.2.3.4.5", "fe80::1%eth0", "[::1", "[a]", "a b", "a@b", "a\n",
		strings.Repeat("a", 64) + ".example", strings.Repeat("a.", 127) + "example",
	}
	_, err = tlsutil.NewHosts(tlsutil.HostsConfig{Hosts: bad})
	require.Error(t, err)
	assert.Len(t, strings.Split(err.Error(), "\n"), len(bad), "one fault each")
	assert.ErrorContains(t, err, `tlsutil: HostsConfig.Hosts[5] "*.example.com" is a wildcard: list each host`)
	assert.ErrorContains(t, err, `tlsutil: HostsConfig.Hosts[3] "example.com:443" is not a bare host: write example.com`)
}

func TestMiddlewareUnwraps(t *testing.T) {
	next := http.NotFoundHandler()
	hosts, err := tlsutil.NewHosts(tlsutil.HostsConfig{Hosts: ours})
	require.NoError(t, err)
	headers, err := tlsutil.NewHeaders(tlsutil.HeadersConfig{})
	require.NoError(t, err)
	for _, h := range []http.Handler{hosts.Handler(next), headers.Handler(next)} {
		unwrapper, ok := h.(interface{ Unwrap() http.Handler })
		require.True(t, ok)
		assert.NotNil(t, unwrapper.Unwrap())
	}
}

func BenchmarkHosts(b *testing.B) {
	hosts, err := tlsutil.NewHosts(tlsutil.HostsConfig{Hosts: ours})
	require.NoError(b, err)
	h := hosts.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, host := range []string{"api.example.com", "api.example.com:8443"} {
		b.Run(host, func(b *testing.B) {
			r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "https://"+host+"/", nil)
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}
