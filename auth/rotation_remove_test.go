package auth_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

func TestRemovedKeyVerifiesNothing(t *testing.T) {
	for _, path := range []string{"", "keys.json"} {
		t.Run(path, func(t *testing.T) {
			if path != "" {
				path = filepath.Join(t.TempDir(), path)
			}
			var log logBuffer
			k, err := auth.NewKeyRing(auth.KeyRingConfig{Path: path, Algorithm: auth.EdDSA, Logger: log.logger()})
			require.NoError(t, err)
			issuer := newIssuer(t, auth.IssuerConfig{Keys: k})
			token := issueBy(t, k).Value
			_, err = issuer.Verifier().Verify(t.Context(), token)
			require.NoError(t, err)

			stolen := k.Signing()
			require.NoError(t, k.Remove(t.Context(), stolen))
			_, err = issuer.Verifier().Verify(t.Context(), token)
			assert.ErrorIs(t, err, auth.ErrUnknownKey, "also one that is remembered")
			assert.False(t, k.Knows(stolen))
			assert.Contains(t, log.String(), "level=WARN msg=crypt_key_change event=crypt_key_change change=removed kid="+stolen)
			_, err = issuer.Verifier().Verify(t.Context(), issueBy(t, k).Value)
			assert.NoError(t, err, "a new key signs at once")
			assert.Equal(t, "EdDSA", published(t, k).Keys[0]["alg"])
			assert.ErrorContains(t, k.Remove(t.Context(), stolen), "no key with this kid")
			if path != "" {
				text, err := os.ReadFile(path)
				require.NoError(t, err)
				assert.NotContains(t, string(text), stolen)
			}
		})
	}
}

func TestRemovingTheKeyThatSignsPromotesTheNext(t *testing.T) {
	next, active, retired := testKey{"n", "ES384", p384()}, testKey{"a", "ES256", p256()}, testKey{"r", "EdDSA", edKey()}
	k, err := openRing(keyFile(t, retired.jwk(t, "retired"), active.jwk(t, "active"), next.jwk(t, "next")))
	require.NoError(t, err)
	require.NoError(t, k.Remove(t.Context(), "r"))
	assert.Equal(t, map[string]string{"a": "active", "n": "next"}, k.States())
	require.NoError(t, k.Remove(t.Context(), "a"))
	assert.Equal(t, map[string]string{"n": "active"}, k.States())
	assert.Equal(t, "n", kidOf(t, issueBy(t, k).Value))
}

func TestRemovalReachesFollowersWithTheirNextLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keys.json")
		admin, err := openRing(path)
		require.NoError(t, err)
		node, err := openRing(path)
		require.NoError(t, err)
		stop := run(t, node)
		defer stop()
		time.Sleep(time.Second)
		v := newVerifier(t, node)
		token := issueBy(t, node).Value
		_, err = v.Verify(t.Context(), token)
		require.NoError(t, err)
		before := node.State()
		require.NoError(t, admin.Remove(t.Context(), node.Signing()))
		time.Sleep(30 * time.Second) // Poll
		synctest.Wait()
		_, err = v.Verify(t.Context(), token)
		assert.ErrorIs(t, err, auth.ErrUnknownKey)
		assert.NotSame(t, before, node.State())
		assert.Equal(t, admin.Signing(), node.Signing())
	})
}

// A file that becomes again what it was is another state: what was remembered in between may not come back.
func TestStateOfTheRingNeverComesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	k, err := openRing(path)
	require.NoError(t, err)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	first := k.State()
	require.NoError(t, k.Look(t.Context()))
	assert.Same(t, first, k.State(), "nothing has changed")
	require.NoError(t, k.Rotate(t.Context()))
	second := k.State()
	assert.NotSame(t, first, second)
	require.NoError(t, os.WriteFile(path, text, 0o600))
	require.NoError(t, k.Look(t.Context()))
	assert.Len(t, k.States(), 1)
	assert.NotSame(t, first, k.State())
	assert.NotSame(t, second, k.State())
}

func TestReplacedFileIsForItsOwnerAlone(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "keys.json"), filepath.Join(dir, "link.json")
	_, err := openRing(path)
	require.NoError(t, err)
	require.NoError(t, os.Symlink("keys.json", link))
	if os.Geteuid() == 0 { // root lends a hand to a service that is not root
		require.NoError(t, os.Chown(path, 4711, 4711))
	}
	before, err := os.Stat(path)
	require.NoError(t, err)
	k, err := openRing(link)
	require.NoError(t, err)
	require.NoError(t, k.Rotate(t.Context()))

	after, err := os.Stat(path)
	require.NoError(t, err)
	assert.False(t, os.SameFile(before, after), "replaced as a whole")
	assert.Equal(t, fs.FileMode(0o600), after.Mode())
	assert.Equal(t, owner(before), owner(after))
	lock, err := os.Stat(filepath.Join(dir, ".keys.json.lock"))
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o600), lock.Mode())
	assert.Equal(t, owner(before), owner(lock))
	info, err := os.Lstat(link)
	require.NoError(t, err)
	assert.Equal(t, fs.ModeSymlink, info.Mode().Type(), "the link stays")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	assert.Equal(t, ".keys.json.lock keys.json link.json", strings.Join(names, " "))
}

func TestLockThatSomebodyTidiedUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	k, err := openRing(path)
	require.NoError(t, err)
	require.NoError(t, k.Rotate(t.Context()))
	require.NoError(t, os.Remove(filepath.Join(filepath.Dir(path), ".keys.json.lock")))
	require.NoError(t, k.Remove(t.Context(), k.Signing()))
	assert.Len(t, k.States(), 1)
}

func TestRingOfAsManyKeysAsThereMayBe(t *testing.T) {
	jwks := []map[string]any{testKey{"a", "ES256", p256()}.jwk(t, "active")}
	for i := range 15 {
		jwks = append(jwks, testKey{string(rune('b' + i)), "ES256", mustECKey()}.jwk(t, "next"))
		jwks[len(jwks)-1]["state"] = "retired"
		jwks[len(jwks)-1]["since"] = time.Now().Unix()
	}
	path := keyFile(t, jwks...)
	k, err := openRing(path)
	require.NoError(t, err)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.ErrorContains(t, k.Rotate(t.Context()), "more than 16 keys")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, before, after)
	_, err = openRing(keyFile(t, append(jwks, testKey{"z", "ES256", mustECKey()}.jwk(t, "next"))...))
	assert.ErrorContains(t, err, "more than 16 keys")
}
