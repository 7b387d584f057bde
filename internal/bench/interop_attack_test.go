package bench_test

import (
	"errors"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

// attack is a token that a peer made with one thing wrong. The peers are asked for it because they write what others write, and not
// what we expect.
type attack struct {
	name  string
	cause error
	token func(t *testing.T) string
}

// Each is refused for the very reason that it is there for. The makers are tested by the tokens of theirs that are accepted.
func TestAttacksMadeByPeersAreRefused(t *testing.T) {
	v := verifierWith(t, published(t, goJOSESet(t), false))
	secrets, err := auth.NewSecretKeys(auth.SecretKey{ID: "s1", Secret: secret()})
	require.NoError(t, err)
	withSecret := verifierWith(t, secrets)
	for name, list := range map[string][]attack{
		"algorithm": algorithmAttacks(), "signature": signatureAttacks(), "key": keyAttacks(), "header": headerAttacks(), "type": typeAttacks(),
		"shape": shapeAttacks(), "claims": claimAttacks(),
	} {
		for _, a := range list {
			t.Run(name+"/"+a.name, func(t *testing.T) { refused(t, v, a.token(t), a.cause) })
		}
	}
	for _, a := range secretAttacks() {
		t.Run("secret/"+a.name, func(t *testing.T) { refused(t, withSecret, a.token(t), a.cause) })
	}
}

func refused(t *testing.T, v *auth.Verifier, token string, cause error) {
	t.Helper()
	for range 2 { // nothing that was refused is remembered
		p, err := v.Verify(t.Context(), token)
		require.ErrorIs(t, err, cause)
		assert.Nil(t, p)
		var refusal *auth.Error
		require.True(t, errors.As(err, &refusal))
		assert.Equal(t, 401, refusal.HTTPStatus())
		if token != "" {
			assert.NotContains(t, err.Error(), token)
		}
	}
}

// claim is a token of golang-jwt and go-jose in turn with one claim changed; nil leaves it out.
func claim(name, claim string, value any, cause error) attack {
	return attack{name, cause, func(t *testing.T) string {
		claims := goodClaims()
		claims[claim] = value
		if value == nil {
			delete(claims, claim)
		}
		peer := "golang-jwt"
		if len(name)%2 == 0 {
			peer = "go-jose"
		}
		return makers[peer](t, auth.ES256, kidFor(auth.ES256), p256(), claims)
	}}
}

// What the attacks are made with makes good tokens, as long as nothing is changed.
func TestMakersOfAttacksMakeGoodTokens(t *testing.T) {
	v := verifierWith(t, published(t, goJOSESet(t), false))
	for name, token := range map[string]func(*testing.T) string{
		"golang-jwt": golangJWTAs(jwt.SigningMethodES256, p256(), nil),
		"PSS":        golangJWTAs(jwt.SigningMethodPS256, rsaKey(), map[string]any{"kid": kidFor(auth.PS256)}),
		"payload":    with(`"x":{"a":1,"b":2}`),
		"object":     func(t *testing.T) string { return compact(t, signedObject(t)) },
		"claim":      claim("", "x", 1, nil).token,
	} {
		_, err := v.Verify(t.Context(), token(t))
		assert.NoError(t, err, name)
	}
}
