package bench_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

// golangJWTAs signs with a method of golang-jwt and a header of one's own.
func golangJWTAs(method jwt.SigningMethod, key any, header map[string]any) func(t *testing.T) string {
	return func(t *testing.T) string {
		token := jwt.NewWithClaims(method, jwt.MapClaims(goodClaims()))
		token.Header["typ"], token.Header["kid"] = "at+jwt", kidFor(auth.ES256)
		for name, value := range header {
			token.Header[name] = value
			if value == nil {
				delete(token.Header, name)
			}
		}
		text, err := token.SignedString(key)
		require.NoError(t, err)
		return text
	}
}

func algorithmAttacks() []attack {
	none := golangJWTAs(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil)
	hmac := func(material func(t *testing.T) []byte, kid auth.Algorithm) func(t *testing.T) string {
		return func(t *testing.T) string {
			return golangJWTAs(jwt.SigningMethodHS256, material(t), map[string]any{"kid": kidFor(kid)})(t)
		}
	}
	der := func(t *testing.T, key any) []byte {
		text, err := x509.MarshalPKIXPublicKey(key)
		require.NoError(t, err)
		return text
	}
	return []attack{
		{"none", auth.ErrMalformed, none},
		{"none with a signature", auth.ErrAlgorithm, func(t *testing.T) string { return none(t) + "AAAA" }},
		{"HS256 with the public EC key in PEM", auth.ErrAlgorithm, hmac(func(t *testing.T) []byte {
			return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der(t, p256().Public())})
		}, auth.ES256)},
		{"HS256 with the public EC key in DER", auth.ErrAlgorithm, hmac(func(t *testing.T) []byte { return der(t, p256().Public()) }, auth.ES256)},
		{"HS256 with the public RSA key in PEM", auth.ErrAlgorithm, hmac(func(t *testing.T) []byte {
			return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der(t, rsaKey().Public())})
		}, auth.RS256)},
		{"HS256 with the JWK set", auth.ErrAlgorithm, hmac(goJOSESet, auth.ES256)},
		{"HS512 with the JWK set", auth.ErrAlgorithm, func(t *testing.T) string {
			return golangJWTAs(jwt.SigningMethodHS512, goJOSESet(t), nil)(t)
		}},
		{"PS256 under the key for RS256", auth.ErrAlgorithm, golangJWTAs(jwt.SigningMethodPS256, rsaKey(), map[string]any{"kid": kidFor(auth.RS256)})},
		{"RS256 under the key for PS256", auth.ErrAlgorithm, golangJWTAs(jwt.SigningMethodRS256, rsaKey(), map[string]any{"kid": kidFor(auth.PS256)})},
		{"RS512 under the key for RS256", auth.ErrAlgorithm, golangJWTAs(jwt.SigningMethodRS512, rsaKey(), map[string]any{"kid": kidFor(auth.RS256)})},
		{"EdDSA under the key for ES256", auth.ErrAlgorithm, golangJWTAs(jwt.SigningMethodEdDSA, edKey(), nil)},
		{"a name in small letters", auth.ErrAlgorithm, golangJWTAs(jwt.SigningMethodES256, p256(), map[string]any{"alg": "es256"})},
		{"no name", auth.ErrMalformed, golangJWTAs(jwt.SigningMethodES256, p256(), map[string]any{"alg": nil})},
	}
}

func signatureAttacks() []attack {
	good := func(t *testing.T) string {
		return makers["golang-jwt"](t, auth.ES256, kidFor(auth.ES256), p256(), goodClaims())
	}
	return []attack{
		{"DER in place of r and s", auth.ErrSignature, func(t *testing.T) string {
			input := good(t)
			input = input[:strings.LastIndexByte(input, '.')]
			digest := sha256.Sum256([]byte(input))
			der, err := ecdsa.SignASN1(rand.Reader, p256(), digest[:])
			require.NoError(t, err)
			return input + "." + base64.RawURLEncoding.EncodeToString(der)
		}},
		{"ES256 over P-384", auth.ErrSignature, func(t *testing.T) string { // which jwx signs without a word
			return makers["jwx"](t, auth.ES256, kidFor(auth.ES256), p384(), goodClaims())
		}},
		{"a stranger's under our kid", auth.ErrSignature, func(t *testing.T) string {
			return makers["go-jose"](t, auth.ES256, kidFor(auth.ES256), stranger(), goodClaims())
		}},
		{"that of another token", auth.ErrSignature, func(t *testing.T) string {
			one, other := good(t), makers["jwx"](t, auth.ES256, kidFor(auth.ES256), p256(), map[string]any{"sub": "root"})
			return other[:strings.LastIndexByte(other, '.')] + one[strings.LastIndexByte(one, '.'):]
		}},
		{"PSS with a salt that is too long", auth.ErrSignature, func(t *testing.T) string { // RFC 7518, section 3.5: as long as the hash
			method := *jwt.SigningMethodPS256
			method.Options = jwt.SigningMethodPS512.Options
			options := *method.Options
			options.SaltLength = 64
			method.Options = &options
			return golangJWTAs(&method, rsaKey(), map[string]any{"kid": kidFor(auth.PS256)})(t)
		}},
	}
}

