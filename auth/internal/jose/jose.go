// Package jose is the strict core under package auth: compact JWS (RFC 7515), JSON text (RFC 8259) and keys (RFC 7517, 7518).
//
//	parts, ok := jose.Split(token)
//	header, err := jose.ParseHeader(parts.Header)
//	key.Verify(parts.Signed, parts.Signature)
//
// It is the only importer of jwx, of which it uses key conversion, thumbprints and the primitive signers. None of
// jwx's types leaves this package, and nothing from the network is given to jwx.
//
// # Security model
//
// There is one way to write what is accepted: base64url without padding and without stray bits, JSON objects with
// unique names in valid UTF-8, and signatures of exactly the length that the key makes. A key is bound to one
// algorithm when it is made, so a token's alg can at most disagree with it. Texts of errors are constants.
package jose

import "errors"

// The causes that this package tells apart.
var (
	// ErrMalformed says that a token or a header is not written as it must be.
	ErrMalformed = errors.New("jose: malformed")
	// ErrForbidden says that a header carries a parameter that this package refuses to act upon or to ignore.
	ErrForbidden = errors.New("jose: forbidden header parameter")
	// ErrKey says that a key cannot be used.
	ErrKey = errors.New("jose: unusable key")
)

// Bounds on what is read before anything is known about its origin.
const (
	// MaxToken is the longest token, in bytes.
	MaxToken = 8 << 10
	// MaxDepth is how deep JSON values nest; the outermost object is the first level.
	MaxDepth = 16
	// MaxMembers is how many members one JSON object has.
	MaxMembers = 256
	// MaxKeyID is the longest kid, in bytes.
	MaxKeyID = 128
)
