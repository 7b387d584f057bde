package totp

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"log/slog"
	"strings"
)

const (
	recoveryCodes = 10
	recoveryBytes = 15 // 120 bits
	recoveryChars = 24
	recoveryGroup = 4
)

// crockford is the alphabet of Douglas Crockford, without the letters that look like digits.
var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// RecoveryHash is what is stored of a recovery code.
type RecoveryHash [sha256.Size]byte

// RecoveryCode is a code that was just made, and the only copy of it: 6 groups of 4 letters and digits. It prints as [redacted],
// as a [Secret] does.
type RecoveryCode struct {
	reveal func() string
}

// Recovery holds the hashes of each subject's recovery codes.
type Recovery interface {
	// Take removes the hash of the subject, if it is there, and says whether it did. That is one atomic step on all nodes, and
	// durable, as far as the store is, before the method returns.
	//
	// An error means that it is not known whether it did; the login is answered with 503. The text goes to the log.
	Take(ctx context.Context, subject string, hash RecoveryHash) (bool, error)
}

// RecoveryFunc is a function that is a [Recovery]. With a table of the application one statement does it:
//
//	DELETE FROM recovery_codes WHERE user_id = ? AND hash = ?
//
// The answer is whether it removed a row; see [StepsFunc].
type RecoveryFunc func(ctx context.Context, subject string, hash RecoveryHash) (bool, error)

// Take implements [Recovery].
func (f RecoveryFunc) Take(ctx context.Context, subject string, hash RecoveryHash) (bool, error) {
	return f(ctx, subject, hash)
}

// NewRecoveryCodes makes 10 codes for a subject. Store the hashes, in place of all that the subject has, and show the codes
// once. The subject is 1 to 255 bytes of UTF-8 without control characters.
//
// A code has 120 random bits. From 112 on a fast hash is enough (NIST SP 800-63B-4, section 3.1.2.2; OWASP ASVS 6.5.2): a slow one
// is for what can be guessed. The hash covers the subject, so that a row is worth nothing in another user's place, and who has copied the
// whole table cannot try one guess on all users at once.
func (c *Codes) NewRecoveryCodes(subject string) ([]RecoveryCode, []RecoveryHash, error) {
	if !validSubject(subject) {
		return nil, nil, refusal(errMisuse, "the subject is not 1 to 255 bytes of UTF-8 without control characters")
	}
	codes := make([]RecoveryCode, recoveryCodes)
	hashes := make([]RecoveryHash, recoveryCodes)
	for i := range codes {
		var b [recoveryBytes]byte
		_, _ = rand.Read(b[:]) // never fails
		text := crockford.EncodeToString(b[:])
		codes[i] = RecoveryCode{reveal: func() string { return group(text) }}
		hashes[i] = recoveryHash(subject, text)
	}
	return codes, hashes, nil
}

// Recover says by a nil error that code is one of the subject's recovery codes, and uses it up. Letter case, spaces and hyphens
// do not matter, and "o", "i" and "l" are read as the digits that they look like. The error is an [*Error]: [ErrCode], which a used code
// is too, or [ErrUnavailable]. Put the throttle of [Codes.Verify] before it, which keeps the store from being asked at will.
func (c *Codes) Recover(ctx context.Context, subject, code string) error {
	err := c.recover(ctx, subject, code)
	if err == nil {
		return nil
	}
	c.record(ctx, subject, err)
	return err
}

func (c *Codes) recover(ctx context.Context, subject, code string) *Error {
	switch {
	case c.recovery == nil:
		return refusal(errMisuse, "Config.Recovery is nil: give one")
	case !validSubject(subject):
		return refusal(errMisuse, "the subject is not 1 to 255 bytes of UTF-8 without control characters")
	}
	text, ok := normalize(code)
	if !ok {
		return refusal(ErrCode, "not of the form of a recovery code")
	}
	found, err := c.recovery.Take(ctx, subject, recoveryHash(subject, text))
	switch {
	case err != nil:
		return &Error{kind: ErrUnavailable, cause: err}
	case !found:
		return refusal(ErrCode, "no recovery code of the user, or used before")
	}
	return nil
}

// recoveryHash is of texts of a fixed length, so that the subject cannot run into the code.
func recoveryHash(subject, text string) RecoveryHash {
	return sha256.Sum256([]byte("sallyport recovery code\x00" + text + "\x00" + subject))
}

// normalize returns the one spelling that is hashed.
func normalize(code string) (string, bool) {
	if len(code) > 3*recoveryChars {
		return "", false
	}
	text := make([]byte, 0, recoveryChars)
	for i := range len(code) {
		c := code[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		switch c {
		case ' ', '-':
			continue
		case 'o':
			c = '0'
		case 'i', 'l':
			c = '1'
		}
		text = append(text, c)
	}
	if len(text) != recoveryChars {
		return "", false
	}
	b, err := crockford.DecodeString(string(text))
	if err != nil || len(b) != recoveryBytes {
		return "", false
	}
	return string(text), true
}

func group(text string) string {
	var groups []string
	for i := 0; i < len(text); i += recoveryGroup {
		groups = append(groups, text[i:i+recoveryGroup])
	}
	return strings.Join(groups, "-")
}

// Reveal returns the text. It is the only way to it.
func (c RecoveryCode) Reveal() string {
	if c.reveal == nil {
		return ""
	}
	return c.reveal()
}

// String returns "[redacted]".
func (RecoveryCode) String() string { return redacted }

// Format writes "[redacted]" for every verb and flag.
func (RecoveryCode) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue returns "[redacted]".
func (RecoveryCode) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns an error.
func (RecoveryCode) MarshalText() ([]byte, error) { return nil, errEncoded }
