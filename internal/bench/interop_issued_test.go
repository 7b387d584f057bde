package bench_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	"github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	jwxjwt "github.com/lestrrat-go/jwx/v2/jwt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

// reader is what a peer makes of a token of ours: its claims, if it accepts it.
type reader func(t *testing.T, token string, alg auth.Algorithm, key any) (map[string]any, error)

// readers find the key by themselves if it is a set.
var readers = map[string]reader{
	"golang-jwt": func(_ *testing.T, token string, alg auth.Algorithm, key any) (map[string]any, error) {
		claims := jwt.MapClaims{}
		_, err := jwt.ParseWithClaims(token, claims, func(parsed *jwt.Token) (any, error) {
			if set, ok := key.(jose.JSONWebKeySet); ok {
				kid, _ := parsed.Header["kid"].(string)
				return set.Key(kid)[0].Key, nil
			}
			return key, nil
		}, jwt.WithValidMethods([]string{string(alg)}), jwt.WithIssuer(interopIssuer), jwt.WithAudience(interopAudience),
			jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithStrictDecoding())
		return claims, err
	},
	"go-jose": func(_ *testing.T, token string, alg auth.Algorithm, key any) (map[string]any, error) {
		parsed, err := josejwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
		if err != nil {
			return nil, err
		}
		var claims map[string]any
		var standard josejwt.Claims
		if set, ok := key.(jose.JSONWebKeySet); ok {
			key = &set
		}
		if err := parsed.Claims(key, &claims, &standard); err != nil {
			return nil, err
		}
		return claims, standard.Validate(josejwt.Expected{Issuer: interopIssuer, AnyAudience: josejwt.Audience{interopAudience}, Time: time.Now()})
	},
	"jwx": func(t *testing.T, token string, alg auth.Algorithm, key any) (map[string]any, error) {
		var option jwxjwt.ParseOption = jwxjwt.WithKey(jwa.SignatureAlgorithm(alg), key)
		if set, ok := key.(jose.JSONWebKeySet); ok {
			text, err := json.Marshal(set)
			require.NoError(t, err)
			parsed, err := jwk.Parse(text)
			require.NoError(t, err)
			option = jwxjwt.WithKeySet(parsed)
		}
		parsed, err := jwxjwt.Parse([]byte(token), option, jwxjwt.WithIssuer(interopIssuer), jwxjwt.WithAudience(interopAudience))
		if err != nil {
			return nil, err
		}
		return parsed.AsMap(t.Context())
	},
}

var loginTime = time.Now().Add(-time.Minute).Truncate(time.Second)

func issued(t *testing.T, keys auth.SigningKeys) string {
	t.Helper()
	issuer, err := auth.NewIssuer(auth.IssuerConfig{Issuer: interopIssuer, Audience: []string{interopAudience}, Keys: keys, Logger: quiet})
	require.NoError(t, err)
	token, err := issuer.Issue(t.Context(), auth.Grant{
		Subject: "zoë@example", Client: "web", Session: "s-17", Scopes: []string{"orders:read", "orders:write"}, Roles: []string{"editor"},
		AuthTime: loginTime, ACR: "urn:example:mfa", AMR: []string{"pwd", "otp"}, Extra: map[string]any{"tenant": `<a&b> "c" \ 😀`},
	})
	require.NoError(t, err)
	return token.Value
}

// What we issue is read by every peer, under a key that it took from what we publish.
func TestPeersAcceptIssuedTokens(t *testing.T) {
	for _, alg := range algorithms {
		ring := ringOf(t, alg)
		token := issued(t, ring)
		var set jose.JSONWebKeySet
		require.NoError(t, json.Unmarshal(fetch(t, ring.JWKS()), &set))
		for name, read := range readers {
			t.Run(string(alg)+"/"+name, func(t *testing.T) {
				claims, err := read(t, token, alg, set)
				require.NoError(t, err)
				checkIssued(t, claims)
			})
		}
	}
}

func TestPeersAcceptIssuedTokensWithSharedSecret(t *testing.T) {
	keys, err := auth.NewSecretKeys(auth.SecretKey{ID: "s1", Secret: secret()})
	require.NoError(t, err)
	token := issued(t, keys)
	for name, read := range readers {
		t.Run(name, func(t *testing.T) {
			claims, err := read(t, token, auth.HS256, secret())
			require.NoError(t, err)
			checkIssued(t, claims)
		})
	}
}

// A peer that accepted everything would prove nothing.
func TestPeersRefuseChangedTokens(t *testing.T) {
	ring := ringOf(t, auth.ES256)
	token := issued(t, ring)
	middle := len(token) / 2
	token = token[:middle] + string(token[middle]^1) + token[middle+1:]
	var set jose.JSONWebKeySet
	require.NoError(t, json.Unmarshal(fetch(t, ring.JWKS()), &set))
	for name, read := range readers {
		_, err := read(t, token, auth.ES256, set)
		assert.Error(t, err, name)
	}
}

// The type and the key's name stand where every reader finds them (RFC 9068, section 2.1).
func TestIssuedTokensAreNamed(t *testing.T) {
	for _, alg := range algorithms {
		parsed, _, err := jwt.NewParser().ParseUnverified(issued(t, ringOf(t, alg)), jwt.MapClaims{})
		require.NoError(t, err)
		assert.Equal(t, map[string]any{"typ": "at+jwt", "alg": string(alg), "kid": kidFor(alg)}, parsed.Header)
	}
}

// checkIssued holds the claims against the Grant. Peers differ in the types of times, lists of one and numbers, which JSON evens out.
func checkIssued(t *testing.T, claims map[string]any) {
	t.Helper()
	for name, want := range map[string]any{
		"iss": interopIssuer, "sub": "zoë@example", "client_id": "web", "sid": "s-17", "scope": "orders:read orders:write",
		"acr": "urn:example:mfa", "tenant": `<a&b> "c" \ 😀`,
	} {
		assert.Equal(t, want, claims[name], name)
	}
	assert.ElementsMatch(t, []any{"editor"}, claims["roles"])
	assert.ElementsMatch(t, []any{"pwd", "otp"}, claims["amr"])
	assert.Contains(t, claims["aud"], interopAudience)
	assert.EqualValues(t, loginTime.Unix(), claims["auth_time"])
	for _, name := range []string{"iat", "exp", "jti"} {
		assert.NotEmpty(t, claims[name], name)
	}
}
