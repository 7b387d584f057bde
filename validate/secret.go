package validate

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
)

// Secret is a text that must not be seen: a password, a key, a database URL.
//
// It prints as [redacted] with every verb of fmt and in log/slog, and in an unexported field, where fmt cannot call methods, it
// prints an address of code. It has no JSON, XML, gob or text form: encoding it is an error, so that it is never sent by accident.
// It holds its text in a closure, where no printer that walks values by reflection can follow; for that reason it is compared
// with [Secret.Equal] and not with == or reflect.DeepEqual. The text stays in memory until the garbage collector has it, and no
// claim is made about core dumps.
//
// The zero Secret is the empty text.
type Secret struct {
	reveal func() string
}

const redacted = "[redacted]"

var errSecretEncoded = errors.New("validate: a Secret cannot be encoded; leave it out of the type, or send what Reveal returns")

// NewSecret returns a Secret that holds text.
func NewSecret(text string) Secret {
	return Secret{reveal: func() string { return text }}
}

// Reveal returns the text. It is the only way to it.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// Equal says whether both hold the same text, in a time that depends on the lengths only.
func (s Secret) Equal(other Secret) bool {
	a, b := sha256.Sum256([]byte(s.Reveal())), sha256.Sum256([]byte(other.Reveal()))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// String returns "[redacted]".
func (Secret) String() string { return redacted }

// Format writes "[redacted]" for every verb and flag.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue returns "[redacted]".
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns an error. encoding/json, encoding/xml and encoding/gob ask it.
func (Secret) MarshalText() ([]byte, error) { return nil, errSecretEncoded }

// UnmarshalText takes a copy of text.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}
