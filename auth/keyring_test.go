package auth_test

import (
	"encoding/json"
	"io"
	"io/fs"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

func openRing(path string) (*auth.KeyRing, error) {
	return auth.NewKeyRing(auth.KeyRingConfig{Path: path, Logger: quiet})
}

func published(t testing.TB, k *auth.KeyRing) (set struct{ Keys []map[string]any }) {
	t.Helper()
	w := httptest.NewRecorder()
	k.JWKS().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	require.Equal(t, 200, w.Code)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &set))
	return set
}

func TestKeyFileIsMadeOnceAndOpenedAfterwards(t *testing.T) {
	for _, alg := range []auth.Algorithm{"", auth.ES256, auth.ES384, auth.ES512, auth.EdDSA, auth.RS256, auth.PS512} {
		t.Run(string(alg), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "a", "b")
			path := filepath.Join(dir, "keys.json")
			var log logBuffer
			first, err := auth.NewKeyRing(auth.KeyRingConfig{Path: path, Algorithm: alg, Logger: log.logger()})
			require.NoError(t, err)
			assert.Equal(t, 1, strings.Count(log.String(), "event=crypt_key_change"))

			info, err := os.Stat(path)
			require.NoError(t, err)
			assert.Equal(t, fs.FileMode(0o600), info.Mode())
			info, err = os.Stat(dir)
			require.NoError(t, err)
			assert.Equal(t, fs.FileMode(0o700), info.Mode().Perm())
			entries, err := os.ReadDir(dir)
			require.NoError(t, err)
			assert.Len(t, entries, 1, "nothing else is left behind")

			again, err := auth.NewKeyRing(auth.KeyRingConfig{Path: path, Algorithm: alg, Logger: log.logger()})
			require.NoError(t, err)
			assert.Equal(t, published(t, first), published(t, again))
			assert.Equal(t, 1, strings.Count(log.String(), "event=crypt_key_change"), "opening is no change")

			token, err := newIssuer(t, auth.IssuerConfig{Keys: first}).Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web"})
			require.NoError(t, err)
			_, err = newVerifier(t, again).Verify(t.Context(), token.Value)
			assert.NoError(t, err)

			text, err := os.ReadFile(path)
			require.NoError(t, err)
			var file struct{ Keys []map[string]any }
			require.NoError(t, json.Unmarshal(text, &file))
			require.Len(t, file.Keys, 1)
			assert.Equal(t, "active", file.Keys[0]["state"])
			assert.Equal(t, "sig", file.Keys[0]["use"])
			assert.IsType(t, 0.0, file.Keys[0]["since"])
			assert.NotContains(t, log.String(), file.Keys[0]["d"])
		})
	}
}

func TestMemoryRingsHaveKeysOfTheirOwn(t *testing.T) {
	a, err := openRing("")
	require.NoError(t, err)
	b, err := openRing("")
	require.NoError(t, err)
	token, err := newIssuer(t, auth.IssuerConfig{Keys: a}).Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web"})
	require.NoError(t, err)
	_, err = newVerifier(t, b).Verify(t.Context(), token.Value)
	assert.ErrorIs(t, err, auth.ErrUnknownKey)
}

func TestProcessesThatStartAtOnceHaveOneKey(t *testing.T) {
	for range 5 {
		path := filepath.Join(t.TempDir(), "keys.json")
		rings := make([]*auth.KeyRing, 16)
		var wg sync.WaitGroup
		for i := range rings {
			wg.Go(func() {
				k, err := openRing(path)
				if assert.NoError(t, err) {
					rings[i] = k
				}
			})
		}
		wg.Wait()
		for _, k := range rings {
			assert.Equal(t, published(t, rings[0]), published(t, k))
		}
	}
}

func TestEveryStateVerifies(t *testing.T) {
	next, active, retired := testKey{"n", "ES384", p384()}, testKey{"a", "ES256", p256()}, testKey{"r", "EdDSA", edKey()}
	k, err := openRing(keyFile(t, next.jwk(t, "next"), active.jwk(t, "active"), retired.jwk(t, "retired")))
	require.NoError(t, err)
	v := newVerifier(t, k)
	for _, key := range []testKey{next, active, retired} {
		_, err := v.Verify(t.Context(), newForge(t, key).token())
		assert.NoError(t, err, key.kid)
	}
	token, err := newIssuer(t, auth.IssuerConfig{Keys: k}).Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web"})
	require.NoError(t, err)
	header, err := b64.DecodeString(strings.Split(token.Value, ".")[0])
	require.NoError(t, err)
	assert.Contains(t, string(header), `"kid":"a"`, "only the active key signs")
}

