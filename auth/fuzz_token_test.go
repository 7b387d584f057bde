package auth_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/authtest"
)

// The law: what is accepted is one of the tokens that were signed, byte for byte, or differs from one in the second half of
// an ECDSA signature (its other valid form); and its three parts, encoded again, are the token.
func FuzzOnlySignedTokensAreAccepted(f *testing.F) {
	issuer := authtest.NewIssuer(f)
	v := issuer.Verifier()
	good := issuer.Token(attackGrant)
	dot := strings.LastIndexByte(good, '.')
	signed := good[:dot]
	f.Add(good)
	for _, a := range issuer.Forgeries(attackGrant) {
		if len(a.Token) <= 9<<10 {
			f.Add(a.Token)
		}
	}
	f.Fuzz(func(t *testing.T, token string) {
		p, err := v.Verify(t.Context(), token)
		if err != nil {
			assert.Nil(t, p)
			return
		}
		parts := strings.Split(token, ".")
		require.Len(t, parts, 3)
		for _, part := range parts {
			raw, err := b64.DecodeString(part)
			require.NoError(t, err)
			assert.Equal(t, part, b64.EncodeToString(raw))
		}
		assert.Equal(t, signed, parts[0]+"."+parts[1])
	})
}

// The law: whatever claims an issuer signs, what is accepted states a subject, times and this audience as encoding/json reads them too.
func FuzzAcceptedClaimsReadAlikeElsewhere(f *testing.F) {
	active := testKey{"es256", "ES256", p256()}
	v := newVerifier(f, ring(f, active))
	_, claims := newForge(f, active).texts()
	f.Add(claims)
	for _, more := range []string{`"Sub":"root"`, `"sub":"root"`, `"\u0073ub":"root"`, `"exp":1e10`, `"x":"\ud800"`, `"roles":["a"]`, `"cnf":{}`} {
		f.Add(newForge(f, active).with(more))
	}
	f.Fuzz(func(t *testing.T, claims string) {
		if claims == "" {
			return
		}
		forge := newForge(t, active)
		forge.rawClaims = claims
		p, err := v.Verify(t.Context(), forge.token())
		if err != nil {
			return
		}
		var loose struct { // matches names without regard to case, and takes the last of several
			Iss   string
			Sub   string
			Scope string
			Jti   string
			Exp   float64
			Cnf   any
		}
		require.NoError(t, json.Unmarshal([]byte(claims), &loose))
		assert.Equal(t, testIssuer, loose.Iss)
		assert.Equal(t, p.Subject(), loose.Sub)
		assert.Equal(t, p.TokenID(), loose.Jti)
		assert.Equal(t, strings.Join(p.Scopes(), " "), loose.Scope)
		assert.InDelta(t, float64(p.Expiry().UnixMicro())/1e6, loose.Exp, 1e-3)
		assert.Nil(t, loose.Cnf)
		assert.NotEmpty(t, p.Client())
	})
}

func TestNoByteOfATokenCanBeChanged(t *testing.T) {
	for _, k := range []testKey{{"es256", "ES256", p256()}, {"eddsa", "EdDSA", edKey()}, {"rs256", "RS256", rsaKey()}} {
		v := newVerifier(t, ring(t, k))
		token := newForge(t, k).token()
		for i := range token {
			for _, c := range []byte{token[i] ^ 1, token[i] ^ 0x20, 'A', '=', '.', 0} {
				if c == token[i] {
					continue
				}
				_, err := v.Verify(t.Context(), token[:i]+string(rune(c))+token[i+1:])
				require.Error(t, err, "%s byte %d as %q", k.alg, i, c)
			}
			_, err := v.Verify(t.Context(), token[:i]+token[i+1:])
			require.Error(t, err, "%s without byte %d", k.alg, i)
		}
	}
}

// The law: the Authorization header is accepted only as one scheme, one space and one token68, which reaches the verifier unchanged.
func FuzzAuthorizationHeader(f *testing.F) {
	for _, s := range []string{"", "Bearer", "Bearer a", "bearer a==", "Bearer  a", "Bearer a b", "Basic a", "Bearer a,b", "Bearer\ta"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		var got string
		p, err := auth.Bearer(recorder(t, &got)).Authenticate(request(t, header))
		if err != nil {
			assert.Nil(t, p)
			assert.Empty(t, got)
			return
		}
		require.Len(t, header, len("Bearer ")+len(got))
		assert.True(t, strings.EqualFold(header[:len("Bearer ")], "Bearer "))
		assert.Equal(t, header[len("Bearer "):], got)
		assert.Regexp(t, `^[A-Za-z0-9._~+/-]+=*$`, got)
	})
}
