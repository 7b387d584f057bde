package auth

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

// signerRing returns a ring of keys that are elsewhere. The first signs, and shows that it can; the others are published.
func signerRing(signers []SignerKey) (*ringKeys, error) {
	keys := make([]ringKey, 0, len(signers))
	var errs []error
	for i, s := range signers {
		key, err := bindSigner(s.Signer, jose.Algorithm(s.Algorithm), s.ID)
		if err == nil && i == 0 {
			_, err = key.Sign("a first signature shows that the key is the right one")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("auth: KeyRingConfig.Signers[%d]: %w", i, err))
			continue
		}
		state := stateRetired
		if i == 0 {
			state = stateActive
		}
		keys = append(keys, ringKey{key: key, state: state})
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return newRingKeys(keys)
}

// bindSigner binds a key to an algorithm, of which it may have to find out the one that fits.
func bindSigner(signer crypto.Signer, alg jose.Algorithm, id string) (*jose.PrivateKey, error) {
	if signer != nil && alg == "" {
		alg = jose.DefaultAlgorithm(signer.Public())
	}
	return jose.NewPrivateKey(signer, alg, id)
}

// isPEM says whether a key file begins as PEM does (RFC 7468, section 2).
func isPEM(text []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("-----BEGIN "))
}

// pemRing returns a ring of the one key in a PEM file.
func pemRing(path string, text []byte, alg jose.Algorithm) (*ringKeys, error) {
	signer, err := jose.ParsePEM(text)
	if err != nil {
		return nil, fmt.Errorf("auth: the key file %s: %w", path, err)
	}
	key, err := bindSigner(signer, alg, "")
	if err != nil {
		return nil, fmt.Errorf("auth: the key file %s: %w", path, err)
	}
	return newRingKeys([]ringKey{{key: key, state: stateActive}})
}
