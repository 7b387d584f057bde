package jose

import "strings"

// Proof is the header of a DPoP proof (RFC 9449, section 4.2). Nothing in it has been verified, and its key is the sender's own: what a
// signature of it proves is that the sender holds it.
type Proof struct {
	Typ string
	Key *PublicKey
}

// ParseProofHeader reads a header that brings its public key along. It allows typ, alg and jwk, of which all are required, and ignores
// names that nobody registered.
func ParseProofHeader(s string, algorithms []Algorithm) (Proof, error) {
	var room [8]Member
	members, ok := ParseObject(s, room[:0])
	if !ok {
		return Proof{}, ErrMalformed
	}
	var p Proof
	var alg string
	var jwk Value
	for _, m := range members {
		switch m.Name {
		case "alg":
			alg, ok = m.Value.Text()
		case "typ":
			p.Typ, ok = m.Value.Text()
		case "kid": // the key is in the header
			_, ok = m.Value.Text()
		case "jwk":
			jwk, ok = m.Value, strings.HasPrefix(string(m.Value), "{")
		default:
			if registered(m.Name) {
				return Proof{}, ErrForbidden
			}
		}
		if !ok {
			return Proof{}, ErrMalformed
		}
	}
	if alg == "" || jwk == "" {
		return Proof{}, ErrMalformed
	}
	var err error
	p.Key, err = proofKey(jwk, Algorithm(alg), algorithms)
	return p, err
}

func proofKey(text Value, alg Algorithm, algorithms []Algorithm) (*PublicKey, error) {
	k, err := readJWK(text)
	if err != nil {
		return nil, err
	}
	allowed := false
	for _, a := range algorithms {
		allowed = allowed || a == alg
	}
	if !allowed || k.alg != "" && k.alg != string(alg) || k.use != "" && k.use != "sig" {
		return nil, ErrForbidden
	}
	k.alg, k.kid = string(alg), ""
	return k.public(algorithms)
}