func TestKeyFilesThatAreRefused(t *testing.T) {
	ec := func(t *testing.T) map[string]any { return testKey{"k", "ES256", p256()}.jwk(t, "active") }
	set := func(member string, value any) func(t *testing.T) []map[string]any {
		return func(t *testing.T) []map[string]any {
			m := ec(t)
			if m[member] = value; value == nil {
				delete(m, member)
			}
			return []map[string]any{m}
		}
	}
	weak := sync.OnceValue(func() testKey { return testKey{"k", "RS256", weakRSA()} })
	for _, c := range []struct {
		name, want string
		keys       func(t *testing.T) []map[string]any
	}{
		{"no keys", "no active key", func(*testing.T) []map[string]any { return nil }},
		{"kid missing", "kid must be", set("kid", nil)},
		{"kid empty", "kid must be", set("kid", "")},
		{"kid a number", "kid is not a string", set("kid", 1)},
		{"alg missing", "alg is missing", set("alg", nil)},
		{"alg none", "alg is missing or unknown", set("alg", "none")},
		{"alg of another curve", "curve does not fit", set("alg", "ES384")},
		{"alg of another family", "does not fit", set("alg", "RS256")},
		{"use missing", "use must be sig", set("use", nil)},
		{"use for encryption", "use must be sig", set("use", "enc")},
		{"state missing", "its state is not one of", set("state", nil)},
		{"state unknown", "its state is not one of", set("state", "Active")},
		{"state a list", "its state is not one of", set("state", []string{"active"})},
		{"since missing", "its since is not a time", set("since", nil)},
		{"since a string", "its since is not a time", set("since", "1")},
		{"a member nobody knows", "a member that is not known", set("stat", "active")},
		{"key_ops", "key_ops are without sign", set("key_ops", []string{"verify"})},
		{"symmetric", "kty must be", func(*testing.T) []map[string]any {
			return []map[string]any{{"kty": "oct", "k": canary, "alg": "HS256", "kid": "k", "use": "sig", "state": "active", "since": 1}}
		}},
		{"public half only", "d is missing", set("d", nil)},
		{"private half of another", "does not belong", func(t *testing.T) []map[string]any {
			m := ec(t)
			m["d"] = testKey{"x", "ES256", mustECKey()}.jwk(t, "active")["d"]
			return []map[string]any{m}
		}},
		{"point off the curve", "", func(t *testing.T) []map[string]any {
			m := ec(t)
			m["x"], m["y"] = m["y"], m["x"]
			return []map[string]any{m}
		}},
		{"Ed25519 halves of two keys", "", func(t *testing.T) []map[string]any {
			m := testKey{"k", "EdDSA", edKey()}.jwk(t, "active")
			m["d"] = b64.EncodeToString([]byte(strings.Repeat("x", 32)))
			return []map[string]any{m}
		}},
		{"RSA of 1024 bits", "", func(t *testing.T) []map[string]any { return []map[string]any{weak().jwk(t, "active")} }},
		{"RSA with an even exponent", "", func(t *testing.T) []map[string]any {
			m := testKey{"k", "RS256", rsaKey()}.jwk(t, "active")
			m["e"] = b64.EncodeToString(big.NewInt(65536).Bytes())
			return []map[string]any{m}
		}},
		{"RSA with exponent 3", "", func(t *testing.T) []map[string]any {
			m := testKey{"k", "RS256", rsaKey()}.jwk(t, "active")
			m["e"] = "Aw"
			return []map[string]any{m}
		}},
		{"kid twice", "two keys with one kid", func(t *testing.T) []map[string]any {
			return []map[string]any{ec(t), testKey{"k", "ES384", p384()}.jwk(t, "retired")}
		}},
		{"one key twice", "one key twice", func(t *testing.T) []map[string]any {
			return []map[string]any{ec(t), testKey{"other", "ES256", p256()}.jwk(t, "retired")}
		}},
		{"two active", "two active keys", func(t *testing.T) []map[string]any {
			return []map[string]any{ec(t), testKey{"other", "ES384", p384()}.jwk(t, "active")}
		}},
		{"none active", "no active key", set("state", "retired")},
	} {
		t.Run(c.name, func(t *testing.T) {
			keys := c.keys(t)
			k, err := openRing(keyFile(t, keys...))
			assert.Nil(t, k)
			require.Error(t, err)
			assert.ErrorContains(t, err, c.want)
			for _, m := range keys {
				if d, ok := m["d"].(string); ok {
					assert.NotContains(t, err.Error(), d, "an error never holds a key")
				}
			}
		})
	}
}

func TestKeyOpsOfAnotherProgram(t *testing.T) {
	m := testKey{"k", "ES256", p256()}.jwk(t, "active")
	m["key_ops"] = []string{"verify", "sign"}
	path := keyFile(t, m)
	k, err := openRing(path)
	require.NoError(t, err)
	require.NoError(t, k.Rotate(t.Context()))
	again, err := openRing(path)
	require.NoError(t, err)
	assert.Equal(t, published(t, k), published(t, again))
	m["more"] = 1
	_, err = openRing(keyFile(t, m))
	assert.ErrorContains(t, err, "a member that is not known")
}

