package auth_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

var testSecret = []byte("0123456789abcdefghijklmnopqrstuv")

func secrets(t testing.TB, ids ...string) *auth.SecretKeys {
	t.Helper()
	var keys []auth.SecretKey
	for _, id := range ids {
		keys = append(keys, auth.SecretKey{ID: id, Secret: testSecret})
	}
	s, err := auth.NewSecretKeys(keys...)
	require.NoError(t, err)
	return s
}

func hmacToken(f *forge, key []byte) string {
	mac := hmac.New(sha256.New, key)
	input := f.input()
	mac.Write([]byte(input))
	return input + "." + b64.EncodeToString(mac.Sum(nil))
}

// publicForms are the texts of a public key that an attacker might have for a secret.
func publicForms(t testing.TB, key *rsa.PrivateKey) [][]byte {
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	require.NoError(t, err)
	pkcs1 := x509.MarshalPKCS1PublicKey(&key.PublicKey)
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	return [][]byte{der, pkcs1, text, bytes.TrimSpace(text), key.N.Bytes(), nil}
}

func TestHS256VerifiesAndSigns(t *testing.T) {
	keys := secrets(t, "s1", "s2")
	i, err := auth.NewIssuer(auth.IssuerConfig{Issuer: testIssuer, Audience: []string{testAudience}, Keys: keys, Logger: quiet})
	require.NoError(t, err)
	token, err := i.Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web"})
	require.NoError(t, err)
	_, err = i.Verifier().Verify(t.Context(), token.Value)
	require.NoError(t, err)

	v := newVerifier(t, keys)
	f := newForge(t, testKey{kid: "s2", alg: "HS256"})
	_, err = v.Verify(t.Context(), hmacToken(f, testSecret))
	assert.NoError(t, err, "an older key verifies")
	for name, c := range map[string]struct {
		change func(f *forge)
		key    []byte
		want   error
	}{
		"another secret":   {func(*forge) {}, bytes.Repeat([]byte("x"), 32), auth.ErrSignature},
		"an empty secret":  {func(*forge) {}, nil, auth.ErrSignature},
		"HS512":            {func(f *forge) { f.header["alg"] = "HS512" }, testSecret, auth.ErrAlgorithm},
		"hs256":            {func(f *forge) { f.header["alg"] = "hs256" }, testSecret, auth.ErrAlgorithm},
		"none":             {func(f *forge) { f.header["alg"] = "none" }, testSecret, auth.ErrAlgorithm},
		"ES256":            {func(f *forge) { f.header["alg"] = "ES256" }, testSecret, auth.ErrAlgorithm},
		"an unknown key":   {func(f *forge) { f.header["kid"] = "s3" }, testSecret, auth.ErrUnknownKey},
		"no key":           {func(f *forge) { delete(f.header, "kid") }, testSecret, auth.ErrUnknownKey},
		"half a signature": {nil, testSecret, auth.ErrSignature},
	} {
		f := newForge(t, testKey{kid: "s1", alg: "HS256"})
		token := ""
		if c.change != nil {
			c.change(f)
			token = hmacToken(f, c.key)
		} else {
			token = hmacToken(f, c.key)
			token = token[:len(token)-23]
		}
		_, err := v.Verify(t.Context(), token)
		assert.ErrorIs(t, err, c.want, name)
	}
}

func TestPublicKeyIsNotTakenForASecret(t *testing.T) {
	rs := testKey{"k", "RS256", rsaKey()}
	v := newVerifier(t, ring(t, rs))
	f := newForge(t, rs)
	f.header["alg"] = "HS256"
	for _, key := range publicForms(t, rsaKey()) {
		_, err := v.Verify(t.Context(), hmacToken(f, key))
		assert.ErrorIs(t, err, auth.ErrAlgorithm)
	}
	_, err := auth.NewKeyRing(auth.KeyRingConfig{Algorithm: auth.HS256})
	assert.ErrorContains(t, err, "KeyRingConfig.Algorithm", "a ring has a public set")
}

