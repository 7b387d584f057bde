package auth_test

import (
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

// canary stands in every token of the attack table. Nothing that leaves the process may contain it.
const canary = "c4n4ry"

type attack struct {
	name string
	want error
	make func(f *forge) string
}

// header makes an attack of one header member.
func header(name, member string, value any, want error) attack {
	return attack{name, want, func(f *forge) string {
		f.header[member] = value
		return f.token()
	}}
}

// claim makes an attack of one claim.
func claim(name, member string, value any, want error) attack {
	return attack{name, want, func(f *forge) string {
		f.claims[member] = value
		return f.token()
	}}
}

// rawClaim makes an attack of one claim that encoding/json would not write.
func rawClaim(name, member, text string, want error) attack {
	return attack{name, want, func(f *forge) string {
		f.without(member)
		f.rawClaims = f.with(`"` + member + `":` + text)
		return f.token()
	}}
}

func moreClaims(name, members string, want error) attack {
	return attack{name, want, func(f *forge) string {
		f.rawClaims = f.with(members)
		return f.token()
	}}
}

func rawHeader(name, text string, want error) attack {
	return attack{name, want, func(f *forge) string {
		f.rawHeader = text
		return f.token()
	}}
}

func missing(member string) attack {
	return attack{"claim missing: " + member, auth.ErrClaims, func(f *forge) string {
		f.without(member)
		return f.token()
	}}
}

// spoil makes an attack on the text of a token that would be good.
func spoil(name string, want error, change func(token string) string) attack {
	return attack{name, want, func(f *forge) string { return change(f.token()) }}
}

// signature makes an attack on the signature.
func signature(name string, want error, change func(f *forge, sig []byte) []byte) attack {
	return attack{name, want, func(f *forge) string {
		input := f.input()
		return input + "." + b64.EncodeToString(change(f, f.key.sign(f.t, input)))
	}}
}

// signedAs signs with another key and algorithm than the one that the token names.
func signedAs(name string, want error, key func() testKey, alg string) attack {
	return attack{name, want, func(f *forge) string {
		f.header["alg"] = alg
		f.key = key()
		return f.token()
	}}
}

func stranger() testKey { return testKey{"es256", "ES256", mustECKey()} }

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
			require.NoError(f.t, err)
			input := f.input()
			mac := hmac.New(sha256.New, secret)
			mac.Write([]byte(input))
			return input + "." + b64.EncodeToString(mac.Sum(nil))
		}},
		{"PS256 with the key of RS256", auth.ErrAlgorithm, func(f *forge) string {
			f.key = testKey{"rs256", "PS256", rsaKey()}
			f.header["alg"], f.header["kid"] = "PS256", "rs256"
			return f.token()
		}},
		{"RS512 with the key of RS256", auth.ErrAlgorithm, func(f *forge) string {
			f.key = testKey{"rs256", "RS512", rsaKey()}
			f.header["alg"], f.header["kid"] = "RS512", "rs256"
			return f.token()
		}},
		signedAs("ES256 signed with P-384", auth.ErrSignature, func() testKey { return testKey{"es256", "ES256", p384()} }, "ES256"),
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

