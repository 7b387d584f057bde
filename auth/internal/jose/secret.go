package jose

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"hash"
	"sync"
)

// HS256 is HMAC with SHA-256 (RFC 7518, section 3.2). Its key is shared with every verifier, so that it is not among the algorithms
// that [Algorithm.Known] knows: nothing that takes public keys takes it.
const HS256 Algorithm = "HS256"

// Key verifies the signatures of one algorithm: a [PublicKey] or a [SecretKey].
type Key interface {
	Algorithm() Algorithm
	Verify(signed string, signature []byte) bool
}

// Bounds of a [SecretKey], in bytes. RFC 7518, section 3.2, sets the lower one.
const (
	minSecret = sha256.Size
	maxSecret = 1024
	// minDistinct is how many different bytes a secret has at least. Random ones have about 30 in 32, and 16 if they are written
	// in hexadecimal; a repeated word has fewer.
	minDistinct = 8
)

// SecretKey signs and verifies with HS256. It is immutable and safe for concurrent use.
type SecretKey struct {
	id   string
	macs sync.Pool // of hash.Hash with the key set up
}

// NewSecretKey takes a copy of secret, with a key id, which may be empty.
func NewSecretKey(secret []byte, id string) (*SecretKey, error) {
	if len(secret) < minSecret || len(secret) > maxSecret {
		return nil, fmt.Errorf("%w: a secret must have %d to %d bytes", ErrKey, minSecret, maxSecret)
	}
	var seen [256]bool
	distinct := 0
	for _, b := range secret {
		if !seen[b] {
			seen[b] = true
			distinct++
		}
	}
	if distinct < minDistinct {
		return nil, fmt.Errorf("%w: a secret of %d different bytes is not random", ErrKey, distinct)
	}
	if id != "" && !ValidKeyID(id) {
		return nil, fmt.Errorf("%w: the key id must be 1 to %d bytes of visible ASCII", ErrKey, MaxKeyID)
	}
	k := &SecretKey{id: id}
	secret = append([]byte(nil), secret...)
	k.macs.New = func() any { return hmac.New(sha256.New, secret) }
	return k, nil
}

// ID returns the key id.
func (k *SecretKey) ID() string { return k.id }

// Algorithm returns HS256.
func (k *SecretKey) Algorithm() Algorithm { return HS256 }

// Sign returns the signature over signed.
func (k *SecretKey) Sign(signed string) []byte {
	var room [sha256.Size]byte
	return append([]byte(nil), k.sum(signed, room[:0])...)
}

// Verify says whether signature is the key's over signed, in a time that does not depend on where they differ.
func (k *SecretKey) Verify(signed string, signature []byte) bool {
	var room [sha256.Size]byte
	return hmac.Equal(k.sum(signed, room[:0]), signature)
}

func (k *SecretKey) sum(signed string, room []byte) []byte {
	mac := k.macs.Get().(hash.Hash)
	defer k.macs.Put(mac)
	mac.Reset()
	_, _ = mac.Write([]byte(signed)) // never fails
	return mac.Sum(room)
}
