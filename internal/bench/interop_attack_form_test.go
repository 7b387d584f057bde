package bench_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

func signerOf(t *testing.T, options *jose.SignerOptions) jose.Signer {
	t.Helper()
	key := jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: p256(), KeyID: kidFor(auth.ES256)}}
	signer, err := jose.NewSigner(key, options.WithType("at+jwt"))
	require.NoError(t, err)
	return signer
}

// payload has go-jose sign a payload as it is.
func payload(text func(t *testing.T) string) func(t *testing.T) string {
	return func(t *testing.T) string {
		signed, err := signerOf(t, &jose.SignerOptions{}).Sign([]byte(text(t)))
		require.NoError(t, err)
		return compact(t, signed)
	}
}

func compact(t *testing.T, signed *jose.JSONWebSignature) string {
	t.Helper()
	token, err := signed.CompactSerialize()
	require.NoError(t, err)
	return token
}

// with is the good claims as text with more at their end.
func with(more string) func(t *testing.T) string {
	return payload(func(t *testing.T) string {
		text, err := json.Marshal(goodClaims())
		require.NoError(t, err)
		return string(text[:len(text)-1]) + "," + more + "}"
	})
}

func header(name, parameter string, value any, cause error) attack {
	return attack{name, cause, golangJWTAs(jwt.SigningMethodES256, p256(), map[string]any{parameter: value})}
}

func typeAttacks() []attack {
	return []attack{
		header("none", "typ", nil, auth.ErrType),
		header("that of every token", "typ", "JWT", auth.ErrType),
		header("that of a DPoP proof", "typ", "dpop+jwt", auth.ErrType),
		header("that of a logout token", "typ", "logout+jwt", auth.ErrType),
		header("that of a security event", "typ", "secevent+jwt", auth.ErrType),
		header("not a text", "typ", []string{"at+jwt"}, auth.ErrMalformed),
		header("twice in two cases", "TYP", "JWT", auth.ErrMalformed),
	}
}

func headerAttacks() []attack {
	return []attack{
		{"crit that go-jose writes", auth.ErrMalformed, func(t *testing.T) string {
			signer := signerOf(t, (&jose.SignerOptions{}).WithHeader("x-must", true).WithCritical("x-must"))
			token, err := josejwt.Signed(signer).Claims(goodClaims()).Serialize()
			require.NoError(t, err)
			return token
		}},
		header("crit empty", "crit", []string{}, auth.ErrMalformed),
		header("crit for a registered name", "crit", []string{"exp"}, auth.ErrMalformed),
		{"b64 false that go-jose writes", auth.ErrMalformed, func(t *testing.T) string {
			signed, err := signerOf(t, (&jose.SignerOptions{}).WithBase64(false)).Sign([]byte("abcd"))
			require.NoError(t, err)
			return compact(t, signed)
		}},
		header("b64 false without crit", "b64", false, auth.ErrMalformed),
		header("b64 true", "b64", true, auth.ErrMalformed),
		header("zip", "zip", "DEF", auth.ErrMalformed),
		header("cty of a nested token", "cty", "JWT", auth.ErrMalformed),
		header("enc", "enc", "A256GCM", auth.ErrMalformed),
		header("iss in the header", "iss", interopIssuer, auth.ErrMalformed),
	}
}

