package jose

import "strings"

// Header is a JOSE header that asks for nothing unusual. Nothing in it has been verified.
type Header struct {
	Alg string // as it is written
	Typ string // "" if there is none
	Kid string // "" if there is none
}

// forbidden lists the registered parameters that would change what the token means or where its key comes from.
//
//   - crit names extensions that must be understood (RFC 7515, section 4.1.11). We understand none; an empty crit is
//     an error in itself.
//   - b64 and zip change what is signed or what the payload is (RFC 7797; RFC 7516, section 4.1.3).
//   - jwk, jku, x5u and x5c bring a key along or say where to fetch it. Keys come from configuration alone (RFC 8725,
//     section 3.10). A token that carries one is refused, not read past: whoever sends it means it to be used.
//   - cty announces a nested token (RFC 7519, section 5.2).
//   - The rest belongs to encryption (RFC 7516, 7518), or repeats claims where they are not looked for (RFC 7519,
//     section 5.3).
var forbidden = [...]string{
	"crit", "b64", "zip", "jwk", "jku", "x5u", "x5c", "cty",
	"enc", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c", "iss", "sub", "aud",
}

// ParseHeader reads a JOSE header. Of the registered parameters it allows alg, typ and kid, and the certificate
// thumbprints x5t and x5t#S256, which it does not use. Others are forbidden, and so is each spelling of one of these
// names that differs in case only. Names that nobody registered are ignored (RFC 7515, section 4).
func ParseHeader(s string) (Header, error) {
	var room [8]Member
	members, ok := ParseObject(s, room[:0])
	if !ok {
		return Header{}, ErrMalformed
	}
	var h Header
	for _, m := range members {
		switch m.Name {
		case "alg":
			h.Alg, ok = m.Value.Text()
		case "typ":
			h.Typ, ok = m.Value.Text()
		case "kid":
			h.Kid, ok = m.Value.Text()
			ok = ok && ValidKeyID(h.Kid)
		case "x5t", "x5t#S256":
			_, ok = m.Value.Text()
		default:
			if registered(m.Name) {
				return Header{}, ErrForbidden
			}
		}
		if !ok {
			return Header{}, ErrMalformed
		}
	}
	if h.Alg == "" { // RFC 7515, section 4.1.1: it must be present
		return Header{}, ErrMalformed
	}
	return h, nil
}

func registered(name string) bool {
	for _, f := range forbidden {
		if strings.EqualFold(f, name) {
			return true
		}
	}
	for _, f := range [...]string{"alg", "typ", "kid", "x5t", "x5t#S256"} {
		if strings.EqualFold(f, name) {
			return true
		}
	}
	return false
}

// ValidKeyID says whether kid is 1 to [MaxKeyID] bytes of visible ASCII. It is looked up in a fixed set and used for
// nothing else (RFC 8725, section 3.10).
func ValidKeyID(kid string) bool {
	if kid == "" || len(kid) > MaxKeyID {
		return false
	}
	for i := range len(kid) {
		if kid[i] <= ' ' || kid[i] > '~' {
			return false
		}
	}
	return true
}
