package authtest

import (
	"strings"

	"github.com/sallyport-go/sallyport/auth"
)

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
