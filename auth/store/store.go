// Package store keeps what must outlive a request: the families of refresh tokens, and which access tokens were revoked.
//
// One value serves auth/oauth and the verifiers. [NewMemory] is for one process that may forget its logins when it ends; the package
// sqlstore keeps them in SQLite, PostgreSQL, MySQL or MariaDB, the module redisstore in Redis, and both keep the counts of auth/throttle
// as well:
//
//	kept, err := store.NewMemory(store.Config{})
//	…
//	service, err := oauth.New(oauth.Config{Refresh: &oauth.RefreshGrant{Store: kept}, …})
//	issuer, err := auth.NewIssuer(auth.IssuerConfig{Revocations: kept, …})
//
// # Security model
//
// A login makes a family, which has one token in force at any time. Using the token replaces it, and that is one atomic
// step: of any number of uses of one token, on any number of nodes, exactly one wins. A family that is asked to replace
// another token than the one in force is ended at once, because two parties hold its tokens (RFC 9700, section 4.14.2).
// Only the SHA-256 of a token is stored, so that reading the store gives nobody a token. For a grace period, in which a client that has
// lost the answer gets the same one again, see [GraceTokens].
//
// An access token is valid by itself until it ends, so that to revoke one is to deny it: by its name, by its login, or all that a subject
// was issued until some second; see [Revocations]. A store never forgets a denial to make room for another. To end a family ends none of its
// access tokens: who does it denies the session too, and first.
//
// Who calls Rotate vouches that the old token was once made for that family: the store does not keep tokens of the past, and
// takes every other hash for one. auth/oauth derives the family's name from a secret inside the token.
//
// Every method takes the instant it happens at, so that one request has one time. Nodes whose clocks differ see a family end
// earlier or later by that difference, and nothing else. A denial is kept for [Leeway] longer, so that a difference of less does no harm.
package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Causes, for errors.Is. Every other error of a store is a record that it does not take.
var (
	// ErrUnknown says that there is no such family: it never was, was revoked, or ended long ago.
	ErrUnknown = errors.New("store: unknown family")
	// ErrExpired says that the family has ended by itself.
	ErrExpired = errors.New("store: the family has expired")
	// ErrReused says that the token was replaced before. The family is revoked.
	ErrReused = errors.New("store: the token was used before")
	// ErrFull says that the store takes no more families, or denials, until one ends.
	ErrFull = errors.New("store: full")
	// ErrUnavailable says that the store could not answer, or that it is not known whether it did what it was asked for.
	ErrUnavailable = errors.New("store: unavailable")
)

// Hash is the SHA-256 of a token.
type Hash [sha256.Size]byte

// Bounds of a [Refresh], in bytes.
const (
	maxFamily = 64
	maxName   = 255
	maxList   = 4096 // with a space between
)

// Refresh is a family of refresh tokens and the one that is in force. Times are kept to the microsecond.
type Refresh struct {
	// Family names the family: 1 to 64 bytes of A-Z, a-z, 0-9, "-" and "_".
	Family string
	// Hash is that of the token in force.
	Hash Hash
	// Subject and Client are who logged in and through which client: 1 to 255 bytes of UTF-8 without NUL each, compared byte
	// by byte.
	Subject, Client string
	// Scopes are what was granted at login: scope-tokens of RFC 6749, section 3.3, up to 4,096 bytes with a space between.
	Scopes []string
	// AuthTime is when the subject proved who they are, AMR how (RFC 8176), within the bounds of Scopes.
	AuthTime time.Time
	AMR      []string
	// Until is when the token in force ends if it is not used.
	Until time.Time
	// Expiry is when the family ends, however often it is used.
	Expiry time.Time

	_ struct{} // keyed literals only: fields may be added later
}

// RefreshTokens is what auth/oauth needs of a store. authtest.StoreContract tests an implementation.
//
// Nothing that is lent to a method is kept, and nothing that is returned is shared. A change is durable, as far as the store
// is, before the method returns. Methods are safe for concurrent use.
type RefreshTokens interface {
	// Create adds a family. A family of that name makes it fail. [ErrFull], [ErrUnavailable].
	Create(ctx context.Context, r Refresh, now time.Time) error

	// Lookup returns the family and changes nothing. [ErrUnknown], [ErrExpired], [ErrUnavailable].
	Lookup(ctx context.Context, family string, now time.Time) (Refresh, error)

	// Rotate puts next in force until the given time if old is in force. If another token is, the family is revoked and the
	// answer [ErrReused]; that is done even if ctx ends meanwhile, since who holds a stolen token may hang up. [ErrUnknown],
	// [ErrExpired], [ErrUnavailable].
	Rotate(ctx context.Context, family string, old, next Hash, until, now time.Time) error

	// RevokeFamily ends a family. It is no error if there is none. [ErrUnavailable].
	RevokeFamily(ctx context.Context, family string, now time.Time) error

	// RevokeSubject ends all families of a subject: after a change of password, or to log out everywhere. [ErrUnavailable].
	RevokeSubject(ctx context.Context, subject string, now time.Time) error
}

// Validate reports everything that a store does not take, without the values. Stores call it in Create.
func (r Refresh) Validate() error {
	var errs []error
	if !validFamily(r.Family) {
		errs = append(errs, fmt.Errorf("store: Refresh.Family is not 1 to %d bytes of A-Z, a-z, 0-9, - and _: use base64url", maxFamily))
	}
	for _, f := range []struct{ field, value string }{{"Subject", r.Subject}, {"Client", r.Client}} {
		if f.value == "" || len(f.value) > maxName || !utf8.ValidString(f.value) || strings.Contains(f.value, "\x00") {
			errs = append(errs, fmt.Errorf("store: Refresh.%s is not 1 to %d bytes of UTF-8 without NUL: use a shorter id", f.field, maxName))
		}
	}
	for _, f := range []struct {
		field  string
		values []string
	}{{"Scopes", r.Scopes}, {"AMR", r.AMR}} {
		if !validList(f.values) {
			errs = append(errs, fmt.Errorf("store: Refresh.%s is over %d bytes, or one is not a scope-token of RFC 6749, section 3.3: mend it", f.field, maxList))
		}
	}
	if r.Hash == (Hash{}) {
		errs = append(errs, errors.New("store: Refresh.Hash is zero: give the token's SHA-256"))
	}
	if r.Until.IsZero() || r.Expiry.IsZero() {
		errs = append(errs, errors.New("store: Refresh.Until or Expiry is zero: every family ends"))
	}
	return errors.Join(errs...)
}

// Live says whether the family has not ended at now.
func (r Refresh) Live(now time.Time) bool { return now.Before(r.Until) && now.Before(r.Expiry) }

func validFamily(s string) bool {
	for i := range len(s) {
		if c := s[i]; !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return s != "" && len(s) <= maxFamily
}

func validList(values []string) bool {
	size := len(values) - 1
	for _, s := range values {
		if !validToken(s) {
			return false
		}
		size += len(s)
	}
	return size <= maxList
}

func validToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return s != ""
}
