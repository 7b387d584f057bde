package totp

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

const (
	maxSealKeys = 16
	maxSealID   = 16
	sealKeySize = 32 // AES-256
	sealVersion = "totp1"
)

// SealKey seals secrets. Keep the key where the database and its backups are not: in a secret store or the environment. It shows its
// id alone, with every verb of fmt and in log/slog.
type SealKey struct {
	id  string
	key func() []byte
}

// NewSealKey returns a key with a name of 1 to 16 letters, digits and hyphens, which is written into what it seals, and 32 random
// bytes (head -c 32 /dev/urandom), of which it takes a copy. What is wrong with them is said by [New].
func NewSealKey(id string, key []byte) SealKey {
	key = slices.Clone(key)
	return SealKey{id: id, key: func() []byte { return key }}
}

// String returns the id, without the key.
func (k SealKey) String() string { return "SealKey(" + k.id + ")" }

// Format writes what String returns, whatever the verb.
func (k SealKey) Format(s fmt.State, _ rune) { _, _ = fmt.Fprint(s, k.String()) }

// LogValue returns what String returns.
func (k SealKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText returns an error.
func (SealKey) MarshalText() ([]byte, error) { return nil, errEncoded }

// aead has a nonce of 96 random bits in front of what it seals, which is good for 2^32 secrets under one key (NIST SP 800-38D,
// section 8.3).
func (k SealKey) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(k.key())
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

var b64 = base64.RawURLEncoding.Strict()

// Seal encrypts a secret for the database: a text of up to 300 bytes of ASCII that only [Codes.Open] for the same subject reads. It
// is sealed with the first of [Config.SealKeys], and differs each time.
func (c *Codes) Seal(subject string, s Secret) (string, error) {
	switch {
	case len(c.seals) == 0:
		return "", refusal(errMisuse, "Config.SealKeys is empty: give one")
	case !validSubject(subject):
		return "", refusal(errMisuse, "the subject is not 1 to 255 bytes of UTF-8 without control characters")
	case s.key == nil:
		return "", refusal(errMisuse, "the zero Secret is not sealed: make one with NewSecret")
	}
	k := c.seals[0]
	aead, err := k.aead()
	if err != nil {
		return "", refusal(errMisuse, "the cipher is not available")
	}
	plaintext := append([]byte{algorithms[s.algorithm].id, byte(s.digits)}, s.key()...)
	sealed := aead.Seal(nil, nil, plaintext, bound(k.id, subject))
	return sealVersion + "." + k.id + "." + b64.EncodeToString(sealed), nil
}

// Open decrypts what [Codes.Seal] returned for the same subject, under any of [Config.SealKeys]. An empty text is the zero Secret of
// a user without a second factor. The error is [ErrSealed].
func (c *Codes) Open(subject, sealed string) (Secret, error) {
	if sealed == "" {
		return Secret{}, nil
	}
	id, ciphertext, ok := parseSealed(sealed)
	i := slices.IndexFunc(c.seals, func(k SealKey) bool { return k.id == id })
	if !ok {
		return Secret{}, refusal(ErrSealed, "not of the form of a sealed secret")
	}
	if i < 0 {
		return Secret{}, refusal(ErrSealed, "its key is not in Config.SealKeys")
	}
	aead, err := c.seals[i].aead()
	if err != nil {
		return Secret{}, refusal(ErrSealed, "the cipher is not available")
	}
	plaintext, err := aead.Open(nil, nil, ciphertext, bound(id, subject))
	if err != nil {
		return Secret{}, refusal(ErrSealed, "of another subject, or altered")
	}
	for name, a := range algorithms {
		if len(plaintext) >= 2+minSecret && len(plaintext) <= 2+maxSecret && plaintext[0] == a.id {
			if digits := int(plaintext[1]); digits >= minDigits && digits <= maxDigits {
				return newSecret(plaintext[2:], name, digits), nil
			}
		}
	}
	return Secret{}, refusal(ErrSealed, "sealed by a later version")
}

// Stale says whether a sealed secret was not sealed with the first of [Config.SealKeys]. To retire a key, put another before it, seal what
// is stale when it is opened next or in one go, and leave the old key out when nothing is.
func (c *Codes) Stale(sealed string) bool {
	id, _, ok := parseSealed(sealed)
	return ok && len(c.seals) > 0 && id != c.seals[0].id
}

// bound is what a sealed secret is bound to. No id contains a zero byte.
func bound(id, subject string) []byte { return []byte(sealVersion + "\x00" + id + "\x00" + subject) }

func parseSealed(text string) (id string, ciphertext []byte, ok bool) {
	rest, ok := strings.CutPrefix(text, sealVersion+".")
	if !ok || len(text) > 300 {
		return "", nil, false
	}
	id, encoded, ok := strings.Cut(rest, ".")
	if !ok || !validSealID(id) {
		return "", nil, false
	}
	ciphertext, err := b64.DecodeString(encoded)
	if err != nil || b64.EncodeToString(ciphertext) != encoded { // the decoder passes over line breaks
		return "", nil, false
	}
	return id, ciphertext, true
}

func validSealID(id string) bool {
	const signs = "-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return id != "" && len(id) <= maxSealID && strings.Trim(id, signs) == ""
}

func sealFaults(keys []SealKey) []error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("totp: Config.SealKeys"+format, args...))
	}
	if len(keys) > maxSealKeys {
		return append(faults, fmt.Errorf("totp: Config.SealKeys has %d keys, more than %d: leave out those that no secret is sealed with", len(keys), maxSealKeys))
	}
	for i, k := range keys {
		if k.key == nil {
			fault("[%d] is empty: make it with NewSealKey", i)
			continue
		}
		if !validSealID(k.id) {
			fault("[%d] has an id that is not 1 to %d letters, digits and hyphens: rename it", i, maxSealID)
		}
		if len(k.key()) != sealKeySize {
			fault("[%d] has a key of %d bytes, not %d: make one with head -c 32 /dev/urandom", i, len(k.key()), sealKeySize)
		} else if len(slices.Compact(slices.Clone(k.key()))) == 1 {
			fault("[%d] has a key of one byte repeated: make one with head -c 32 /dev/urandom", i)
		}
		for j, other := range keys[:i] {
			if other.key == nil {
				continue
			}
			if other.id == k.id {
				fault("[%d] has the id of SealKeys[%d]: give each its own", i, j)
			}
			if slices.Equal(other.key(), k.key()) {
				fault("[%d] has the key of SealKeys[%d]: a new id needs a new key", i, j)
			}
		}
	}
	return faults
}
