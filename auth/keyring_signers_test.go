package auth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

// kms is a signer of which nobody here knows the private key.
type kms struct {
	crypto.Signer
	sign func(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) // if not nil
}

func (k *kms) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if k.sign != nil {
		return k.sign(random, digest, opts)
	}
	return k.Signer.Sign(random, digest, opts)
}

func signerRing(signers ...auth.SignerKey) (*auth.KeyRing, error) {
	return auth.NewKeyRing(auth.KeyRingConfig{Signers: signers, Logger: quiet})
}

func TestSignersOfEveryAlgorithm(t *testing.T) {
	for _, key := range testKeys() {
		t.Run(key.alg, func(t *testing.T) {
			k, err := signerRing(auth.SignerKey{Signer: &kms{Signer: key.signer}, Algorithm: auth.Algorithm(key.alg), ID: "kms-1"})
			require.NoError(t, err)
			issuer := newIssuer(t, auth.IssuerConfig{Keys: k})
			for range 20 { // among them ECDSA numbers of different lengths
				token := issueBy(t, k).Value
				assert.Equal(t, "kms-1", kidOf(t, token))
				_, err = issuer.Verifier().Verify(t.Context(), token)
				require.NoError(t, err)
			}
			set := published(t, k)
			require.Len(t, set.Keys, 1)
			assert.Equal(t, key.alg, set.Keys[0]["alg"])
			assert.NotContains(t, set.Keys[0], "d")
		})
	}
}

func TestSignersMoveByTheirOrder(t *testing.T) {
	old := auth.SignerKey{Signer: &kms{Signer: rsaKey()}}
	next := auth.SignerKey{Signer: &kms{Signer: p256()}}
	var rings []*auth.KeyRing
	for _, signers := range [][]auth.SignerKey{{old}, {old, next}, {next, old}, {next}} {
		k, err := signerRing(signers...)
		require.NoError(t, err)
		rings = append(rings, k)
	}
	assert.Equal(t, "RS256", published(t, rings[0]).Keys[0]["alg"], "without Algorithm")
	assert.Equal(t, "ES256", published(t, rings[3]).Keys[0]["alg"])
	for i := range 3 { // nodes are started again one by one
		for _, pair := range [][2]int{{i, i + 1}, {i + 1, i}} {
			_, err := newVerifier(t, rings[pair[1]]).Verify(t.Context(), issueBy(t, rings[pair[0]]).Value)
			assert.NoError(t, err, "%v", pair)
		}
	}
}

func TestSignersThatAreRefused(t *testing.T) {
	fake := func(sign func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error)) auth.SignerKey {
		return auth.SignerKey{Signer: &kms{p256(), sign}}
	}
	constant := func(s string) func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
		return func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return []byte(s), nil }
	}
	for name, c := range map[string]struct {
		signers []auth.SignerKey
		want    string
	}{
		"nil":                   {[]auth.SignerKey{{}}, "Signers[0]"},
		"alg of another curve":  {[]auth.SignerKey{{Signer: p256(), Algorithm: auth.ES384}}, "does not fit"},
		"alg of another family": {[]auth.SignerKey{{Signer: edKey(), Algorithm: auth.RS256}}, "does not fit"},
		"HS256":                 {[]auth.SignerKey{{Signer: edKey(), Algorithm: auth.HS256}}, "does not fit"},
		"P-224":                 {[]auth.SignerKey{{Signer: mustEC(elliptic.P224())}}, "unusable key"},
		"RSA of 1024 bits":      {[]auth.SignerKey{{Signer: weakRSA()}}, "2048"},
		"kid with a space":      {[]auth.SignerKey{{Signer: p256(), ID: "a b"}}, "kid"},
		"kid too long":          {[]auth.SignerKey{{Signer: p256(), ID: strings.Repeat("x", 129)}}, "kid"},
		"two with one kid":      {[]auth.SignerKey{{Signer: p256(), ID: "a"}, {Signer: p384(), ID: "a"}}, "one kid"},
		"one key twice":         {[]auth.SignerKey{{Signer: p256(), ID: "a"}, {Signer: p256(), ID: "b"}}, "one key twice"},
		"another key's signature": {[]auth.SignerKey{fake(func(r io.Reader, d []byte, o crypto.SignerOpts) ([]byte, error) {
			return mustECKey().Sign(r, d, o)
		})}, "does not verify"},
		"no ASN.1":             {[]auth.SignerKey{fake(constant("x"))}, "ASN.1"},
		"numbers too large":    {[]auth.SignerKey{fake(constant("\x30\x46\x02\x41\x01" + strings.Repeat("x", 64) + "\x02\x01\x01"))}, "ASN.1"},
		"numbers out of range": {[]auth.SignerKey{fake(constant("\x30\x06\x02\x01\x00\x02\x01\x01"))}, "ASN.1"},
		"something behind": {[]auth.SignerKey{fake(func(r io.Reader, d []byte, o crypto.SignerOpts) ([]byte, error) {
			s, err := p256().Sign(r, d, o)
			return append(s, 0), err
		})}, "ASN.1"},
		"out of reach": {[]auth.SignerKey{fake(func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
			return nil, errors.New("no route to the KMS")
		})}, "no route to the KMS"},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := signerRing(c.signers...)
			assert.Nil(t, k)
			assert.ErrorContains(t, err, c.want)
		})
	}
	for _, c := range []auth.KeyRingConfig{{Path: "keys.json"}, {Algorithm: auth.ES256}, {Rotate: 90 * day}, {Signers: make([]auth.SignerKey, 16)}} {
		c.Signers = append(c.Signers, auth.SignerKey{Signer: p256()})
		_, err := auth.NewKeyRing(c)
		assert.ErrorContains(t, err, "KeyRingConfig.Signers")
	}
	assert.NoFileExists(t, "keys.json")
}