func headerAttacks() []attack {
	return []attack{
		header("crit that nobody understands", "crit", []string{"exp"}, auth.ErrMalformed),
		header("crit empty", "crit", []string{}, auth.ErrMalformed),
		header("crit null", "crit", nil, auth.ErrMalformed),
		header("crit naming a registered parameter", "crit", []string{"alg"}, auth.ErrMalformed),
		header("CRIT in another case", "CRIT", []string{"x"}, auth.ErrMalformed),
		header("b64 false", "b64", false, auth.ErrMalformed),
		header("b64 true", "b64", true, auth.ErrMalformed),
		header("zip", "zip", "DEF", auth.ErrMalformed),
		header("enc", "enc", "A256GCM", auth.ErrMalformed),
		header("cty of a nested token", "cty", "JWT", auth.ErrMalformed),
		header("p2c to burn time", "p2c", 1<<30, auth.ErrMalformed),
		header("Alg beside alg", "Alg", "none", auth.ErrMalformed),
		header("TYP beside typ", "TYP", "JWT", auth.ErrMalformed),
		header("kid with the Kelvin sign", "\u212Aid", canary, auth.ErrMalformed),
		header("typ of an ID token", "typ", "JWT", auth.ErrType),
		header("typ of a logout token", "typ", "logout+jwt", auth.ErrType),
		header("typ of a DPoP proof", "typ", "dpop+jwt", auth.ErrType),
		header("typ empty", "typ", "", auth.ErrType),
		header("typ null", "typ", nil, auth.ErrMalformed),
		header("typ with a parameter", "typ", "at+jwt; x=y", auth.ErrType),
		header("typ with a space", "typ", " at+jwt", auth.ErrType),
		header("typ of another tree", "typ", "text/at+jwt", auth.ErrType),
		{"typ missing", auth.ErrType, func(f *forge) string { delete(f.header, "typ"); return f.token() }},
		rawHeader("alg twice", `{"alg":"none","alg":"ES256","kid":"es256","typ":"at+jwt"}`, auth.ErrMalformed),
		rawHeader("alg twice, once escaped", `{"\u0061lg":"none","alg":"ES256","kid":"es256","typ":"at+jwt"}`, auth.ErrMalformed),
		rawHeader("typ twice", `{"alg":"ES256","kid":"es256","typ":"JWT","typ":"at+jwt"}`, auth.ErrMalformed),
		rawHeader("header an array", `[{"alg":"ES256","kid":"es256","typ":"at+jwt"}]`, auth.ErrMalformed),
		rawHeader("header a string", `"ES256"`, auth.ErrMalformed),
		rawHeader("header null", `null`, auth.ErrMalformed),
		rawHeader("header with something after it", `{"alg":"ES256","kid":"es256","typ":"at+jwt"}{}`, auth.ErrMalformed),
		rawHeader("header with a line break after it", `{"alg":"ES256","kid":"es256","typ":"at+jwt"}`+"\n", auth.ErrMalformed),
		rawHeader("header with a byte order mark", "\ufeff"+`{"alg":"ES256","kid":"es256","typ":"at+jwt"}`, auth.ErrMalformed),
		rawHeader("header with a comma too many", `{"alg":"ES256","kid":"es256","typ":"at+jwt",}`, auth.ErrMalformed),
		rawHeader("header with a comment", `{"alg":"ES256","kid":"es256","typ":"at+jwt"/**/}`, auth.ErrMalformed),
		rawHeader("header with a lone surrogate", `{"alg":"ES256","kid":"es256","typ":"at+jwt","x":"\ud800"}`, auth.ErrMalformed),
		rawHeader("header not UTF-8", `{"alg":"ES256","kid":"es256","typ":"at+jwt","x":"`+"\xff"+`"}`, auth.ErrMalformed),
		rawHeader("header of 17 levels", `{"alg":"ES256","kid":"es256","typ":"at+jwt","x":`+strings.Repeat("[", 16)+strings.Repeat("]", 16)+`}`, auth.ErrMalformed),
		rawHeader("header of 1000 members", `{"alg":"ES256","kid":"es256","typ":"at+jwt"`+manyMembers(1000)+`}`, auth.ErrMalformed),
	}
}

