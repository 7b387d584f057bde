package auth_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
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

// badFiles are what a key file must not be, each put in the place of a good one.
var badFiles = map[string]func(t *testing.T, path string){
	"missing":   func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) },
	"empty":     func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 0)) },
	"half":      func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 40)) },
	"readable":  func(t *testing.T, path string) { require.NoError(t, os.Chmod(path, 0o644)) },
	"too large": func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 1<<20)) },
	"a directory": func(t *testing.T, path string) {
		require.NoError(t, os.Remove(path))
		require.NoError(t, os.Mkdir(path, 0o700))
	},
	"PEM": func(t *testing.T, path string) {
		require.NoError(t, os.WriteFile(path, pemText(t, "PRIVATE KEY", pkcs8(t, edKey())), 0o600))
	},
	"no active key": func(t *testing.T, path string) {
		text, err := json.Marshal(map[string]any{"keys": []any{testKey{"k", "ES256", p256()}.jwk(t, "retired")}})
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, text, 0o600))
	},
}

func TestBadFileKeepsTheLastGoodKeys(t *testing.T) {
	for name, spoil := range badFiles {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "keys.json")
				var log logBuffer
				k, err := auth.NewKeyRing(auth.KeyRingConfig{Path: path, Logger: log.logger()})
				require.NoError(t, err)
				good, err := os.ReadFile(path)
				require.NoError(t, err)
				first, state := k.Signing(), k.State()
				stop := run(t, k)
				defer stop()
				time.Sleep(time.Minute)
				assert.NotContains(t, log.String(), "sys_availability_fail")

				spoil(t, path)
				spoiled, _ := os.ReadFile(path)
				time.Sleep(time.Hour)
				assert.GreaterOrEqual(t, strings.Count(log.String(), "sys_availability_fail"), 100, "an event at each look, up to the limit")
				assert.NotContains(t, log.String(), "keys=", "nothing was followed")
				token := issueBy(t, k)
				_, err = newVerifier(t, k).Verify(t.Context(), token.Value)
				require.NoError(t, err)
				assert.Same(t, state, k.State(), "what is remembered stays")
				assert.Error(t, k.Rotate(t.Context()))
				assert.Error(t, k.Remove(t.Context(), first))
				now, _ := os.ReadFile(path)
				assert.Equal(t, spoiled, now, "what cannot be read is never replaced")

				require.NoError(t, os.RemoveAll(path))
				require.NoError(t, os.WriteFile(path, good, 0o600))
				time.Sleep(time.Minute)
				assert.NoError(t, k.Rotate(t.Context()))
				assert.Len(t, k.States(), 2)
			})
		})
	}
}

// Keys that nobody has seen for too long decide nothing: others may have removed them.
func TestFileThatCannotBeReadForTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keys.json")
		var log logBuffer
		k, err := auth.NewKeyRing(auth.KeyRingConfig{Path: path, Poll: 5 * time.Minute, Logger: log.logger()})
		require.NoError(t, err)
		issuer := newIssuer(t, auth.IssuerConfig{Keys: k, TTL: time.Hour})
		stop := run(t, k)
		defer stop()
		synctest.Wait()
		require.NoError(t, os.Rename(path, path+".away"))

		time.Sleep(12*time.Hour - time.Minute) // half of Publish
		token, err := issuer.Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web"})
		require.NoError(t, err)
		v := issuer.Verifier()
		_, err = v.Verify(t.Context(), token.Value)
		require.NoError(t, err)
		assert.NotContains(t, log.String(), "nothing is signed")

		time.Sleep(10 * time.Minute)
		_, err = issuer.Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web"})
		assert.ErrorIs(t, err, auth.ErrUnavailable)
		_, err = v.Verify(t.Context(), token.Value)
		assert.ErrorIs(t, err, auth.ErrUnavailable, "also one that is remembered")
		assert.Contains(t, log.String(), "nothing is signed and no token accepted")
		w := httptest.NewRecorder()
		k.JWKS().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
		assert.Equal(t, http.StatusServiceUnavailable, w.Code)
		assert.NotEmpty(t, w.Header().Get("Retry-After"))

		require.NoError(t, os.Rename(path+".away", path))
		time.Sleep(2 * time.Second)
		_, err = v.Verify(t.Context(), token.Value)
		assert.NoError(t, err, "the first request finds that it is back")
		assert.Len(t, published(t, k).Keys, 1)
	})
}

// A process that was asleep through a rotation looks at the file before it decides anything.
func TestProcessThatSleptThroughARotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := auth.KeyRingConfig{Path: filepath.Join(t.TempDir(), "keys.json"), Rotate: 26 * time.Hour, Poll: 5 * time.Minute, Logger: quiet}
		awake, err := auth.NewKeyRing(c)
		require.NoError(t, err)
		asleep, err := auth.NewKeyRing(c)
		require.NoError(t, err)
		stop := run(t, awake)
		defer stop()
		stop = run(t, asleep)
		time.Sleep(time.Hour)
		stop() // as if it were not scheduled any more

		time.Sleep(8 * day)
		assert.False(t, asleep.Knows(awake.Signing()))
		token := issueBy(t, awake)
		_, err = newVerifier(t, asleep).Verify(t.Context(), token.Value)
		assert.NoError(t, err)

		time.Sleep(8 * day)
		token = issueBy(t, asleep)
		_, err = newVerifier(t, awake).Verify(t.Context(), token.Value)
		assert.NoError(t, err)
	})
}

