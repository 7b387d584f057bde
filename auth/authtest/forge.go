package authtest

import (
	"encoding/json"
	"maps"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/auth"
)

// forge is a token in the making.
type forge struct {
	key            key
	header, claims map[string]any

	rawHeader, rawClaims string // instead of header and claims
}

// forge returns a token that is right until something is changed.
func (i *Issuer) forge(g auth.Grant) *forge {
	now := time.Now().Unix()
	f := &forge{
		key:    i.active,
		header: map[string]any{"alg": i.active.alg, "kid": i.active.kid, "typ": "at+jwt"},
		claims: maps.Clone(g.Extra),
	}
	if f.claims == nil {
		f.claims = map[string]any{}
	}
	audience := g.Audience
	if len(audience) == 0 {
		audience = i.Audience
	}
	for name, value := range map[string]string{
		"iss": i.Name, "sub": g.Subject, "client_id": g.Client, "jti": "jti-" + b64.EncodeToString(randomBytes(16)),
		"sid": g.Session, "acr": g.ACR, "scope": strings.Join(g.Scopes, " "),
	} {
		if value != "" {
			f.claims[name] = value
		}
	}
	for name, value := range map[string][]string{"aud": audience, "roles": g.Roles, "amr": g.AMR} {
		if len(value) > 0 {
			f.claims[name] = value
		}
	}
	if !g.AuthTime.IsZero() {
		f.claims["auth_time"] = g.AuthTime.Unix()
	}
	f.claims["iat"], f.claims["exp"] = now, now+600
	return f
}

func (f *forge) texts() (header, claims string) {
	encode := func(raw string, m map[string]any) string {
		if raw != "" {
			return raw
		}
		text, err := json.Marshal(m)
		must(err)
		return string(text)
	}
	return encode(f.rawHeader, f.header), encode(f.rawClaims, f.claims)
}

func (f *forge) input() string {
	header, claims := f.texts()
	return b64.EncodeToString([]byte(header)) + "." + b64.EncodeToString([]byte(claims))
}

func (f *forge) token() string {
	input := f.input()
	return input + "." + b64.EncodeToString(f.key.sign(input))
}

// with returns the claims as text, with the members of more appended as they are.
func (f *forge) with(more string) string {
	text, err := json.Marshal(f.claims)
	must(err)
	return string(text[:len(text)-1]) + "," + more + "}"
}

func (f *forge) without(claim string) { delete(f.claims, claim) }
