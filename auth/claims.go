package auth

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

// claims are those of an access token (RFC 9068, section 2.2) that this package reads.
type claims struct {
	Issuer, Subject, Client, ID, Session, ACR string
	Audience, Scopes, Roles, AMR              []string
	Expiry, NotBefore, IssuedAt, AuthTime     time.Time
	Confirmation                              *confirmation
	has                                       claimSet

	oneAudience [1]string // what Audience mostly lies in
}

// claimSet says which claims are there.
type claimSet uint8

const (
	hasIssuer claimSet = 1 << iota
	hasExpiry
	hasAudience
	hasSubject
	hasClient
	hasIssuedAt
	hasID
	hasNotBefore

	// requiredClaims are those of RFC 9068, section 2.2.
	requiredClaims = hasIssuer | hasExpiry | hasAudience | hasSubject | hasClient | hasIssuedAt | hasID
)

// claimNames have a registered meaning, so that no extra claim may take them, and no other letter case of them may pass.
var claimNames = map[string]claimSet{
	"iss": hasIssuer, "exp": hasExpiry, "aud": hasAudience, "sub": hasSubject, "client_id": hasClient, "iat": hasIssuedAt, "jti": hasID,
	"nbf": hasNotBefore, "scope": 0, "auth_time": 0, "acr": 0, "amr": 0, "sid": 0, "roles": 0,
	"cnf": 0, "groups": 0, "entitlements": 0, "nonce": 0, "azp": 0, "at_hash": 0, "act": 0, "may_act": 0, "events": 0,
}

// readClaims reads the payload of a token whose signature is good into c, which is empty.
func readClaims(c *claims, payload string, p *profile) error {
	var room [16]jose.Member
	members, ok := jose.ParseObject(payload, room[:0])
	if !ok {
		return refusal(ErrMalformed, "the payload is not a strict JSON object")
	}
	for _, m := range members {
		bit, known := claimNames[m.Name]
		if !known {
			if confusable(m.Name) {
				return refusal(ErrClaims, "a name is in the wrong letter case")
			}
			continue
		}
		c.has |= bit
		if !c.read(m.Name, m.Value) {
			return refusal(ErrClaims, m.Name+" has the wrong form")
		}
	}
	if p.special() {
		if err := p.apply(c, members); err != nil {
			return err
		}
	}
	if required := requiredClaims &^ p.optional; c.has&required != required {
		return refusal(ErrClaims, "iss, exp, aud, sub, client_id, iat or jti is missing")
	}
	return nil
}

// miscased says whether a reader that ignores letter case, such as encoding/json, would take name for one of the known ones.
func miscased(name string, known ...string) bool {
	return slices.ContainsFunc(known, func(k string) bool { return k != name && strings.EqualFold(k, name) })
}

// confusable says whether a reader that ignores letter case, such as encoding/json, would take name for a registered claim.
func confusable(name string) bool {
	for known := range claimNames {
		if strings.EqualFold(known, name) {
			return true
		}
	}
	return false
}

// read takes in one claim, and says whether it has the right form.
func (c *claims) read(name string, value jose.Value) (ok bool) {
	switch name {
	case "iss":
		c.Issuer, ok = readName(value)
	case "sub":
		c.Subject, ok = readName(value)
	case "client_id":
		c.Client, ok = readName(value)
	case "jti":
		c.ID, ok = readName(value)
	case "sid":
		c.Session, ok = readName(value)
	case "acr":
		c.ACR, ok = readName(value)
	case "aud":
		ok = c.readAudience(value)
	case "amr":
		c.AMR, ok = readNames(value)
	case "roles":
		c.Roles, ok = readNames(value)
	case "scope":
		c.Scopes, ok = readScope(value)
	case "cnf":
		c.Confirmation, ok = readConfirmation(value)
	case "exp":
		c.Expiry, ok = readTime(value)
	case "nbf":
		c.NotBefore, ok = readTime(value)
	case "iat":
		c.IssuedAt, ok = readTime(value)
	case "auth_time":
		c.AuthTime, ok = readTime(value)
	default:
		ok = true // registered, but nothing that this package reads
	}
	return ok
}

