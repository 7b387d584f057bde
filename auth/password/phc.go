package password

import (
	"encoding/base64"
	"strconv"
	"strings"
)

const (
	// maxEncoded is the longest stored hash that is looked at, in bytes.
	maxEncoded = 1024

	// What is accepted from elsewhere. A shorter key could be met by chance, a longer one adds nothing.
	minSaltLen, maxSaltLen = 8, 64
	minKeyLen, maxKeyLen   = 16, 64
)

// hash is a stored hash of some scheme, its parameters within bounds.
type hash interface {
	// cost is what match costs, in terms of Argon2id. If the time is zero, only the memory and the lanes are known.
	cost() params
	// class names what cost leaves unknown: hashes of one class take the same work.
	class() string
	// match never gets a password that is not acceptable. An error says that this process may not compute the function.
	match(pw string) (bool, error)
	// encode gives the text that the hash was read from.
	encode() string
}

// parse reads a stored hash: a PHC string (https://github.com/P-H-C/phc-string-format), a string of bcrypt, or one of the
// forms of Django and passlib. The identifier alone chooses the scheme, and only among the ones listed here. Nothing of the
// size that a string asks for is allocated.
//
// What is accepted has one spelling: encoding it again gives the same bytes.
func parse(encoded string) (hash, bool) {
	switch {
	case len(encoded) > maxEncoded:
		return nil, false
	case strings.HasPrefix(encoded, "$"):
		return parsePHC(encoded[1:])
	default:
		return parseDjango(encoded)
	}
}

// parsePHC reads what follows the first dollar.
func parsePHC(text string) (hash, bool) {
	id, rest, ok := strings.Cut(text, "$")
	if !ok {
		return nil, false
	}
	switch id {
	case "argon2id":
		return known(parseArgon2id(rest))
	case "2a", "2b", "2y":
		return known(parseBcrypt(id, rest))
	case "scrypt":
		return known(parseScrypt(rest))
	case "pbkdf2", "pbkdf2-sha256", "pbkdf2-sha512":
		return known(parsePBKDF2(id, rest))
	default:
		return nil, false
	}
}

// known keeps a half-read hash from getting out.
func known[H hash](h H, ok bool) (hash, bool) {
	if !ok {
		return nil, false
	}
	return h, true
}

var (
	b64       = base64.RawStdEncoding.Strict() // of PHC strings
	b64Padded = base64.StdEncoding.Strict()    // of Django
	// ab64 is passlib's: a dot for the plus.
	ab64 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./").WithPadding(base64.NoPadding).Strict()
)

// number reads a decimal without sign or leading zero, so that a value has one spelling.
func number(s string) (uint32, bool) {
	if s == "" || s[0] == '0' {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err == nil
}

// decode reads base64 of a length within bounds. The package base64 skips line breaks, even when strict.
func decode(e *base64.Encoding, s string, shortest, longest int) ([]byte, bool) {
	if len(s) < e.EncodedLen(shortest) || len(s) > e.EncodedLen(longest) || strings.ContainsAny(s, "\r\n") {
		return nil, false
	}
	b, err := e.DecodeString(s)
	return b, err == nil && len(b) >= shortest && len(b) <= longest
}

// plainSalt says whether s can be a salt that is used as it is written.
func plainSalt(s string) bool {
	if len(s) < minSaltLen || len(s) > maxSaltLen {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || s[i] == '$' {
			return false
		}
	}
	return true
}
