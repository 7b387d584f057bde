package tlsutil_test

import (
	"bufio"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/tlsutil"
)

// The law: wherever a request that net/http reads is sent, it is one of our hosts, with the path and query that were asked for, in a
// Location that no reader can take for anything else.
func FuzzRedirectStaysWithUs(f *testing.F) {
	for _, target := range []string{"/", "/a?b=c", "//evil.example", `/\evil.example`, "http://evil.example/", "http:@evil", "*", "/%0d%0a", "/?\xff"} {
		f.Add("GET", target, "api.example.com")
		f.Add("GET", target, "evil.example")
	}
	for host := range spellings {
		if len(host) < 100 {
			f.Add("HEAD", "/", host)
		}
	}
	rd := newRedirect(f, tlsutil.RedirectConfig{Port: 8443})
	names := []string{"api.example.com", "api2.example.com", "xn--bcher-kva.example", "192.0.2.1", "2001:db8::1", "::1"}
	f.Fuzz(func(t *testing.T, method, target, host string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n")))
		if err != nil {
			return
		}
		location, err := rd.Target(r)
		if err != nil {
			assert.Empty(t, location)
			return
		}
		assert.Contains(t, []string{"GET", "HEAD"}, r.Method)
		got, err := url.Parse(location)
		require.NoError(t, err)
		assert.Equal(t, "https", got.Scheme)
		assert.Contains(t, names, got.Hostname())
		assert.Equal(t, "8443", got.Port())
		assert.Nil(t, got.User)
		assert.Empty(t, got.Fragment)
		if strings.HasPrefix(r.URL.Path, "/") {
			assert.Equal(t, r.URL.Path, got.Path)
		} else {
			assert.Equal(t, "/", got.Path)
		}
		wasQuery, wasErr := url.ParseQuery(r.URL.RawQuery)
		isQuery, isErr := url.ParseQuery(got.RawQuery)
		assert.Equal(t, wasErr == nil, isErr == nil)
		assert.Equal(t, wasQuery, isQuery)
		i := strings.IndexFunc(location, func(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune("\"<>\\^`{|}", c) })
		assert.Negative(t, i, location)
	})
}

// The law: a host that is let through is one that net/url, and so the application, reads in the same way.
func FuzzHostReadAsNetURLDoes(f *testing.F) {
	for host := range spellings {
		if len(host) < 100 {
			f.Add(host)
		}
	}
	hosts, err := tlsutil.NewHosts(tlsutil.HostsConfig{Hosts: ours})
	require.NoError(f, err)
	names := []string{"api.example.com", "api2.example.com", "xn--bcher-kva.example", "192.0.2.1"}
	f.Fuzz(func(t *testing.T, host string) {
		if hosts.Check(&http.Request{Host: host}) != nil {
			return
		}
		u, err := url.Parse("https://" + host + "/")
		require.NoError(t, err)
		name := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
		if !slices.Contains(names, name) {
			require.True(t, strings.Contains(name, ":") && strings.HasPrefix(host, "["), "an IPv6 address has several spellings")
		}
	})
}
