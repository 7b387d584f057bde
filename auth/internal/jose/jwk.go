package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/lestrrat-go/jwx/v2/jwk"
)

// Thumbprint returns the SHA-256 thumbprint of a public key in base64url (RFC 7638).
func Thumbprint(pub crypto.PublicKey) (string, error) {
	key, err := jwk.FromRaw(pub)
	if err != nil {
		return "", fmt.Errorf("%w: no JWK of this type", ErrKey)
	}
	sum, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", fmt.Errorf("%w: no thumbprint", ErrKey)
	}
	return base64.RawURLEncoding.EncodeToString(sum), nil
}

// Thumbprint returns the key's thumbprint (RFC 7638), which does not depend on its id.
func (k *PublicKey) Thumbprint() (string, error) { return Thumbprint(k.raw) }

// JWK returns the public key as a JWK with kid, alg and use.
func (k *PublicKey) JWK() (json.RawMessage, error) { return encodeJWK(k.raw, k, nil) }

// JWK returns the private key as a JWK with kid, alg, use and the further members of extra.
func (k *PrivateKey) JWK(extra map[string]any) (json.RawMessage, error) {
	return encodeJWK(k.raw, k.public, extra)
}

func encodeJWK(raw any, k *PublicKey, extra map[string]any) (json.RawMessage, error) {
	key, err := jwk.FromRaw(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: no JWK of this type", ErrKey)
	}
	members := map[string]any{jwk.KeyIDKey: k.id, jwk.AlgorithmKey: string(k.alg), jwk.KeyUsageKey: "sig"}
	for name, value := range extra {
		members[name] = value
	}
	for name, value := range members {
		if err := key.Set(name, value); err != nil {
			return nil, fmt.Errorf("%w: its JWK cannot hold a member", ErrKey)
		}
	}
	text, err := json.Marshal(key)
	if err != nil {
		return nil, fmt.Errorf("%w: its JWK cannot be written", ErrKey)
	}
	return text, nil
}

// keyMembers are the members of a private key of each type (RFC 7518, section 6; RFC 8037, section 2). Symmetric keys
// ("oct") are not among them, nor are RSA keys of more than two primes.
var keyMembers = map[string]map[string]bool{
	"EC":  {"crv": true, "x": true, "y": true, "d": true},
	"OKP": {"crv": true, "x": true, "d": true},
	"RSA": {"n": true, "e": true, "d": true, "p": true, "q": true, "dp": true, "dq": true, "qi": true},
}

// ParsePrivateJWK reads a private key that [PrivateKey.JWK] wrote, and returns the text of the members that are not
// the key's own. It requires kid, alg and use "sig", refuses any member that is missing, and checks that the public half
// belongs to the private one.
func ParsePrivateJWK(text string) (*PrivateKey, map[string]string, error) {
	members, ok := ParseObject(text, nil)
	if !ok {
		return nil, nil, fmt.Errorf("%w: it is not a JSON object, or has a name twice", ErrKey)
	}
	values := make(map[string]string, len(members))
	for _, m := range members {
		if values[m.Name], ok = m.Value.Text(); !ok && (m.Name == "kty" || m.Name == "kid" || m.Name == "alg" || m.Name == "use") {
			return nil, nil, fmt.Errorf("%w: %s is not a string", ErrKey, m.Name)
		}
	}
	own, known := keyMembers[values["kty"]]
	switch {
	case !known:
		return nil, nil, fmt.Errorf("%w: kty must be EC, OKP or RSA", ErrKey)
	case !ValidKeyID(values["kid"]):
		return nil, nil, fmt.Errorf("%w: kid must be 1 to %d visible ASCII characters", ErrKey, MaxKeyID)
	case values["use"] != "sig":
		return nil, nil, fmt.Errorf("%w: use must be sig", ErrKey)
	case !Algorithm(values["alg"]).Known():
		return nil, nil, fmt.Errorf("%w: alg is missing or unknown", ErrKey)
	}
	for name := range own {
		if values[name] == "" {
			return nil, nil, fmt.Errorf("%w: %s is missing", ErrKey, name)
		}
	}
	extra := make(map[string]string)
	for _, m := range members {
		if own[m.Name] || m.Name == "kty" || m.Name == "kid" || m.Name == "alg" || m.Name == "use" {
			continue
		}
		extra[m.Name] = string(m.Value)
	}
	raw, err := rawPrivate(text)
	if err != nil {
		return nil, nil, err
	}
	key, err := NewPrivateKey(raw, Algorithm(values["alg"]), values["kid"])
	return key, extra, err
}

// rawPrivate converts a JWK and proves that both halves belong together: a wrong public half would be published and
// verify nothing, or verify somebody else's signatures.
func rawPrivate(text string) (crypto.Signer, error) {
	key, err := jwk.ParseKey([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%w: its members cannot be read", ErrKey) // jwx quotes what it read
	}
	var raw any
	if err := key.Raw(&raw); err != nil {
		return nil, fmt.Errorf("%w: its members cannot be read", ErrKey)
	}
	paired := false
	var signer crypto.Signer
	switch raw := raw.(type) {
	case *ecdsa.PrivateKey:
		if d, err := raw.Bytes(); err == nil {
			again, err := ecdsa.ParseRawPrivateKey(raw.Curve, d)
			paired = err == nil && again.PublicKey.Equal(&raw.PublicKey)
		}
		signer = raw
	case ed25519.PrivateKey:
		paired = len(raw) == ed25519.PrivateKeySize && ed25519.NewKeyFromSeed(raw.Seed()).Equal(raw)
		signer = raw
	case *rsa.PrivateKey:
		paired = raw.Validate() == nil
		signer = raw
	}
	if !paired {
		return nil, fmt.Errorf("%w: the public half does not belong to the private one", ErrKey)
	}
	return signer, nil
}
