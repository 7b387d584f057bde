package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"fmt"

	_ "crypto/sha256" // registers the hashes that the algorithms name
	_ "crypto/sha512"
)

// Algorithm is a signature algorithm by its registered name (RFC 7518, section 3.1; RFC 8037, section 3.1).
type Algorithm string

// The algorithms. There is no "none", and none that shares its key with the verifier.
const (
	ES256 Algorithm = "ES256"
	ES384 Algorithm = "ES384"
	ES512 Algorithm = "ES512"
	EdDSA Algorithm = "EdDSA"
	RS256 Algorithm = "RS256"
	RS384 Algorithm = "RS384"
	RS512 Algorithm = "RS512"
	PS256 Algorithm = "PS256"
	PS384 Algorithm = "PS384"
	PS512 Algorithm = "PS512"
)

// Bounds on RSA keys, in bits. RFC 7518, section 3.3 sets the lower one; the upper one bounds the cost of a verification.
const (
	minRSA = 2048
	maxRSA = 8192
	newRSA = 3072 // as strong as P-256 by NIST SP 800-57 part 1, table 2
)

type family uint8

const (
	unknown family = iota
	ecdsaFamily
	eddsaFamily
	pkcs1Family
	pssFamily
)

// traits returns what an algorithm demands. An unknown one has the family unknown.
func (a Algorithm) traits() (f family, h crypto.Hash, c elliptic.Curve) {
	switch a {
	case ES256:
		return ecdsaFamily, crypto.SHA256, elliptic.P256()
	case ES384:
		return ecdsaFamily, crypto.SHA384, elliptic.P384()
	case ES512:
		return ecdsaFamily, crypto.SHA512, elliptic.P521()
	case EdDSA:
		return eddsaFamily, 0, nil
	case RS256:
		return pkcs1Family, crypto.SHA256, nil
	case RS384:
		return pkcs1Family, crypto.SHA384, nil
	case RS512:
		return pkcs1Family, crypto.SHA512, nil
	case PS256:
		return pssFamily, crypto.SHA256, nil
	case PS384:
		return pssFamily, crypto.SHA384, nil
	case PS512:
		return pssFamily, crypto.SHA512, nil
	}
	return unknown, 0, nil
}

// Known says whether a is one of the constants.
func (a Algorithm) Known() bool {
	f, _, _ := a.traits()
	return f != unknown
}

// fits says what is wrong with pub as a key of algorithm a, and how long its signatures are.
func (a Algorithm) fits(pub crypto.PublicKey) (size int, err error) {
	f, _, curve := a.traits()
	switch pub := pub.(type) {
	case *ecdsa.PublicKey:
		// jwx signs and verifies ES256 with any curve, so the curve is compared here (RFC 7518, section 3.4).
		if f != ecdsaFamily || pub.Curve != curve {
			return 0, fmt.Errorf("%w: the curve does not fit the algorithm", ErrKey)
		}
		if _, err := pub.ECDH(); err != nil {
			return 0, fmt.Errorf("%w: the point is not on the curve", ErrKey)
		}
		return 2 * ((curve.Params().BitSize + 7) / 8), nil
	case ed25519.PublicKey:
		if f != eddsaFamily || len(pub) != ed25519.PublicKeySize {
			return 0, fmt.Errorf("%w: an Ed25519 key does not fit the algorithm", ErrKey)
		}
		return ed25519.SignatureSize, nil
	case *rsa.PublicKey:
		if f != pkcs1Family && f != pssFamily {
			return 0, fmt.Errorf("%w: an RSA key does not fit the algorithm", ErrKey)
		}
		if pub.N == nil || pub.N.BitLen() < minRSA || pub.N.BitLen() > maxRSA {
			return 0, fmt.Errorf("%w: the RSA modulus must have %d to %d bits", ErrKey, minRSA, maxRSA)
		}
		if pub.E < 65537 || pub.E%2 == 0 {
			return 0, fmt.Errorf("%w: the RSA exponent must be odd and at least 65537", ErrKey)
		}
		return pub.Size(), nil
	}
	return 0, fmt.Errorf("%w: only EC, RSA and Ed25519 keys are known", ErrKey)
}
