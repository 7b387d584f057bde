package jose_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

var algorithms = []jose.Algorithm{
	jose.ES256, jose.ES384, jose.ES512, jose.EdDSA, jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
}

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func newKey(t testing.TB, alg jose.Algorithm) *jose.PrivateKey {
	t.Helper()
	var k *jose.PrivateKey
	var err error
	if alg[1] == 'S' && alg[0] != 'E' {
		k, err = jose.NewPrivateKey(rsaKey(), alg, "") // making one takes a while
	} else {
		k, err = jose.Generate(alg)
	}
	require.NoError(t, err)
	return k
}

func TestSignAndVerify(t *testing.T) {
	for _, alg := range algorithms {
		t.Run(string(alg), func(t *testing.T) {
			k, other := newKey(t, alg), newKey(t, jose.ES256)
			assert.Equal(t, alg, k.Public().Algorithm())
			assert.Len(t, k.Public().ID(), 43, "a thumbprint")
			for i := range 50 { // some r and s are short
				signed := fmt.Sprint("text ", i)
				sig, err := k.Sign(signed)
				require.NoError(t, err)
				assert.True(t, k.Public().Verify(signed, sig))
				assert.False(t, k.Public().Verify(signed+" ", sig))
				assert.False(t, k.Public().Verify(signed, sig[1:]))
				assert.False(t, k.Public().Verify(signed, append([]byte{0}, sig...)))
				assert.False(t, other.Public().Verify(signed, sig))
				sig[len(sig)/2] ^= 1
				assert.False(t, k.Public().Verify(signed, sig))
			}
			assert.False(t, k.Public().Verify("x", nil))
		})
	}
}

func TestKeyThatDoesNotFitItsAlgorithm(t *testing.T) {
	curve := func(c elliptic.Curve) crypto.Signer {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		require.NoError(t, err)
		return k
	}
	ed := ed25519.NewKeyFromSeed(make([]byte, 32))
	for name, c := range map[string]struct {
		key crypto.Signer
		alg jose.Algorithm
	}{
		"P-384 for ES256":   {curve(elliptic.P384()), jose.ES256},
		"P-256 for ES384":   {curve(elliptic.P256()), jose.ES384},
		"P-256 for ES512":   {curve(elliptic.P256()), jose.ES512},
		"P-224 for ES256":   {curve(elliptic.P224()), jose.ES256},
		"P-256 for RS256":   {curve(elliptic.P256()), jose.RS256},
		"P-256 for EdDSA":   {curve(elliptic.P256()), jose.EdDSA},
		"RSA for ES256":     {rsaKey(), jose.ES256},
		"RSA for EdDSA":     {rsaKey(), jose.EdDSA},
		"Ed25519 for ES256": {ed, jose.ES256},
		"Ed25519 for PS256": {ed, jose.PS256},
		"P-256 for none":    {curve(elliptic.P256()), "none"},
		"P-256 for HS256":   {curve(elliptic.P256()), "HS256"},
		"P-256 for nothing": {curve(elliptic.P256()), ""},
	} {
		_, err := jose.NewPrivateKey(c.key, c.alg, "k")
		assert.ErrorIs(t, err, jose.ErrKey, name)
	}
	n := rsaKey().N
	for name, k := range map[string]*rsa.PublicKey{
		"2047 bits":         {N: new(big.Int).Rsh(n, 1), E: 65537},
		"more than 8192":    {N: new(big.Int).Lsh(n, 7000), E: 65537},
		"exponent 3":        {N: n, E: 3},
		"exponent 1":        {N: n, E: 1},
		"exponent even":     {N: n, E: 65538},
		"exponent negative": {N: n, E: -65537},
		"no modulus":        {E: 65537},
	} {
		_, err := jose.NewPublicKey(k, jose.RS256, "k")
		assert.ErrorIs(t, err, jose.ErrKey, name)
	}
	_, err := jose.NewPublicKey(ed25519.PublicKey{1}, jose.EdDSA, "k")
	assert.ErrorIs(t, err, jose.ErrKey)
	_, err = jose.NewPublicKey([]byte("secret"), jose.RS256, "k")
	assert.ErrorIs(t, err, jose.ErrKey)
	_, err = jose.NewPrivateKey(nil, jose.ES256, "k")
	assert.ErrorIs(t, err, jose.ErrKey)
	_, err = jose.Generate("none")
	assert.ErrorIs(t, err, jose.ErrKey)
}

