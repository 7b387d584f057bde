// Package oauth is the token service of OAuth 2.0 (RFC 6749) for a service that has its own users.
//
// Build one [Service] at start-up, and tell it who the users are:
//
//	tokens, err := oauth.New(oauth.Config{
//		Issuer:   issuer,                                // *auth.Issuer
//		Users:    users,                                 // your table of users
//		Hasher:   hasher,                                // *password.Hasher
//		Password: &oauth.PasswordGrant{ClientID: "app"},
//		Refresh:  &oauth.RefreshGrant{Store: logins},    // of auth/store or auth/store/sqlstore
//	})
//	…
//	for pattern, handler := range tokens.Endpoints() { // POST /token, POST /revoke, the keys and the metadata
//		mux.Handle(pattern, handler)
//	}
//
// A client sends a form and keeps what it gets:
//
//	$ curl https://api.example/token -d grant_type=password -d username=alice -d password=…
//	{"access_token":"…","token_type":"Bearer","expires_in":600,"refresh_token":"spr_…","scope":"notes:read"}
//
// [Config.Clients] registers further clients, with secrets and grants of their own; those that are resource servers may ask about tokens
// ([Service.Introspect]).
//
// # Security model
//
// Each grant is off until it is configured. RFC 9700, section 2.4, says that the password grant must not be used: it shows the password to
// the client and leaves no room for a second factor. It is here for a client of the same makers as the service, and for those who bring
// it along from elsewhere. Never offer it to somebody else's client.
//
// A wrong password, an unknown name, a disabled user and a stored hash that cannot be read get the same answer after the same work: one
// look-up and one hash. That a look-up takes as long whether it finds somebody or not is up to the application.
//
// A token never states more than its user and its client may have at the moment it is issued. A refresh reads the user anew, narrows the
// scope if asked to, and never widens it.
//
// A refresh token works once: the answer brings the next. The store has only its SHA-256. One that comes again is in two hands, so its whole
// login is ended and an event authn_token_reuse is written (RFC 9700, section 4.14.2). A client that repeats a request because the answer
// was lost is taken for such a case and has to log in again, unless [RefreshGrant.Grace] forgives it for some seconds. Every login ends for good after [RefreshGrant.Lifetime]. Nothing is used up
// before all else about a request has been found right, and the access token signed.
//
// A refresh token has 128 random bits that name the login to its holder and 256 that are new each time. It is found in source code and
// logs by the expression
//
//	\bspr_[A-Za-z0-9_-]{70}
//
// and what follows the prefix is base64url, unpadded, of those 48 bytes and their CRC-32 (IEEE, big-endian), which tells a token from chance.
//
// If the users, the store or the hasher cannot answer, the client gets 503 with Retry-After and keeps what it has.
//
// Attempts to log in are limited before anything is looked up or hashed ([Config.Throttle]; RFC 6749, section 4.3.2). Too many get 429
// with Retry-After, which depends on the name and the address alone, never on whether there is such a user.
//
// An access token is good until it expires, 10 minutes by default, unless the issuer has Revocations that can be written to, such as the
// stores of auth/store: then the end of a login, [Service.RevokeSubject] and [Service.Revoke] end the access tokens as well. A refresh for
// a disabled user is refused and ends all that the user has. A login that is overtaken by a revocation is checked anew.
//
// What is left to the caller: HTTPS; and [Service.RevokeSubject] when a password is changed or a user disabled. No CORS header is sent
// and no redirect.
package oauth

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/password"
	"github.com/sallyport-go/sallyport/auth/store"
	"github.com/sallyport-go/sallyport/auth/throttle"
	"github.com/sallyport-go/sallyport/internal/event"
)