func TestSignerThatFailsLater(t *testing.T) {
	signer := &kms{Signer: p256()}
	k, err := signerRing(auth.SignerKey{Signer: signer})
	require.NoError(t, err)
	issuer := newIssuer(t, auth.IssuerConfig{Keys: k})
	before := issueBy(t, k).Value
	for _, sign := range []func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error){
		func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, errors.New("throttled") },
		mustECKey().Sign, // somebody has pointed the alias to another key
	} {
		signer.sign = sign
		_, err = issuer.Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web"})
		assert.ErrorIs(t, err, auth.ErrUnavailable)
		_, err = issuer.Verifier().Verify(t.Context(), before)
		assert.NoError(t, err, "who verifies needs no signer")
	}
}

func TestRingThatIsFixedHasNothingToRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, err := signerRing(auth.SignerKey{Signer: edKey()})
		require.NoError(t, err)
		stop := run(t, k)
		time.Sleep(365 * day)
		assert.Error(t, k.Rotate(t.Context()))
		assert.Error(t, k.Remove(t.Context(), k.Signing()))
		issueBy(t, k)
		stop()
	})
}

func pemText(t testing.TB, kind string, der []byte) []byte {
	t.Helper()
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func pkcs8(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return der
}

func sec1(t testing.TB, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	return der
}

func TestKeyFileInPEM(t *testing.T) {
	for name, c := range map[string]struct {
		text []byte
		ask  auth.Algorithm
		alg  string
	}{
		"PKCS #8 EC":      {pemText(t, "PRIVATE KEY", pkcs8(t, p384())), "", "ES384"},
		"PKCS #8 Ed25519": {pemText(t, "PRIVATE KEY", pkcs8(t, edKey())), "", "EdDSA"},
		"PKCS #8 RSA":     {pemText(t, "PRIVATE KEY", pkcs8(t, rsaKey())), "", "RS256"},
		"PKCS #1":         {pemText(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey())), auth.PS384, "PS384"},
		"SEC 1":           {pemText(t, "EC PRIVATE KEY", sec1(t, p256())), auth.ES256, "ES256"},
		"SEC 1 as OpenSSL writes it": {append(pemText(t, "EC PARAMETERS", []byte("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07")),
			pemText(t, "EC PRIVATE KEY", sec1(t, p256()))...), "", "ES256"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key.pem")
			require.NoError(t, os.WriteFile(path, c.text, 0o600))
			k, err := auth.NewKeyRing(auth.KeyRingConfig{Path: path, Algorithm: c.ask, Logger: quiet})
			require.NoError(t, err)
			again, err := auth.NewKeyRing(auth.KeyRingConfig{Path: path, Algorithm: c.ask, Logger: quiet})
			require.NoError(t, err)
			_, err = newVerifier(t, again).Verify(t.Context(), issueBy(t, k).Value)
			require.NoError(t, err, "the kid depends on nothing but the key")
			assert.Equal(t, c.alg, published(t, k).Keys[0]["alg"])
			assert.Error(t, k.Rotate(t.Context()))
			assert.Error(t, k.Remove(t.Context(), k.Signing()))
			_, err = auth.NewKeyRing(auth.KeyRingConfig{Path: path, Rotate: 90 * day})
			assert.ErrorContains(t, err, "KeyRingConfig.Rotate is given, but the file is PEM")
			require.NoError(t, os.Chmod(path, 0o640))
			_, err = auth.NewKeyRing(auth.KeyRingConfig{Path: path})
			assert.ErrorContains(t, err, "chmod 600")
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, c.text, text)
		})
	}
}

func TestKeyFilesInPEMThatAreRefused(t *testing.T) {
	good := pemText(t, "PRIVATE KEY", pkcs8(t, p256()))
	spki, err := x509.MarshalPKIXPublicKey(p256().Public())
	require.NoError(t, err)
	for name, text := range map[string][]byte{
		"begin only":       []byte("-----BEGIN PRIVATE KEY-----\n"),
		"no DER":           pemText(t, "PRIVATE KEY", []byte(canary)),
		"another form":     pemText(t, "EC PRIVATE KEY", pkcs8(t, p256())),
		"public":           pemText(t, "PUBLIC KEY", spki),
		"certificate":      pemText(t, "CERTIFICATE", []byte("x")),
		"encrypted":        pemText(t, "ENCRYPTED PRIVATE KEY", []byte("x")),
		"encrypted, old":   []byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"),
		"two keys":         append(good[:len(good):len(good)], pemText(t, "PRIVATE KEY", pkcs8(t, edKey()))...),
		"something behind": append(good[:len(good):len(good)], canary...),
		"P-224":            pemText(t, "PRIVATE KEY", pkcs8(t, mustEC(elliptic.P224()))),
		"RSA of 1024 bits": pemText(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(weakRSA())),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key.pem")
			require.NoError(t, os.WriteFile(path, text, 0o600))
			_, err := auth.NewKeyRing(auth.KeyRingConfig{Path: path})
			require.Error(t, err)
			assert.NotContains(t, err.Error(), canary)
		})
	}
	_, err = auth.NewKeyRing(auth.KeyRingConfig{Path: filepath.Join(t.TempDir(), "key.pem")})
	assert.ErrorContains(t, err, "a PEM file, which is not made here")
	path := filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, os.WriteFile(path, pemText(t, "PRIVATE KEY", pkcs8(t, ed25519.NewKeyFromSeed(make([]byte, 32)))), 0o600))
	_, err = auth.NewKeyRing(auth.KeyRingConfig{Path: path, Algorithm: auth.ES256})
	assert.ErrorContains(t, err, "does not fit")
}
