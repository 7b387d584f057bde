// Package session keeps browsers logged in, by a cookie that names a session on the server.
//
//	store, err := session.NewMemory(session.MemoryConfig{}) // or sqlsessions.New, to keep them
//	…
//	sessions, err := session.New(session.Config{Store: store})
//	…
//	guard, err := auth.New(auth.Config{Authenticator: sessions})
//	…
//	mux.Handle("GET /orders", guard.Handler(orders))
//	…
//	handler := sessions.Handler(mux) // around the whole site
//
// The handler of the login form, once the user has proved who they are, and that of the logout:
//
//	err := sessions.Login(w, r, auth.Identity{Subject: "u-17", AMR: []string{"pwd", "otp"}})
//	…
//	err := sessions.Logout(w, r)
//
// An API for programs takes tokens or keys instead; auth.First(sessions, auth.Bearer(verifier)) takes both.
//
// # Security model
//
// The cookie is 256 bits of the system's random numbers. Its name begins with "__Host-", so that browsers take it from this very host
// over HTTPS only, and no sibling or plain connection can plant one (RFC 6265bis, section 4.1.3.2). It is Secure, HttpOnly and
// SameSite=Lax, and ends with the browser. The store has its SHA-256 alone, so that reading the store gives nobody a session.
//
// Every login makes a new session, and ends the one that the request came with, so that a session which somebody else has
// planted or seen gains nothing (OWASP ASVS 7.2.4). Call Login again when the user proves another factor, before they do what asks for
// it.
//
// A session ends when nobody uses it for 30 minutes, after 12 hours however much it is used, at logout, or when the user or an
// administrator ends it. Each request asks the store and nothing is cached, so that it is refused from then on, on every node. It
// costs one read by primary key for each request, and one write every tenth of the idle time.
//
// Browsers send cookies also when another site asks them to. SameSite=Lax stops most of that; http.CrossOriginProtection stops what
// comes from a sibling of the site, too: a request with the cookie that is not GET, HEAD or OPTIONS, or opens a WebSocket, and comes from
// another origin, is refused with 403. [Sessions.Handler] does so for requests without the cookie as well, since a login form is an aim of its
// own: it could log the user in as somebody else. Handlers must change nothing on GET.
//
// Two cookies of the name are refused, because which is ours cannot be told, and so is one whose name has spaces around it, by which
// a sibling could get past the prefix. A store that cannot answer is 503 and never 401, which
// would send users to log in. Shared caches are told that answers are private.
//
// What is left to the caller: HTTPS, output that is escaped (a script in the page can use the session, though not read it), who
// somebody is, and to end the sessions of an account that is closed, or whose password was changed ([Sessions.EndAll]).
package session

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/internal/event"
)

// Config configures [Sessions]. Store is required.
type Config struct {
	// Store keeps the sessions.
	Store Store
	// Name is that of the cookie: "__Host-" and letters, digits, "-" and "_", up to 64 bytes in all. Empty means __Host-session.
	Name string
	// Issuer is that of the principals, up to 255 bytes. Empty means "session". Give the issuer of your access tokens if the same subject
	// is the same account there.
	Issuer string
	// Idle is how long a session lives without a request, from a minute to 7 days. Zero means 30 minutes. It ends up to a tenth of
	// it early, because the time of the last request is not written more often. A page that asks by itself keeps it alive.
	Idle time.Duration
	// Absolute is how long a session lives at most, from Idle to 90 days. Zero means 12 hours, or Idle if that is longer.
	Absolute time.Duration
	// PerSubject is how many sessions a subject may have at once, from 1 to 500. Zero means 100. At the bound, logins are refused:
	// ending one to make room would let whoever knows the password log out the user.
	PerSubject int
	// TrustedOrigins may send requests that change something, such as "https://app.example", beside the service's own origin.
	TrustedOrigins []string
	// HTTPS says whether the client came by HTTPS. Nil means that the connection to this process is TLS: behind a proxy that ends TLS,
	// give a function that says so of the connections from the proxy. Login is refused otherwise, because browsers drop the
	// cookie, and because somebody may be reading along.
	HTTPS func(*http.Request) bool

	// Deny answers the requests that [Sessions.Handler] refuses. Nil means application/problem+json (RFC 9457).
	Deny func(http.ResponseWriter, *http.Request, error)
	// Logger receives the security events. Nil means slog.Default at the time of each event.
	Logger *slog.Logger
	// ClientAddr names the client's address in events. Nil means the address of the connection.
	ClientAddr func(*http.Request) netip.Addr

	_ struct{} // keyed literals only: fields may be added later
}