// Config configures a [Service]. Issuer is required, and Users and Hasher where users log in.
type Config struct {
	// Issuer signs the access tokens. If its Revocations are a [store.Revocations], access tokens can be revoked.
	Issuer *auth.Issuer
	// Users are those who may log in.
	Users Users
	// Hasher verifies their passwords. Share one with whatever else hashes, because the budget is the Hasher's.
	Hasher *password.Hasher
	// Clients are those that are registered, beside the public client of the password grant, up to 10,000.
	Clients []Client
	// Paths are where the endpoints are, for the metadata and [Service.Endpoints].
	Paths Paths

	// Throttle limits attempts to log in. Nil means one with the default limits that counts in the memory of this process, and takes
	// ClientAddr and Logger from here. Behind a proxy ClientAddr has to be given, or all clients are one network; where several
	// processes serve, give a Throttle with shared counters, or an attacker has as many attempts as there are processes.
	Throttle *throttle.Throttle

	// Password lets users log in by name and password (RFC 6749, section 4.3). Read the security model of this package first.
	Password *PasswordGrant
	// Refresh gives a refresh token at login and lets clients use it (RFC 6749, section 6). Nil means off.
	Refresh *RefreshGrant
	// ClientCredentials lets confidential clients get tokens for themselves (RFC 6749, section 4.4). Nil means off.
	ClientCredentials *ClientCredentialsGrant

	// Deny answers the requests that are refused, with an [*Error] whose headers are set already. Nil means the JSON of RFC 6749,
	// section 5.2, which is what clients of a token endpoint understand.
	Deny func(http.ResponseWriter, *http.Request, error)
	// Logger receives the security events. Nil means slog.Default at the time of each event.
	Logger *slog.Logger
	// ClientAddr names the client's address in events. Nil means the address of the connection.
	ClientAddr func(*http.Request) netip.Addr

	_ struct{} // keyed literals only: fields may be added later
}

// PasswordGrant configures the password grant, for a public client, your own, and for those of [Config.Clients] that have it among their
// Grants.
type PasswordGrant struct {
	// ClientID names the public client: 1 to 255 bytes of printable ASCII without space and colon. A request may leave it out. The client
	// has no secret (RFC 6749, section 2.1), so that anybody can claim to be it. Empty means that there is none.
	ClientID string
	// Scopes are the most that the client may have, up to 100. Empty means all that the user may have.
	Scopes []string

	_ struct{} // keyed literals only: fields may be added later
}

// RefreshGrant configures refresh tokens. Store is required.
type RefreshGrant struct {
	// Store keeps the logins.
	Store store.RefreshTokens
	// Lifetime is how long a login lasts, however often it is refreshed, at most 366 days. Zero means 30 days. Every login has an end
	// (OWASP ASVS 5.0, 10.4.8).
	Lifetime time.Duration
	// Idle is how long a refresh token waits for its use, at most Lifetime. Zero means 7 days, or Lifetime if that is less; negative
	// means Lifetime.
	Idle time.Duration
	// Grace is how long after its use a refresh token is answered again, with the same successor, as long as that one has not been used:
	// for clients that lose answers, such as phones between two networks. At most 10 s, in which a thief of the old token gets the
	// new one as well. The store has the successor only sealed under a key that the old token yields. Zero means none: every
	// second use ends the login. It needs a Store that is a [store.GraceTokens].
	Grace time.Duration

	_ struct{} // keyed literals only: fields may be added later
}

// Service is the token service. It is safe for concurrent use. Make one with [New].
type Service struct {
	issuer   *auth.Issuer
	users    Users
	hasher   *password.Hasher
	limiter  *throttle.Throttle
	grants   map[GrantType]func(request) (*answer, *Error) // that are on
	clients  map[string]*Client
	public   string            // the client that says nothing, or empty
	refresh  RefreshGrant      // Store is nil if off
	machines string            // prefix of the subjects of clients; empty if that grant is off
	denials  store.Revocations // nil if access tokens cannot be revoked
	paths    Paths
	metadata []byte
	deny     func(http.ResponseWriter, *http.Request, error)
	log      *event.Log
}

const (
	defaultLifetime = 30 * 24 * time.Hour
	maxLifetime     = 366 * 24 * time.Hour
	maxGrace        = 10 * time.Second
	defaultIdle     = 7 * 24 * time.Hour
)

