package bench_test

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

// What we publish is, for every peer, the public key and nothing else, with its id, its one algorithm and its use.
func TestPeersReadPublishedKeys(t *testing.T) {
	for _, alg := range algorithms {
		t.Run(string(alg), func(t *testing.T) {
			text := fetch(t, ringOf(t, alg).JWKS())

			var set jose.JSONWebKeySet
			require.NoError(t, json.Unmarshal(text, &set))
			require.Len(t, set.Keys, 1)
			key := set.Keys[0]
			assert.True(t, key.Valid())
			assert.True(t, key.IsPublic())
			assert.Equal(t, keyFor(alg).Public(), key.Key)
			assert.Equal(t, []string{kidFor(alg), string(alg), "sig"}, []string{key.KeyID, key.Algorithm, key.Use})

			theirs, err := jwk.Parse(text)
			require.NoError(t, err)
			require.Equal(t, 1, theirs.Len())
			parsed, _ := theirs.Key(0)
			require.NoError(t, parsed.Validate())
			private, err := jwk.IsPrivateKey(parsed)
			require.NoError(t, err)
			assert.False(t, private)
			var raw any
			require.NoError(t, parsed.Raw(&raw))
			if pointer, ok := raw.(interface{ Equal(crypto.PublicKey) bool }); assert.True(t, ok) {
				assert.True(t, pointer.Equal(keyFor(alg).Public()))
			}
			assert.Equal(t, []string{kidFor(alg), string(alg), "sig"}, []string{parsed.KeyID(), parsed.Algorithm().String(), parsed.KeyUsage()})
		})
	}
}

// A key that the ring named itself has its thumbprint (RFC 7638) for a name, as the peers compute it.
func TestPeersComputeTheSameThumbprint(t *testing.T) {
	for _, alg := range []auth.Algorithm{auth.ES256, auth.ES384, auth.ES512, auth.EdDSA} {
		ring, err := auth.NewKeyRing(auth.KeyRingConfig{Algorithm: alg, Logger: quiet})
		require.NoError(t, err)
		text := fetch(t, ring.JWKS())

		var set jose.JSONWebKeySet
		require.NoError(t, json.Unmarshal(text, &set))
		sum, err := set.Keys[0].Thumbprint(crypto.SHA256)
		require.NoError(t, err)
		assert.Equal(t, set.Keys[0].KeyID, base64.RawURLEncoding.EncodeToString(sum), alg)

		theirs, err := jwk.Parse(text)
		require.NoError(t, err)
		key, _ := theirs.Key(0)
		sum, err = key.Thumbprint(crypto.SHA256)
		require.NoError(t, err)
		assert.Equal(t, key.KeyID(), base64.RawURLEncoding.EncodeToString(sum), alg)
	}
}
