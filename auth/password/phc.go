package password

import "strings"

// maxEncoded is the longest stored hash that is looked at, in bytes.
const maxEncoded = 1024

// hash is a stored hash of some scheme, its parameters within bounds.
type hash interface {
	// cost is what match costs, in terms of Argon2id.
	cost() params
	match(pw string) bool
	// outdated says whether the hash should be made anew.
	outdated(today params) bool
}

// parse reads a PHC string (https://github.com/P-H-C/phc-string-format). The identifier alone chooses the scheme, and only
// among the ones listed here. Nothing of the size that a string asks for is allocated.
//
// What is accepted has one spelling: encoding it again gives the same bytes.
func parse(encoded string) (hash, bool) {
	if len(encoded) > maxEncoded || !strings.HasPrefix(encoded, "$") {
		return nil, false
	}
	id, rest, ok := strings.Cut(encoded[1:], "$")
	if !ok {
		return nil, false
	}
	switch id {
	case "argon2id":
		return parseArgon2id(rest)
	default:
		return nil, false
	}
}