func shapeAttacks() []attack {
	dots := func(s string) int { return strings.LastIndexByte(s, '.') }
	return []attack{
		{"empty", auth.ErrMalformed, func(*forge) string { return "" }},
		{"two dots", auth.ErrMalformed, func(*forge) string { return ".." }},
		{"opaque", auth.ErrMalformed, func(*forge) string { return canary }},
		spoil("signature missing", auth.ErrMalformed, func(s string) string { return s[:dots(s)] }),
		spoil("signature empty", auth.ErrMalformed, func(s string) string { return s[:dots(s)+1] }),
		spoil("four parts", auth.ErrMalformed, func(s string) string { return s + "." + canary }),
		spoil("a dot at the end", auth.ErrMalformed, func(s string) string { return s + "." }),
		spoil("payload empty", auth.ErrMalformed, func(s string) string { return s[:strings.IndexByte(s, '.')] + "." + s[dots(s):] }),
		{"JWE of five parts", auth.ErrMalformed, func(f *forge) string { return f.token() + ".YQ.YQ" }},
		{"JSON serialisation", auth.ErrMalformed, func(f *forge) string {
			part := strings.Split(f.token(), ".")
			text, _ := json.Marshal(map[string]string{"protected": part[0], "payload": part[1], "signature": part[2]})
			return string(text)
		}},
		spoil("padding", auth.ErrMalformed, func(s string) string { return s + "==" }),
		spoil("space before", auth.ErrMalformed, func(s string) string { return " " + s }),
		spoil("line break after", auth.ErrMalformed, func(s string) string { return s + "\n" }),
		spoil("line break inside", auth.ErrMalformed, func(s string) string { return s[:5] + "\r\n" + s[5:] }),
		spoil("tab inside", auth.ErrMalformed, func(s string) string { return s[:5] + "\t" + s[5:] }),
		spoil("NUL inside", auth.ErrMalformed, func(s string) string { return s[:5] + "\x00" + s[5:] }),
		spoil("percent encoding", auth.ErrMalformed, func(s string) string { return strings.Replace(s, ".", "%2E", 1) }),
		spoil("full-width dot", auth.ErrMalformed, func(s string) string { return strings.Replace(s, ".", "\uff0e", 1) }),
		{"standard alphabet", auth.ErrMalformed, func(f *forge) string {
			f.claims["x"] = "\u07ff\u07ff\u07ff>>>???" // bytes that make + and /
			header, claims := f.texts()
			input := b64.EncodeToString([]byte(header)) + "." + base64.RawStdEncoding.EncodeToString([]byte(claims))
			require.True(f.t, strings.ContainsAny(input, "+/"))
			return input + "." + b64.EncodeToString(f.key.sign(f.t, input))
		}},
		spoil("unused bits of the signature", auth.ErrMalformed, func(s string) string {
			return s[:len(s)-1] + string(nextLetter(s[len(s)-1])) // 64 bytes leave four bits
		}),
		{"8 KiB and one byte", auth.ErrMalformed, func(f *forge) string {
			f.claims["x"] = strings.Repeat("x", 8<<10)
			return f.token()[:8<<10+1]
		}},
		{"a megabyte", auth.ErrMalformed, func(f *forge) string {
			f.claims["x"] = strings.Repeat("x", 1<<20)
			return f.token()
		}},
		{"a million dots", auth.ErrMalformed, func(*forge) string { return strings.Repeat(".", 1<<20) }},
	}
}

func signatureAttacks() []attack {
	return []attack{
		signature("signature of zeros", auth.ErrSignature, func(_ *forge, sig []byte) []byte { return make([]byte, len(sig)) }),
		signature("signature of ones", auth.ErrSignature, func(_ *forge, sig []byte) []byte {
			for i := range sig {
				sig[i] = 0xff
			}
			return sig
		}),
		signature("r zero", auth.ErrSignature, func(_ *forge, sig []byte) []byte { clear(sig[:32]); return sig }),
		signature("s zero", auth.ErrSignature, func(_ *forge, sig []byte) []byte { clear(sig[32:]); return sig }),
		signature("r the order of the curve", auth.ErrSignature, func(_ *forge, sig []byte) []byte {
			p256().Params().N.FillBytes(sig[:32])
			return sig
		}),
		signature("one byte short", auth.ErrSignature, func(_ *forge, sig []byte) []byte { return sig[:63] }),
		signature("one byte long", auth.ErrSignature, func(_ *forge, sig []byte) []byte { return append(sig, 0) }),
		signature("one byte", auth.ErrSignature, func(*forge, []byte) []byte { return []byte{0} }),
		signature("twice", auth.ErrSignature, func(_ *forge, sig []byte) []byte { return append(sig, sig...) }),
		signature("r and s exchanged", auth.ErrSignature, func(_ *forge, sig []byte) []byte { return append(sig[32:], sig[:32]...) }),
		signature("DER", auth.ErrSignature, func(_ *forge, sig []byte) []byte {
			der, _ := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])})
			return der
		}),
		{"claims of another token", auth.ErrSignature, func(f *forge) string {
			good := f.token()
			f.claims["sub"] = "root"
			bad := f.token()
			return bad[:strings.LastIndexByte(bad, '.')] + good[strings.LastIndexByte(good, '.'):]
		}},
		{"PS256 with a salt of another length", auth.ErrSignature, func(f *forge) string {
			f.header["alg"], f.header["kid"] = "PS256", "ps256"
			input := f.input()
			digest := sha256.Sum256([]byte(input))
			sig, err := rsa.SignPSS(rand.Reader, mustPSS(), 5, digest[:], &rsa.PSSOptions{SaltLength: 0})
			require.NoError(f.t, err)
			return input + "." + b64.EncodeToString(sig)
		}},
	}
}

