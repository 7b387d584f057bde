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
	// CacheSize is how many verified tokens are remembered, up to 1,048,576, and of 2 KiB each on average. A hit saves the check of
	// the signature; time and keys are checked again. Zero means 8,192, negative none.
	CacheSize int

	_ struct{} // keyed literals only: fields may be added later
}

// Verifier verifies access tokens of RFC 9068. It is immutable and safe for concurrent use. Make one with [NewVerifier], or with
// [Issuer.Verifier] where tokens are issued.
type Verifier struct {
	issuer      string
	audience    []string
	keys        Keys
	leeway      time.Duration
	maxLifetime time.Duration
	cache       *tokenCache
}

const maxLeeway = 2 * time.Minute

// NewVerifier returns a Verifier, or all faults of the Config.
func NewVerifier(c VerifierConfig) (*Verifier, error) {
	errs := []error{
		checkIssuer("VerifierConfig.Issuer", c.Issuer),
		checkAudience("VerifierConfig.Audience", c.Audience),
	}
	if c.Keys == nil || c.Keys == (*KeyRing)(nil) || c.Keys == (*RemoteKeys)(nil) {
		errs = append(errs, errors.New("auth: VerifierConfig.Keys is nil: give a *KeyRing or *RemoteKeys"))
	}
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
	if c.CacheSize > maxCacheSize {
		errs = append(errs, fmt.Errorf("auth: VerifierConfig.CacheSize %d is more than %d: shorten it", c.CacheSize, maxCacheSize))
	}
	if c.CacheSize == 0 {
		c.CacheSize = defaultCacheSize
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Verifier{c.Issuer, slices.Clone(c.Audience), c.Keys, c.Leeway, c.MaxLifetime, newTokenCache(c.CacheSize)}, nil
}

// typeAccessToken is the type of RFC 9068, section 2.1, which no ID token or other JWT of the same issuer has (RFC 8725, section 3.11).
const typeAccessToken = "at+jwt"

// Verify returns who the token speaks for, or an [*Error]. A token must name its key ("kid"), and one that is bound to a key of
// its holder ("cnf", RFC 7800) is refused, since the proof is not asked for.
//
// A token's text is not its identity: of an ECDSA signature there is a second valid form. Use [Principal.TokenID].
func (v *Verifier) Verify(ctx context.Context, token string) (*Principal, error) {
	now := time.Now()
	keys := v.keys.state(now) // before the keys are asked: if they change meanwhile, what is remembered is not used
	if p := v.cache.get(token, keys, now); p != nil {
		return p, nil
	}
	found, payload, err := v.verify(ctx, token)
	if err != nil {
		return nil, err
	}
	if err := v.judge(found, time.Now()); err != nil { // the keys may have been waited for
		return nil, err
	}
	p := found.principal(payload)
	from, until := v.window(found)
	v.cache.put(token, cachedToken{principal: p, keys: keys, from: from.UnixMicro(), until: until.UnixMicro()})
	return p, nil
}

// verify checks everything but the claims' values.
func (v *Verifier) verify(ctx context.Context, token string) (*claims, string, error) {
	c, ok := jose.Split(token)
	if !ok {
		return nil, "", refusal(ErrMalformed, "not a compact JWS in canonical base64url")
	}
	header, err := jose.ParseHeader(c.Header)
	if err != nil {
		return nil, "", refusal(ErrMalformed, err.Error()) // a constant
	}
	if !strings.EqualFold(header.Typ, typeAccessToken) && !strings.EqualFold(header.Typ, "application/"+typeAccessToken) {
		return nil, "", refusal(ErrType, "")
	}
	alg := jose.Algorithm(header.Alg)
	if !alg.Known() { // "none" among them
		return nil, "", refusal(ErrAlgorithm, "not an asymmetric algorithm of RFC 7518")
	}
	key, err := v.keys.publicKey(ctx, header.Kid, alg)
	if err != nil {
		return nil, "", keyFault(err)
	}
	if !key.Verify(c.Signed, c.Signature) {
		return nil, "", refusal(ErrSignature, "")
	}
	found, err := readClaims(c.Payload)
	return found, c.Payload, err
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
