package totp

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"hash"
	"time"
)

// Algorithm is the hash function in the HMAC of a code, by its name in a URI.
type Algorithm string

// The algorithms of RFC 6238, section 1.2.
const (
	SHA1   Algorithm = "SHA1"
	SHA256 Algorithm = "SHA256"
	SHA512 Algorithm = "SHA512"
)

type hashing struct {
	new func() hash.Hash
	id  byte // in a sealed secret
	// size of new keys, which is that of the output (RFC 6238, section 5.1).
	size int
}

var algorithms = map[Algorithm]hashing{
	SHA1:   {sha1.New, 1, sha1.Size},
	SHA256: {sha256.New, 2, sha256.Size},
	SHA512: {sha512.New, 3, sha512.Size},
}

// period is that of RFC 6238, section 5.2, and the only one that all apps know.
const period = 30 * time.Second

// stepAt returns the number of the time step that t is in (RFC 6238, section 4.2).
func stepAt(t time.Time) int64 {
	seconds, length := t.Unix(), int64(period/time.Second)
	if seconds < 0 {
		return -1 // before 1970 there are no codes
	}
	return seconds / length
}

// code returns that of a step, with leading zeros (RFC 4226, section 5.3).
func (s Secret) code(step int64) string {
	var message [8]byte
	binary.BigEndian.PutUint64(message[:], uint64(step))
	mac := hmac.New(algorithms[s.algorithm].new, s.key())
	mac.Write(message[:])
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0x0f
	number := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	modulus := uint32(1)
	for range s.digits {
		modulus *= 10
	}
	return fmt.Sprintf("%0*d", s.digits, number%modulus)
}

// parseCode returns the digits of what a user has typed. Apps show codes in groups, so that spaces are passed over.
func parseCode(text string, digits int) (string, bool) {
	if len(text) > 2*maxDigits {
		return "", false
	}
	code := make([]byte, 0, maxDigits)
	for i := range len(text) {
		switch c := text[i]; {
		case c == ' ':
		case '0' <= c && c <= '9':
			code = append(code, c)
		default:
			return "", false
		}
	}
	return string(code), len(code) == digits
}