func TestPrivateJWKRoundTrip(t *testing.T) {
	for _, alg := range algorithms {
		k := newKey(t, alg)
		text, err := k.JWK(map[string]any{"state": "active"})
		require.NoError(t, err)
		again, extra, err := jose.ParsePrivateJWK(string(text))
		require.NoError(t, err, alg)
		assert.Equal(t, map[string]string{"state": `"active"`}, extra)
		assert.Equal(t, k.Public().ID(), again.Public().ID())
		assert.Equal(t, alg, again.Public().Algorithm())
		sig, err := again.Sign("x")
		require.NoError(t, err)
		assert.True(t, k.Public().Verify("x", sig))
	}
}

func TestPrivateKeyDoesNotPrint(t *testing.T) {
	k := newKey(t, jose.EdDSA)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		assert.Equal(t, "jose.PrivateKey("+k.Public().ID()+")", fmt.Sprintf(verb, k))
	}
}

// RFC 7638, section 3.1, and RFC 8037, appendix A.3.
func TestThumbprintsOfTheStandards(t *testing.T) {
	n := "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
	print, err := jose.Thumbprint(&rsa.PublicKey{N: new(big.Int).SetBytes(decode(t, n)), E: 65537})
	require.NoError(t, err)
	assert.Equal(t, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", print)
	print, err = jose.Thumbprint(ed25519.PublicKey(decode(t, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")))
	require.NoError(t, err)
	assert.Equal(t, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", print)
}

func TestHeaders(t *testing.T) {
	for text, want := range map[string]error{
		`{"alg":"a"}`: nil,
		`{"alg":"a","typ":"t","kid":"k","x5t":"x","x5t#S256":"y","nonce":1,"made-up":{}}`: nil,
		`{}`:                       jose.ErrMalformed,
		``:                         jose.ErrMalformed,
		`{"alg":""}`:               jose.ErrMalformed,
		`{"typ":"t"}`:              jose.ErrMalformed,
		`{"alg":"a","kid":""}`:     jose.ErrMalformed,
		`{"alg":"a","x5t":1}`:      jose.ErrMalformed,
		`{"alg":"a","alg":"a"}`:    jose.ErrMalformed,
		`{"alg":"a","crit":[]}`:    jose.ErrForbidden,
		`{"alg":"a","Jwk":{}}`:     jose.ErrForbidden,
		`{"alg":"a","x5T#s256":1}`: jose.ErrForbidden,
		`{"alg":"a","iss":"i"}`:    jose.ErrForbidden,
	} {
		_, err := jose.ParseHeader(text)
		assert.ErrorIs(t, err, want, text)
	}
}

func TestValues(t *testing.T) {
	members, ok := jose.ParseObject(`{"s":"a\u00e9\ud83d\ude00\n\/\"\\", "l" : [ "a" , "b\t" ] ,"e":[ ],"n":-1.5e+3,"m":["a",1],"o":{},"":null}`, nil)
	require.True(t, ok)
	values := map[string]jose.Value{}
	for _, m := range members {
		values[m.Name] = m.Value
	}
	text, ok := values["s"].Text()
	assert.True(t, ok)
	assert.Equal(t, "aé😀\n/\"\\", text)
	texts, ok := values["l"].Texts()
	assert.True(t, ok)
	assert.Equal(t, []string{"a", "b\t"}, texts)
	texts, ok = values["e"].Texts()
	assert.True(t, ok)
	assert.Empty(t, texts)
	number, ok := values["n"].Number()
	assert.True(t, ok)
	assert.Equal(t, "-1.5e+3", number)
	for _, name := range []string{"m", "o", "", "s", "n", "missing"} {
		_, ok = values[name].Texts()
		assert.False(t, ok, name)
	}
	for _, name := range []string{"l", "o", "", "n", "missing"} {
		_, ok = values[name].Text()
		assert.False(t, ok, name)
	}
	for _, name := range []string{"l", "o", "", "s", "missing"} {
		_, ok = values[name].Number()
		assert.False(t, ok, name)
	}
}

func TestBoundsOfJSON(t *testing.T) {
	nested := func(n int) string { return `{"x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	_, ok := jose.ParseObject(nested(jose.MaxDepth-1), nil)
	assert.True(t, ok)
	_, ok = jose.ParseObject(nested(jose.MaxDepth), nil)
	assert.False(t, ok)
	_, ok = jose.ParseObject(strings.Repeat(`{"x":`, 1<<20), nil)
	assert.False(t, ok)
	object := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"%d":0`, i)
		}
		return "{" + b.String()[1:] + "}"
	}
	members, ok := jose.ParseObject(object(jose.MaxMembers), nil)
	assert.True(t, ok)
	assert.Len(t, members, jose.MaxMembers)
	_, ok = jose.ParseObject(object(jose.MaxMembers+1), nil)
	assert.False(t, ok)
}