func claimAttacks() []attack {
	now := time.Now().Unix()
	list := make([]attack, 0, 80)
	for _, name := range []string{"iss", "aud", "sub", "client_id", "jti", "iat", "exp"} {
		list = append(list, missing(name), claim(name+" null", name, nil, auth.ErrClaims), claim(name+" an object", name, map[string]any{"x": 1}, auth.ErrClaims))
	}
	return append(list,
		claim("iss of another", "iss", "https://"+canary+".example", auth.ErrIssuer),
		claim("iss with a slash", "iss", testIssuer+"/", auth.ErrIssuer),
		claim("iss of another case", "iss", "https://Issuer.example", auth.ErrIssuer),
		claim("iss a list", "iss", []string{testIssuer}, auth.ErrClaims),
		claim("aud of another", "aud", "https://"+canary+".example", auth.ErrAudience),
		claim("aud of another case", "aud", strings.ToUpper(testAudience), auth.ErrAudience),
		claim("aud that begins with ours", "aud", testAudience+".evil.example", auth.ErrAudience),
		claim("aud empty", "aud", "", auth.ErrClaims),
		claim("aud no items", "aud", []string{}, auth.ErrClaims),
		claim("aud with ours and a number", "aud", []any{testAudience, 1}, auth.ErrClaims),
		claim("aud with ours inside a list", "aud", []any{[]string{testAudience}}, auth.ErrClaims),
		claim("aud with ours in a string", "aud", "x "+testAudience, auth.ErrAudience),
		claim("aud true", "aud", true, auth.ErrClaims),
		claim("exp past", "exp", now-31, auth.ErrExpired),
		claim("exp zero", "exp", 0, auth.ErrExpired),
		claim("exp a string", "exp", "9999999999", auth.ErrClaims),
		claim("exp true", "exp", true, auth.ErrClaims),
		claim("exp negative", "exp", -1, auth.ErrClaims),
		claim("exp in milliseconds", "exp", (now+600)*1000, auth.ErrClaims),
		rawClaim("exp 1e400", "exp", "1e400", auth.ErrClaims),
		rawClaim("exp 1e308", "exp", "1e308", auth.ErrClaims),
		rawClaim("exp -1e400", "exp", "-1e400", auth.ErrClaims),
		rawClaim("exp beyond 64 bits", "exp", "99999999999999999999999999", auth.ErrClaims),
		rawClaim("exp that wraps to now in 64 bits", "exp", "18446744075409551616", auth.ErrClaims),
		rawClaim("exp tiny", "exp", "1e-400", auth.ErrExpired),
		rawClaim("exp fraction past", "exp", "1700000000.5", auth.ErrExpired),
		rawClaim("exp hexadecimal", "exp", "0xffffffff", auth.ErrMalformed),
		rawClaim("exp NaN", "exp", "NaN", auth.ErrMalformed),
		rawClaim("exp Infinity", "exp", "Infinity", auth.ErrMalformed),
		rawClaim("exp with a leading zero", "exp", "09999999999", auth.ErrMalformed),
		rawClaim("exp with a plus", "exp", "+9999999999", auth.ErrMalformed),
		claim("lives too long", "exp", now+24*3600+5, auth.ErrClaims),
		claim("lives for ever", "exp", 253402300799, auth.ErrClaims),
		claim("iat in the future", "iat", now+40, auth.ErrNotYetValid),
		claim("iat a string", "iat", "1", auth.ErrClaims),
		attack{"exp before iat, both within the leeway", auth.ErrClaims, func(f *forge) string {
			f.claims["iat"], f.claims["exp"] = now+15, now+10
			return f.token()
		}},
		claim("nbf in the future", "nbf", now+40, auth.ErrNotYetValid),
		claim("nbf a string", "nbf", "0", auth.ErrClaims),
		claim("nbf null", "nbf", nil, auth.ErrClaims),
		claim("auth_time in the future", "auth_time", now+40, auth.ErrClaims),
		claim("auth_time a string", "auth_time", "0", auth.ErrClaims),
		claim("sub empty", "sub", "", auth.ErrClaims),
		claim("sub of 256 bytes", "sub", strings.Repeat("s", 256), auth.ErrClaims),
		claim("sub a number", "sub", 0, auth.ErrClaims),
		claim("sub with NUL", "sub", "alice\x00", auth.ErrClaims),
		claim("sub with a line break", "sub", "alice\nlevel=INFO", auth.ErrClaims),
		claim("jti empty", "jti", "", auth.ErrClaims),
		claim("jti a number", "jti", 7, auth.ErrClaims),
		claim("client_id empty", "client_id", "", auth.ErrClaims),
		claim("client_id a list", "client_id", []string{"web"}, auth.ErrClaims),
		claim("scope a list", "scope", []string{"orders:read"}, auth.ErrClaims),
		claim("scope with two spaces", "scope", "a  b", auth.ErrClaims),
		claim("scope with a line break", "scope", "a\nb", auth.ErrClaims),
		claim("scope with a quotation mark", "scope", `a"`, auth.ErrClaims),
		claim("roles a string", "roles", "admin", auth.ErrClaims),
		claim("roles of objects", "roles", []any{map[string]any{"value": "admin"}}, auth.ErrClaims),
		claim("roles more than a hundred", "roles", strings.Split(strings.Repeat("r,", 100)+"r", ","), auth.ErrClaims),
		claim("sid a number", "sid", 1, auth.ErrClaims),
		claim("acr a number", "acr", 1, auth.ErrClaims),
		claim("amr a string", "amr", "pwd", auth.ErrClaims),
		claim("bound to a key (cnf jkt)", "cnf", map[string]any{"jkt": canary}, auth.ErrClaims),
		claim("cnf null", "cnf", nil, auth.ErrClaims),
		claim("Sub beside sub", "Sub", "root", auth.ErrClaims),
		claim("EXP beside exp", "EXP", now+999999, auth.ErrClaims),
		claim("sub with the long s", "\u017fub", "root", auth.ErrClaims),
		moreClaims("sub twice", `"sub":"root"`, auth.ErrMalformed),
		moreClaims("sub twice, once escaped", `"\u0073ub":"root"`, auth.ErrMalformed),
		moreClaims("a name twice, deep inside", `"x":[{"y":{"a":1,"a":2}}]`, auth.ErrMalformed),
		moreClaims("a lone surrogate in a value", `"x":"\udfff"`, auth.ErrMalformed),
		moreClaims("a lone surrogate in a name", `"\ud800\u0041":1`, auth.ErrMalformed),
		moreClaims("a raw control character", "\"x\":\"\x01\"", auth.ErrMalformed),
		moreClaims("not UTF-8", "\"x\":\"\xc3\x28\"", auth.ErrMalformed),
		moreClaims("an overlong encoding", "\"x\":\"\xc0\xaf\"", auth.ErrMalformed),
		moreClaims("an unknown escape", `"x":"\x41"`, auth.ErrMalformed),
		moreClaims("17 levels", `"x":`+strings.Repeat("[", 16)+strings.Repeat("]", 16), auth.ErrMalformed),
		moreClaims("more than 256 members", `"x":0`+manyMembers(400), auth.ErrMalformed),
		attack{"claims with something after them", auth.ErrMalformed, func(f *forge) string { f.rawClaims = f.with(`"x":1`) + "x"; return f.token() }},
		attack{"claims an array", auth.ErrMalformed, func(f *forge) string { f.rawClaims = "[" + f.with(`"x":1`) + "]"; return f.token() }},
		attack{"claims a token (nested JWT)", auth.ErrMalformed, func(f *forge) string { f.rawClaims = f.token(); return f.token() }},
	)
}

