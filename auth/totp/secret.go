package totp

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"log/slog"
	"slices"
)

const (
	minSecret = 16  // bytes (RFC 4226, section 4, requirement R6)
	maxSecret = 128 // bytes
)

// Secret is what a user's app and the server compute codes from, together with the algorithm and the length of the codes, so that
// another [Config] changes nothing for those who have enrolled.
//
// It prints as [redacted] with every verb of fmt and in log/slog, and has no text form but [Secret.Reveal]. It holds its bytes in a
// closure, where no printer that walks values by reflection can follow. The zero Secret has no codes: none is right for it.
type Secret struct {
	key       func() []byte
	algorithm Algorithm
	digits    int
}

var b32 = base32.StdEncoding.WithPadding(base32.NoPadding)

func newSecret(key []byte, a Algorithm, digits int) Secret {
	return Secret{key: func() []byte { return key }, algorithm: a, digits: digits}
}

// NewSecret draws a secret from the system's random numbers: 160 bits for SHA1, 256 for SHA256, 512 for SHA512.
func (c *Codes) NewSecret() Secret {
	key := make([]byte, algorithms[c.algorithm].size)
	_, _ = rand.Read(key) // never fails
	return newSecret(key, c.algorithm, c.digits)
}

// ParseSecret reads a secret of another system, whose codes have the [Config]'s algorithm and length: base32 (RFC 4648,
// section 6) in capitals without padding, of 16 to 128 bytes. The error does not quote it.
func (c *Codes) ParseSecret(text string) (Secret, error) {
	key, ok := decode32(text)
	if !ok || len(key) < minSecret || len(key) > maxSecret {
		return Secret{}, refusal(errMisuse, fmt.Sprintf("the secret is not base32 in capitals without padding, of %d to %d bytes", minSecret, maxSecret))
	}
	return newSecret(key, c.algorithm, c.digits), nil
}

// decode32 takes the one spelling that the bytes have: the decoder itself passes over line breaks and unused bits.
func decode32(text string) ([]byte, bool) {
	if len(text) > b32.EncodedLen(maxSecret) {
		return nil, false
	}
	key, err := b32.DecodeString(text)
	if err != nil || b32.EncodeToString(key) != text {
		return nil, false
	}
	return key, true
}

// Reveal returns the secret in base32 (RFC 4648, section 6), for users who cannot scan a picture.
func (s Secret) Reveal() string {
	if s.key == nil {
		return ""
	}
	return b32.EncodeToString(s.key())
}

// IsZero says whether there is no secret.
func (s Secret) IsZero() bool { return s.key == nil }

// Equal says whether both are the same secret with the same codes. It is not for secrets that somebody else may choose.
func (s Secret) Equal(other Secret) bool {
	if s.key == nil || other.key == nil {
		return s.key == nil && other.key == nil
	}
	return s.algorithm == other.algorithm && s.digits == other.digits && slices.Equal(s.key(), other.key())
}

const redacted = "[redacted]"

var errEncoded = errors.New("totp: a secret cannot be encoded; send what Reveal returns")

// String returns "[redacted]".
func (Secret) String() string { return redacted }

// Format writes "[redacted]" for every verb and flag.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue returns "[redacted]".
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns an error. encoding/json, encoding/xml and encoding/gob ask it.
func (Secret) MarshalText() ([]byte, error) { return nil, errEncoded }
