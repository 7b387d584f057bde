package password

import (
	"crypto/subtle"
	"fmt"
	"math/bits"
	"strings"

	"golang.org/x/crypto/scrypt"
)

const (
	maxScryptLanes = 32      // p
	maxScryptBlock = 32      // r, in units of 128 bytes
	maxScryptWork  = 1 << 21 // N × r × p: twice the OWASP Password Storage Cheat Sheet's minimum
)

// scryptHash is a hash of RFC 7914's function.
type scryptHash struct {
	logN, r, p uint32
	salt, key  []byte
	django     bool // the form: scrypt$N$salt$r$p$key, the salt as it is written
}

// cost counts the table of N blocks, the p blocks that are mixed and the scratch space (RFC 7914, section 6). The lanes run
// one after another here.
func (s scryptHash) cost() params {
	return params{memory: (128*s.r*(1<<s.logN+s.p+2) + 1023) / 1024, lanes: 1}
}

func (s scryptHash) class() string { return fmt.Sprintf("scrypt %d %d %d", s.logN, s.r, s.p) }

func (s scryptHash) inBounds() bool {
	return s.logN >= 1 && s.logN <= 20 && s.r >= 1 && s.r <= maxScryptBlock && s.p >= 1 && s.p <= maxScryptLanes &&
		uint64(s.r)*uint64(s.p)<<s.logN <= maxScryptWork
}

func (s scryptHash) match(pw string) (bool, error) {
	key, err := scrypt.Key([]byte(pw), s.salt, 1<<s.logN, int(s.r), int(s.p), len(s.key))
	return err == nil && subtle.ConstantTimeCompare(key, s.key) == 1, err
}

func (s scryptHash) encode() string {
	if s.django {
		return fmt.Sprintf("scrypt$%d$%s$%d$%d$%s", 1<<s.logN, s.salt, s.r, s.p, b64Padded.EncodeToString(s.key))
	}
	return fmt.Sprintf("$scrypt$ln=%d,r=%d,p=%d$%s$%s", s.logN, s.r, s.p, b64.EncodeToString(s.salt), b64.EncodeToString(s.key))
}

// parseScrypt reads what follows "$scrypt$" in a PHC string.
func parseScrypt(rest string) (scryptHash, bool) {
	var s scryptHash
	rest, ok := strings.CutPrefix(rest, "ln=")
	logN, rest, ok1 := strings.Cut(rest, ",r=")
	r, rest, ok2 := strings.Cut(rest, ",p=")
	p, rest, ok3 := strings.Cut(rest, "$")
	salt, key, ok4 := strings.Cut(rest, "$")
	if !ok || !ok1 || !ok2 || !ok3 || !ok4 {
		return s, false
	}
	s.logN, ok1 = number(logN)
	s.r, ok2 = number(r)
	s.p, ok3 = number(p)
	if !ok1 || !ok2 || !ok3 || !s.inBounds() {
		return s, false
	}
	s.salt, ok1 = decode(b64, salt, minSaltLen, maxSaltLen)
	s.key, ok2 = decode(b64, key, minKeyLen, maxKeyLen)
	return s, ok1 && ok2
}

// parseDjangoScrypt reads what follows "scrypt$".
func parseDjangoScrypt(rest string) (scryptHash, bool) {
	s := scryptHash{django: true}
	part := strings.Split(rest, "$")
	if len(part) != 5 || !plainSalt(part[1]) {
		return s, false
	}
	n, ok := number(part[0])
	r, ok1 := number(part[2])
	p, ok2 := number(part[3])
	if !ok || !ok1 || !ok2 || bits.OnesCount32(n) != 1 {
		return s, false
	}
	s.logN, s.r, s.p, s.salt = uint32(bits.TrailingZeros32(n)), r, p, []byte(part[1])
	if !s.inBounds() {
		return s, false
	}
	s.key, ok = decode(b64Padded, part[4], minKeyLen, maxKeyLen)
	return s, ok
}
