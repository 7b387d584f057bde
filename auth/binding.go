package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

// confirmation is what a token says of the key that its sender must hold ("cnf", RFC 7800). The fields hold 32 bytes or nothing.
type confirmation struct {
	key         string // the thumbprint of a key: "jkt" (RFC 9449, section 6.1)
	certificate string // that of a certificate: "x5t#S256" (RFC 8705, section 3.1)
}

// readConfirmation reads "cnf". Other methods than the two are refused, because whoever wrote them wants the proof.
func readConfirmation(value jose.Value) (*confirmation, bool) {
	var room [4]jose.Member
	members, ok := jose.ParseObject(string(value), room[:0])
	if !ok || len(members) == 0 {
		return nil, false
	}
	c := &confirmation{}
	for _, m := range members {
		text, _ := m.Value.Text()
		sum, err := base64.RawURLEncoding.Strict().DecodeString(text)
		if err != nil || len(sum) != sha256.Size || len(text) != base64.RawURLEncoding.EncodedLen(sha256.Size) {
			return nil, false
		}
		switch m.Name {
		case "jkt":
			c.key = string(sum)
		case "x5t#S256":
			c.certificate = string(sum)
		default:
			return nil, false
		}
	}
	return c, true
}

// binding is what the sender of a token has proved. Nil is nothing.
type binding interface {
	// proves says whether that is what a token with this confirmation asks for. A nil confirmation asks for nothing.
	proves(*confirmation) bool
}

// heldBy returns the refusal of a token whose sender has not proved what it asks for.
func (c *confirmation) heldBy(b binding) error {
	if b == nil && c == nil || b != nil && b.proves(c) {
		return nil
	}
	return refusal(ErrBinding, "")
}

// boundVerifier is a TokenVerifier of this package.
type boundVerifier interface {
	verifyFor(ctx context.Context, token string, b binding) (*Principal, error)
}

// tlsPeer is the client at the other end of a request's connection. Its handshake has proved that it holds the key of its certificate.
type tlsPeer http.Request

func (t *tlsPeer) proves(c *confirmation) bool {
	return c == nil || c.key == "" && t.certified(c.certificate)
}

// certified says whether the client's certificate has the thumbprint. Whether its issuer is trusted does not matter (RFC 8705,
// section 3).
func (t *tlsPeer) certified(thumbprint string) bool {
	if t.TLS == nil || len(t.TLS.PeerCertificates) == 0 {
		return false
	}
	sum := sha256.Sum256(t.TLS.PeerCertificates[0].Raw)
	return subtle.ConstantTimeCompare(sum[:], []byte(thumbprint)) == 1
}
