package password

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"fmt"
	stdhash "hash"
	"strings"
)

// maxIterations is about five times what OWASP and Django ask for, and a few seconds at most.
const maxIterations = 5_000_000

// A form is a way to write a hash down.
type form uint8

const (
	formPHC       form = iota // $pbkdf2-sha256$i=600000$salt$key
	formPHCLength             // $pbkdf2-sha256$i=600000,l=32$salt$key
	formPasslib               // $pbkdf2-sha256$29000$salt$key, in base64 with a dot for the plus
	formDjango                // pbkdf2_sha256$600000$salt$key, the salt as it is written, the key in padded base64
)

// pbkdf2Hash is a hash of RFC 8018's function with HMAC.
type pbkdf2Hash struct {
	id         string
	form       form
	iterations uint32
	salt, key  []byte
}

// digest is the function that an id names. PHC strings and passlib call SHA-1 by no name.
func digest(id string) func() stdhash.Hash {
	switch id {
	case "pbkdf2", "pbkdf2_sha1":
		return sha1.New
	case "pbkdf2-sha256", "pbkdf2_sha256":
		return sha256.New
	default:
		return sha512.New
	}
}

func (p pbkdf2Hash) cost() params  { return params{memory: 8, lanes: 1} }
func (p pbkdf2Hash) class() string { return fmt.Sprintf("%s %d", p.id, p.iterations) }

func (p pbkdf2Hash) match(pw string) (bool, error) {
	key, err := pbkdf2.Key(digest(p.id), pw, p.salt, int(p.iterations), len(p.key))
	return err == nil && subtle.ConstantTimeCompare(key, p.key) == 1, err
}

func (p pbkdf2Hash) encode() string {
	switch p.form {
	case formPHC:
		return fmt.Sprintf("$%s$i=%d$%s$%s", p.id, p.iterations, b64.EncodeToString(p.salt), b64.EncodeToString(p.key))
	case formPHCLength:
		return fmt.Sprintf("$%s$i=%d,l=%d$%s$%s", p.id, p.iterations, len(p.key), b64.EncodeToString(p.salt), b64.EncodeToString(p.key))
	case formPasslib:
		return fmt.Sprintf("$%s$%d$%s$%s", p.id, p.iterations, ab64.EncodeToString(p.salt), ab64.EncodeToString(p.key))
	default:
		return fmt.Sprintf("%s$%d$%s$%s", p.id, p.iterations, p.salt, b64Padded.EncodeToString(p.key))
	}
}

// parsePBKDF2 reads what follows "$id$" in a PHC string or passlib's.
func parsePBKDF2(id, rest string) (pbkdf2Hash, bool) {
	p := pbkdf2Hash{id: id}
	iterations, rest, ok1 := strings.Cut(rest, "$")
	salt, key, ok2 := strings.Cut(rest, "$")
	if !ok1 || !ok2 {
		return p, false
	}
	encoding := b64
	iterations, phc := strings.CutPrefix(iterations, "i=")
	iterations, length, told := strings.Cut(iterations, ",l=")
	switch {
	case phc && told:
		p.form = formPHCLength
	case phc:
		p.form = formPHC
	case told:
		return p, false
	default:
		p.form, encoding = formPasslib, ab64
	}
	if !p.iterate(iterations) {
		return p, false
	}
	p.salt, ok1 = decode(encoding, salt, minSaltLen, maxSaltLen)
	p.key, ok2 = decode(encoding, key, minKeyLen, digest(id)().Size())
	if told {
		l, ok := number(length)
		ok2 = ok2 && ok && int(l) == len(p.key)
	}
	return p, ok1 && ok2
}

// parseDjangoPBKDF2 reads what follows "id$".
func parseDjangoPBKDF2(id, rest string) (pbkdf2Hash, bool) {
	p := pbkdf2Hash{id: id, form: formDjango}
	part := strings.Split(rest, "$")
	if len(part) != 3 || !plainSalt(part[1]) || !p.iterate(part[0]) {
		return p, false
	}
	var ok bool
	p.salt = []byte(part[1])
	p.key, ok = decode(b64Padded, part[2], minKeyLen, digest(id)().Size())
	return p, ok
}

func (p *pbkdf2Hash) iterate(text string) bool {
	n, ok := number(text)
	p.iterations = n
	return ok && n <= maxIterations
}
