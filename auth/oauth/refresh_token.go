package oauth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"strings"

	"github.com/sallyport-go/sallyport/auth/store"
)

// A refresh token is a handle, which stays the same for all tokens of a login, and a secret, which is new in each. The store knows the
// login by a hash of the handle. So whoever shows a handle has held a token of that login, and a secret other than the one in force was
// in force before: reuse is found without keeping the tokens of the past, and the name of the login, which is in access tokens ("sid"),
// gives nobody the means to end it.
type refreshToken struct {
	handle [16]byte
	secret [32]byte
}

const (
	tokenPrefix = "spr_" // Sallyport refresh
	tokenBytes  = 16 + 32
	tokenLen    = len(tokenPrefix) + ((tokenBytes+crc32.Size)*8+5)/6
)

var b64 = base64.RawURLEncoding.Strict()

// newRefreshToken begins a login.
func newRefreshToken() refreshToken {
	var t refreshToken
	_, _ = rand.Read(t.handle[:]) // never fails
	return t.next()
}

// next is a new token of the same login.
func (t refreshToken) next() refreshToken {
	_, _ = rand.Read(t.secret[:])
	return t
}

// family names the login, for the store and as the session of the access tokens.
func (t refreshToken) family() string {
	sum := sha256.Sum256(t.handle[:])
	return b64.EncodeToString(sum[:16])
}

func (t refreshToken) hash() store.Hash { return sha256.Sum256([]byte(t.encode())) }

func (t refreshToken) encode() string {
	b := make([]byte, 0, tokenBytes+crc32.Size)
	b = append(append(b, t.handle[:]...), t.secret[:]...)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return tokenPrefix + b64.EncodeToString(b)
}

// parseRefreshToken reads the one spelling that a token has. The checksum spares the store what was never a token; it protects nothing.
func parseRefreshToken(s string) (t refreshToken, ok bool) {
	text, ok := strings.CutPrefix(s, tokenPrefix)
	if !ok || len(s) != tokenLen {
		return t, false
	}
	b, err := b64.DecodeString(text)
	if err != nil || len(b) != tokenBytes+crc32.Size { // the decoder passes over line breaks
		return t, false
	}
	if binary.BigEndian.Uint32(b[tokenBytes:]) != crc32.ChecksumIEEE(b[:tokenBytes]) {
		return t, false
	}
	copy(t.handle[:], b)
	copy(t.secret[:], b[len(t.handle):])
	return t, true
}
