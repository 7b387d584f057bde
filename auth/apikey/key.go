package apikey

import (
	"errors"
	"fmt"
	"log/slog"
)

// Key is the text of a key that was just created, and the only copy of it.
//
// It prints as [redacted] with every verb of fmt and in log/slog, and encoding it as JSON, XML, gob or text is an error: a handler
// that shows it to its owner says so with [Key.Reveal]. It holds its text in a closure, where no printer that walks values by
// reflection can follow. The zero Key is the empty text.
type Key struct {
	reveal func() string
}

const redacted = "[redacted]"

var errKeyEncoded = errors.New("apikey: a Key cannot be encoded; send what Reveal returns")

func newKey(text string) Key { return Key{reveal: func() string { return text }} }

// Reveal returns the text. It is the only way to it.
func (k Key) Reveal() string {
	if k.reveal == nil {
		return ""
	}
	return k.reveal()
}

// String returns "[redacted]".
func (Key) String() string { return redacted }

// Format writes "[redacted]" for every verb and flag.
func (Key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue returns "[redacted]".
func (Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns an error. encoding/json, encoding/xml and encoding/gob ask it.
func (Key) MarshalText() ([]byte, error) { return nil, errKeyEncoded }
