package auth

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

// VerifierConfig configures a [Verifier]. Issuer, Audience and Keys are required.
type VerifierConfig struct {
	// Issuer is who must have issued a token ("iss"), compared byte by byte: an https URL without query and fragment (RFC
	// 8414, section 2). Plain http is accepted for loopback hosts.
	Issuer string
	// Audience are the names of this service, 1 to 100. A token must be for one of them ("aud").
	Audience []string
	// Keys verify the signatures.
	Keys Keys
	// Leeway forgives clocks that differ (RFC 7519, section 4.1.4), at most two minutes. Zero means 30 s, negative none.
	Leeway time.Duration
	// MaxLifetime is how long a token may be valid in all, from "iat" to "exp", whatever its issuer says. Zero means 24 h, the
	// longest default among the large providers; negative means any.
	MaxLifetime time.Duration
	// Profile is whose tokens they are. The zero value is RFC 9068.
	Profile Profile
	// Type is the token's type ("typ"), for services with a type of token of their own (RFC 8725, section 3.11), such as
	// "offer+jwt". Empty means that of the profile.
	Type string
	// InsecureAnyType takes tokens of every type, and of none. The issuer's other tokens, such as ID tokens, then pass for access
	// tokens if their claims allow it.
	InsecureAnyType bool
	// Revocations, if given, is asked about each token, also about those that are remembered. If it cannot answer, the request is
	// answered with 503.
	Revocations Revocations
	// RevocationsMaxStale is how long its answer that a token is not revoked may be used again, at most 30 s, for a store that costs a
	// round trip. A revoked token passes for as long, on nodes that have seen it. Zero asks each time.
	RevocationsMaxStale time.Duration
	// CacheSize is how many verified tokens are remembered, up to 1,048,576, and of 2 KiB each on average. A hit saves the check of
	// the signature; time, keys and revocations are checked again. Zero means 8,192, negative none.
	CacheSize int

	_ struct{} // keyed literals only: fields may be added later
}

// Verifier verifies access tokens, of RFC 9068 unless it is configured otherwise. It is immutable and safe for concurrent use. Make
// one with [NewVerifier], or with [Issuer.Verifier] where tokens are issued.
type Verifier struct {
	issuer      string
	audience    []string
	keys        Keys
	leeway      time.Duration
	maxLifetime time.Duration
	profile     profile
	revocations Revocations
	maxStale    time.Duration // of their answers
	cache       *tokenCache

	prefix   string   // of subjects
	reserved []string // prefixes that its subjects must not begin with
}

const (
	maxLeeway           = 2 * time.Minute
	maxRevocationsStale = 30 * time.Second
)

