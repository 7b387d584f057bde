package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"
	"io"
	"math/big"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// PrivateKey signs with one algorithm. It is immutable and safe for concurrent use, and says nothing of itself when printed.
type PrivateKey struct {
	public  *PublicKey
	raw     crypto.Signer
	signer  jws.Signer
	foreign bool // raw is not of the standard library
}

// NewPrivateKey binds raw to an algorithm. An empty id means the key's thumbprint (RFC 7638).
func NewPrivateKey(raw crypto.Signer, alg Algorithm, id string) (*PrivateKey, error) {
	if raw == nil {
		return nil, fmt.Errorf("%w: there is none", ErrKey)
	}
	pub := raw.Public()
	if id == "" {
		var err error
		if id, err = Thumbprint(pub); err != nil {
			return nil, err
		}
	}
	if !ValidKeyID(id) {
		return nil, fmt.Errorf("%w: kid must be 1 to %d visible ASCII characters", ErrKey, MaxKeyID)
	}
	public, err := NewPublicKey(pub, alg, id)
	if err != nil {
		return nil, err
	}
	signer, err := jws.NewSigner(jwa.SignatureAlgorithm(alg))
	if err != nil {
		return nil, fmt.Errorf("%w: no signer for the algorithm", ErrKey)
	}
	k := &PrivateKey{public: public, raw: raw, signer: signer}
	switch raw.(type) {
	case *ecdsa.PrivateKey, ed25519.PrivateKey, *rsa.PrivateKey:
	default:
		k.raw, k.foreign = foreign{raw, pub}, true
	}
	return k, nil
}

// DefaultAlgorithm returns the algorithm for a key that comes without one: RS256 for RSA, and otherwise the only one that fits. Of a key
// that fits none it is empty.
func DefaultAlgorithm(pub crypto.PublicKey) Algorithm {
	if _, ok := pub.(*rsa.PublicKey); ok {
		return RS256
	}
	for _, alg := range []Algorithm{ES256, ES384, ES512, EdDSA} {
		if _, err := alg.fits(pub); err == nil {
			return alg
		}
	}
	return ""
}

// foreign is a signer of which only the interface is known. Its public key is that of the beginning, since others know it.
type foreign struct {
	signer crypto.Signer
	public crypto.PublicKey
}

func (f foreign) Public() crypto.PublicKey { return f.public }

// Sign returns a signature from which the numbers of an ECDSA signature can be taken: jwx does not expect that they are missing or
// too large.
func (f foreign) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	signature, err := f.signer.Sign(random, digest, opts)
	pub, ok := f.public.(*ecdsa.PublicKey)
	if err != nil || !ok {
		return signature, err
	}
	var n struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(signature, &n)
	limit := pub.Curve.Params().N
	if err != nil || len(rest) > 0 || n.R.Sign() <= 0 || n.S.Sign() <= 0 || n.R.Cmp(limit) >= 0 || n.S.Cmp(limit) >= 0 {
		return nil, fmt.Errorf("%w: its signature is not one of ECDSA in ASN.1", ErrKey)
	}
	return signature, nil
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

// Sign signs signed in the form of JWS. A signature that was made elsewhere is verified: whoever is behind it may have changed the key.
func (k *PrivateKey) Sign(signed string) ([]byte, error) {
	signature, err := k.signer.Sign([]byte(signed), k.raw)
	if err != nil {
		return nil, fmt.Errorf("jose: signing failed: %w", err)
	}
	if len(signature) != k.public.size {
		return nil, fmt.Errorf("%w: its signature has the wrong length", ErrKey)
	}
	if k.foreign && !k.public.Verify(signed, signature) {
		return nil, fmt.Errorf("%w: its signature does not verify", ErrKey)
	}
	return signature, nil
}

// Format implements fmt.Formatter: no verb prints the key.
func (k *PrivateKey) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprint(s, "jose.PrivateKey(", k.public.id, ")")
}
