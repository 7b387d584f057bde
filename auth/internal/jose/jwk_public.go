package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// publicJWK is a JWK of somebody else, of which only the form of the members below has been checked.
type publicJWK struct {
	kty, kid, alg string // alg may be empty
	use           string // may be empty
	ops           []string
	members       map[string]Value
}

func readJWK(text Value) (publicJWK, error) {
	members, ok := ParseObject(string(text), nil)
	if !ok {
		return publicJWK{}, fmt.Errorf("%w: it is not a JSON object", ErrKey)
	}
	k := publicJWK{members: make(map[string]Value, len(members))}
	var err error
	for _, m := range members {
		k.members[m.Name] = m.Value
		ok := true
		switch m.Name {
		case "kty":
			k.kty, ok = m.Value.Text()
		case "kid":
			k.kid, ok = m.Value.Text()
		case "alg":
			k.alg, ok = m.Value.Text()
			ok = ok && k.alg != ""
		case "use":
			k.use, ok = m.Value.Text()
			ok = ok && k.use != ""
		case "key_ops":
			k.ops, ok = m.Value.Texts()
			ok = ok && len(k.ops) > 0
		}
		if !ok { // read on: a fault must not hide what kind of key it is
			err = fmt.Errorf("%w: %s has the wrong form", ErrKey, m.Name)
		}
	}
	return k, err
}

// purpose says what the key is for if it is not for signatures of one of the algorithms (RFC 7517, sections 4.2 to 4.4).
func (k publicJWK) purpose(algorithms []Algorithm) error {
	switch {
	case k.use != "" && k.use != "sig":
		return fmt.Errorf("%w: its use is not sig", ErrKey)
	case k.ops != nil && !slices.Contains(k.ops, "verify"):
		return fmt.Errorf("%w: its key_ops are without verify", ErrKey)
	case k.alg != "" && !slices.Contains(algorithms, Algorithm(k.alg)):
		return fmt.Errorf("%w: its alg is not one of those allowed", ErrKey)
	case !ValidKeyID(k.kid):
		return fmt.Errorf("%w: it has no kid of 1 to %d visible ASCII characters", ErrKey, MaxKeyID)
	}
	return nil
}

// private are the members that only the owner of a key should know (RFC 7518, section 6).
var private = [...]string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}

// public returns the key, bound to its one algorithm.
func (k publicJWK) public(algorithms []Algorithm) (*PublicKey, error) {
	for _, name := range private {
		if _, there := k.members[name]; there {
			return nil, fmt.Errorf("%w: its private half is published", ErrKey)
		}
	}
	raw, err := k.raw()
	if err != nil {
		return nil, err
	}
	if k.alg != "" {
		return NewPublicKey(raw, Algorithm(k.alg), k.kid)
	}
	err = fmt.Errorf("%w: it names no alg, and none is allowed", ErrKey)
	for _, alg := range algorithms {
		var key *PublicKey
		if key, err = NewPublicKey(raw, alg, k.kid); err == nil {
			return key, nil
		}
	}
	return nil, err
}

func (k publicJWK) raw() (crypto.PublicKey, error) {
	switch k.kty {
	case "EC":
		return k.ec()
	case "OKP":
		x, ok := k.bytes("x")
		if crv, _ := k.members["crv"].Text(); crv != "Ed25519" || !ok || len(x) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("%w: crv is not Ed25519, or x not its %d bytes", ErrKey, ed25519.PublicKeySize)
		}
		return ed25519.PublicKey(x), nil
	case "RSA":
		return k.rsa()
	}
	return nil, fmt.Errorf("%w: kty is not EC, OKP or RSA", ErrKey)
}

// ec reads coordinates, which have the full length of the curve (RFC 7518, section 6.2.1.2).
func (k publicJWK) ec() (crypto.PublicKey, error) {
	curves := map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}
	crv, _ := k.members["crv"].Text()
	curve, known := curves[crv]
	if !known {
		return nil, fmt.Errorf("%w: crv is not P-256, P-384 or P-521", ErrKey)
	}
	x, okX := k.bytes("x")
	y, okY := k.bytes("y")
	if size := (curve.Params().BitSize + 7) / 8; !okX || !okY || len(x) != size || len(y) != size {
		return nil, fmt.Errorf("%w: x or y has not the length of the curve", ErrKey)
	}
	pub, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, x, y))
	if err != nil {
		return nil, fmt.Errorf("%w: the point is not on the curve", ErrKey)
	}
	return pub, nil
}

// rsa reads numbers in as few bytes as they need (RFC 7518, section 2, Base64urlUInt). How large they must be is for the algorithm
// to say.
func (k publicJWK) rsa() (crypto.PublicKey, error) {
	n, okN := k.bytes("n")
	e, okE := k.bytes("e")
	if !okN || !okE || n[0] == 0 || e[0] == 0 {
		return nil, fmt.Errorf("%w: n or e is not a number in base64url without leading zeros", ErrKey)
	}
	if len(e) > 4 || e[0] > 0x7f && len(e) == 4 { // crypto/rsa takes no larger one either
		return nil, fmt.Errorf("%w: the RSA exponent must be below 2^31", ErrKey)
	}
	pub := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	if pub.N.Bit(0) == 0 { // a product of odd primes is odd
		return nil, fmt.Errorf("%w: the RSA modulus is even", ErrKey)
	}
	return pub, nil
}

// bytes decodes a member in canonical base64url, of at least one byte.
func (k publicJWK) bytes(name string) ([]byte, bool) {
	text, ok := k.members[name].Text()
	if !ok || strings.ContainsAny(text, "\r\n") { // which the decoder would skip
		return nil, false
	}
	b, err := b64.DecodeString(text)
	return b, err == nil && len(b) > 0
}

// Equal says whether both are the same key with the same id for the same algorithm.
func (k *PublicKey) Equal(other *PublicKey) bool {
	raw, ok := k.raw.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.id == other.id && k.alg == other.alg && raw.Equal(other.raw)
}