// New returns a Service, or all faults of the Config.
func New(c Config) (*Service, error) {
	s := &Service{
		issuer: c.Issuer, users: c.Users, hasher: c.Hasher, limiter: c.Throttle, paths: c.Paths.withDefaults(),
		deny: c.Deny, log: event.New(c.Logger, c.ClientAddr),
	}
	errs := append(c.missing(), s.paths.faults()...)
	clients, err := c.register()
	s.clients, errs = clients, append(errs, err)
	if c.Password != nil {
		s.public = c.Password.ClientID
		errs = append(errs, c.Password.faults()...)
	}
	if c.Refresh != nil {
		s.refresh = c.Refresh.withDefaults()
		errs = append(errs, s.refresh.faults()...)
	}
	if c.ClientCredentials != nil {
		s.machines = cmp.Or(c.ClientCredentials.SubjectPrefix, defaultSubjectPrefix)
		errs = append(errs, c.ClientCredentials.faults()...)
	}
	if s.limiter == nil {
		s.limiter, err = throttle.New(throttle.Config{ClientAddr: c.ClientAddr, Logger: c.Logger})
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	s.grants = map[GrantType]func(request) (*answer, *Error){}
	if c.Password != nil {
		s.grants[GrantPassword] = s.passwordGrant
	}
	if c.Refresh != nil {
		s.grants[GrantRefreshToken] = s.refreshGrant
	}
	if c.ClientCredentials != nil {
		s.grants[GrantClientCredentials] = s.clientCredentialsGrant
	}
	s.denials, _ = c.Issuer.Revocations().(store.Revocations)
	s.metadata, err = s.newMetadata()
	return s, err
}

// missing returns what a configuration of this kind needs and has not.
func (c Config) missing() (errs []error) {
	if c.Issuer == nil {
		errs = append(errs, errors.New("oauth: Config.Issuer is nil: give one of auth.NewIssuer"))
	}
	if c.Password == nil && c.ClientCredentials == nil {
		errs = append(errs, errNoGrant)
	}
	if c.Password == nil && c.Refresh != nil {
		errs = append(errs, errors.New("oauth: Config.Refresh is given, and Config.Password is nil, so that nothing can be refreshed: give both or neither"))
	}
	if c.Users == nil && c.Password != nil {
		errs = append(errs, errors.New("oauth: Config.Users is nil: give your table of users"))
	}
	if c.Hasher == nil && c.Password != nil {
		errs = append(errs, errors.New("oauth: Config.Hasher is nil: give one of password.New"))
	}
	if len(c.Clients) == 0 && (c.Password == nil || c.Password.ClientID == "") {
		errs = append(errs, errors.New("oauth: there is no client: give Config.Password.ClientID or Config.Clients"))
	}
	return errs
}

func (g PasswordGrant) faults() (errs []error) {
	if g.ClientID != "" && !validClientID(g.ClientID) {
		errs = append(errs, fmt.Errorf("oauth: Config.Password.ClientID is not 1 to %d bytes of printable ASCII without space and colon: give a name such as app", maxName))
	}
	if g.ClientID == "" && len(g.Scopes) > 0 {
		errs = append(errs, errors.New("oauth: Config.Password.Scopes are those of the public client, and ClientID is empty: give both, or neither"))
	}
	if !validScopes(g.Scopes) {
		errs = append(errs, fmt.Errorf("oauth: Config.Password.Scopes has more than %d, or one with other characters than RFC 6749, section 3.3, allows: mend them", maxScopes))
	}
	return errs
}

func (g RefreshGrant) withDefaults() RefreshGrant {
	if g.Lifetime == 0 {
		g.Lifetime = defaultLifetime
	}
	switch {
	case g.Idle == 0:
		g.Idle = min(defaultIdle, g.Lifetime)
	case g.Idle < 0:
		g.Idle = g.Lifetime
	}
	return g
}

func (g RefreshGrant) faults() (errs []error) {
	if g.Store == nil {
		errs = append(errs, errors.New("oauth: Config.Refresh.Store is nil: give one of store.NewMemory or sqlstore.New"))
	}
	if g.Grace < 0 || g.Grace > maxGrace {
		errs = append(errs, fmt.Errorf("oauth: Config.Refresh.Grace %v is not in 0 to %v: a thief gains by it too", g.Grace, maxGrace))
	}
	if _, ok := g.Store.(store.GraceTokens); g.Grace > 0 && g.Store != nil && !ok {
		errs = append(errs, errors.New("oauth: Config.Refresh.Grace is set, and the Store is no store.GraceTokens: leave it zero, or take another store"))
	}
	if g.Lifetime < time.Second || g.Lifetime > maxLifetime {
		return append(errs, fmt.Errorf("oauth: Config.Refresh.Lifetime %v is not in 1s to %v: every login needs an end", g.Lifetime, maxLifetime))
	}
	if g.Idle < time.Second || g.Idle > g.Lifetime {
		errs = append(errs, fmt.Errorf("oauth: Config.Refresh.Idle %v is not in 1s to the Lifetime %v: shorten it, or leave it zero", g.Idle, g.Lifetime))
	}
	return errs
}
