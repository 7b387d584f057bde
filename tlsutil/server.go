package tlsutil

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/internal/event"
)

// Config configures a [Server]. Handler and Certs are required, and Hosts with a RedirectAddr.
//
// The limits of time run from 10 ms. Those that say so can be switched off by a negative duration, for servers of large
// transfers or streams; a single handler does better to move its own, with http.ResponseController.
type Config struct {
	// Addr is where HTTPS listens, as host:port. Empty means ":443".
	Addr string
	// RedirectAddr is where plain HTTP listens, to redirect to HTTPS (see [Redirect]). Empty means nowhere.
	RedirectAddr string
	// RedirectPort is the port that redirects name, where clients see another than the one that Addr binds, such as 443 before a
	// container that listens on 8443. Zero means the port of Addr.
	RedirectPort int
	// Hosts are the hosts to answer for, as for [Hosts], and to redirect to. Empty means that all are answered. Where Certs
	// is a *Files or a *DevCA, each must be named by its certificate.
	Hosts []string

	// Handler serves the requests. A mux of the application's own is best: http.DefaultServeMux also holds what imports put there.
	Handler http.Handler
	// Certs finds the certificates.
	Certs Certs
	// Profile is the zero Intermediate (TLS 1.2 and 1.3) or Modern (1.3).
	Profile Profile

	// ReadHeaderTimeout is for the handshake, and for the line and headers of a request: at most a minute. Zero means 5 s.
	ReadHeaderTimeout time.Duration
	// ReadTimeout is for a request with its body: at most an hour. Zero means 30 s, negative none.
	ReadTimeout time.Duration
	// WriteTimeout is for the handler and its response: at most an hour. Zero means 30 s, negative none.
	WriteTimeout time.Duration
	// IdleTimeout is how long a connection waits for the next request: at most an hour. Zero means 2 min.
	IdleTimeout time.Duration
	// ShutdownTimeout is how long requests in flight may take once the context of Run has ended: at most an hour. Zero
	// means 15 s, negative none.
	ShutdownTimeout time.Duration
	// MaxHeaderBytes is for the line and headers of a request, from 4 KiB to 1 MiB; net/http allows 4 KiB more. What is larger gets
	// 431. Zero means 32 KiB.
	MaxHeaderBytes int

	// Deny answers refused requests. Nil answers with application/problem+json (RFC 9457).
	Deny func(http.ResponseWriter, *http.Request, error)
	// Logger receives security events and the errors of net/http: panics and failures to accept at error, faults of
	// handlers at warn, and what any scanner can cause, such as failed handshakes, at debug. Nil means slog.Default.
	Logger *slog.Logger
	// ClientAddr finds the address for events. Nil means [ClientAddr].
	ClientAddr func(*http.Request) netip.Addr
	_          struct{} // keyed literals only: fields may be added later
}

// Server serves HTTPS with HTTP/2 and HTTP/1.1, and redirects plain HTTP to it. Make one with [New]; it runs once.
//
// Plain HTTP on the port of HTTPS gets 400. At most 100 requests of one HTTP/2 connection run at once, and a peer that
// has gone silent is found by a ping after 30 s. Nothing wraps the http.ResponseWriter, so that http.ResponseController, Flusher and
// Hijacker work in handlers.
type Server struct {
	config Config // complete: every zero field is replaced by what it means
	tls    *tls.Config
	hosts  hostSet
	log    *event.Log
	active atomic.Int64 // requests in handlers

	mu       sync.Mutex
	started  bool
	https    net.Listener
	redirect net.Listener
}

// New returns a Server. It binds no port yet. An error names each fault of the Config.
func New(c Config) (*Server, error) {
	var f faults
	s := &Server{log: event.New(c.Logger, c.ClientAddr)}
	if c.Addr == "" {
		c.Addr = ":443"
	}
	f.addr("Config.Addr", c.Addr)
	if c.Handler == nil {
		f.add("Config.Handler is nil: give the application's mux")
	}
	s.hosts = newHostSet(&f, "Config.Hosts", c.Hosts)
	f.redirect(c)
	f.limits(&c)
	s.tls = f.certs(c)
	if err := f.err(); err != nil {
		return nil, err
	}
	s.config = c
	s.config.Hosts = nil // read: the caller's slice is not kept
	return s, nil
}

func (f *faults) addr(field, addr string) {
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		f.add(`%s %q is not host:port, such as ":8443" or "127.0.0.1:8443"`, field, addr)
	}
}

func (f *faults) redirect(c Config) {
	if c.RedirectPort < 0 || c.RedirectPort > 65535 {
		f.add("Config.RedirectPort %d is not a port: take 1 to 65535, or 0 for the port of Addr", c.RedirectPort)
	}
	if c.RedirectAddr == "" {
		if c.RedirectPort != 0 {
			f.add("Config.RedirectPort %d has no effect without RedirectAddr: set both or neither", c.RedirectPort)
		}
		return
	}
	f.addr("Config.RedirectAddr", c.RedirectAddr)
	if len(c.Hosts) == 0 {
		f.add("Config.Hosts is empty: with RedirectAddr, list the hosts that a redirect may lead to")
	}
}

func (f *faults) limits(c *Config) {
	c.ReadHeaderTimeout = f.bounded("Config.ReadHeaderTimeout", c.ReadHeaderTimeout, 5*time.Second, time.Minute)
	c.IdleTimeout = f.bounded("Config.IdleTimeout", c.IdleTimeout, 2*time.Minute, time.Hour)
	c.ReadTimeout = f.optional("Config.ReadTimeout", c.ReadTimeout, 30*time.Second, time.Hour)
	c.WriteTimeout = f.optional("Config.WriteTimeout", c.WriteTimeout, 30*time.Second, time.Hour)
	c.ShutdownTimeout = f.optional("Config.ShutdownTimeout", c.ShutdownTimeout, 15*time.Second, time.Hour)
	const least, most = 4 << 10, 1 << 20
	if c.MaxHeaderBytes == 0 {
		c.MaxHeaderBytes = 32 << 10
	}
	if c.MaxHeaderBytes < least || c.MaxHeaderBytes > most {
		f.add("Config.MaxHeaderBytes %d is not in %d to %d: take one that is, or 0 for %d", c.MaxHeaderBytes, least, most, 32<<10)
	}
}

// certs returns the settings for TLS.
func (f *faults) certs(c Config) *tls.Config {
	if !c.Profile.valid() {
		f.add("Config.Profile %d is neither Intermediate (0) nor Modern (1)", c.Profile)
	}
	if isNil(c.Certs) {
		f.add("Config.Certs is nil: give a *Files, a *DevCA or another GetCertificate")
		return nil
	}
	f.uncovered(c.Certs, c.Hosts)
	settings, err := ServerConfig(c.Profile, c.Certs)
	if err != nil {
		return nil // the profile, which is a fault already
	}
	return settings
}

// uncovered finds hosts for which clients will not take the certificate at hand.
func (f *faults) uncovered(certs Certs, hosts []string) {
	covering, ok := certs.(interface{ covers(host string) error })
	if !ok {
		return
	}
	for i, h := range hosts {
		name, err := bareHost(h)
		if err != nil {
			continue // a fault already
		}
		if err := covering.covers(name); err != nil {
			f.add("Config.Hosts[%d] %q cannot be served with Config.Certs: %w", i, h, err)
		}
	}
}
