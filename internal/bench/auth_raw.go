package bench

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

var errSignature = errors.New("the signature is refused")

// rawSignature is the standard library's check of the signature alone: what nobody who verifies can save.
func rawSignature(c *credential, token string) (Task, error) {
	dot := strings.LastIndexByte(token, '.')
	input := token[:dot]
	signature, err := base64.RawURLEncoding.DecodeString(token[dot+1:])
	if err != nil {
		return Task{}, err
	}
	t := Task{Name: "the signature check alone"}
	switch key := c.verifies().(type) {
	case *ecdsa.PublicKey:
		half := len(signature) / 2
		der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])})
		if err != nil {
			return Task{}, err
		}
		t.Target = Target{AtMost: 1.05}
		t.Do = checks(func() bool {
			digest := sha256.Sum256([]byte(input))
			return ecdsa.VerifyASN1(key, digest[:], der)
		})
	case ed25519.PublicKey:
		t.Target = Target{AtMost: 1.05}
		t.Do = checks(func() bool { return ed25519.Verify(key, []byte(input), signature) })
	case *rsa.PublicKey:
		t.Target = Target{AtMost: 1.08}
		t.Do = checks(func() bool {
			digest := sha256.Sum256([]byte(input))
			return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) == nil
		})
	case []byte:
		t.Do = checks(func() bool {
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte(input))
			return hmac.Equal(mac.Sum(nil), signature)
		})
	default:
		return Task{}, fmt.Errorf("no check for %T", key)
	}
	return t, nil
}

func checks(once func() bool) func(int) error {
	return each(func() error {
		if !once() {
			return errSignature
		}
		return nil
	})
}
