package tlsutil_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/tlsutil"
)

func clientFor(t testing.TB, server *running, c tlsutil.ClientConfig) *http.Client {
	t.Helper()
	c.Roots = server.roots
	client, err := tlsutil.HTTPClient(c)
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func do(t testing.TB, client *http.Client, method, url string, body io.Reader) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	require.NoError(t, err)
	res, err := client.Do(r)
	if err == nil {
		t.Cleanup(func() { _ = res.Body.Close() })
	}
	return res, err
}

func TestClientConfigFaults(t *testing.T) {
	_, err := tlsutil.HTTPClient(tlsutil.ClientConfig{Profile: 9, Timeout: 30, MaxRedirects: 11})
	assertFaults(t, err, "ClientConfig.Profile 9 is neither", "ClientConfig.Timeout 30ns is less than 10ms: write a duration with its unit",
		"ClientConfig.MaxRedirects 11 is more than 10")
	_, err = tlsutil.HTTPClient(tlsutil.ClientConfig{Timeout: 2 * time.Hour})
	assertFaults(t, err, "ClientConfig.Timeout 2h0m0s is more than 1h0m0s")
}

func TestClientNegotiatesTheHybrid(t *testing.T) {
	server := start(t, tlsutil.Config{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, r.Proto, " ", r.TLS.CurveID)
	})})
	_, body := get(t, clientFor(t, server, tlsutil.ClientConfig{}), server.url())
	assert.Equal(t, "HTTP/2.0 X25519MLKEM768", body)
}

// closed records that a request's body was closed.
type closed struct {
	io.Reader
	done bool
}

func (c *closed) Close() error { c.done = true; return nil }

func TestClientSendsNothingInTheClear(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request arrived") }))
	defer plain.Close()
	client, err := tlsutil.HTTPClient(tlsutil.ClientConfig{})
	require.NoError(t, err)
	for _, url := range []string{plain.URL, strings.Replace(plain.URL, "http", "HTTP", 1), "ftp://example.com/", "file:///etc/passwd", "//example.com/"} {
		body := &closed{Reader: strings.NewReader("secret")}
		_, err := do(t, client, http.MethodPost, url, body)
		assert.ErrorIs(t, err, tlsutil.ErrPlainHTTP, url)
		assert.True(t, body.done, url)
	}
}

func TestRedirectToPlainHTTPIsNotFollowed(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request arrived") }))
	defer plain.Close()
	server := start(t, tlsutil.Config{Handler: http.RedirectHandler(plain.URL, http.StatusTemporaryRedirect)})
	_, err := do(t, clientFor(t, server, tlsutil.ClientConfig{}), http.MethodPost, server.url(), strings.NewReader("secret"))
	assert.ErrorIs(t, err, tlsutil.ErrPlainHTTP)
}

func TestRedirectsAreCounted(t *testing.T) {
	var referers []string
	server := start(t, tlsutil.Config{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		referers = append(referers, r.Referer())
		n, _ := strconv.Atoi(r.URL.Path[1:])
		if n == 0 {
			return
		}
		http.Redirect(w, r, fmt.Sprintf("/%d?token=secret", n-1), http.StatusFound)
	})})
	for most, good := range map[int]int{0: 3, 1: 1, 10: 10} {
		client := clientFor(t, server, tlsutil.ClientConfig{MaxRedirects: most})
		res, err := do(t, client, http.MethodGet, fmt.Sprintf("%s/%d", server.url(), good), nil)
		if assert.NoError(t, err) {
			assert.Equal(t, 200, res.StatusCode)
		}
		_, err = do(t, client, http.MethodGet, fmt.Sprintf("%s/%d", server.url(), good+1), nil)
		assert.ErrorContains(t, err, fmt.Sprintf("tlsutil: stopped after %d redirects", good))
	}
	res, err := do(t, clientFor(t, server, tlsutil.ClientConfig{MaxRedirects: -1}), http.MethodGet, server.url()+"/1", nil)
	require.NoError(t, err)
	assert.Equal(t, http.StatusFound, res.StatusCode)
	for _, r := range referers {
		assert.Empty(t, r)
	}
}

func TestClientTrustsOnlyItsRoots(t *testing.T) {
	server := start(t, tlsutil.Config{})
	client, err := tlsutil.HTTPClient(tlsutil.ClientConfig{Roots: newAuthority(t).pool()})
	require.NoError(t, err)
	_, err = do(t, client, http.MethodGet, server.url(), nil)
	var unknown *tls.CertificateVerificationError
	assert.ErrorAs(t, err, &unknown)

	client, err = tlsutil.HTTPClient(tlsutil.ClientConfig{})
	require.NoError(t, err)
	_, err = do(t, client, http.MethodGet, server.url(), nil)
	assert.ErrorAs(t, err, &unknown, "the system knows nothing of a test's authority")
}

func TestClientRootsAreCopied(t *testing.T) {
	server := start(t, tlsutil.Config{})
	roots := newAuthority(t).pool()
	client, err := tlsutil.HTTPClient(tlsutil.ClientConfig{Roots: roots})
	require.NoError(t, err)
	a := newAuthority(t)
	roots.AddCert(a.cert)
	server2 := start(t, tlsutil.Config{Certs: a.files()})
	for _, s := range []*running{server, server2} {
		_, err = do(t, client, http.MethodGet, s.url(), nil)
		assert.Error(t, err)
	}
}

func TestOldServersAreRefused(t *testing.T) {
	cert, err := newAuthority(t).files().GetCertificate(nil)
	require.NoError(t, err)
	for name, c := range map[string]*tls.Config{
		"TLS 1.1":           {MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
		"CBC":               {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}},
		"TLS 1.2 to modern": {MaxVersion: tls.VersionTLS12},
	} {
		t.Run(name, func(t *testing.T) {
			c.Certificates = []tls.Certificate{*cert}
			server := httptest.NewUnstartedServer(http.NotFoundHandler())
			server.TLS, server.EnableHTTP2 = c, false
			server.Config.ErrorLog = discard()
			server.StartTLS()
			defer server.Close()
			config := tlsutil.ClientConfig{}
			if name == "TLS 1.2 to modern" {
				config.Profile = tlsutil.Modern
			}
			client, err := tlsutil.HTTPClient(config)
			require.NoError(t, err)
			_, err = do(t, client, http.MethodGet, server.URL, nil)
			require.Error(t, err)
			var unknown *tls.CertificateVerificationError
			assert.False(t, errors.As(err, &unknown), "refused before the certificate: %v", err)
		})
	}
}

func TestClientTimesOut(t *testing.T) {
	release := make(chan struct{})
	server := start(t, tlsutil.Config{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		<-release
	})})
	defer close(release)
	res, err := do(t, clientFor(t, server, tlsutil.ClientConfig{Timeout: 200 * time.Millisecond}), http.MethodGet, server.url(), nil)
	if err == nil { // the headers came in time, the body does not
		_, err = io.ReadAll(res.Body)
	}
	var timeout net.Error
	require.ErrorAs(t, err, &timeout)
	assert.True(t, timeout.Timeout())
}

func TestHugeResponseHeaderIsRefused(t *testing.T) {
	server := start(t, tlsutil.Config{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := range 40 {
			w.Header().Set("X-"+strconv.Itoa(i), strings.Repeat("a", 10<<10))
		}
	})})
	_, err := do(t, clientFor(t, server, tlsutil.ClientConfig{}), http.MethodGet, server.url(), nil)
	assert.Error(t, err)
}
