package auth

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

// Profile says whose access tokens a [Verifier] takes. Providers that do not follow RFC 9068 to the letter have one each, which names
// all that it relaxes and what it asks for instead, so that no other token of the provider, such as an ID token, passes. Everything
// else is as strict as ever.
type Profile uint8

const (
	// ProfileRFC9068 asks for the type at+jwt and the claims iss, exp, aud, sub, client_id, iat and jti.
	ProfileRFC9068 Profile = iota
	// ProfileKeycloak is for Keycloak. The type may be JWT, and client_id may come from azp. The claim typ must be "Bearer", or "DPoP" in a
	// token that is bound to a key.
	ProfileKeycloak
	// ProfileEntra is for Microsoft Entra ID, access tokens of version 2.0. The type is JWT; client_id comes from azp, jti from uti,
	// and the scopes from scp. The claim ver must be "2.0", and azp must be there, which ID tokens do not have; a token with nonce,
	// at_hash or c_hash, which they have, is refused.
	ProfileEntra
	// ProfileAuth0 is for Auth0, both token dialects. The type may be JWT, client_id may come from azp, and jti may be missing. A token
	// with nonce, at_hash or c_hash, which ID tokens have, is refused; the audience must not be a client id, which is what ID
	// tokens are for.
	ProfileAuth0
	// ProfileOkta is for custom authorization servers of Okta. The type is JWT or missing; client_id comes from cid, and the scopes from
	// scp, an array. The claim cid must be there, which ID tokens do not have; a token with nonce, at_hash or c_hash, which they have, is
	// refused.
	ProfileOkta
	// ProfileCognito is for Amazon Cognito user pools. The type is JWT or missing; a token without aud is for its client_id, so that
	// the audience of the Verifier are the app clients. The claim token_use must be "access".
	ProfileCognito
)

// profile is what a Profile means.
type profile struct {
	types     []string // in lower case; "" is none
	anyType   bool
	optional  claimSet            // of the required claims
	forClient bool                // without aud a token is for its client
	aliases   map[string]string   // further names of registered claims
	marks     map[string][]string // claims that must be there, with one of these values if there are any
	refused   []string            // claims that must not be there
}

var profiles = [...]profile{
	ProfileRFC9068:  {types: []string{typeAccessToken}},
	ProfileKeycloak: {types: []string{typeAccessToken, "jwt"}, aliases: map[string]string{"azp": "client_id"}, marks: map[string][]string{"typ": {"Bearer", "DPoP"}}},
	ProfileEntra: {
		types: []string{"jwt"}, aliases: map[string]string{"azp": "client_id", "uti": "jti", "scp": "scope"}, marks: map[string][]string{"ver": {"2.0"}, "azp": nil},
		refused: []string{"nonce", "at_hash", "c_hash"},
	},
	ProfileAuth0: {
		types: []string{typeAccessToken, "jwt"}, optional: hasID, aliases: map[string]string{"azp": "client_id"},
		refused: []string{"nonce", "at_hash", "c_hash"},
	},
	ProfileOkta: {types: []string{"", "jwt"}, aliases: map[string]string{"cid": "client_id", "scp": "scope"},
		marks: map[string][]string{"cid": nil}, refused: []string{"nonce", "at_hash", "c_hash"}},
	ProfileCognito: {types: []string{"", "jwt"}, optional: hasAudience, forClient: true, marks: map[string][]string{"token_use": {"access"}}},
}

// typeAccessToken is the type of RFC 9068, section 2.1, which no ID token or other JWT of the same issuer has (RFC 8725, section 3.11).
const typeAccessToken = "at+jwt"

func (c VerifierConfig) profile() (profile, error) {
	var errs []error
	if int(c.Profile) >= len(profiles) {
		return profile{}, errors.New("auth: VerifierConfig.Profile is not one that is known: use one of the constants")
	}
	p := profiles[c.Profile]
	if c.Type != "" {
		if !isToken(strings.ReplaceAll(c.Type, "/", "-")) || len(c.Type) > maxRealm || strings.EqualFold(c.Type, "JWT") {
			errs = append(errs, fmt.Errorf("auth: VerifierConfig.Type is JWT, which tells no token from another, or not a media type of up to %d bytes: give one such as offer+jwt", maxRealm))
		}
		p.types = []string{strings.TrimPrefix(strings.ToLower(c.Type), "application/")}
	}
	if c.InsecureAnyType {
		if c.Type != "" {
			errs = append(errs, errors.New("auth: VerifierConfig.Type is given and InsecureAnyType is set: leave one of them out"))
		}
		p.anyType = true
	}
	return p, errors.Join(errs...)
}

// takes says whether a token with this "typ" may be one of the profile's. It compares as RFC 7515, section 4.1.9, says: in any
// letter case, with or without application/.
func (p *profile) takes(typ string) bool {
	if p.anyType {
		return true
	}
	const application = "application/"
	if len(typ) > len(application) && strings.EqualFold(typ[:len(application)], application) {
		typ = typ[len(application):]
	}
	return slices.ContainsFunc(p.types, func(t string) bool { return strings.EqualFold(t, typ) })
}

// special says whether the profile reads more than registered claims.
func (p *profile) special() bool {
	return len(p.aliases)+len(p.marks)+len(p.refused) > 0 || p.forClient
}

// apply reads what the profile names otherwise into c, and holds the token against what tells it from others.
func (p *profile) apply(c *claims, members []jose.Member) error {
	marked := 0
	for _, m := range members {
		if slices.Contains(p.refused, m.Name) {
			return refusal(ErrType, m.Name+" is there, as in an ID token")
		}
		if want, ok := p.marks[m.Name]; ok {
			if got, _ := m.Value.Text(); want != nil && !slices.Contains(want, got) {
				return refusal(ErrType, m.Name+" is not that of an access token")
			}
			marked++
		}
		name, ok := p.aliases[m.Name]
		if !ok || c.has&claimNames[name] != 0 || name == "scope" && c.Scopes != nil {
			continue
		}
		if name == "scope" {
			if c.Scopes, ok = readScopes(m.Value); !ok {
				return refusal(ErrClaims, m.Name+" has the wrong form")
			}
			continue
		}
		if !c.read(name, m.Value) {
			return refusal(ErrClaims, m.Name+" has the wrong form")
		}
		c.has |= claimNames[name]
	}
	if marked < len(p.marks) {
		return refusal(ErrType, "the claim that marks access tokens is missing")
	}
	if len(p.marks["typ"]) > 0 && c.Confirmation == nil && slices.ContainsFunc(members, saysDPoP) {
		return refusal(ErrBinding, "typ is DPoP, and the token is bound to nothing")
	}
	if p.forClient && c.has&hasAudience == 0 && c.Client != "" {
		c.Audience = []string{c.Client}
	}
	return nil
}

func saysDPoP(m jose.Member) bool {
	text, _ := m.Value.Text()
	return m.Name == "typ" && text == "DPoP"
}

// readScopes reads "scp": scope-tokens with a space between, or an array of them.
func readScopes(value jose.Value) ([]string, bool) {
	if scopes, ok := readScope(value); ok {
		return scopes, true
	}
	scopes, ok := value.Texts()
	return scopes, ok && len(scopes) <= maxListed && allFunc(scopes, validScope)
}
