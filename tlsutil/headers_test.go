package tlsutil_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/tlsutil"
)

const year = 365 * 24 * time.Hour

func headersOf(t testing.TB, c tlsutil.HeadersConfig, url string, next http.HandlerFunc) http.Header {
	t.Helper()
	headers, err := tlsutil.NewHeaders(c)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	headers.Handler(next).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, url, nil))
	return w.Header()
}

func nothing(http.ResponseWriter, *http.Request) {}

func TestHeadersForAnAPI(t *testing.T) {
	h := headersOf(t, tlsutil.HeadersConfig{}, "https://api.example.com/", nothing)
	policy := h.Get("Permissions-Policy")
	h.Del("Permissions-Policy")
	assert.Equal(t, http.Header{
		"Content-Security-Policy":      {"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
		"Strict-Transport-Security":    {"max-age=63072000"},
		"X-Content-Type-Options":       {"nosniff"},
		"Referrer-Policy":              {"no-referrer"},
		"Cross-Origin-Opener-Policy":   {"same-origin"},
		"Cross-Origin-Embedder-Policy": {"require-corp"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
		"Cache-Control":                {"no-store"},
	}, h)
	for _, feature := range []string{"camera=()", "microphone=()", "geolocation=()", "payment=()"} {
		assert.Contains(t, policy, feature)
	}
}

func TestHSTS(t *testing.T) {
	cases := map[string]struct {
		config tlsutil.HeadersConfig
		url    string
		want   string
	}{
		"plain HTTP":           {tlsutil.HeadersConfig{}, "http://api.example.com/", ""},
		"localhost":            {tlsutil.HeadersConfig{}, "https://localhost/", ""},
		"localhost and port":   {tlsutil.HeadersConfig{}, "https://LocalHost.:8443/", ""},
		"below localhost":      {tlsutil.HeadersConfig{}, "https://a.localhost/", ""},
		"not localhost":        {tlsutil.HeadersConfig{}, "https://notlocalhost/", "max-age=63072000"},
		"localhost as a label": {tlsutil.HeadersConfig{}, "https://localhost.example.com/", "max-age=63072000"},
		"left out":             {tlsutil.HeadersConfig{HSTSMaxAge: -1}, "https://api.example.com/", ""},
		"a day":                {tlsutil.HeadersConfig{HSTSMaxAge: 24 * time.Hour}, "https://api.example.com/", "max-age=86400"},
		"subdomains":           {tlsutil.HeadersConfig{IncludeSubDomains: true}, "https://api.example.com/", "max-age=63072000; includeSubDomains"},
		"preload": {tlsutil.HeadersConfig{HSTSMaxAge: year, IncludeSubDomains: true, Preload: true}, "https://api.example.com/",
			"max-age=31536000; includeSubDomains; preload"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			h := headersOf(t, c.config, c.url, nothing)
			assert.Equal(t, c.want, h.Get("Strict-Transport-Security"))
			assert.Len(t, h["Strict-Transport-Security"], min(1, len(c.want)))
			assert.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), "the others are sent anyway")
		})
	}
}

func TestHeadersConfigFaults(t *testing.T) {
	cases := map[string]struct {
		config tlsutil.HeadersConfig
		want   []string
	}{
		"seconds without a unit":   {tlsutil.HeadersConfig{HSTSMaxAge: 31536000}, []string{"HeadersConfig.HSTSMaxAge 31.536ms is less than 1m0s: write a duration with its unit"}},
		"too long":                 {tlsutil.HeadersConfig{HSTSMaxAge: 11 * year}, []string{"HeadersConfig.HSTSMaxAge 96360h0m0s is more than 87600h0m0s"}},
		"part of a second":         {tlsutil.HeadersConfig{HSTSMaxAge: year + 1}, []string{"HeadersConfig.HSTSMaxAge 8760h0m0.000000001s is not in whole seconds"}},
		"preload alone":            {tlsutil.HeadersConfig{Preload: true}, []string{"HeadersConfig.Preload needs IncludeSubDomains"}},
		"preload and short":        {tlsutil.HeadersConfig{Preload: true, IncludeSubDomains: true, HSTSMaxAge: time.Hour}, []string{"HeadersConfig.Preload needs an HSTSMaxAge of at least 8760h0m0s"}},
		"subdomains without a max": {tlsutil.HeadersConfig{IncludeSubDomains: true, HSTSMaxAge: -1}, []string{"HeadersConfig.IncludeSubDomains is set but HSTSMaxAge -1ns leaves the header out"}},
		"all": {tlsutil.HeadersConfig{Preload: true, HSTSMaxAge: time.Second},
			[]string{"HeadersConfig.HSTSMaxAge 1s is less", "HeadersConfig.Preload needs Include", "HeadersConfig.Preload needs an"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := tlsutil.NewHeaders(c.config)
			assertFaults(t, err, c.want...)
		})
	}
}

