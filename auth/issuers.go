package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

// TrustedIssuer is one of the issuers of [Issuers].
type TrustedIssuer struct {
	// Verifier verifies the tokens of one issuer. Its settings are copied; its cache is not shared.
	Verifier *Verifier
	// Prefix begins the subject of every principal from this issuer, such as "partner:": 1 to 31 bytes of a-z, 0-9, ".", "-" and "_",
	// and a colon. It may be empty for one issuer, whose users keep the names that they had when it was the only one.
	Prefix string

	_ struct{} // keyed literals only: fields may be added later
}

// IssuersConfig configures [Issuers]. Issuers is required.
type IssuersConfig struct {
	// Issuers are 1 to 16, each with an issuer of its own.
	Issuers []TrustedIssuer

	_ struct{} // keyed literals only: fields may be added later
}

// Issuers verifies the tokens of several issuers: a [TokenVerifier] for [Bearer]. A token names its issuer, and that chooses among
// the configured ones and nothing else; its keys, audience and profile are those of that issuer's [Verifier].
//
// A person is an issuer and a subject together (OpenID Connect Core, section 5.7), but roles are given to subjects. So each issuer has
// a prefix that no subject of another issuer can begin with: a subject of the issuer without one that begins with a prefix of another
// is refused.
type Issuers struct {
	byName map[string]*Verifier
	list   []*Verifier
}

const (
	maxIssuers = 16
	maxPrefix  = 32
)

// NewIssuers returns Issuers, or all faults of the Config.
func NewIssuers(c IssuersConfig) (*Issuers, error) {
	var errs []error
	if len(c.Issuers) == 0 || len(c.Issuers) > maxIssuers {
		errs = append(errs, fmt.Errorf("auth: IssuersConfig.Issuers has not 1 to %d issuers: name those whose tokens are accepted", maxIssuers))
	}
	m := &Issuers{byName: map[string]*Verifier{}}
	prefixes := map[string]bool{}
	var reserved []string
	for i, t := range c.Issuers {
		field := fmt.Sprintf("auth: IssuersConfig.Issuers[%d]", i)
		if prefixes[t.Prefix] {
			errs = append(errs, fmt.Errorf("%s.Prefix is that of another issuer: their subjects could be the same person; give a distinct one", field))
		}
		prefixes[t.Prefix] = true
		if !validPrefix(t.Prefix) {
			errs = append(errs, fmt.Errorf("%s.Prefix is not 1 to %d bytes of a-z, 0-9, \".\", \"-\" and \"_\", and a colon: give one such as \"partner:\" (with the colon)", field, maxPrefix-1))
		}
		if t.Verifier == nil {
			errs = append(errs, fmt.Errorf("%s.Verifier is nil: give the result of NewVerifier", field))
			continue
		}
		if m.byName[t.Verifier.issuer] != nil {
			errs = append(errs, fmt.Errorf("%s.Verifier is for an issuer that is there already: join their keys with NewKeySets", field))
		}
		v := *t.Verifier
		v.prefix = t.Prefix
		v.cache = v.cache.anew()
		m.byName[v.issuer] = &v
		m.list = append(m.list, &v)
		if t.Prefix != "" {
			reserved = append(reserved, t.Prefix)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for _, v := range m.list {
		if v.prefix == "" {
			v.reserved = reserved
		}
	}
	return m, nil
}

// validPrefix allows one colon, at the end, so that no prefix can begin another.
func validPrefix(s string) bool {
	if s == "" {
		return true
	}
	name, end, _ := strings.Cut(s, ":")
	for i := range len(name) {
		if c := name[i]; !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_') {
			return false
		}
	}
	return name != "" && end == "" && strings.HasSuffix(s, ":") && len(s) <= maxPrefix
}

// Verify returns who the token speaks for, or an [*Error]. See [Verifier.Verify].
func (m *Issuers) Verify(ctx context.Context, token string) (*Principal, error) {
	return m.verifyFor(ctx, token, nil)
}

func (m *Issuers) verifyFor(ctx context.Context, token string, b binding) (*Principal, error) {
	for _, v := range m.list { // a token is in one cache at most
		if p, err := v.remembered(ctx, token, b); p != nil || err != nil {
			return p, err
		}
	}
	c, ok := jose.Split(token)
	if !ok {
		return nil, refusal(ErrMalformed, "not a compact JWS in canonical base64url")
	}
	v := m.byName[claimedIssuer(c.Payload)]
	if v == nil {
		return nil, refusal(ErrIssuer, "")
	}
	return v.verifyAnew(ctx, token, c, b)
}

// claimedIssuer returns the "iss" of a payload that nobody has verified. It may choose among the configured issuers and serve nothing
// else (RFC 8725, section 3.8).
func claimedIssuer(payload string) string {
	var room [16]jose.Member
	members, ok := jose.ParseObject(payload, room[:0])
	if !ok {
		return ""
	}
	for _, m := range members {
		if m.Name == "iss" {
			s, _ := m.Value.Text()
			return s
		}
	}
	return ""
}
