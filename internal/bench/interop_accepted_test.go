package bench_test

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	"github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
	jwxjwt "github.com/lestrrat-go/jwx/v2/jwt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

// maker makes a token of RFC 9068 with what a peer has for it.
type maker func(t *testing.T, alg auth.Algorithm, kid string, key any, claims map[string]any) string

var makers = map[string]maker{
	"golang-jwt": func(t *testing.T, alg auth.Algorithm, kid string, key any, claims map[string]any) string {
		token := jwt.NewWithClaims(jwt.GetSigningMethod(string(alg)), jwt.MapClaims(claims))
		token.Header["typ"], token.Header["kid"] = "at+jwt", kid
		text, err := token.SignedString(key)
		require.NoError(t, err)
		return text
	},
	"go-jose": func(t *testing.T, alg auth.Algorithm, kid string, key any, claims map[string]any) string {
		options := (&jose.SignerOptions{}).WithType("at+jwt").WithHeader("kid", kid) // it takes no kid from a JWK that is a secret
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: key}, options)
		require.NoError(t, err)
		text, err := josejwt.Signed(signer).Claims(claims).Serialize()
		require.NoError(t, err)
		return text
	},
	"jwx": func(t *testing.T, alg auth.Algorithm, kid string, key any, claims map[string]any) string {
		token := jwxjwt.New()
		for name, value := range claims {
			require.NoError(t, token.Set(name, value))
		}
		headers := jws.NewHeaders()
		require.NoError(t, headers.Set("typ", "at+jwt"))
		require.NoError(t, headers.Set("kid", kid))
		text, err := jwxjwt.Sign(token, jwxjwt.WithKey(jwa.SignatureAlgorithm(alg), key, jws.WithProtectedHeaders(headers)))
		require.NoError(t, err)
		return string(text)
	},
}

// goodClaims are what an issuer of RFC 9068 states.
func goodClaims() map[string]any {
	now := time.Now().Unix()
	return map[string]any{
		"iss": interopIssuer, "aud": interopAudience, "sub": "alice", "client_id": "web", "jti": "t-1", "iat": now, "exp": now + 600,
		"scope": "orders:read orders:write", "roles": []string{"editor"}, "sid": "s-17", "auth_time": now - 60, "tenant": `<a&b> "c" \ 😀`,
	}
}

// What the peers issue is accepted, under the keys that they publish, over HTTP and over TLS.
func TestTokensOfPeersAreAccepted(t *testing.T) {
	for set, tls := range map[string]bool{string(goJOSESet(t)): false, string(jwxSet(t)): true} {
		v := verifierWith(t, published(t, []byte(set), tls))
		for _, alg := range algorithms {
			for name, make := range makers {
				t.Run(string(alg)+"/"+name, func(t *testing.T) {
					p, err := v.Verify(t.Context(), make(t, alg, kidFor(alg), keyFor(alg), goodClaims()))
					require.NoError(t, err)
					checkAccepted(t, p)
				})
			}
		}
	}
}

func TestTokensOfPeersWithSharedSecretAreAccepted(t *testing.T) {
	keys, err := auth.NewSecretKeys(auth.SecretKey{ID: "s1", Secret: secret()})
	require.NoError(t, err)
	v := verifierWith(t, keys)
	for name, make := range makers {
		t.Run(name, func(t *testing.T) {
			p, err := v.Verify(t.Context(), make(t, auth.HS256, "s1", secret(), goodClaims()))
			require.NoError(t, err)
			checkAccepted(t, p)
		})
	}
}

// Lists of one, and fractions of seconds, are other ways to write the same.
func TestClaimsInOtherFormsAreAccepted(t *testing.T) {
	v := verifierWith(t, published(t, goJOSESet(t), false))
	for name, change := range map[string]func(map[string]any){
		"aud a list of one":     func(c map[string]any) { c["aud"] = []string{interopAudience} },
		"aud with others":       func(c map[string]any) { c["aud"] = []string{"https://other.example", interopAudience} },
		"times with a fraction": func(c map[string]any) { c["iat"] = float64(time.Now().UnixMilli()) / 1000 },
		"nbf":                   func(c map[string]any) { c["nbf"] = time.Now().Unix() },
		"nested claims":         func(c map[string]any) { c["address"] = map[string]any{"country": "CH", "list": []any{1, nil, true}} },
	} {
		for _, peer := range []string{"golang-jwt", "go-jose"} {
			t.Run(name+"/"+peer, func(t *testing.T) {
				claims := maps.Clone(goodClaims())
				change(claims)
				p, err := v.Verify(t.Context(), makers[peer](t, auth.ES256, kidFor(auth.ES256), p256(), claims))
				require.NoError(t, err)
				checkAccepted(t, p)
			})
		}
	}
}

func checkAccepted(t *testing.T, p *auth.Principal) {
	t.Helper()
	assert.Equal(t, interopIssuer, p.Issuer())
	assert.Equal(t, "alice", p.Subject())
	assert.Equal(t, "web", p.Client())
	assert.Equal(t, "t-1", p.TokenID())
	assert.Equal(t, "s-17", p.Session())
	assert.Equal(t, []string{"orders:read", "orders:write"}, p.Scopes())
	assert.Equal(t, []string{"editor"}, p.Roles())
	assert.WithinDuration(t, time.Now().Add(-time.Minute), p.AuthTime(), 30*time.Second)
	var more struct {
		Tenant string `json:"tenant"`
	}
	require.NoError(t, p.Claims(&more))
	assert.Equal(t, `<a&b> "c" \ 😀`, more.Tenant)
}

// jwxSet is the set of all public keys as jwx writes it.
func jwxSet(t *testing.T) []byte {
	t.Helper()
	set := jwk.NewSet()
	for _, alg := range algorithms {
		key, err := jwk.FromRaw(keyFor(alg).Public())
		require.NoError(t, err)
		require.NoError(t, key.Set(jwk.KeyIDKey, kidFor(alg)))
		require.NoError(t, key.Set(jwk.AlgorithmKey, jwa.SignatureAlgorithm(alg)))
		require.NoError(t, key.Set(jwk.KeyUsageKey, jwk.ForSignature))
		require.NoError(t, set.AddKey(key))
	}
	text, err := json.Marshal(set)
	require.NoError(t, err)
	return text
}
