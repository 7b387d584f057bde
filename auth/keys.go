package auth

import (
	"context"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

// Algorithm is a signature algorithm, by its name in RFC 7518, section 3.1, or RFC 8037, section 3.1. It belongs to a key and is
// never taken from a token.
type Algorithm string

// The algorithms. ES256 is the default: short signatures, and every library has it. RS256 is what RFC 9068 obliges every party to
// know.
const (
	ES256 Algorithm = "ES256" // ECDSA on P-256
	ES384 Algorithm = "ES384" // ECDSA on P-384
	ES512 Algorithm = "ES512" // ECDSA on P-521
	EdDSA Algorithm = "EdDSA" // Ed25519
	RS256 Algorithm = "RS256" // RSASSA-PKCS1-v1_5
	RS384 Algorithm = "RS384"
	RS512 Algorithm = "RS512"
	PS256 Algorithm = "PS256" // RSASSA-PSS, the salt as long as the hash
	PS384 Algorithm = "PS384"
	PS512 Algorithm = "PS512"

	// HS256 is HMAC with SHA-256, for [SecretKeys] and nothing else: who can verify can sign.
	HS256 Algorithm = "HS256"
)

func (a Algorithm) known() bool { return a == HS256 || jose.Algorithm(a).Known() }

// Keys finds the key that verifies a token: a [*KeyRing] of one's own, the [*RemoteKeys] of a provider, [*SecretKeys] shared with it, or
// several of them as [*KeySets].
type Keys interface {
	// key returns the key with this id and this algorithm. The error is ErrUnknownKey, ErrAlgorithm or ErrUnavailable.
	key(ctx context.Context, id string, alg jose.Algorithm) (jose.Key, error)
	// state names the keys as they are at the instant now: while it is the same, every key is, and one that was left never comes
	// back. Nil means that they must be asked.
	state(now time.Time) any
}

// SigningKeys are [Keys] that also sign: a [*KeyRing], or [*SecretKeys].
type SigningKeys interface {
	Keys
	// sign returns a token of this type with this payload.
	sign(typ string, payload []byte) (string, error)
}

// joseHeader writes the header of a token. The id may be empty.
func joseHeader(alg jose.Algorithm, id, typ string) ([]byte, error) {
	h := map[string]string{"alg": string(alg), "typ": typ}
	if id != "" {
		h["kid"] = id
	}
	return json.Marshal(h, json.Deterministic(true))
}

// missingKeys says whether there are no keys.
func missingKeys(k Keys) bool {
	switch k := k.(type) {
	case nil:
		return true
	case *KeyRing:
		return k == nil
	case *RemoteKeys:
		return k == nil
	case *SecretKeys:
		return k == nil
	case *KeySets:
		return k == nil
	case *PublicKeys:
		return k == nil
	}
	return false
}
