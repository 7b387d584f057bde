// Package apikey authenticates programs by API keys: long random texts that a user creates, hands to a script, and revokes.
//
//	store, err := apikey.NewMemory(apikey.MemoryConfig{})  // or sqlkeys.New, to keep them
//	…
//	keys, err := apikey.New(apikey.Config{Prefix: "acme", Store: store})
//	…
//	guard, err := auth.New(auth.Config{Authenticator: keys, Realm: "acme"})
//	…
//	mux.Handle("GET /orders", guard.Require("orders:read")(orders))
//
// A handler behind a login creates them, and shows each once:
//
//	key, record, err := keys.Create(ctx, apikey.Grant{Subject: "u-17", Name: "backup script", Scopes: []string{"orders:read"}})
//	…
//	show(key.Reveal())
//
// A client sends the key in the header X-API-Key, or as a bearer token with auth.Bearer(keys); [Keys.BearerOr] reads keys
// and other tokens from the one header. To rotate a key is to create another, deploy it, and revoke the first.
//
// # Security model
//
// A key is prefix, "_", 16 letters and digits that name it, 43 that are its secret (256 bits of the system's random numbers), and 6
// of a checksum. The prefix lets scanners for leaked secrets recognise it; the checksum refuses a mistyped or cut key before the
// store is asked, and protects nothing. There are too many keys to guess one, so that attempts need no throttle.
//
// The store has the SHA-256 of the whole key and nothing it could be made from; a slow hash is for texts that can be guessed. The
// store looks for the name, and the hashes are compared in constant time, as they are when there is no such key. All wrong keys get
// the same answer. A revoked or expired key is refused with that in the log.
//
// Every request asks the store, and nothing is cached: what is revoked is refused from the next request on, on every node. It
// costs one read by primary key for each request, and one write a minute for each key in use. A store that cannot answer is
// 503 and never 401, because clients throw a good key away on 401.
//
// Every key ends by itself. It carries what [Grant] says and never more than that; without scopes it passes only what requires
// none. The identity is issuer and subject together: see [Config.Issuer].
//
// Package rbac decides by the subject, and knows nothing of scopes: behind a rbac.Mux alone a key may all that its owner may. Ask for scopes
// there as well, with guard.Require around the handler, and give logins of other kinds the scopes that they shall have.
//
// A key is not read from the query string, where logs and histories would keep it. Shared caches do not know that answers depend on
// X-API-Key as they know it of Authorization, and so the Guard tells them.
//
// What is left to the caller: HTTPS; who may create keys, for which scopes (never more than the creator has) and at what rate; to
// end a subject's keys with the account ([Keys.RevokeSubject]); and to sweep the store.
package apikey

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/internal/event"
)

// Config configures [Keys]. Prefix and Store are required.
type Config struct {
	// Prefix begins every key, such as "acme" or "acme_live": 2 to 32 of a-z, 0-9 and single "_", from a letter on and not ending
	// in "_". Choose one that is yours alone, since scanners for leaked secrets go by it.
	Prefix string
	// Store keeps the keys.
	Store Store
	// Header names the request header that carries a key: letters, digits and hyphens. Empty means X-API-Key.
	Header string
	// Issuer is that of the principals, up to 255 bytes. Empty means "apikey". Give the issuer of your access tokens only if the same
	// subject is the same account there: whoever creates keys then creates identities of that issuer.
	Issuer string
	// PerSubject is how many keys that have not ended a subject may have, from 1 to 500. Zero means 50.
	PerSubject int

	// Logger receives the security events. Nil means slog.Default at the time of each event.
	Logger *slog.Logger
	// ClientAddr names the client's address in events. Nil means the address of the connection.
	ClientAddr func(*http.Request) netip.Addr

	_ struct{} // keyed literals only: fields may be added later
}

// Keys creates, revokes and verifies API keys. It is an [auth.Authenticator] that reads them from a header, and an
// [auth.TokenVerifier]. It is safe for concurrent use. Make one with [New].
type Keys struct {
	prefix     string
	store      Store
	header     string // in canonical form
	issuer     string
	perSubject int
	decoy      Hash // compared with when there is no such key
	touched    recent
	log        *event.Log
}

var (
	_ auth.Authenticator = (*Keys)(nil)
	_ auth.TokenVerifier = (*Keys)(nil)
)

const (
	defaultHeader     = "X-API-Key"
	defaultIssuer     = "apikey"
	defaultPerSubject = 50
	maxPerSubject     = 500
	minPrefix         = 2
	maxPrefix         = 32
	maxHeader         = 64
)

// New returns Keys, or all faults of c in one error. It does not ask the store, so that a service starts while the store is down.
func New(c Config) (*Keys, error) {
	if err := errors.Join(c.faults()...); err != nil {
		return nil, err
	}
	if c.Header == "" {
		c.Header = defaultHeader
	}
	if c.Issuer == "" {
		c.Issuer = defaultIssuer
	}
	if c.PerSubject == 0 {
		c.PerSubject = defaultPerSubject
	}
	k := &Keys{prefix: c.Prefix, store: c.Store, header: http.CanonicalHeaderKey(c.Header), issuer: c.Issuer,
		perSubject: c.PerSubject, log: event.New(c.Logger, c.ClientAddr)}
	_, _ = rand.Read(k.decoy[:]) // never fails
	return k, nil
}

func (c Config) faults() []error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("apikey: Config."+format, args...))
	}
	if !validPrefix(c.Prefix) {
		fault("Prefix is not %d to %d of a-z, 0-9 and single _ between a letter and a letter or digit: give a name such as acme", minPrefix, maxPrefix)
	}
	if c.Store == nil {
		fault("Store is nil: give one of NewMemory or sqlkeys.New")
	}
	if len(c.Header) > maxHeader || !allBytes(c.Header, func(b byte) bool { return isAlphanumeric(b) || b == '-' }) {
		fault("Header is longer than %d bytes or has other characters than letters, digits and hyphens: give a name such as X-API-Key", maxHeader)
	}
	if slices.Contains(foreignHeaders, http.CanonicalHeaderKey(c.Header)) {
		fault("Header is one with a meaning of its own: give a name such as X-API-Key; for Authorization use auth.Bearer(keys)")
	}
	if !plain(c.Issuer, maxName) {
		fault("Issuer is longer than %d bytes, not UTF-8, or has control characters: shorten or clean it", maxName)
	}
	if c.PerSubject < 0 || c.PerSubject > maxPerSubject {
		fault("PerSubject %d is not from 0 (for %d) to %d: bring it into that range", c.PerSubject, defaultPerSubject, maxPerSubject)
	}
	return faults
}

var foreignHeaders = []string{"Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "Host", "Connection"}

func validPrefix(s string) bool {
	if len(s) < minPrefix || len(s) > maxPrefix || s[0] < 'a' || s[0] > 'z' || s[len(s)-1] == '_' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' && s[i-1] != '_') {
			return false
		}
	}
	return true
}
