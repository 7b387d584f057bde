package tlsutil

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/sallyport-go/sallyport/internal/event"
	"github.com/sallyport-go/sallyport/internal/problem"
)

// RedirectConfig configures a [Redirect]. Hosts is required.
type RedirectConfig struct {
	// Hosts are the DNS names (in ASCII) and addresses to redirect to, without port. There are no wildcards.
	Hosts []string
	// Port is the port of the HTTPS service as clients see it. Zero means 443.
	Port int
	// Deny answers refused requests. Nil answers with application/problem+json (RFC 9457).
	Deny func(http.ResponseWriter, *http.Request, error)
	// Logger receives an event for each refusal, within a rate limit. Nil means slog.Default.
	Logger *slog.Logger
	// ClientAddr finds the address for the event. Nil means [ClientAddr].
	ClientAddr func(*http.Request) netip.Addr
	_          struct{} // keyed literals only: fields may be added later
}

// Redirect is the handler for plain HTTP: it sends GET and HEAD to the same path and query on HTTPS. A [Server] with a
// RedirectAddr runs one.
//
// The host in the answer is the text of the Config, chosen by the Host header, never the header itself: an unlisted host gets 421.
// Any other method gets 403 and the event malicious_extraneous, because its body has been seen by everyone on the way and a
// redirect would hide that. It is safe for concurrent use. Make one with [NewRedirect].
type Redirect struct {
	set  hostSet
	port string // ":8443", or empty for 443
	log  *event.Log
	deny func(http.ResponseWriter, *http.Request, error)
}

// NewRedirect returns a Redirect. An error names each fault of the Config.
func NewRedirect(c RedirectConfig) (*Redirect, error) {
	var f faults
	if len(c.Hosts) == 0 {
		f.add("RedirectConfig.Hosts is empty: list the hosts that a redirect may lead to")
	}
	set := newHostSet(&f, "RedirectConfig.Hosts", c.Hosts)
	if c.Port < 0 || c.Port > 65535 {
		f.add("RedirectConfig.Port %d is not a port: take 1 to 65535, or 0 for 443", c.Port)
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	return newRedirect(set, c.Port, event.New(c.Logger, c.ClientAddr), c.Deny), nil
}

func newRedirect(set hostSet, port int, log *event.Log, deny func(http.ResponseWriter, *http.Request, error)) *Redirect {
	rd := &Redirect{set: set, log: log, deny: deny}
	if port != 0 && port != 443 {
		rd.port = ":" + strconv.Itoa(port)
	}
	return rd
}

// Target returns where r is sent, or an [*Error] with the cause [ErrPlainHTTP] or [ErrHost]. It is absolute, so that a path
// such as "//evil.example" stays a path.
func (rd *Redirect) Target(r *http.Request) (string, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return "", refusedPlain
	}
	host, ok := rd.set.find(r.Host)
	if !ok {
		return "", refusedHost
	}
	path := r.URL.EscapedPath() // backslashes, quotes and the like are escaped here, what was escaped stays so
	if !strings.HasPrefix(path, "/") {
		path = "/" // "http:opaque" and "*" have none; without a slash the path would become part of the host
	}
	target := "https://" + host + rd.port + path
	if r.URL.RawQuery != "" || r.URL.ForceQuery {
		target += "?" + escapeQuery(r.URL.RawQuery)
	}
	return target, nil
}

// ServeHTTP answers with 301 and no body, or refuses. The answer is not to be stored: Strict-Transport-Security, sent over
// HTTPS, is what a browser shall remember.
func (rd *Redirect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target, err := rd.Target(r)
	if err != nil {
		rd.event(r, err)
		problem.Refuse(w, r, err, rd.deny)
		return
	}
	w.Header().Set("Location", target)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusMovedPermanently)
}

func (rd *Redirect) event(r *http.Request, err error) {
	if errors.Is(err, ErrPlainHTTP) {
		rd.log.Request(r, slog.LevelWarn, event.MaliciousExtraneous, slog.String("reason", "method other than GET or HEAD over plain HTTP"))
		return
	}
	rd.log.Request(r, slog.LevelInfo, event.InputValidationFail, slog.String("reason", "unknown host"), slog.String("host", r.Host))
}

// escapeQuery escapes what a query must not contain (RFC 3986, section 3.4) and leaves everything else as it came. Servers and
// clients disagree about such bytes, and a Location is not the place to find out.
func escapeQuery(q string) string {
	const hex = "0123456789ABCDEF"
	if strings.IndexFunc(q, func(r rune) bool { return r >= 0x80 || !queryByte(byte(r)) }) < 0 {
		return q
	}
	var b strings.Builder
	for i := range len(q) {
		if c := q[i]; queryByte(c) {
			b.WriteByte(c)
		} else {
			b.WriteString(string([]byte{'%', hex[c>>4], hex[c&15]}))
		}
	}
	return b.String()
}

func queryByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~!$&'()*+,;=:@/?%", c) >= 0
}
