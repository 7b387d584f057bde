package jose

import (
	"encoding/base64"
	"strings"
)

// b64 refuses padding, the standard alphabet and unused trailing bits that are not zero. It skips line breaks, which
// Split therefore refuses first.
var b64 = base64.RawURLEncoding.Strict()

// Compact is a token taken apart. Nothing in it has been verified.
type Compact struct {
	Header    string // decoded
	Payload   string // decoded
	Signed    string // the encoded header and payload, with the dot between them: the JWS signing input
	Signature []byte // decoded
}

// Split takes a compact JWS (RFC 7515, section 7.1) apart. It accepts exactly one spelling of each token: three
// parts, none empty, in canonical base64url (sections 2 and 3.1), together at most [MaxToken] bytes.
func Split(token string) (Compact, bool) {
	if len(token) > MaxToken || strings.ContainsAny(token, "\r\n") {
		return Compact{}, false
	}
	header, rest, _ := strings.Cut(token, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	if header == "" || payload == "" || signature == "" { // a further dot fails as base64url
		return Compact{}, false
	}
	var stack [1536]byte // most tokens fit, so that only the text itself is allocated
	buf := stack[:0]
	buf, err := b64.AppendDecode(buf, []byte(header))
	if err != nil {
		return Compact{}, false
	}
	n := len(buf)
	buf, err = b64.AppendDecode(buf, []byte(payload))
	if err != nil {
		return Compact{}, false
	}
	sig, err := b64.DecodeString(signature)
	if err != nil {
		return Compact{}, false
	}
	text := string(buf)
	return Compact{
		Header:    text[:n],
		Payload:   text[n:],
		Signed:    token[:len(header)+1+len(payload)],
		Signature: sig,
	}, true
}

// Join writes a compact JWS. The signature covers what [SigningInput] returned for the same header and payload.
func Join(signingInput string, signature []byte) string {
	return signingInput + "." + b64.EncodeToString(signature)
}

// SigningInput is what a signature covers (RFC 7515, section 5.1).
func SigningInput(header, payload []byte) string {
	return b64.EncodeToString(header) + "." + b64.EncodeToString(payload)
}