// NewVerifier returns a Verifier, or all faults of the Config.
func NewVerifier(c VerifierConfig) (*Verifier, error) {
	errs := []error{
		checkIssuer("VerifierConfig.Issuer", c.Issuer),
		checkAudience("VerifierConfig.Audience", c.Audience),
	}
	if missingKeys(c.Keys) {
		errs = append(errs, errors.New("auth: VerifierConfig.Keys is nil: give a *KeyRing or *RemoteKeys"))
	}
	profile, err := c.profile()
	errs = append(errs, err)
	switch {
	case c.Leeway > maxLeeway:
		errs = append(errs, fmt.Errorf("auth: VerifierConfig.Leeway %v is more than %v: set the clocks right", c.Leeway, maxLeeway))
	case c.Leeway == 0:
		c.Leeway = 30 * time.Second
	case c.Leeway < 0:
		c.Leeway = 0
	}
	if c.MaxLifetime == 0 {
		c.MaxLifetime = 24 * time.Hour
	}
	if c.RevocationsMaxStale < 0 || c.RevocationsMaxStale > maxRevocationsStale {
		errs = append(errs, fmt.Errorf("auth: VerifierConfig.RevocationsMaxStale %v is not in 0 to %v: a revoked token passes for as long; leave it zero to ask each time", c.RevocationsMaxStale, maxRevocationsStale))
	}
	if c.RevocationsMaxStale != 0 && c.Revocations == nil {
		errs = append(errs, errors.New("auth: VerifierConfig.RevocationsMaxStale is set, and Revocations is nil: give both or neither"))
	}
	if c.CacheSize > maxCacheSize {
		errs = append(errs, fmt.Errorf("auth: VerifierConfig.CacheSize %d is more than %d: shorten it", c.CacheSize, maxCacheSize))
	}
	if c.CacheSize == 0 {
		c.CacheSize = defaultCacheSize
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Verifier{
		issuer: c.Issuer, audience: slices.Clone(c.Audience), keys: c.Keys, leeway: c.Leeway, maxLifetime: c.MaxLifetime,
		profile: profile, revocations: c.Revocations, maxStale: c.RevocationsMaxStale, cache: newTokenCache(c.CacheSize),
	}, nil
}

// Verify returns who the token speaks for, or an [*Error]. A token must name its key ("kid"), and one that is bound to a key of
// its holder ("cnf", RFC 7800) is refused, since the proof is not asked for here: [Bearer] and [DPoP] see the request and ask for it.
//
// A token's text is not its identity: of an ECDSA signature there is a second valid form. Use [Principal.TokenID].
func (v *Verifier) Verify(ctx context.Context, token string) (*Principal, error) {
	return v.verifyFor(ctx, token, nil)
}

// verifyFor is Verify for a token whose sender has proved what b says.
func (v *Verifier) verifyFor(ctx context.Context, token string, b binding) (*Principal, error) {
	if p, err := v.remembered(ctx, token, b); p != nil || err != nil {
		return p, err
	}
	c, ok := jose.Split(token)
	if !ok {
		return nil, refusal(ErrMalformed, "not a compact JWS in canonical base64url")
	}
	return v.verifyAnew(ctx, token, c, b)
}

// remembered returns the principal of a token that was verified before, nil if there is none, or the refusal.
func (v *Verifier) remembered(ctx context.Context, token string, b binding) (*Principal, error) {
	now := time.Now()
	p := v.cache.get(token, v.keys.state(now), now)
	if p == nil {
		return nil, nil
	}
	return v.admit(ctx, p, b, now)
}

func (v *Verifier) verifyAnew(ctx context.Context, token string, c jose.Compact, b binding) (*Principal, error) {
	keys := v.keys.state(time.Now()) // before the keys are asked: if they change meanwhile, what is remembered is not used
	var found claims
	if err := v.verify(ctx, &found, c); err != nil {
		return nil, err
	}
	now := time.Now() // the keys may have been waited for
	if err := v.judge(&found, now); err != nil {
		return nil, err
	}
	p := found.principal(c.Payload, v.prefix)
	from, until := v.window(&found)
	v.cache.put(token, cachedToken{principal: p, keys: keys, from: from.UnixMicro(), until: until.UnixMicro()})
	return v.admit(ctx, p, b, now)
}

// admit checks what may change while a token is remembered, beside time and keys: who sent it, and whether it was revoked.
func (v *Verifier) admit(ctx context.Context, p *Principal, b binding, now time.Time) (*Principal, error) {
	if p.cnf != nil || b != nil {
		if err := p.cnf.heldBy(b); err != nil {
			return nil, err
		}
	}
	if v.revocations != nil {
		if err := v.checkRevoked(ctx, p, now); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// verify checks everything but the claims' values, which it puts into found.
func (v *Verifier) verify(ctx context.Context, found *claims, c jose.Compact) error {
	header, err := jose.ParseHeader(c.Header)
	if err != nil {
		return refusal(ErrMalformed, err.Error()) // a constant
	}
	if !v.profile.takes(header.Typ) {
		return refusal(ErrType, "")
	}
	alg := jose.Algorithm(header.Alg)
	if !Algorithm(alg).known() { // "none" among them
		return refusal(ErrAlgorithm, "not an algorithm that is known")
	}
	key, err := v.keys.key(ctx, header.Kid, alg)
	if err != nil {
		return keyFault(err)
	}
	if !key.Verify(c.Signed, c.Signature) {
		return refusal(ErrSignature, "")
	}
	return readClaims(found, c.Payload, &v.profile)
}

func keyFault(err error) *Error {
	for _, kind := range []error{ErrUnknownKey, ErrAlgorithm} {
		if errors.Is(err, kind) {
			return refusal(kind, "")
		}
	}
	return &Error{kind: ErrUnavailable, cause: err, detail: "the keys cannot be had"}
}

func checkIssuer(field, issuer string) error {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(issuer, "?#") || !plain(issuer, maxName) {
		return fmt.Errorf("auth: %s is not a URL of up to %d bytes without user, query and fragment: give one such as https://api.example", field, maxName)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return fmt.Errorf("auth: %s is not https: use https (http is for loopback hosts only)", field)
	}
	return nil
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback() || host == "localhost"
}

func checkAudience(field string, audience []string) error {
	if len(audience) == 0 || len(audience) > maxListed || !allFunc(audience, func(s string) bool { return s != "" && plain(s, maxName) }) {
		return fmt.Errorf("auth: %s has not 1 to %d names of 1 to %d bytes without control characters: name this service, such as https://api.example", field, maxListed, maxName)
	}
	return nil
}
