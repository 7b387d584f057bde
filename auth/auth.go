// Package auth authenticates HTTP requests that carry a signed bearer token, and issues such tokens.
//
// Build one [Guard] at start-up and wrap handlers with it:
//
//	keys, err := auth.NewKeyRing(auth.KeyRingConfig{Path: "keys.json"})
//	…
//	go keys.Run(ctx) // rotates them, and follows the file where several processes serve
//	issuer, err := auth.NewIssuer(auth.IssuerConfig{Issuer: "https://api.example", Audience: []string{"https://api.example"}, Keys: keys})
//	…
//	guard, err := auth.New(auth.Config{Authenticator: auth.Bearer(issuer.Verifier()), Realm: "example"})
//	…
//	mux.Handle("GET /orders/{id}", guard.Require("orders:read")(orders))
//
// [Guard.Require] asks for scopes, which are what a client may do for a user; package rbac decides what the user may do. A handler
// asks [FromContext] who is there. Tokens come from [Issuer.Issue], most often by way of package oauth below this one:
//
//	token, err := issuer.Issue(ctx, auth.Grant{Subject: "u-17", Client: "web", Scopes: []string{"orders:read"}})
//
// Where another service issues them, [Discover] finds its keys, and [NewVerifier] takes the place of issuer.Verifier, with a [Profile] for
// providers that differ from RFC 9068. [NewIssuers] accepts several issuers, and [NewIntrospector] asks about opaque tokens.
//
// Credentials come in other ways too: [DPoP] for tokens that are useless to a thief, [Cookie], [Basic], packages apikey and session below
// this one, an [Authenticator] of your own, and [First] for several of them. [Guard.Optional] knows its users and lets everybody in,
// and [Guard.RequireAll] asks for a recent or a strong login ([MaxAge], [ACR]).
//
// Package authtest has an issuer for your tests, and some 240 attacks to run against your own handlers.
//
// # Security model
//
// A request without a valid token never reaches the wrapped handler. A token is a JWT access token of RFC 9068: signed by a key
// of the configured [Keys] with the one algorithm of that key, of type at+jwt, from the configured issuer and for one of the
// configured audiences, neither expired nor too long-lived, with all required claims. Whatever is ambiguous is refused: a second
// spelling of the same bytes, repeated or miscased names, headers that name a key or must be understood. RFC 8725 gives the reasons.
//
// A refusal says neither what was wrong with a token nor anything that the request contained; the log has the cause, without the
// token. If the keys cannot be asked the answer is 503, because clients throw a good token away on 401.
//
// A token lives until it expires, 10 minutes by default, unless [VerifierConfig.Revocations] knows better. A bearer token works for whoever
// holds it (RFC 6750, section 5.2); a token that is bound to a key or a certificate ("cnf") works with that only.
//
// What is left to the caller: HTTPS, and what a principal may do beyond scopes.
package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"reflect"
	"strings"

	"github.com/sallyport-go/sallyport/internal/event"
	"github.com/sallyport-go/sallyport/internal/problem"
)

// Config configures a [Guard]. Authenticator is required.
type Config struct {
	// Authenticator finds out who sent a request: [Bearer], or one of your own.
	Authenticator Authenticator
	// Realm names what is protected, in the challenge (RFC 9110, section 11.5): printable ASCII without quotation marks and
	// backslashes, at most 128 bytes. Empty means "api", because a challenge of RFC 6750, section 3, has at least one parameter.
	Realm string
	// Metadata, if given, is named by every challenge for bearer tokens (RFC 9728, section 5.1), so that a client can find out where
	// to get a token. Serve it beside the routes.
	Metadata *ResourceMetadata

	// Deny answers the requests that are refused, with an [*Error] whose headers are set already. Nil means
	// application/problem+json (RFC 9457).
	Deny func(http.ResponseWriter, *http.Request, error)
	// Logger receives the security events. Nil means slog.Default at the time of each event.
	Logger *slog.Logger
	// ClientAddr names the client's address in events. Nil means the address of the connection.
	ClientAddr func(*http.Request) netip.Addr

	_ struct{} // keyed literals only: fields may be added later
}

// Guard lets authenticated requests through and answers all others. It is safe for concurrent use. Make one with [New].
type Guard struct {
	authenticator Authenticator
	realm         string
	schemes       []string
	vary          []string // headers beside Authorization that carry credentials; not nil if answers are private
	metadata      string   // a parameter of every challenge, if not empty
	deny          func(http.ResponseWriter, *http.Request, error)
	log           *event.Log
}

