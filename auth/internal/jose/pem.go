package jose

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
)

// ParsePEM reads the one private key of a PEM text: PKCS #8 (RFC 5958), SEC 1 (RFC 5915), or PKCS #1 (RFC 8017). The parameters that
// OpenSSL writes before an EC key may be there, and nothing else.
func ParsePEM(text []byte) (crypto.Signer, error) {
	block, rest := pem.Decode(text)
	if block != nil && block.Type == "EC PARAMETERS" {
		block, rest = pem.Decode(rest)
	}
	switch {
	case block == nil:
		return nil, fmt.Errorf("%w: it is not PEM", ErrKey)
	case len(block.Headers) > 0 || block.Type == "ENCRYPTED PRIVATE KEY":
		return nil, fmt.Errorf("%w: it is encrypted, or has headers: write it with openssl pkey", ErrKey)
	case len(bytes.TrimSpace(rest)) > 0:
		return nil, fmt.Errorf("%w: something follows the private key", ErrKey)
	}
	var raw any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		raw, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		raw, err = x509.ParseECPrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		raw, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("%w: it is not a private key", ErrKey)
	}
	signer, ok := raw.(crypto.Signer)
	if err != nil || !ok {
		return nil, fmt.Errorf("%w: its private key cannot be read", ErrKey)
	}
	return signer, nil
}
