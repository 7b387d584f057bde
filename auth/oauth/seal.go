package oauth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
)

// seal encrypts t under a key that comes from the secret of old alone, which the store does not have.
func (t refreshToken) seal(old refreshToken) []byte {
	return old.sealer().Seal(nil, nil, t.secret[:], t.handle[:])
}

var errSealed = errors.New("oauth: the store has something else than it was given to keep")

// open returns the token that was sealed under t.
func (t refreshToken) open(sealed []byte) (refreshToken, error) {
	secret, err := t.sealer().Open(nil, nil, sealed, t.handle[:])
	if err != nil || len(secret) != len(t.secret) {
		return refreshToken{}, errSealed
	}
	next := refreshToken{handle: t.handle}
	copy(next.secret[:], secret)
	return next, nil
}

func (t refreshToken) sealer() cipher.AEAD {
	mac := hmac.New(sha256.New, t.secret[:])
	mac.Write([]byte("sallyport refresh successor"))
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	aead, err := cipher.NewGCMWithRandomNonce(block) // several requests may seal at once, of which one is kept
	if err != nil {
		panic(err) // AES has blocks of 16 bytes
	}
	return aead
}
