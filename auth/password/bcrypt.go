package password

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

const (
	// bcryptLongest is what bcrypt looks at of a password, in bytes. It ignores the rest.
	bcryptLongest = 72

	minBcryptCost, maxBcryptCost = 4, 15 // 15 takes about two seconds
	bcryptSalt, bcryptKey        = 22, 31
	bcryptAlphabet               = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// bcryptHash is $2a$, $2b$ or $2y$, which mean the same function for what is let through to it: they were told apart because
// of implementations that erred on bytes over 0x7f or on more than 255 bytes. $2x$ is the name of such an error.
type bcryptHash struct {
	text   string // the whole
	digits string // the cost
	// hashed says that bcrypt is given the SHA-256 of the password, in hexadecimal, as Django does.
	hashed bool
}

func (b bcryptHash) cost() params   { return params{memory: 8, lanes: 1} }
func (b bcryptHash) class() string  { return "bcrypt " + b.digits }
func (b bcryptHash) encode() string { return b.text }

func (b bcryptHash) match(pw string) (bool, error) {
	if b.hashed {
		digest := sha256.Sum256([]byte(pw))
		pw = hex.EncodeToString(digest[:])
	}
	err := bcrypt.CompareHashAndPassword([]byte(b.text), []byte(pw))
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, nil
	}
	return err == nil, err
}

// parseBcrypt reads what follows "$id$".
func parseBcrypt(id, rest string) (bcryptHash, bool) {
	b := bcryptHash{text: "$" + id + "$" + rest}
	digits, data, ok := strings.Cut(rest, "$")
	if !ok || len(digits) != 2 || len(data) != bcryptSalt+bcryptKey {
		return b, false
	}
	b.digits = digits
	cost, ok := number(strings.TrimPrefix(digits, "0"))
	if !ok || cost < minBcryptCost || cost > maxBcryptCost {
		return b, false
	}
	for i := range len(data) {
		if strings.IndexByte(bcryptAlphabet, data[i]) < 0 {
			return b, false
		}
	}
	// The last two bits of the key carry nothing and are zero, or no password could match. Those of the salt carry nothing
	// either, but there are implementations that fill them, and all ignore them.
	last := strings.IndexByte(bcryptAlphabet, data[len(data)-1])
	return b, last%4 == 0
}