func TestWeakSecretsAreRefusedAtStartUp(t *testing.T) {
	for name, k := range map[string]auth.SecretKey{
		"short":    {ID: "a", Secret: testSecret[:31]},
		"none":     {ID: "a"},
		"long":     {ID: "a", Secret: make([]byte, 1025)},
		"zeros":    {ID: "a", Secret: make([]byte, 32)},
		"one word": {ID: "a", Secret: bytes.Repeat([]byte("secret"), 8)},
		"id":       {ID: "a b", Secret: testSecret},
	} {
		_, err := auth.NewSecretKeys(k)
		require.Error(t, err, name)
		assert.NotContains(t, err.Error(), "0123", name)
	}
	_, err := auth.NewSecretKeys()
	assert.ErrorContains(t, err, "1 to 16")
	_, err = auth.NewSecretKeys(auth.SecretKey{ID: "a", Secret: testSecret}, auth.SecretKey{ID: "a", Secret: testSecret}, auth.SecretKey{})
	assert.ErrorContains(t, err, "SecretKey 1 has the ID of another")
	assert.ErrorContains(t, err, "SecretKey 2")
	_, err = auth.NewSecretKeys(auth.SecretKey{ID: "a", Secret: testSecret}, auth.SecretKey{Secret: testSecret})
	assert.ErrorContains(t, err, "SecretKey 1 has no ID")
}

func TestASecretWithoutANameServesEveryKid(t *testing.T) {
	keys, err := auth.NewSecretKeys(auth.SecretKey{Secret: testSecret})
	require.NoError(t, err)
	v := newVerifier(t, keys)
	for _, kid := range []string{"", "a", "b"} {
		f := newForge(t, testKey{kid: kid, alg: "HS256"})
		if kid == "" {
			delete(f.header, "kid")
		}
		_, err = v.Verify(t.Context(), hmacToken(f, testSecret))
		assert.NoError(t, err)
		_, err = v.Verify(t.Context(), hmacToken(f, testSecret[1:]))
		assert.ErrorIs(t, err, auth.ErrSignature)
	}
	i, err := auth.NewIssuer(auth.IssuerConfig{Issuer: testIssuer, Audience: []string{testAudience}, Keys: keys, Logger: quiet})
	require.NoError(t, err)
	token, err := i.Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web"})
	require.NoError(t, err)
	_, err = v.Verify(t.Context(), token.Value)
	assert.NoError(t, err)
}

func TestASecretKeyDoesNotPrintItsSecret(t *testing.T) {
	k := auth.SecretKey{ID: "s1", Secret: testSecret}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", k)
	for _, text := range []string{fmt.Sprint(k), fmt.Sprintf("%v %+v %#v %s %x %q %d", k, k, k, k, k, k, k), fmt.Sprintf("%+v", struct{ K auth.SecretKey }{k}), log.String()} {
		assert.Contains(t, text, "s1")
		assert.NotContains(t, text, "0123")
		assert.NotContains(t, text, "30313233")
		assert.NotContains(t, text, "48 49 50")
	}
	_, err := json.Marshal(k)
	assert.Error(t, err)
}

func TestSecretKeysServeManyAtOnce(t *testing.T) {
	keys := secrets(t, "s1")
	v, err := auth.NewVerifier(auth.VerifierConfig{Issuer: testIssuer, Audience: []string{testAudience}, Keys: keys, CacheSize: -1})
	require.NoError(t, err)
	good := hmacToken(newForge(t, testKey{kid: "s1", alg: "HS256"}), testSecret)
	bad := hmacToken(newForge(t, testKey{kid: "s1", alg: "HS256"}), []byte("x"))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				_, err := v.Verify(t.Context(), good)
				assert.NoError(t, err)
				_, err = v.Verify(t.Context(), bad)
				assert.ErrorIs(t, err, auth.ErrSignature)
			}
		})
	}
	wg.Wait()
}
