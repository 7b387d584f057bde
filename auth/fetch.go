package auth

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Bounds on what is fetched from a provider.
const (
	fetchTimeout   = 5 * time.Second // for a whole exchange, redirects and body included
	maxDocument    = 1 << 20         // bytes, after decompression
	maxRedirects   = 3
	maxFetchHeader = 64 << 10 // bytes
	maxURL         = 2048     // bytes
)

// strictClient returns c with the redirects restricted, or a client of our own.
func strictClient(c *http.Client) *http.Client {
	if c == nil {
		c = &http.Client{Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: fetchTimeout}).DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    fetchTimeout,
			MaxResponseHeaderBytes: maxFetchHeader,
			ForceAttemptHTTP2:      true, // net/http leaves HTTP/2 out when it is given TLS settings
			DisableKeepAlives:      true, // a connection that is used every few minutes is not worth holding
		}}
	}
	strict := *c
	strict.CheckRedirect = stayOnHost(c.CheckRedirect)
	return &strict
}

// checkClient refuses a client that takes any server for the provider.
func checkClient(field string, c *http.Client) error {
	if c == nil {
		return nil
	}
	t, ok := c.Transport.(*http.Transport)
	if !ok || t == nil || t.TLSClientConfig == nil {
		return nil
	}
	if s := t.TLSClientConfig; s.InsecureSkipVerify && s.VerifyConnection == nil && s.VerifyPeerCertificate == nil {
		return fmt.Errorf("auth: %s does not verify certificates (InsecureSkipVerify), so that anybody could supply keys: set RootCAs to the authority of the provider", field)
	}
	return nil
}

// stayOnHost follows redirects within one scheme, host and port: whoever is redirected to decides about keys. The policy that the
// client had, if any, can only forbid more.
func stayOnHost(also func(*http.Request, []*http.Request) error) func(*http.Request, []*http.Request) error {
	return func(r *http.Request, via []*http.Request) error {
		first := via[0].URL
		if len(via) > maxRedirects || r.URL.Scheme != first.Scheme || !strings.EqualFold(r.URL.Host, first.Host) || r.URL.User != nil {
			return errRedirect
		}
		if also != nil {
			return also(r, via)
		}
		return nil
	}
}

// The answers that are refused whatever they contain.
var (
	errRedirect = fmt.Errorf("the answer is a redirect to another scheme, host or port, or one too many after %d", maxRedirects)
	errTooLarge = fmt.Errorf("the answer has more than %d bytes", maxDocument)
)

// outage is a failure that may be over at the next attempt.
type outage struct{ cause error }

func (e *outage) Error() string        { return e.cause.Error() }
func (e *outage) Unwrap() error        { return e.cause }
func (e *outage) Is(target error) bool { return target == ErrUnavailable }

// fetch gets a document of one of the media types, or of any if there are none. The texts of its errors say nothing of the URL.
func fetch(ctx context.Context, client *http.Client, from string, types ...string) (string, http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return "", nil, errors.New("the URL cannot be parsed")
	}
	r.Header.Set("Accept", "application/json, application/jwk-set+json")
	res, err := client.Do(r)
	if errors.Is(err, errRedirect) {
		return "", nil, errRedirect
	}
	if err != nil {
		return "", nil, &outage{withoutURL(err)}
	}
	defer res.Body.Close()
	if err := checkStatus(res.StatusCode); err != nil {
		return "", nil, err
	}
	if got, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")); len(types) > 0 && !slices.Contains(types, got) {
		return "", nil, fmt.Errorf("the answer is not %s", strings.Join(types, " or "))
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, maxDocument+1))
	if err != nil {
		return "", nil, &outage{fmt.Errorf("the answer breaks off: %w", err)}
	}
	if len(text) > maxDocument {
		return "", nil, errTooLarge
	}
	return string(text), res.Header, nil
}

func checkStatus(status int) error {
	if status == http.StatusOK {
		return nil
	}
	err := fmt.Errorf("the answer has status %d, not 200", status)
	if status >= 500 || status == http.StatusTooManyRequests {
		return &outage{err}
	}
	return err
}

// withoutURL returns the cause that net/http wraps together with the URL, whose query may be confidential.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// checkRemoteURL says what is wrong with a URL that keys are fetched from.
func checkRemoteURL(field, from string) error {
	u, err := url.Parse(from)
	if err != nil || u.Host == "" || u.User != nil || strings.Contains(from, "#") || !visible(from, maxURL) {
		return fmt.Errorf("auth: %s is not a URL of up to %d bytes of ASCII without user and fragment: give one such as https://login.example/jwks.json", field, maxURL)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return fmt.Errorf("auth: %s is not https: use https (http is for loopback hosts only)", field)
	}
	return nil
}

// visible says whether s is at most limit bytes of ASCII without spaces and control characters.
func visible(s string, limit int) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) <= limit
}
