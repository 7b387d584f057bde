package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"sync"
)

// PublicKey is a key that verifies the signatures of one algorithm. It is immutable and safe for concurrent use.
type PublicKey struct {
	id   string
	alg  Algorithm
	raw  crypto.PublicKey
	size int // of a signature, in bytes
}

// NewPublicKey binds raw, an *ecdsa.PublicKey, *rsa.PublicKey or ed25519.PublicKey, to an algorithm and a key id.
func NewPublicKey(raw crypto.PublicKey, alg Algorithm, id string) (*PublicKey, error) {
	size, err := alg.fits(raw)
	if err != nil {
		return nil, err
	}
	return &PublicKey{id: id, alg: alg, raw: raw, size: size}, nil
}

// ID returns the key id.
func (k *PublicKey) ID() string { return k.id }

// Algorithm returns the only algorithm that the key is used with.
func (k *PublicKey) Algorithm() Algorithm { return k.alg }

// Verify says whether signature is one of the key's over signed.
//
// Who knows an ECDSA signature (r, s) can compute a second one, (r, n-s), over the same bytes. JWS does not forbid
// it, and so a token's text must never serve as its identity; jti does.
func (k *PublicKey) Verify(signed string, signature []byte) bool {
	if len(signature) != k.size {
		return false
	}
	f, h, _ := k.alg.traits()
	room := rooms.Get().(*room)
	defer rooms.Put(room) // nothing in it is secret
	digest := sum(h, signed, &room.digest)
	switch f {
	case ecdsaFamily:
		return ecdsa.VerifyASN1(k.raw.(*ecdsa.PublicKey), digest, appendDER(room.der[:0], signature))
	case eddsaFamily:
		return ed25519.Verify(k.raw.(ed25519.PublicKey), []byte(signed), signature)
	case pkcs1Family:
		return rsa.VerifyPKCS1v15(k.raw.(*rsa.PublicKey), h, digest, signature) == nil
	case pssFamily: // the salt is as long as the hash (RFC 7518, section 3.5)
		return rsa.VerifyPSS(k.raw.(*rsa.PublicKey), h, digest, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: h}) == nil
	}
	return false
}

// room is what a check needs beside the key.
type room struct {
	digest [sha512.Size]byte
	der    [maxDER]byte
}

var rooms = sync.Pool{New: func() any { return new(room) }}

// sum hashes s into room. Without a hash (EdDSA hashes by itself) it returns nil.
func sum(h crypto.Hash, s string, room *[sha512.Size]byte) []byte {
	switch h {
	case crypto.SHA256:
		d := sha256.Sum256([]byte(s))
		return append(room[:0], d[:]...)
	case crypto.SHA384:
		d := sha512.Sum384([]byte(s))
		return append(room[:0], d[:]...)
	case crypto.SHA512:
		d := sha512.Sum512([]byte(s))
		return append(room[:0], d[:]...)
	}
	return nil
}

// maxDER is the longest signature that appendDER writes: P-521, both numbers with a leading zero.
const maxDER = 3 + 2*(2+1+66)

// appendDER turns the fixed-length R || S of JWS (RFC 7518, section 3.4) into the ASN.1 that crypto/ecdsa reads. The
// caller has checked the length, so each signature has one form only.
func appendDER(dst, signature []byte) []byte {
	half := len(signature) / 2
	r, s := trim(signature[:half]), trim(signature[half:])
	n := 4 + derLen(r) + derLen(s)
	dst = append(dst, 0x30)
	if n > 127 {
		dst = append(dst, 0x81)
	}
	dst = append(dst, byte(n))
	return appendInt(appendInt(dst, r), s)
}

func trim(b []byte) []byte {
	for len(b) > 1 && b[0] == 0 {
		b = b[1:]
	}
	return b
}

// derLen counts the zero that keeps a number with a high first bit positive.
func derLen(b []byte) int { return len(b) + int(b[0]>>7) }

func appendInt(dst, b []byte) []byte {
	dst = append(dst, 0x02, byte(derLen(b)))
	if b[0]>>7 == 1 {
		dst = append(dst, 0)
	}
	return append(dst, b...)
}
