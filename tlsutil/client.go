package tlsutil

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"time"
)

// ClientConfig configures the client that [HTTPClient] returns. The zero value is for services with public certificates.
type ClientConfig struct {
	// Roots are the authorities to trust. Nil means those of the system.
	Roots *x509.CertPool
	// Profile is the zero Intermediate (TLS 1.2 and 1.3) or Modern (1.3).
	Profile Profile
	// Timeout is for a whole exchange with all its redirects, from the dial to the last byte of the body, from 10 ms to an
	// hour. Zero means 30 s, negative none, for streams.
	Timeout time.Duration
	// MaxRedirects is how many redirects are followed, at most 10. Zero means 3. A negative number follows none: the
	// redirect itself is the response.
	MaxRedirects int
	_            struct{} // keyed literals only: fields may be added later
}

const (
	standardRedirects = 3
	mostRedirects     = 10
	// maxResponseHeader is generous for what services send and small for what they could (net/http's own default is 10 MiB).
	maxResponseHeader = 256 << 10
)

// HTTPClient returns a client for HTTPS alone. A request or a redirect to any other scheme fails with [ErrPlainHTTP] before
// anything is sent. It speaks TLS as [ServerConfig] does, has a limit for the dial (5 s), the handshake (5 s), the wait for
// response headers (15 s) and their size (256 KiB), tells no host where it was redirected from, and has no cookie jar. A proxy is
// taken from the environment as in net/http.
//
// The size of a response body is the caller's to limit, as with io.LimitReader.
//
// An error names each fault of the Config.
func HTTPClient(c ClientConfig) (*http.Client, error) {
	var f faults
	if !c.Profile.valid() {
		f.add("ClientConfig.Profile %d is neither Intermediate (0) nor Modern (1)", c.Profile)
	}
	timeout := f.optional("ClientConfig.Timeout", c.Timeout, 30*time.Second, time.Hour)
	if c.MaxRedirects > mostRedirects {
		f.add("ClientConfig.MaxRedirects %d is more than %d: take 1 to %d, 0 for %d, or a negative number for none",
			c.MaxRedirects, mostRedirects, mostRedirects, standardRedirects)
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	tlsConfig := baseConfig(c.Profile)
	if c.Roots != nil {
		tlsConfig.RootCAs = c.Roots.Clone()
	}
	return &http.Client{
		Transport:     &httpsOnly{newTransport(tlsConfig)},
		CheckRedirect: redirectPolicy(c.MaxRedirects),
		Timeout:       timeout,
	}, nil
}

func newTransport(c *tls.Config) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSClientConfig:        c,
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  15 * time.Second,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConns:           100,
		MaxIdleConnsPerHost:    10,
		MaxResponseHeaderBytes: maxResponseHeader,
		ForceAttemptHTTP2:      true, // net/http leaves HTTP/2 out when it is given TLS settings
	}
}

func redirectPolicy(most int) func(*http.Request, []*http.Request) error {
	if most == 0 {
		most = standardRedirects
	}
	return func(r *http.Request, via []*http.Request) error {
		if most < 0 {
			return http.ErrUseLastResponse
		}
		if len(via) > most {
			return fmt.Errorf("tlsutil: stopped after %d redirects", most)
		}
		r.Header.Del("Referer") // its query may be as secret as the request was
		return nil
	}
}

// httpsOnly sits below the redirects, so that it sees every request, the first and those that follow.
type httpsOnly struct{ transport *http.Transport }

func (t *httpsOnly) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL == nil || r.URL.Scheme != "https" {
		if r.Body != nil {
			_ = r.Body.Close() // a RoundTripper closes the body whatever happens
		}
		return nil, fmt.Errorf("tlsutil: %w: only https requests are sent", ErrPlainHTTP)
	}
	return t.transport.RoundTrip(r)
}

// CloseIdleConnections is what http.Client.CloseIdleConnections calls.
func (t *httpsOnly) CloseIdleConnections() { t.transport.CloseIdleConnections() }
