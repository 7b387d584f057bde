package auth_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

func setText(t testing.TB, jwks ...map[string]any) []byte {
	t.Helper()
	text, err := json.Marshal(map[string]any{"keys": jwks})
	require.NoError(t, err)
	return text
}

func publicJWK(t testing.TB, k testKey) map[string]any {
	m := newHolder(t, k).jwk
	m["kid"], m["alg"] = k.kid, k.alg
	return m
}

func TestPublicKeysOfAFile(t *testing.T) {
	es, rs := testKey{"es", "ES256", p256()}, testKey{"rs", "RS256", rsaKey()}
	keys, err := auth.NewPublicKeys(setText(t, publicJWK(t, es), publicJWK(t, rs), map[string]any{"kty": "EC", "use": "enc"}))
	require.NoError(t, err)
	v := newVerifier(t, keys)
	for _, k := range []testKey{es, rs} {
		_, err = v.Verify(t.Context(), newForge(t, k).token())
		assert.NoError(t, err, k.alg)
	}
	f := newForge(t, es)
	f.header["kid"] = "rs"
	_, err = v.Verify(t.Context(), f.token())
	assert.ErrorIs(t, err, auth.ErrAlgorithm)
	f.header["kid"] = "x"
	_, err = v.Verify(t.Context(), f.token())
	assert.ErrorIs(t, err, auth.ErrUnknownKey)
}

func TestPublicKeysThatCannotBeUsedAreFoundAtStartUp(t *testing.T) {
	es := testKey{"es", "ES256", p256()}
	private := es.jwk(t, "active")
	for name, text := range map[string][]byte{
		"nothing":          nil,
		"no set":           []byte(`{}`),
		"an empty set":     []byte(`{"keys":[]}`),
		"a secret":         setText(t, publicJWK(t, es), map[string]any{"kty": "oct", "k": "AAAA", "kid": "s"}),
		"two of one id":    setText(t, publicJWK(t, es), publicJWK(t, es)),
		"the private half": setText(t, private),
		"for encryption":   setText(t, map[string]any{"kty": "EC", "use": "enc"}),
		"a megabyte":       []byte(`{"keys":[]}` + strings.Repeat(" ", 1<<20)),
	} {
		_, err := auth.NewPublicKeys(text)
		require.Error(t, err, name)
		assert.NotContains(t, err.Error(), private["d"], name)
	}
	_, err := auth.NewVerifier(auth.VerifierConfig{Issuer: testIssuer, Audience: []string{testAudience}, Keys: (*auth.PublicKeys)(nil)})
	assert.ErrorContains(t, err, "VerifierConfig.Keys")
}
