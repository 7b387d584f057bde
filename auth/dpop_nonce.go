package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"time"
)

// nonces makes and knows nonces without remembering any: each is a time under a MAC, so that every node with the key knows those of
// the others.
type nonces struct{ key []byte }

const nonceLife = 5 * time.Minute

func newNonces(key []byte) *nonces { return &nonces{slices.Clone(key)} }

// at returns the nonce of an instant.
func (n *nonces) at(now time.Time) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(now.Unix()))
	return base64.RawURLEncoding.EncodeToString(append(b, n.mac(b)...))
}

// valid says whether nonce was made not long ago. Clocks of nodes may differ by the leeway of proofs.
func (n *nonces) valid(nonce string, now time.Time) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(nonce)
	if err != nil || len(b) != 8+16 || !hmac.Equal(b[8:], n.mac(b[:8])) {
		return false
	}
	made := time.Unix(int64(binary.BigEndian.Uint64(b)), 0)
	return now.Before(made.Add(nonceLife)) && !made.After(now.Add(proofLeeway))
}

func (n *nonces) mac(b []byte) []byte {
	h := hmac.New(sha256.New, n.key)
	h.Write([]byte("DPoP-Nonce\x00")) // the key may serve something else
	h.Write(b)
	return h.Sum(nil)[:16]
}