func TestKeyFilesThatAreNotJWKSets(t *testing.T) {
	for _, text := range []string{"", " ", "null", "[]", "{}", `{"keys":{}}`, `{"keys":[]} x`, `{"keys":[],"keys":[]}`, `{"keys":[1]}`, `{"Keys":[]}`, "-----BEGIN PRIVATE KEY-----", strings.Repeat(" ", 1<<20)} {
		path := filepath.Join(t.TempDir(), "keys.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := openRing(path)
		assert.Error(t, err, "%.20q", text)
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, text, string(after), "a file that cannot be read is never replaced")
	}
}

func TestKeyFileThatOthersCanUse(t *testing.T) {
	path := keyFile(t, testKey{"k", "ES256", p256()}.jwk(t, "active"))
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o620, 0o602, 0o610, 0o666} {
		require.NoError(t, os.Chmod(path, mode))
		_, err := openRing(path)
		assert.ErrorContains(t, err, "chmod 600", "%o", mode)
	}
	for _, mode := range []fs.FileMode{0o600, 0o400} {
		require.NoError(t, os.Chmod(path, mode))
		_, err := openRing(path)
		assert.NoError(t, err, "%o", mode)
	}
}

func TestKeyFileThatIsADirectory(t *testing.T) {
	_, err := openRing(t.TempDir())
	assert.ErrorContains(t, err, "not a regular file")
}

func TestKeyRingAlgorithmMustAgreeWithTheFile(t *testing.T) {
	path := keyFile(t, testKey{"k", "ES256", p256()}.jwk(t, "active"))
	_, err := auth.NewKeyRing(auth.KeyRingConfig{Path: path, Algorithm: auth.RS256, Rotate: -1, Logger: quiet})
	assert.ErrorContains(t, err, "auth: KeyRingConfig.Algorithm is RS256, but the active key of the file is for ES256")
	_, err = auth.NewKeyRing(auth.KeyRingConfig{Path: path, Algorithm: "none", Logger: quiet})
	assert.ErrorContains(t, err, "KeyRingConfig.Algorithm")
	_, err = auth.NewKeyRing(auth.KeyRingConfig{Algorithm: "HS256", Logger: quiet})
	assert.ErrorContains(t, err, "KeyRingConfig.Algorithm")
}

func TestJWKSHasPublicMembersOnly(t *testing.T) {
	keys := []testKey{{"a", "ES256", p256()}, {"b", "ES384", p384()}, {"c", "ES512", p521()}, {"d", "EdDSA", edKey()}, {"e", "RS256", rsaKey()}}
	set := published(t, ring(t, keys...))
	require.Len(t, set.Keys, len(keys))
	public := map[string][]string{"EC": {"crv", "x", "y"}, "OKP": {"crv", "x"}, "RSA": {"n", "e"}}
	for i, m := range set.Keys {
		private := keys[i].jwk(t, "active")
		for _, name := range append(public[m["kty"].(string)], "kty", "kid", "alg", "use") {
			assert.Equal(t, private[name], m[name], "%s of %s", name, keys[i].alg)
			delete(m, name)
		}
		assert.Empty(t, m, keys[i].alg)
	}
}

func TestJWKSOverHTTP(t *testing.T) {
	server := httptest.NewServer(ring(t, testKey{"a", "ES256", p256()}).JWKS())
	defer server.Close()
	do := func(method, ifNoneMatch string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL, nil)
		require.NoError(t, err)
		if ifNoneMatch != "" {
			r.Header.Set("If-None-Match", ifNoneMatch)
		}
		res, err := server.Client().Do(r)
		require.NoError(t, err)
		t.Cleanup(func() { _ = res.Body.Close() })
		return res
	}
	res := do("GET", "")
	assert.Equal(t, 200, res.StatusCode)
	assert.Equal(t, "application/jwk-set+json", res.Header.Get("Content-Type"))
	assert.Equal(t, "public, max-age=300", res.Header.Get("Cache-Control"))
	etag := res.Header.Get("ETag")
	assert.NotEmpty(t, etag)

	res = do("HEAD", "")
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	assert.Equal(t, 200, res.StatusCode)
	assert.Empty(t, body)
	assert.Positive(t, res.ContentLength)

	for _, match := range []string{etag, "W/" + etag, `"x", ` + etag, "*"} {
		assert.Equal(t, 304, do("GET", match).StatusCode, match)
	}
	assert.Equal(t, 200, do("GET", `"x"`).StatusCode)
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PATCH"} {
		res := do(method, "")
		assert.Equal(t, 405, res.StatusCode, method)
		assert.Equal(t, "GET, HEAD", res.Header.Get("Allow"))
	}
}

func TestKeysInPlaceOfTheirPathAreNotQuoted(t *testing.T) {
	_, err := auth.NewKeyRing(auth.KeyRingConfig{Path: "{\"keys\":\n[\"MIGHAgEA\"]}"})
	require.ErrorContains(t, err, "KeyRingConfig.Path is not the path of a file")
	assert.NotContains(t, err.Error(), "MIGHAgEA")
}
