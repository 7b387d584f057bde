package auth

import (
	"context"
	"time"

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
)

// Keys finds the key that verifies a token: a [*KeyRing] of one's own, or the [*RemoteKeys] of a provider.
type Keys interface {
	// publicKey returns the key with this id and this algorithm. The error is ErrUnknownKey, ErrAlgorithm or ErrUnavailable.
	publicKey(ctx context.Context, id string, alg jose.Algorithm) (*jose.PublicKey, error)
	// state names the keys as they are at the instant now: while it is the same, every key is, and one that was left never comes
	// back. Nil means that they must be asked.
	state(now time.Time) any
}