func shapeAttacks() []attack {
	good := func(t *testing.T) string {
		return makers["golang-jwt"](t, auth.ES256, kidFor(auth.ES256), p256(), goodClaims())
	}
	spoil := func(name string, change func(string) string) attack {
		return attack{name, auth.ErrMalformed, func(t *testing.T) string { return change(good(t)) }}
	}
	return []attack{
		spoil("padding at the end", func(s string) string { return s + "==" }),
		spoil("padding in each part", func(s string) string {
			parts := strings.Split(s, ".")
			for i, part := range parts {
				for len(part)%4 != 0 || i == 2 && !strings.HasSuffix(part, "=") {
					part += "="
				}
				parts[i] = part
			}
			return strings.Join(parts, ".")
		}),
		spoil("a fourth part", func(s string) string { return s + ".AAAA" }),
		spoil("a line break", func(s string) string { return s[:9] + "\n" + s[9:] }),
		spoil("a space before", func(s string) string { return " " + s }),
		spoil("no signature", func(s string) string { return s[:strings.LastIndexByte(s, '.')+1] }),
		{"the standard alphabet", auth.ErrMalformed, func(t *testing.T) string {
			claims := goodClaims()
			claims["x"] = "\u07ff\u07ff>>>???"
			parts := strings.Split(makers["jwx"](t, auth.ES256, kidFor(auth.ES256), p256(), claims), ".")
			return parts[0] + "." + strings.NewReplacer("-", "+", "_", "/").Replace(parts[1]) + "." + parts[2]
		}},
		{"JSON serialisation", auth.ErrMalformed, func(t *testing.T) string { return signedObject(t).FullSerialize() }},
		{"a payload that is elsewhere", auth.ErrMalformed, func(t *testing.T) string {
			token, err := signedObject(t).DetachedCompactSerialize()
			require.NoError(t, err)
			return token
		}},
		{"encrypted", auth.ErrMalformed, func(t *testing.T) string {
			encrypter, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.DIRECT, Key: make([]byte, 32)}, (&jose.EncrypterOptions{}).WithType("at+jwt"))
			require.NoError(t, err)
			token, err := josejwt.Encrypted(encrypter).Claims(goodClaims()).Serialize()
			require.NoError(t, err)
			return token
		}},
		{"encrypted and compressed", auth.ErrMalformed, func(t *testing.T) string {
			encrypter, err := jose.NewEncrypter(jose.A128GCM, jose.Recipient{Algorithm: jose.RSA_OAEP_256, Key: rsaKey().Public()},
				&jose.EncrypterOptions{Compression: jose.DEFLATE})
			require.NoError(t, err)
			token, err := josejwt.Encrypted(encrypter).Claims(goodClaims()).Serialize()
			require.NoError(t, err)
			return token
		}},
		{"a token in a token", auth.ErrMalformed, payload(good)},
		{"claims that are a list", auth.ErrMalformed, payload(func(*testing.T) string { return "[]" })},
		{"claims with a byte order mark", auth.ErrMalformed, payload(func(t *testing.T) string {
			text, err := json.Marshal(goodClaims())
			require.NoError(t, err)
			return "\ufeff" + string(text)
		})},
		{"claims that are larger than any token", auth.ErrMalformed, func(t *testing.T) string {
			claims := goodClaims()
			claims["x"] = base64.StdEncoding.EncodeToString(make([]byte, 8<<10))
			return makers["go-jose"](t, auth.ES256, kidFor(auth.ES256), p256(), claims)
		}},
	}
}

func signedObject(t *testing.T) *jose.JSONWebSignature {
	t.Helper()
	text, err := json.Marshal(goodClaims())
	require.NoError(t, err)
	signed, err := signerOf(t, &jose.SignerOptions{}).Sign(text)
	require.NoError(t, err)
	return signed
}

func claimAttacks() []attack {
	now := time.Now()
	list := []attack{
		{"sub twice", auth.ErrMalformed, with(`"sub":"root"`)},
		{"sub twice, once escaped", auth.ErrMalformed, with(`"\u0073ub":"root"`)},
		{"exp twice", auth.ErrMalformed, with(`"exp":99999999999`)},
		{"a name twice inside", auth.ErrMalformed, with(`"x":{"a":1,"a":2}`)},
		{"sub in another case", auth.ErrClaims, with(`"Sub":"root"`)},
		{"bytes that are no text", auth.ErrMalformed, with("\"x\":\"\xff\"")},
		claim("expired", "exp", now.Add(-time.Minute).Unix(), auth.ErrExpired),
		claim("expired, with a fraction", "exp", float64(now.Add(-time.Minute).UnixMilli())/1000, auth.ErrExpired),
		claim("not yet valid", "nbf", now.Add(time.Minute).Unix(), auth.ErrNotYetValid),
		claim("issued in the future", "iat", now.Add(time.Minute).Unix(), auth.ErrNotYetValid),
		claim("from another issuer", "iss", "https://stranger.example", auth.ErrIssuer),
		claim("from an issuer with a slash", "iss", interopIssuer+"/", auth.ErrIssuer),
		claim("for another audience", "aud", "https://stranger.example", auth.ErrAudience),
		claim("for nobody", "aud", []string{}, auth.ErrClaims),
		claim("valid for too long", "exp", now.Add(25*time.Hour).Unix(), auth.ErrClaims),
		claim("exp a text", "exp", "99999999999", auth.ErrClaims),
		claim("exp in milliseconds", "exp", now.Add(time.Minute).UnixMilli(), auth.ErrClaims),
		claim("sub a number", "sub", 17, auth.ErrClaims),
		claim("scope a list", "scope", []string{"orders:read"}, auth.ErrClaims),
		claim("bound to a key", "cnf", map[string]any{"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}, auth.ErrBinding),
	}
	for _, name := range []string{"iss", "aud", "sub", "client_id", "iat", "exp", "jti"} { // RFC 9068, section 2.2
		list = append(list, claim(name+" missing", name, nil, auth.ErrClaims))
	}
	return list
}
