package authtest

import (
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/auth"
)

func claimAttacks(issuer, audience string) []attack {
	now := time.Now().Unix()
	list := make([]attack, 0, 80)
	for _, name := range []string{"iss", "aud", "sub", "client_id", "jti", "iat", "exp"} {
		list = append(list, missing(name), claim(name+" null", name, nil, auth.ErrClaims), claim(name+" an object", name, map[string]any{"x": 1}, auth.ErrClaims))
	}
	return append(list,
		claim("iss of another", "iss", "https://"+canary+".example", auth.ErrIssuer),
		claim("iss with a slash", "iss", issuer+"/", auth.ErrIssuer),
		claim("iss of another case", "iss", "https://Issuer.example", auth.ErrIssuer),
		claim("iss a list", "iss", []string{issuer}, auth.ErrClaims),
		claim("aud of another", "aud", "https://"+canary+".example", auth.ErrAudience),
		claim("aud of another case", "aud", strings.ToUpper(audience), auth.ErrAudience),
		claim("aud that begins with ours", "aud", audience+".evil.example", auth.ErrAudience),
		claim("aud empty", "aud", "", auth.ErrClaims),
		claim("aud no items", "aud", []string{}, auth.ErrClaims),
		claim("aud with ours and a number", "aud", []any{audience, 1}, auth.ErrClaims),
		claim("aud with ours inside a list", "aud", []any{[]string{audience}}, auth.ErrClaims),
		claim("aud with ours in a string", "aud", "x "+audience, auth.ErrAudience),
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
		claim("lives for ever", "exp", int64(253402300799), auth.ErrClaims),
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