func keyAttacks() []attack {
	sign := func(options *jose.SignerOptions, kid string, key any) func(t *testing.T) string {
		return func(t *testing.T) string {
			signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, options.WithType("at+jwt"))
			require.NoError(t, err)
			text, err := josejwt.Signed(signer).Claims(goodClaims()).Serialize()
			require.NoError(t, err)
			return text
		}
	}
	plain := func() *jose.SignerOptions { return &jose.SignerOptions{} }
	evil := func(t *testing.T) string {
		text, err := json.Marshal(jose.JSONWebKey{Key: stranger().Public(), KeyID: kidFor(auth.ES256)})
		require.NoError(t, err)
		return string(text)
	}
	return []attack{
		{"the stranger's key in the header", auth.ErrMalformed, sign(&jose.SignerOptions{EmbedJWK: true}, kidFor(auth.ES256), stranger())},
		{"our key in the header", auth.ErrMalformed, sign(&jose.SignerOptions{EmbedJWK: true}, kidFor(auth.ES256), p256())},
		{"jwk beside kid", auth.ErrMalformed, func(t *testing.T) string {
			return golangJWTAs(jwt.SigningMethodES256, stranger(), map[string]any{"jwk": json.RawMessage(evil(t))})(t)
		}},
		{"jku", auth.ErrMalformed, sign(plain().WithHeader("jku", "https://stranger.example/jwks.json"), kidFor(auth.ES256), stranger())},
		{"x5u", auth.ErrMalformed, sign(plain().WithHeader("x5u", "https://stranger.example/cert.pem"), kidFor(auth.ES256), stranger())},
		{"x5c", auth.ErrMalformed, golangJWTAs(jwt.SigningMethodES256, stranger(), map[string]any{"x5c": []string{"MAo="}})},
		{"no kid", auth.ErrUnknownKey, sign(plain(), "", p256())},
		{"a kid that nobody has", auth.ErrUnknownKey, sign(plain(), "kid-of-a-stranger", stranger())},
		{"a kid that is a path", auth.ErrUnknownKey, sign(plain(), "../../../dev/null", stranger())},
		{"a kid that is a number", auth.ErrMalformed, golangJWTAs(jwt.SigningMethodES256, p256(), map[string]any{"kid": 1})},
		{"a fresh key", auth.ErrSignature, func(t *testing.T) string {
			key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			require.NoError(t, err)
			return sign(plain(), kidFor(auth.ES256), key)(t)
		}},
	}
}

func secretAttacks() []attack {
	with := func(method jwt.SigningMethod, secret []byte) func(t *testing.T) string {
		return golangJWTAs(method, secret, map[string]any{"kid": "s1"})
	}
	return []attack{
		{"HS384 with the secret for HS256", auth.ErrAlgorithm, with(jwt.SigningMethodHS384, secret())},
		{"HS512 with the secret for HS256", auth.ErrAlgorithm, with(jwt.SigningMethodHS512, secret())},
		{"the empty secret", auth.ErrSignature, with(jwt.SigningMethodHS256, []byte{})},
		{"a secret that begins like ours", auth.ErrSignature, with(jwt.SigningMethodHS256, secret()[:32])},
		{"ES256 of a stranger", auth.ErrAlgorithm, golangJWTAs(jwt.SigningMethodES256, stranger(), map[string]any{"kid": "s1"})},
		{"none with a signature", auth.ErrAlgorithm, func(t *testing.T) string {
			return golangJWTAs(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, map[string]any{"kid": "s1"})(t) + "AAAA"
		}},
	}
}
