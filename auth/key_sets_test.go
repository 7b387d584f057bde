package auth_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

func TestMoveToAnotherAlgorithmEndsOnItsDay(t *testing.T) {
	es, rs := testKey{"new", "ES256", p256()}, testKey{"old", "RS256", rsaKey()}
	rings := []*auth.KeyRing{ring(t, es), ring(t, rs)}
	synctest.Test(t, func(t *testing.T) {
		keys, err := auth.NewKeySets(
			auth.KeySet{Keys: rings[0], Algorithms: []auth.Algorithm{auth.ES256}},
			auth.KeySet{Keys: rings[1], Algorithms: []auth.Algorithm{auth.RS256}, Until: time.Now().Add(5 * time.Minute)},
		)
		require.NoError(t, err)
		v := newVerifier(t, keys)
		before, after := newForge(t, rs).token(), newForge(t, es).token()
		for range 2 { // the second time from the cache
			for _, token := range []string{before, after} {
				_, err = v.Verify(t.Context(), token)
				require.NoError(t, err)
			}
		}
		time.Sleep(5*time.Minute - 1)
		_, err = v.Verify(t.Context(), before)
		require.NoError(t, err)
		time.Sleep(time.Nanosecond)
		_, err = v.Verify(t.Context(), before)
		assert.ErrorIs(t, err, auth.ErrAlgorithm, "a token that is remembered as well")
		_, err = v.Verify(t.Context(), after)
		assert.NoError(t, err)
	})
}

func TestAKeyServesTheAlgorithmsOfItsSetOnly(t *testing.T) {
	rs := testKey{"k", "RS256", rsaKey()}
	keys, err := auth.NewKeySets(auth.KeySet{Keys: ring(t, rs), Algorithms: []auth.Algorithm{auth.ES256}})
	require.NoError(t, err)
	_, err = newVerifier(t, keys).Verify(t.Context(), newForge(t, rs).token())
	assert.ErrorIs(t, err, auth.ErrAlgorithm)
}

func TestTheSecretOfOneSetIsNotThePublicKeyOfAnother(t *testing.T) {
	rs := testKey{"k", "RS256", rsaKey()}
	keys, err := auth.NewKeySets(
		auth.KeySet{Keys: ring(t, rs), Algorithms: []auth.Algorithm{auth.RS256}},
		auth.KeySet{Keys: secrets(t, "k"), Algorithms: []auth.Algorithm{auth.HS256}, Until: time.Now().Add(time.Hour)},
	)
	require.NoError(t, err)
	v := newVerifier(t, keys)
	f := newForge(t, rs)
	f.header["alg"] = "HS256"
	for _, key := range publicForms(t, rsaKey()) {
		_, err = v.Verify(t.Context(), hmacToken(f, key))
		assert.ErrorIs(t, err, auth.ErrSignature)
	}
	_, err = v.Verify(t.Context(), hmacToken(f, testSecret))
	assert.NoError(t, err)
}

func TestKeySetsGoOnWhileOneIsDown(t *testing.T) {
	es := testKey{"es", "ES256", p256()}
	down, err := auth.NewRemoteKeys(auth.RemoteKeysConfig{URL: "https://127.0.0.1:1/jwks.json", Logger: quiet})
	require.NoError(t, err)
	keys, err := auth.NewKeySets(
		auth.KeySet{Keys: down, Algorithms: []auth.Algorithm{auth.ES256}, Until: time.Now().Add(time.Hour)},
		auth.KeySet{Keys: ring(t, es), Algorithms: []auth.Algorithm{auth.ES256}},
	)
	require.NoError(t, err)
	v := newVerifier(t, keys)
	_, err = v.Verify(t.Context(), newForge(t, es).token())
	assert.NoError(t, err)
	f := newForge(t, es)
	f.header["kid"] = "elsewhere"
	_, err = v.Verify(t.Context(), f.token())
	assert.ErrorIs(t, err, auth.ErrUnavailable, "the set that is down may have it")
}

func TestKeySetsFaultsAreReportedTogether(t *testing.T) {
	_, err := auth.NewKeySets()
	assert.ErrorContains(t, err, "1 to 4")
	_, err = auth.NewKeySets(make([]auth.KeySet, 5)...)
	for _, want := range []string{"1 to 4", "KeySet 4 has nil Keys", "KeySet 0 has no Algorithms", "no Until"} {
		assert.ErrorContains(t, err, want)
	}
	_, err = auth.NewKeySets(auth.KeySet{Keys: (*auth.KeyRing)(nil), Algorithms: []auth.Algorithm{"none"}})
	assert.ErrorContains(t, err, "nil Keys")
	assert.ErrorContains(t, err, "Algorithms")
}

func ExampleNewKeySets() {
	ring, err := auth.NewKeyRing(auth.KeyRingConfig{Logger: quiet})
	if err != nil {
		panic(err)
	}
	old, err := auth.NewRemoteKeys(auth.RemoteKeysConfig{URL: "https://old.example/jwks.json", Logger: quiet})
	if err != nil {
		panic(err)
	}
	moved := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	keys, err := auth.NewKeySets(
		auth.KeySet{Keys: ring, Algorithms: []auth.Algorithm{auth.ES256}},
		auth.KeySet{Keys: old, Algorithms: []auth.Algorithm{auth.RS256}, Until: moved.Add(24 * time.Hour)},
	)
	if err != nil {
		panic(err)
	}
	v, err := auth.NewVerifier(auth.VerifierConfig{Issuer: "https://issuer.example", Audience: []string{"https://api.example"}, Keys: keys})
	if err != nil {
		panic(err)
	}
	_, err = v.Verify(context.Background(), "not a token")
	fmt.Println(errors.Is(err, auth.ErrMalformed))
	// Output: true
}