func attacks() []attack {
	var all []attack
	for _, list := range [][]attack{algorithmAttacks(), keyAttacks(), headerAttacks(), shapeAttacks(), signatureAttacks(), claimAttacks()} {
		all = append(all, list...)
	}
	return all
}

func manyMembers(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(`,"` + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676)) + `":0`)
	}
	return b.String()
}

func nextLetter(c byte) byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return alphabet[strings.IndexByte(alphabet, c)^1]
}

func attackRing(t testing.TB) (*auth.KeyRing, testKey) {
	active := testKey{"es256", "ES256", p256()}
	return ring(t, active, testKey{"rs256", "RS256", rsaKey()}, testKey{"es384", "ES384", p384()}, testKey{"ps256", "PS256", mustPSS()}), active
}

func TestAttacksAreRefused(t *testing.T) {
	keys, active := attackRing(t)
	v := newVerifier(t, keys)
	_, err := v.Verify(t.Context(), newForge(t, active).token())
	require.NoError(t, err, "the table proves nothing unless the token without an attack is good")

	list := attacks()
	names := map[string]bool{}
	for _, a := range list {
		t.Run(a.name, func(t *testing.T) {
			assert.False(t, names[a.name], "two attacks of one name")
			names[a.name] = true
			f := newForge(t, active)
			f.claims["x-canary"], f.header["x-canary"] = canary, canary
			token := a.make(f)
			start := time.Now()
			p, err := v.Verify(t.Context(), token)
			cost := time.Since(start)
			assert.Nil(t, p)
			assert.ErrorIs(t, err, a.want)
			refusal, ok := errors.AsType[*auth.Error](err)
			require.True(t, ok)
			assert.NotContains(t, refusal.Error()+refusal.Public(), canary)
			assert.Less(t, cost, 50*time.Millisecond, "malformed input must be cheap to refuse")
		})
	}
	assert.GreaterOrEqual(t, len(list), 60)
}

