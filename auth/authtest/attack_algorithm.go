package authtest

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"strings"

	"github.com/sallyport-go/sallyport/auth"
)

func algorithmAttacks() []attack {
	none := func(alg string) attack {
		return attack{"alg " + alg + " without a signature", auth.ErrAlgorithm, func(f *forge) string {
			f.header["alg"] = alg
			return f.input() + "." + b64.EncodeToString([]byte("x"))
		}}
	}
	return []attack{
		none("none"), none("None"), none("NONE"), none("nOnE"), none("none "),
		header("alg of another case", "alg", "es256", auth.ErrAlgorithm),
		header("alg empty", "alg", "", auth.ErrMalformed),
		header("alg null", "alg", nil, auth.ErrMalformed),
		header("alg a list", "alg", []string{"ES256"}, auth.ErrMalformed),
		header("alg a number", "alg", 256, auth.ErrMalformed),
		header("alg unknown", "alg", "ES256K", auth.ErrAlgorithm),
		header("alg of another curve than the key", "alg", "ES384", auth.ErrAlgorithm),
		header("alg of another family than the key", "alg", "RS256", auth.ErrAlgorithm),
		{"alg missing", auth.ErrMalformed, func(f *forge) string { delete(f.header, "alg"); return f.token() }},
		{"HS256 with the public key as the secret", auth.ErrAlgorithm, func(f *forge) string {
			f.header["alg"], f.header["kid"] = "HS256", "rs256"
			secret, err := x509.MarshalPKIXPublicKey(&rsaKey().PublicKey)
			must(err)
			input := f.input()
			mac := hmac.New(sha256.New, secret)
			mac.Write([]byte(input))
			return input + "." + b64.EncodeToString(mac.Sum(nil))
		}},
		{"PS256 with the key of RS256", auth.ErrAlgorithm, func(f *forge) string {
			f.key = key{"rs256", "PS256", rsaKey()}
			f.header["alg"], f.header["kid"] = "PS256", "rs256"
			return f.token()
		}},
		{"RS512 with the key of RS256", auth.ErrAlgorithm, func(f *forge) string {
			f.key = key{"rs256", "RS512", rsaKey()}
			f.header["alg"], f.header["kid"] = "RS512", "rs256"
			return f.token()
		}},
		signedAs("ES256 signed with P-384", auth.ErrSignature, func() key { return key{"es256", "ES256", p384()} }, "ES256"),
		signedAs("the key of a stranger", auth.ErrSignature, stranger, "ES256"),
	}
}

func keyAttacks() []attack {
	jwk := map[string]any{"kty": "EC", "crv": "P-256", "x": canary, "y": canary}
	return []attack{
		header("kid unknown", "kid", canary, auth.ErrUnknownKey),
		{"kid missing", auth.ErrUnknownKey, func(f *forge) string { delete(f.header, "kid"); return f.token() }},
		header("kid empty", "kid", "", auth.ErrMalformed),
		header("kid a number", "kid", 1, auth.ErrMalformed),
		header("kid null", "kid", nil, auth.ErrMalformed),
		header("kid a path", "kid", "../../../dev/null", auth.ErrUnknownKey),
		header("kid SQL", "kid", "x'UNION/**/SELECT'k';--", auth.ErrUnknownKey),
		header("kid a URL", "kid", "https://"+canary+".example/jwks.json", auth.ErrUnknownKey),
		header("kid with a space", "kid", "es256 ", auth.ErrMalformed),
		header("kid with NUL", "kid", "es256\x00", auth.ErrMalformed),
		header("kid with a line break", "kid", "es256\nlevel=INFO", auth.ErrMalformed),
		header("kid beyond ASCII", "kid", "es256é", auth.ErrMalformed),
		header("kid of 129 bytes", "kid", strings.Repeat("k", 129), auth.ErrMalformed),
		header("kid of another case", "kid", "ES256", auth.ErrUnknownKey),
		header("jwk in the header", "jwk", jwk, auth.ErrMalformed),
		header("jku in the header", "jku", "https://"+canary+".example/", auth.ErrMalformed),
		header("x5u in the header", "x5u", "https://"+canary+".example/", auth.ErrMalformed),
		header("x5c in the header", "x5c", []string{canary}, auth.ErrMalformed),
	}
}
