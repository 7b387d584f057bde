package auth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

// What is here makes tokens and key files with the standard library alone, so that the package is not its own witness.

const (
	testIssuer   = "https://issuer.example"
	testAudience = "https://api.example"
)

var b64 = base64.RawURLEncoding

type testKey struct {
	kid, alg string
	signer   crypto.Signer
}

var (
	rsaKey = sync.OnceValue(func() *rsa.PrivateKey { return mustRSA(2048) })
	p256   = sync.OnceValue(func() *ecdsa.PrivateKey { return mustEC(elliptic.P256()) })
	p384   = sync.OnceValue(func() *ecdsa.PrivateKey { return mustEC(elliptic.P384()) })
	p521   = sync.OnceValue(func() *ecdsa.PrivateKey { return mustEC(elliptic.P521()) })
	edKey  = sync.OnceValue(func() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(make([]byte, 32)) })
)

func mustRSA(bits int) *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return k
}

// weakRSA makes a key that crypto/rsa itself would not.
func weakRSA() *rsa.PrivateKey {
	for {
		p, _ := rand.Prime(rand.Reader, 512)
		q, _ := rand.Prime(rand.Reader, 512)
		one, e := big.NewInt(1), big.NewInt(65537)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		d := new(big.Int).ModInverse(e, phi)
		if d == nil {
			continue
		}
		k := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 65537}, D: d, Primes: []*big.Int{p, q}}
		k.Precomputed.Dp = new(big.Int).Mod(d, new(big.Int).Sub(p, one))
		k.Precomputed.Dq = new(big.Int).Mod(d, new(big.Int).Sub(q, one))
		k.Precomputed.Qinv = new(big.Int).ModInverse(q, p)
		return k
	}
}

func mustEC(c elliptic.Curve) *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
}

// testKeys has a key for each algorithm.
func testKeys() []testKey {
	return []testKey{
		{"es256", "ES256", p256()}, {"es384", "ES384", p384()}, {"es512", "ES512", p521()}, {"eddsa", "EdDSA", edKey()},
		{"rs256", "RS256", rsaKey()}, {"rs384", "RS384", rsaKey()}, {"rs512", "RS512", rsaKey()},
		{"ps256", "PS256", rsaKey()}, {"ps384", "PS384", rsaKey()}, {"ps512", "PS512", rsaKey()},
	}
}

// jwk returns the private key as a JWK of a key file.
func (k testKey) jwk(t testing.TB, state string) map[string]any {
	t.Helper()
	m := map[string]any{"kid": k.kid, "alg": k.alg, "use": "sig", "state": state, "since": 1_700_000_000}
	switch key := k.signer.(type) {
	case *ecdsa.PrivateKey:
		d, err := key.Bytes()
		require.NoError(t, err)
		point, err := key.PublicKey.Bytes()
		require.NoError(t, err)
		half := (len(point) - 1) / 2
		m["kty"], m["crv"], m["d"] = "EC", key.Curve.Params().Name, b64.EncodeToString(d)
		m["x"], m["y"] = b64.EncodeToString(point[1:1+half]), b64.EncodeToString(point[1+half:])
	case ed25519.PrivateKey:
		m["kty"], m["crv"], m["d"] = "OKP", "Ed25519", b64.EncodeToString(key.Seed())
		m["x"] = b64.EncodeToString(key.Public().(ed25519.PublicKey))
	case *rsa.PrivateKey:
		m["kty"] = "RSA"
		for name, n := range map[string]*big.Int{
			"n": key.N, "e": big.NewInt(int64(key.E)), "d": key.D, "p": key.Primes[0], "q": key.Primes[1],
			"dp": key.Precomputed.Dp, "dq": key.Precomputed.Dq, "qi": key.Precomputed.Qinv,
		} {
			m[name] = b64.EncodeToString(n.Bytes())
		}
	}
	return m
}

// keyFile writes a key file and returns its path.
func keyFile(t testing.TB, jwks ...map[string]any) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"keys": jwks})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "keys.json")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return path
}