// New returns a Guard, or all faults of the Config.
func New(c Config) (*Guard, error) {
	var errs []error
	if c.Authenticator == nil {
		errs = append(errs, errors.New("auth: Config.Authenticator is nil: give auth.Bearer(verifier) or one of your own"))
	} else if broken, ok := c.Authenticator.(interface{ fault() error }); ok {
		errs = append(errs, broken.fault())
	}
	if len(c.Realm) > maxRealm || !quotable(c.Realm) {
		errs = append(errs, fmt.Errorf("auth: Config.Realm is longer than %d bytes or has other characters than printable ASCII without \" and \\: shorten or clean it", maxRealm))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if c.Realm == "" {
		c.Realm = defaultRealm
	}
	g := &Guard{authenticator: c.Authenticator, realm: c.Realm, vary: varies(c.Authenticator), deny: c.Deny, log: event.New(c.Logger, c.ClientAddr)}
	if c.Metadata != nil {
		g.metadata = `resource_metadata="` + c.Metadata.URL() + `"`
	}
	for _, scheme := range c.Authenticator.Schemes() {
		if !isToken(scheme) {
			return nil, errors.New("auth: Config.Authenticator names a scheme that is not a token of RFC 9110: give a name such as Bearer")
		}
		g.schemes = append(g.schemes, scheme)
	}
	if len(g.schemes) == 0 { // a 401 must name one (RFC 9110, section 11.6.1)
		g.schemes = []string{schemeBearer}
	}
	return g, nil
}

const (
	maxRealm     = 128
	defaultRealm = "api"
)

// Check decides about r, raises the event of a refusal and writes no answer. The request that it returns carries the principal,
// for [FromContext]; the error is an [*Error]. [Guard.Handler] and [Guard.Require] are built on it, and so is an adapter for any
// framework:
//
//	r, err := guard.Check(c.Request, auth.Scopes("orders:read"))
//	if err != nil {
//		guard.Refuse(c.Writer, c.Request, err)
//		c.Abort()
//		return
//	}
//	c.Request = r
//	guard.Vary(c.Writer)
//
// A request that has passed this Guard before is not authenticated a second time. Another request that was only given its
// context is, because it may carry other credentials.
func (g *Guard) Check(r *http.Request, requirements ...Requirement) (*http.Request, error) {
	if err := all(requirements).fault(); err != nil {
		refused := refusal(errMisuse, err.Error())
		g.record(r, refused)
		return nil, refused
	}
	checked, refused := g.check(r, requirements, nil)
	if refused != nil {
		g.record(r, refused)
		return nil, refused
	}
	return checked, nil
}

// Refuse answers r with err, which is what [Guard.Check] returned, by way of [Config.Deny].
func (g *Guard) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	problem.Refuse(w, r, err, g.deny)
}

// Vary tells caches what an answer depends on where credentials come by other ways than the Authorization header, as [Guard.Handler] does
// by itself. An adapter calls it before the handler writes.
func (g *Guard) Vary(w http.ResponseWriter) {
	if g.vary == nil { // caches know of the Authorization header (RFC 9111, section 3.5)
		return
	}
	h := w.Header()
	for _, name := range g.vary {
		h.Add("Vary", name)
	}
	if h["Cache-Control"] == nil {
		h.Set("Cache-Control", "private")
	}
}

// check is Check without the event. The scopes of inner are not required, but named by a challenge.
func (g *Guard) check(r *http.Request, requirements []Requirement, inner []string) (*http.Request, *Error) {
	passed, _ := r.Context().Value(passKey{}).(*pass)
	fresh := passed == nil || passed.guard != g || !sameMap(passed.header, r.Header)
	if fresh {
		p, err := g.authenticator.Authenticate(r)
		if err == nil && (p == nil || p.id.Subject == "") {
			err = errNobody
		}
		if err != nil {
			return nil, g.unauthenticated(err)
		}
		passed = &pass{guard: g, header: r.Header, principal: p}
	}
	needed := all(requirements).add(passed.scopes)
	for _, q := range requirements {
		if err := q.check(passed.principal); err != nil {
			return nil, g.insufficient(err, requirements, scopeRequirement(inner).add(needed))
		}
	}
	if !fresh && len(needed) == len(passed.scopes) {
		return r, nil
	}
	next := &pass{guard: g, header: r.Header, principal: passed.principal, scopes: needed}
	return r.WithContext(context.WithValue(r.Context(), passKey{}, next)), nil
}

// sameMap says whether a and b are one map, not whether they are equal. It tells a request, and the shallow copies that
// middleware makes of it, from another one that was built with its context.
func sameMap(a, b http.Header) bool {
	return a != nil && reflect.ValueOf(a).UnsafePointer() == reflect.ValueOf(b).UnsafePointer()
}

// errNobody is an Authenticator that broke its contract.
var errNobody = errors.New("auth: the Authenticator returned neither a principal nor an error")

// pass is what a request carries once a Guard has let it through.
type pass struct {
	guard     *Guard      // nil if put there by NewContext
	header    http.Header // of the request that was authenticated
	principal *Principal
	scopes    []string // required so far
}

type passKey struct{}

// record raises the event of a refusal.
func (g *Guard) record(r *http.Request, err *Error) {
	name, level := event.AuthnTokenRefused, slog.LevelWarn
	switch {
	case errors.Is(err, ErrNoCredentials), errors.Is(err, errNonce):
		level = slog.LevelDebug // every client begins like this
	case errors.Is(err, ErrInsufficientScope), errors.Is(err, ErrCrossOrigin), errors.Is(err, ErrInsufficientAuthentication):
		name = event.AuthzFail
	case errors.Is(err, ErrUnavailable), errors.Is(err, errMisuse):
		name, level = event.AvailabilityFail, slog.LevelError
	}
	attrs := []slog.Attr{slog.String("reason", err.Error())}
	if err.subject != "" {
		attrs = append(attrs, slog.String("subject", err.subject))
	}
	if err.kind == ErrUnavailable && err.cause != nil {
		attrs = append(attrs, slog.String("cause", err.cause.Error())) // an outage that hides its reason cannot be mended
	}
	g.log.Request(r, level, name, attrs...)
}

// quotable says whether s may stand in a quoted-string without escapes (RFC 6750, section 3).
func quotable(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// isToken says whether s is a token of RFC 9110, section 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return s != ""
}
