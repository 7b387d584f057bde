package tlsutil

import (
	"log/slog"
	"net/http"
	"net/netip"

	"github.com/sallyport-go/sallyport/internal/event"
	"github.com/sallyport-go/sallyport/internal/problem"
)

// HostsConfig configures [Hosts]. Hosts is required.
type HostsConfig struct {
	// Hosts are the DNS names (in ASCII) and addresses to answer for, without port. There are no wildcards.
	Hosts []string
	// Deny answers refused requests. Nil answers with application/problem+json (RFC 9457).
	Deny func(http.ResponseWriter, *http.Request, error)
	// Logger receives the event input_validation_fail for each refusal, within a rate limit. Nil means slog.Default.
	Logger *slog.Logger
	// ClientAddr finds the address for the event. Nil means [ClientAddr].
	ClientAddr func(*http.Request) netip.Addr
	_          struct{} // keyed literals only: fields may be added later
}

// Hosts lets only requests for listed hosts pass; all others get 421 (RFC 9110, section 15.5.20). So an application can build
// links from the Host header, and a page on another name that resolves to this server (DNS rebinding) does not reach it.
//
// A host is compared without regard to case, one final dot and the port, in the forms of HTTP/1.1, HTTP/2 and the absolute
// form of a request target. Forwarding headers are not read. It is safe for concurrent use. Make one with [NewHosts].
type Hosts struct {
	set  hostSet
	log  *event.Log
	deny func(http.ResponseWriter, *http.Request, error)
}

// NewHosts returns a Hosts. An error names each fault of the Config.
func NewHosts(c HostsConfig) (*Hosts, error) {
	var f faults
	if len(c.Hosts) == 0 {
		f.add("HostsConfig.Hosts is empty: list the hosts that this server answers for")
	}
	set := newHostSet(&f, "HostsConfig.Hosts", c.Hosts)
	if err := f.err(); err != nil {
		return nil, err
	}
	return &Hosts{set: set, log: event.New(c.Logger, c.ClientAddr), deny: c.Deny}, nil
}

// Check returns nil if the host of r is listed, and an [*Error] with the cause [ErrHost] otherwise.
func (h *Hosts) Check(r *http.Request) error {
	_, ok := h.set.find(r.Host)
	if ok && r.URL != nil && r.URL.Host != "" { // of HTTP/1.1 it is the same; of HTTP/2 a :path may name another one
		_, ok = h.set.find(r.URL.Host)
	}
	if !ok {
		return refusedHost
	}
	return nil
}

// Handler returns a handler that calls next for listed hosts and refuses all others.
func (h *Hosts) Handler(next http.Handler) http.Handler { return &hostsHandler{h, next} }

type hostsHandler struct {
	*Hosts
	next http.Handler
}

func (h *hostsHandler) Unwrap() http.Handler { return h.next }

func (h *hostsHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := h.Check(r); err != nil {
		h.log.Request(r, slog.LevelInfo, event.InputValidationFail, slog.String("reason", "unknown host"), slog.String("host", r.Host))
		problem.Refuse(w, r, err, h.deny)
		return
	}
	h.next.ServeHTTP(w, r)
}
