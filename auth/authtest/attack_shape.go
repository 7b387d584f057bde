package authtest

import (
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"

	"github.com/sallyport-go/sallyport/auth"
)

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
			return input + "." + b64.EncodeToString(f.key.sign(input))
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
			elliptic.P256().Params().N.FillBytes(sig[:32])
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
			sig, err := rsa.SignPSS(rand.Reader, pssKey(), 5, digest[:], &rsa.PSSOptions{SaltLength: 0})
			must(err)
			return input + "." + b64.EncodeToString(sig)
		}},
	}
}