func validName(s string) bool { return s != "" && plain(s, maxName) }

func readName(value jose.Value) (string, bool) {
	s, ok := value.Text()
	return s, ok && validName(s)
}

func readNames(value jose.Value) ([]string, bool) {
	names, ok := value.Texts()
	return names, ok && len(names) <= maxListed && allFunc(names, validName)
}

// readAudience reads a string or an array of strings (RFC 7519, section 4.1.3), none of them empty.
func (c *claims) readAudience(value jose.Value) (ok bool) {
	if s, ok := readName(value); ok {
		c.oneAudience[0] = s
		c.Audience = c.oneAudience[:]
		return true
	}
	c.Audience, ok = readNames(value)
	return ok && len(c.Audience) > 0
}

// readScope reads scope-tokens with one space between them (RFC 8693, section 4.2). An empty string is no scope at all.
func readScope(value jose.Value) ([]string, bool) {
	s, ok := value.Text()
	if !ok || s == "" {
		return nil, ok
	}
	scopes := strings.Split(s, " ")
	return scopes, len(scopes) <= maxListed && allFunc(scopes, validScope)
}

// readTime reads a NumericDate (RFC 7519, section 2) up to the end of the year 9999. Fractions are allowed there, and kept to
// the microsecond.
func readTime(value jose.Value) (time.Time, bool) {
	const lastSecond = 253402300799
	text, ok := value.Number()
	if !ok {
		return time.Time{}, false
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(n, 0), 0 <= n && n <= lastSecond
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f < 0 || f > lastSecond {
		return time.Time{}, false
	}
	return time.UnixMicro(int64(f * 1e6)), true
}

// judge holds the claims against what the verifier expects at the instant now.
func (v *Verifier) judge(c *claims, now time.Time) error {
	switch {
	case c.Issuer != v.issuer:
		return refusal(ErrIssuer, "")
	case !meets(c.Audience, v.audience):
		return refusal(ErrAudience, "")
	case !now.Before(c.Expiry.Add(v.leeway)):
		return refusal(ErrExpired, "")
	case c.has&hasNotBefore != 0 && now.Add(v.leeway).Before(c.NotBefore):
		return refusal(ErrNotYetValid, "nbf")
	case now.Add(v.leeway).Before(c.IssuedAt):
		return refusal(ErrNotYetValid, "iat")
	case len(v.prefix)+len(c.Subject) > maxName:
		return refusal(ErrClaims, "sub is too long behind its prefix")
	case slices.ContainsFunc(v.reserved, func(p string) bool { return strings.HasPrefix(c.Subject, p) }):
		return refusal(ErrClaims, "sub begins with the prefix of another issuer")
	case now.Add(v.leeway).Before(c.AuthTime): // it would be fresh for ever
		return refusal(ErrClaims, "auth_time is in the future")
	case !c.IssuedAt.Before(c.Expiry):
		return refusal(ErrClaims, "exp is not after iat")
	case v.maxLifetime > 0 && c.Expiry.Sub(c.IssuedAt) > v.maxLifetime:
		return refusal(ErrClaims, fmt.Sprintf("exp is more than %v after iat", v.maxLifetime))
	}
	return nil
}

// meets says whether the lists have a name in common.
func meets(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// window returns from when and until when the claims are valid: judge says no before and after.
func (v *Verifier) window(c *claims) (from, until time.Time) {
	from = c.IssuedAt
	for _, t := range []time.Time{c.NotBefore, c.AuthTime} {
		if t.After(from) {
			from = t
		}
	}
	return from.Add(-v.leeway), c.Expiry.Add(v.leeway)
}

// principal returns who the token speaks for. The prefix begins the subject.
func (c *claims) principal(payload, prefix string) *Principal {
	return &Principal{payload: payload, issuedAt: c.IssuedAt, cnf: c.Confirmation, id: Identity{
		Issuer: c.Issuer, Subject: prefix + c.Subject, Client: c.Client, TokenID: c.ID, Session: c.Session,
		Scopes: c.Scopes, Roles: c.Roles, AuthTime: c.AuthTime, Expiry: c.Expiry, ACR: c.ACR, AMR: c.AMR,
	}}
}
