package tlsutil

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	twoYears = 2 * 365 * 24 * time.Hour
	oneYear  = 365 * 24 * time.Hour
)

// HeadersConfig configures [Headers]. The zero value is for an API.
type HeadersConfig struct {
	// HSTSMaxAge is how long a browser remembers to use HTTPS for this host and nothing else (RFC 6797, section 6.1.1), from a
	// minute to ten years, in whole seconds. Zero means two years of 365 days, negative leaves the header out.
	HSTSMaxAge time.Duration
	// IncludeSubDomains extends that to all subdomains, those included that are not yours to decide about.
	IncludeSubDomains bool
	// Preload agrees to be put into the lists that browsers carry, https://hstspreload.org, which takes months to undo. It
	// needs IncludeSubDomains and at least a year.
	Preload bool
	_       struct{} // keyed literals only: fields may be added later
}

// Headers sets the response headers of the OWASP HTTP Headers Cheat Sheet, with the values for an API, whose answers are data
// and no page: nothing in them is run, framed, read from another site or stored.
//
//	Content-Security-Policy       default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
//	Strict-Transport-Security     max-age=63072000
//	X-Content-Type-Options        nosniff
//	Referrer-Policy               no-referrer
//	Cross-Origin-Opener-Policy    same-origin
//	Cross-Origin-Embedder-Policy  require-corp
//	Cross-Origin-Resource-Policy  same-origin
//	Permissions-Policy            camera=(), microphone=(), geolocation=(), …
//	Cache-Control                 no-store
//
// They are set before the handler runs, which can therefore change each with w.Header().Set, as for an answer that may be
// cached. Strict-Transport-Security is sent over TLS only (RFC 6797, section 7.2), and not for localhost, where it would force
// HTTPS on every other server of a developer's machine. Headers is safe for concurrent use. Make one with [NewHeaders].
type Headers struct {
	names  []string
	values []string
	hsts   string // empty: none
}

const hstsName = "Strict-Transport-Security"

// NewHeaders returns a Headers. An error names each fault of the Config.
func NewHeaders(c HeadersConfig) (*Headers, error) {
	hsts, err := c.hsts()
	if err != nil {
		return nil, err
	}
	h := &Headers{hsts: hsts}
	for _, header := range apiHeaders {
		h.names = append(h.names, header[0])
		h.values = append(h.values, header[1])
	}
	if hsts != "" {
		h.names = append(h.names, hstsName)
		h.values = append(h.values, hsts)
	}
	return h, nil
}

var apiHeaders = [...][2]string{
	// default-src does not reach the last three (CSP Level 3, section 6).
	{"Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Embedder-Policy", "require-corp"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Permissions-Policy", "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), magnetometer=(), " +
		"microphone=(), midi=(), payment=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()"},
	{"Cache-Control", "no-store"},
}

func (c HeadersConfig) hsts() (string, error) {
	var f faults
	age := f.hstsMaxAge(c.HSTSMaxAge)
	if age < 0 && c.IncludeSubDomains {
		f.add("HeadersConfig.IncludeSubDomains is set but HSTSMaxAge %v leaves the header out: set one or the other", age)
	}
	if c.Preload && !c.IncludeSubDomains {
		f.add("HeadersConfig.Preload needs IncludeSubDomains: the lists take whole domains only")
	}
	if c.Preload && age < oneYear {
		f.add("HeadersConfig.Preload needs an HSTSMaxAge of at least %v (a year) and not %v", oneYear, age)
	}
	if err := f.err(); err != nil || age < 0 {
		return "", err
	}
	value := "max-age=" + strconv.FormatInt(int64(age/time.Second), 10)
	if c.IncludeSubDomains {
		value += "; includeSubDomains"
	}
	if c.Preload {
		value += "; preload"
	}
	return value, nil
}

func (f *faults) hstsMaxAge(age time.Duration) time.Duration {
	switch {
	case age == 0:
		return twoYears
	case age > 0 && age < time.Minute:
		f.add("HeadersConfig.HSTSMaxAge %v is less than %v: write a duration with its unit, such as 365*24*time.Hour", age, time.Minute)
	case age > 10*oneYear:
		f.add("HeadersConfig.HSTSMaxAge %v is more than %v (ten years)", age, 10*oneYear)
	case age > 0 && age%time.Second != 0:
		f.add("HeadersConfig.HSTSMaxAge %v is not in whole seconds", age)
	}
	return age
}

// Handler returns a handler that sets the headers and calls next.
func (h *Headers) Handler(next http.Handler) http.Handler { return &headersHandler{h, next} }

type headersHandler struct {
	*Headers
	next http.Handler
}

func (h *headersHandler) Unwrap() http.Handler { return h.next }

func (h *headersHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := len(h.values)
	if h.hsts != "" && (r.TLS == nil || localhost(r.Host)) {
		n-- // it is the last
	}
	// The one allocation. Sharing the slices among requests would spare it, but a handler that writes to an element of one, and
	// not a new slice, would change the headers of all requests to come.
	values := make([]string, n)
	copy(values, h.values)
	header := w.Header()
	for i, name := range h.names[:n] {
		header[name] = values[i : i+1 : i+1]
	}
	h.next.ServeHTTP(w, r)
}

// localhost says whether a Host header names localhost or a name below it (RFC 6761, section 6.3).
func localhost(hostport string) bool {
	const name = "localhost"
	host, _, _ := strings.Cut(hostport, ":")
	host = strings.TrimSuffix(host, ".")
	i := len(host) - len(name)
	return i >= 0 && strings.EqualFold(host[i:], name) && (i == 0 || host[i-1] == '.')
}
