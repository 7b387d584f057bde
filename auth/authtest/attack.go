package authtest

import (
	"crypto/elliptic"
	"strings"

	"github.com/sallyport-go/sallyport/auth"
)

// canary stands in every token of the corpus. Nothing that leaves the process under test may contain it.
const canary = "c4n4ry"

// attack is a token with one thing wrong.
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
		return input + "." + b64.EncodeToString(change(f, f.key.sign(input)))
	}}
}

// signedAs signs with another key and algorithm than the one that the token names.
func signedAs(name string, want error, signer func() key, alg string) attack {
	return attack{name, want, func(f *forge) string {
		f.header["alg"] = alg
		f.key = signer()
		return f.token()
	}}
}

func stranger() key { return key{kidES, "ES256", mustEC(elliptic.P256())} }

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