func TestHandlerMayOverride(t *testing.T) {
	h := headersOf(t, tlsutil.HeadersConfig{}, "https://api.example.com/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=60")
		w.Header().Del("Cross-Origin-Resource-Policy")
	})
	assert.Equal(t, []string{"public, max-age=60"}, h["Cache-Control"])
	assert.NotContains(t, h, "Cross-Origin-Resource-Policy")
}

// A handler that writes into the slices, or appends to them, must reach its own response only.
func TestHandlerCannotPoisonOtherResponses(t *testing.T) {
	headers, err := tlsutil.NewHeaders(tlsutil.HeadersConfig{})
	require.NoError(t, err)
	h := headers.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/evil" {
			for name := range w.Header() {
				w.Header()[name][0] = "evil"
				w.Header().Add(name, "evil")
			}
		}
	}))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 50 {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://a.example/evil", nil))
				w = httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://a.example/", nil))
				for _, values := range w.Header() {
					assert.NotContains(t, values, "evil")
				}
			}
		})
	}
	all.Wait()
}

// The rest of the response stays with net/http: nothing is buffered or hidden.
func TestStreamsDeadlinesAndHijackingWorkThroughAll(t *testing.T) {
	headers, err := tlsutil.NewHeaders(tlsutil.HeadersConfig{})
	require.NoError(t, err)
	release := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/stream", func(w http.ResponseWriter, _ *http.Request) {
		controller := http.NewResponseController(w)
		assert.NoError(t, controller.SetWriteDeadline(time.Now().Add(patience)), "longer than Config.WriteTimeout")
		assert.NoError(t, controller.SetReadDeadline(time.Now().Add(patience)))
		_, _ = io.WriteString(w, "one\n")
		w.(http.Flusher).Flush()
		<-release
		_, _ = io.WriteString(w, "two\n")
	})
	mux.HandleFunc("/late", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/hijack", func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if assert.NoError(t, err) {
			_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
			_ = conn.Close()
		}
	})
	server := start(t, tlsutil.Config{Handler: headers.Handler(mux), Hosts: []string{"127.0.0.1"}, WriteTimeout: 250 * time.Millisecond})

	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.url()+"/stream", nil)
	require.NoError(t, err)
	res, err := server.client().Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	assert.Equal(t, "HTTP/2.0", res.Proto)
	assert.Equal(t, "max-age=63072000", res.Header.Get("Strict-Transport-Security"))
	lines := bufio.NewReader(res.Body)
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "one\n", line, "sent before the handler is done")
	_, err = do(t, server.client(), http.MethodGet, server.url()+"/late", nil)
	assert.Error(t, err, "one that moved no deadline is cut off by now")
	close(release)
	line, err = lines.ReadString('\n')
	assert.NoError(t, err)
	assert.Equal(t, "two\n", line)

	conn, err := server.dial(&tls.Config{NextProtos: []string{"http/1.1"}})
	require.NoError(t, err)
	assert.Equal(t, 204, exchange(t, conn, "GET /hijack HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").StatusCode)
}

func BenchmarkHeaders(b *testing.B) {
	headers, err := tlsutil.NewHeaders(tlsutil.HeadersConfig{})
	require.NoError(b, err)
	h := headers.Handler(http.HandlerFunc(nothing))
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "https://api.example.com/", nil)
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		clear(w.Header())
		h.ServeHTTP(w, r)
	}
}

func TestHeadersCostOneAllocation(t *testing.T) {
	headers, err := tlsutil.NewHeaders(tlsutil.HeadersConfig{})
	require.NoError(t, err)
	hosts, err := tlsutil.NewHosts(tlsutil.HostsConfig{Hosts: ours})
	require.NoError(t, err)
	h := headers.Handler(hosts.Handler(http.HandlerFunc(nothing)))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.example.com:8443/", nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r) // the map grows once
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { h.ServeHTTP(w, r) }), 1.0)
}