func TestFollowerLooksOnceASecondForAKeyThatIsNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keys.json")
		writer, err := openRing(path)
		require.NoError(t, err)
		follower, err := openRing(path)
		require.NoError(t, err)
		stop := run(t, follower)
		defer stop()
		time.Sleep(10 * time.Second)
		v := newVerifier(t, follower)
		stray := newForge(t, testKey{"stray", "ES256", mustECKey()}).token()
		_, err = v.Verify(t.Context(), stray)
		assert.ErrorIs(t, err, auth.ErrUnknownKey)

		require.NoError(t, writer.Remove(t.Context(), writer.Signing())) // an emergency: the new key signs at once
		token := issueBy(t, writer).Value
		_, err = v.Verify(t.Context(), token)
		assert.ErrorIs(t, err, auth.ErrUnknownKey, "a stranger has just had the file looked at")
		time.Sleep(time.Second)
		_, err = v.Verify(t.Context(), token)
		assert.NoError(t, err)

		require.NoError(t, os.Rename(path, path+".away"))
		time.Sleep(time.Second)
		_, err = v.Verify(t.Context(), stray)
		assert.ErrorIs(t, err, auth.ErrUnavailable, "nobody knows whether the key is known")
		_, err = v.Verify(t.Context(), token)
		assert.NoError(t, err)
	})
}

func TestClockThatIsWrongStopsRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ahead := testKey{"k", "ES256", p256()}.jwk(t, "active")
		ahead["since"] = time.Now().Add(61 * time.Minute).Unix()
		var log logBuffer
		k, err := auth.NewKeyRing(auth.KeyRingConfig{Path: keyFile(t, ahead), Logger: log.logger()})
		require.NoError(t, err)
		assert.ErrorContains(t, k.Rotate(t.Context()), "from the future")
		stop := run(t, k)
		defer stop()
		time.Sleep(time.Second)
		assert.Contains(t, log.String(), "from the future")
		issueBy(t, k)
		time.Sleep(2 * time.Minute) // the key is less than an hour ahead, as a clock may be
		assert.NoError(t, k.Rotate(t.Context()))
	})
}

func TestETagChangesWhenAKeyIsPublished(t *testing.T) {
	k, err := openRing("")
	require.NoError(t, err)
	etag := func() string {
		w := httptest.NewRecorder()
		k.JWKS().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
		return w.Header().Get("ETag")
	}
	before := etag()
	assert.Equal(t, before, etag())
	require.NoError(t, k.Rotate(t.Context()))
	assert.NotEqual(t, before, etag())
}

func TestKeyRingScheduleFaultsAreReportedTogether(t *testing.T) {
	for _, c := range []struct {
		config auth.KeyRingConfig
		want   []string
	}{
		{auth.KeyRingConfig{Rotate: 25 * time.Hour}, []string{"Rotate 25h0m0s is not in 25h2m0s"}},
		{auth.KeyRingConfig{Rotate: 4 * 365 * day}, []string{"KeyRingConfig.Rotate"}},
		{auth.KeyRingConfig{Publish: auth.MinPublish - 1}, []string{"KeyRingConfig.Publish 14m59.999999999s is not in 15m0s to 720h0m0s"}},
		{auth.KeyRingConfig{Publish: 31 * day}, []string{"KeyRingConfig.Publish"}},
		{auth.KeyRingConfig{Publish: -1, Poll: -1, Rotate: 1, Algorithm: "none", Path: "a\nb"}, []string{"Publish", "Poll", "Rotate", "Algorithm", "Path"}},
		{auth.KeyRingConfig{Poll: time.Second - 1}, []string{"KeyRingConfig.Poll"}},
		{auth.KeyRingConfig{Poll: 5*time.Minute + 1}, []string{"KeyRingConfig.Poll"}},
	} {
		k, err := auth.NewKeyRing(c.config)
		assert.Nil(t, k)
		for _, want := range c.want {
			assert.ErrorContains(t, err, want)
		}
	}
	for _, c := range []auth.KeyRingConfig{
		{Rotate: 25*time.Hour + 2*time.Minute}, {Rotate: 3 * 365 * day}, {Publish: 30 * day}, {Publish: auth.MinPublish, Rotate: 77 * time.Minute},
		{Poll: time.Second}, {Poll: 5 * time.Minute}, {Rotate: -1},
	} {
		c.Logger = quiet
		_, err := auth.NewKeyRing(c)
		assert.NoError(t, err)
	}
}
