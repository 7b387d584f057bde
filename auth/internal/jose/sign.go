package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"fmt"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// PrivateKey signs with one algorithm. It is immutable and safe for concurrent use, and says nothing of itself when printed.
type PrivateKey struct {
	public *PublicKey
	raw    crypto.Signer
	signer jws.Signer
}

// NewPrivateKey binds raw to an algorithm. An empty id means the key's thumbprint (RFC 7638).
func NewPrivateKey(raw crypto.Signer, alg Algorithm, id string) (*PrivateKey, error) {
	if raw == nil {
		return nil, fmt.Errorf("%w: there is none", ErrKey)
	}
	if id == "" {
		var err error
		if id, err = Thumbprint(raw.Public()); err != nil {
			return nil, err
		}
	}
	public, err := NewPublicKey(raw.Public(), alg, id)
	if err != nil {
		return nil, err
	}
	signer, err := jws.NewSigner(jwa.SignatureAlgorithm(alg))
	if err != nil {
		return nil, fmt.Errorf("%w: no signer for the algorithm", ErrKey)
	}
	return &PrivateKey{public: public, raw: raw, signer: signer}, nil
}

// Generate makes a new key: 3072 bits for the RSA algorithms.
func Generate(alg Algorithm) (*PrivateKey, error) {
	var raw crypto.Signer
	var err error
	switch f, _, curve := alg.traits(); f {
	case ecdsaFamily:
		raw, err = ecdsa.GenerateKey(curve, rand.Reader)
	case eddsaFamily:
		_, raw, err = ed25519.GenerateKey(rand.Reader)
	case pkcs1Family, pssFamily:
		raw, err = rsa.GenerateKey(rand.Reader, newRSA)
	default:
		return nil, fmt.Errorf("%w: unknown algorithm", ErrKey)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: generating it failed: %w", ErrKey, err)
	}
	return NewPrivateKey(raw, alg, "")
}

// Public returns the key that verifies.
func (k *PrivateKey) Public() *PublicKey { return k.public }

// Sign signs signed in the form of JWS.
func (k *PrivateKey) Sign(signed string) ([]byte, error) {
	signature, err := k.signer.Sign([]byte(signed), k.raw)
	if err != nil {
		return nil, fmt.Errorf("jose: signing failed: %w", err)
	}
	if len(signature) != k.public.size {
		return nil, fmt.Errorf("%w: its signature has the wrong length", ErrKey)
	}
	return signature, nil
}

// Format implements fmt.Formatter: no verb prints the key.
func (k *PrivateKey) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprint(s, "jose.PrivateKey(", k.public.id, ")")
}