// A second form of an ECDSA signature is valid by the standard. It is the same token: that is why no decision may hang on the text.
func TestSecondFormOfAnECDSASignatureIsTheSameToken(t *testing.T) {
	keys, active := attackRing(t)
	f := newForge(t, active)
	input := f.input()
	sig := active.sign(t, input)
	s := new(big.Int).SetBytes(sig[32:])
	s.Sub(p256().Params().N, s).FillBytes(sig[32:])
	p, err := newVerifier(t, keys).Verify(t.Context(), input+"."+b64.EncodeToString(sig))
	require.NoError(t, err)
	assert.Equal(t, "t1", p.TokenID())
}

func TestNoRefusalEchoesTheRequest(t *testing.T) {
	keys, active := attackRing(t)
	var log logBuffer
	handler := func() http.Handler { // a new guard for each, so that no event is dropped for their number
		guard, err := auth.New(auth.Config{Authenticator: auth.Bearer(newVerifier(t, keys)), Logger: log.logger()})
		require.NoError(t, err)
		return guard.Require("admin")(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("an attack got through") }))
	}

	authorizations := []string{canary, "Bearer", "Bearer ", "Bearer  " + canary, `Bearer "` + canary + `"`, "Bearer " + canary + "\x01", "Basic " + canary}
	for _, a := range attacks() {
		f := newForge(t, active)
		f.claims["x-canary"], f.header["x-canary"] = canary, canary
		authorizations = append(authorizations, "Bearer "+a.make(f))
	}
	f := newForge(t, active)
	f.claims["x-canary"] = canary
	authorizations = append(authorizations, "Bearer "+f.token()) // good, but without the scope

	for _, authorization := range authorizations {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/?q="+canary, nil)
		r.Header["Authorization"] = []string{authorization}
		w := httptest.NewRecorder()
		handler().ServeHTTP(w, r)
		assert.GreaterOrEqual(t, w.Code, 400)
		assert.Less(t, w.Code, 500)
		assert.NotContains(t, w.Body.String(), canary)
		for _, values := range w.Header() {
			assert.NotContains(t, strings.Join(values, " "), canary)
		}
	}
	assert.NotContains(t, log.String(), canary)
	assert.GreaterOrEqual(t, strings.Count(log.String(), "\n"), len(authorizations), "each refusal is an event")
}

// mustPSS is a second RSA key, since a ring refuses one key under two algorithms.
var mustPSS = sync.OnceValue(func() *rsa.PrivateKey { return mustRSA(2048) })

func mustECKey() *ecdsa.PrivateKey { return mustEC(p256().Curve) }
