package password

import "strings"

// nobodys says whether encoded stands for no password: nothing, or what Django writes for a user who has none and Unix for
// one who is locked out, both of which begin with an exclamation mark.
func nobodys(encoded string) bool { return encoded == "" || encoded[0] == '!' }

// wrapped is a hash that Django wrote with a name of its own before it.
type wrapped struct {
	hash
	before string
}

func (w wrapped) encode() string { return w.before + w.hash.encode() }

// parseDjango reads the strings of django.contrib.auth.hashers. MD5, SHA-1 and the hashes of Unix's crypt are not among
// them: whoever has such hashes must lock them away in better ones, as a login of each user comes too late.
func parseDjango(encoded string) (hash, bool) {
	name, rest, ok := strings.Cut(encoded, "$")
	if !ok {
		return nil, false
	}
	switch name {
	case "pbkdf2_sha256", "pbkdf2_sha1":
		return known(parseDjangoPBKDF2(name, rest))
	case "scrypt":
		return known(parseDjangoScrypt(rest))
	case "argon2":
		return wrap(name, "$"+rest, "$argon2id$")
	case "bcrypt", "bcrypt_sha256":
		return wrap(name+"$", rest, "$2")
	default:
		return nil, false
	}
}

// wrap reads a hash of another notation, of which the beginning is known.
func wrap(before, text, beginning string) (hash, bool) {
	if !strings.HasPrefix(text, beginning) {
		return nil, false
	}
	h, ok := parsePHC(text[1:])
	if !ok {
		return nil, false
	}
	if b, ok := h.(bcryptHash); ok {
		b.hashed = before == "bcrypt_sha256$"
		h = b
	}
	return wrapped{hash: h, before: before}, true
}
