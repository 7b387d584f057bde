package bench_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

const (
	interopIssuer   = "https://issuer.example"
	interopAudience = "https://api.example"
)

var quiet = slog.New(slog.DiscardHandler)

// algorithms are all with a public key that package auth has.
var algorithms = []auth.Algorithm{
	auth.ES256, auth.ES384, auth.ES512, auth.EdDSA, auth.RS256, auth.RS384, auth.RS512, auth.PS256, auth.PS384, auth.PS512,
}

// keyFor returns the one key of the tests that fits an algorithm. Its kid is the algorithm's name in small letters.
func keyFor(alg auth.Algorithm) crypto.Signer {
	switch alg {
	case auth.ES256:
		return p256()
	case auth.ES384:
		return p384()
	case auth.ES512:
		return p521()
	case auth.EdDSA:
		return edKey()
	}
	return rsaKey()
}

var (
	p256   = sync.OnceValue(func() *ecdsa.PrivateKey { return newEC(elliptic.P256()) })
	p384   = sync.OnceValue(func() *ecdsa.PrivateKey { return newEC(elliptic.P384()) })
	p521   = sync.OnceValue(func() *ecdsa.PrivateKey { return newEC(elliptic.P521()) })
	edKey  = sync.OnceValue(func() ed25519.PrivateKey { return newEd() })
	rsaKey = sync.OnceValue(func() *rsa.PrivateKey { return newRSA() })
	// strangers are keys that nobody has been told of.
	stranger = sync.OnceValue(func() *ecdsa.PrivateKey { return newEC(elliptic.P256()) })
	secret   = sync.OnceValue(func() []byte { return []byte(rand.Text() + rand.Text()) })
)

func newEC(c elliptic.Curve) *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
}

func newEd() ed25519.PrivateKey {
	_, k, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
}

func newRSA() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
}

func kidFor(alg auth.Algorithm) string { return "kid-" + string(alg) }

// ringOf returns a KeyRing that signs with the algorithm, from a key file that go-jose wrote.
func ringOf(t *testing.T, alg auth.Algorithm) *auth.KeyRing {
	t.Helper()
	text, err := json.Marshal(jose.JSONWebKey{Key: keyFor(alg), KeyID: kidFor(alg), Algorithm: string(alg), Use: "sig"})
	require.NoError(t, err)
	var key map[string]any
	require.NoError(t, json.Unmarshal(text, &key))
	key["state"], key["since"] = "active", 1_700_000_000
	text, err = json.Marshal(map[string]any{"keys": []any{key}})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "keys.json")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	ring, err := auth.NewKeyRing(auth.KeyRingConfig{Path: path, Logger: quiet})
	require.NoError(t, err)
	return ring
}

// goJOSESet is the set of all public keys as go-jose writes it.
func goJOSESet(t *testing.T) []byte {
	t.Helper()
	var set jose.JSONWebKeySet
	for _, alg := range algorithms {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: keyFor(alg).Public(), KeyID: kidFor(alg), Algorithm: string(alg), Use: "sig"})
	}
	text, err := json.Marshal(set)
	require.NoError(t, err)
	return text
}

// published returns the RemoteKeys of a provider that serves the set, over plain HTTP or TLS.
func published(t *testing.T, set []byte, tls bool) *auth.RemoteKeys {
	t.Helper()
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(set)
	})
	start := httptest.NewServer
	if tls {
		start = httptest.NewTLSServer
	}
	server := start(h)
	t.Cleanup(server.Close)
	keys, err := auth.NewRemoteKeys(auth.RemoteKeysConfig{URL: server.URL + "/jwks.json", Client: server.Client(), Logger: quiet})
	require.NoError(t, err)
	return keys
}

// fetch reads what a handler serves over a real connection.
func fetch(t *testing.T, h http.Handler) []byte {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	require.NoError(t, err)
	response, err := server.Client().Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return text
}

func verifierWith(t *testing.T, keys auth.Keys) *auth.Verifier {
	t.Helper()
	v, err := auth.NewVerifier(auth.VerifierConfig{Issuer: interopIssuer, Audience: []string{interopAudience}, Keys: keys})
	require.NoError(t, err)
	return v
}