// ring returns a KeyRing in which the first key is active.
func ring(t testing.TB, keys ...testKey) *auth.KeyRing {
	t.Helper()
	var jwks []map[string]any
	for i, k := range keys {
		state := "active"
		if i > 0 {
			state = "retired"
		}
		jwks = append(jwks, k.jwk(t, state))
	}
	r, err := auth.NewKeyRing(auth.KeyRingConfig{Path: keyFile(t, jwks...), Logger: quiet})
	require.NoError(t, err)
	return r
}

// sign signs as alg says, with whatever key there is.
func (k testKey) sign(t testing.TB, input string) []byte {
	t.Helper()
	hash := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[k.alg[2:]]
	if key, ok := k.signer.(ed25519.PrivateKey); ok {
		return ed25519.Sign(key, []byte(input))
	}
	h := hash.New()
	h.Write([]byte(input))
	digest := h.Sum(nil)
	switch key := k.signer.(type) {
	case *ecdsa.PrivateKey:
		der, err := key.Sign(rand.Reader, digest, hash)
		require.NoError(t, err)
		r, s := ecdsaInts(t, der)
		size := (key.Curve.Params().BitSize + 7) / 8
		return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
	case *rsa.PrivateKey:
		var options crypto.SignerOpts = hash
		if k.alg[:2] == "PS" {
			options = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
		}
		sig, err := key.Sign(rand.Reader, digest, options)
		require.NoError(t, err)
		return sig
	}
	t.Fatalf("no way to sign with %T", k.signer)
	return nil
}

func ecdsaInts(t testing.TB, der []byte) (r, s *big.Int) {
	t.Helper()
	var sig struct{ R, S *big.Int }
	_, err := asn1.Unmarshal(der, &sig)
	require.NoError(t, err)
	return sig.R, sig.S
}

// forge is a token in the making. Its fields can be changed before it is built.
type forge struct {
	t      testing.TB
	key    testKey
	header map[string]any
	claims map[string]any

	rawHeader, rawClaims string // instead of header and claims
}

func newForge(t testing.TB, key testKey) *forge {
	now := time.Now().Unix()
	return &forge{
		t: t, key: key,
		header: map[string]any{"alg": key.alg, "kid": key.kid, "typ": "at+jwt"},
		claims: map[string]any{
			"iss": testIssuer, "aud": testAudience, "sub": "alice", "client_id": "web", "jti": "t1",
			"iat": now, "exp": now + 600, "scope": "orders:read orders:write",
		},
	}
}

func (f *forge) texts() (header, claims string) {
	f.t.Helper()
	encode := func(raw string, m map[string]any) string {
		if raw != "" {
			return raw
		}
		text, err := json.Marshal(m)
		require.NoError(f.t, err)
		return string(text)
	}
	return encode(f.rawHeader, f.header), encode(f.rawClaims, f.claims)
}

func (f *forge) input() string {
	f.t.Helper()
	header, claims := f.texts()
	return b64.EncodeToString([]byte(header)) + "." + b64.EncodeToString([]byte(claims))
}

func (f *forge) token() string {
	f.t.Helper()
	input := f.input()
	return input + "." + b64.EncodeToString(f.key.sign(f.t, input))
}

// with returns the claims as text, with the members of more appended as they are.
func (f *forge) with(more string) string {
	f.t.Helper()
	text, err := json.Marshal(f.claims)
	require.NoError(f.t, err)
	return string(text[:len(text)-1]) + "," + more + "}"
}

func (f *forge) without(claim string) {
	f.claims = maps.Clone(f.claims)
	delete(f.claims, claim)
}

func newVerifier(t testing.TB, keys auth.Keys) *auth.Verifier {
	t.Helper()
	v, err := auth.NewVerifier(auth.VerifierConfig{Issuer: testIssuer, Audience: []string{testAudience}, Keys: keys})
	require.NoError(t, err)
	return v
}

func mustECKey() *ecdsa.PrivateKey { return mustEC(p256().Curve) }