// Sessions makes, verifies and ends sessions. It is an [auth.Authenticator]. It is safe for concurrent use. Make one with [New].
type Sessions struct {
	store          Store
	name           string
	issuer         string
	idle, absolute time.Duration
	perSubject     int
	origins        *http.CrossOriginProtection
	https          func(*http.Request) bool
	deny           func(http.ResponseWriter, *http.Request, error)
	log            *event.Log
}

var _ auth.Authenticator = (*Sessions)(nil)

const (
	hostPrefix        = "__Host-"
	defaultName       = hostPrefix + "session"
	maxCookieName     = 64
	defaultIssuer     = "session"
	minIdle           = time.Minute
	defaultIdle       = 30 * time.Minute
	maxIdle           = 7 * 24 * time.Hour
	defaultAbsolute   = 12 * time.Hour
	maxAbsolute       = 90 * 24 * time.Hour
	defaultPerSubject = 100
	maxPerSubject     = 500
	// idleParts is how often in the idle time its beginning is written.
	idleParts = 10
)

// New returns Sessions, or all faults of c in one error. It does not ask the store, so that a service starts while the store is down.
func New(c Config) (*Sessions, error) {
	c = c.withDefaults()
	s := &Sessions{
		store: c.Store, name: c.Name, issuer: c.Issuer, idle: c.Idle, absolute: c.Absolute, perSubject: c.PerSubject,
		origins: http.NewCrossOriginProtection(), https: c.HTTPS, deny: c.Deny, log: event.New(c.Logger, c.ClientAddr),
	}
	faults := c.faults()
	for _, origin := range c.TrustedOrigins {
		if err := s.origins.AddTrustedOrigin(origin); err != nil {
			faults = append(faults, fmt.Errorf("session: Config.TrustedOrigins: %w: give scheme and host, such as https://app.example", err))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return s, nil
}

func (c Config) withDefaults() Config {
	if c.Name == "" {
		c.Name = defaultName
	}
	if c.Issuer == "" {
		c.Issuer = defaultIssuer
	}
	if c.Idle == 0 {
		c.Idle = defaultIdle
	}
	if c.Absolute == 0 {
		c.Absolute = max(defaultAbsolute, c.Idle)
	}
	if c.PerSubject == 0 {
		c.PerSubject = defaultPerSubject
	}
	if c.HTTPS == nil {
		c.HTTPS = func(r *http.Request) bool { return r.TLS != nil }
	}
	return c
}

func (c Config) faults() []error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("session: Config."+format, args...))
	}
	if c.Store == nil {
		fault("Store is nil: give one of NewMemory or sqlsessions.New")
	}
	const signs = "-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	if rest, ok := strings.CutPrefix(c.Name, hostPrefix); !ok || rest == "" || len(c.Name) > maxCookieName || strings.Trim(rest, signs) != "" {
		fault("Name is not %s and letters, digits, - and _, up to %d bytes in all: leave it empty for %s", hostPrefix, maxCookieName, defaultName)
	}
	if !plain(c.Issuer, maxName) {
		fault("Issuer is longer than %d bytes, not UTF-8, or has control characters: shorten or clean it", maxName)
	}
	if c.Idle < minIdle || c.Idle > maxIdle {
		fault("Idle %v is not from %v to %v: bring it into that range, or leave it zero for %v", c.Idle, minIdle, maxIdle, defaultIdle)
	}
	if c.Absolute < c.Idle || c.Absolute > maxAbsolute {
		fault("Absolute %v is not from Idle to %v: bring it into that range, or leave it zero for %v", c.Absolute, maxAbsolute, defaultAbsolute)
	}
	if c.PerSubject < 0 || c.PerSubject > maxPerSubject {
		fault("PerSubject %d is not from 0 (for %d) to %d: bring it into that range", c.PerSubject, defaultPerSubject, maxPerSubject)
	}
	return faults
}
