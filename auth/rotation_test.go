package auth_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

const day = 24 * time.Hour

// run runs k until the test or the returned function ends it.
func run(t testing.TB, k *auth.KeyRing) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var done sync.WaitGroup
	done.Go(func() { assert.NoError(t, k.Run(ctx)) })
	stop = func() { cancel(); done.Wait() }
	t.Cleanup(stop)
	return stop
}

func issueBy(t testing.TB, k *auth.KeyRing) auth.Token {
	t.Helper()
	token, err := newIssuer(t, auth.IssuerConfig{Keys: k}).Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web"})
	require.NoError(t, err)
	return token
}

// kidOf returns the id of the key that signed a token.
func kidOf(t testing.TB, token string) string {
	t.Helper()
	text, err := b64.DecodeString(strings.Split(token, ".")[0])
	require.NoError(t, err)
	var header struct{ Kid string }
	require.NoError(t, json.Unmarshal(text, &header))
	return header.Kid
}

func TestLifeOfAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		k, err := auth.NewKeyRing(auth.KeyRingConfig{Poll: 5 * time.Minute, Logger: log.logger()})
		require.NoError(t, err)
		start, first := time.Now(), k.Signing()
		until := func(at time.Duration) { // just after the look that follows
			time.Sleep(time.Until(start.Add(at + 5*time.Minute + time.Second)))
			synctest.Wait()
		}
		stop := run(t, k)
		defer stop()

		time.Sleep(89*day - time.Second)
		synctest.Wait()
		assert.Equal(t, map[string]string{first: "active"}, k.States())

		until(89 * day)
		require.Len(t, k.States(), 2, "published a day ahead")
		assert.Equal(t, first, k.Signing())
		assert.Len(t, published(t, k).Keys, 2)
		time.Sleep(time.Until(start.Add(90*day - time.Second)))
		synctest.Wait()
		assert.Equal(t, first, kidOf(t, issueBy(t, k).Value), "signs for a day less than it is published")

		until(90*day + 5*time.Minute)
		second := k.Signing()
		assert.NotEqual(t, first, second)
		assert.Equal(t, map[string]string{first: "retired", second: "active"}, k.States())

		time.Sleep(time.Until(start.Add(90*day + auth.Retain)))
		assert.True(t, k.Knows(first))
		until(90*day + auth.Retain + 10*time.Minute)
		assert.Equal(t, map[string]string{second: "active"}, k.States(), "forgotten once no token needs it")
		assert.Len(t, published(t, k).Keys, 1)
		for _, change := range []string{"made", "published", "activated", "retired", "forgotten"} {
			assert.Equal(t, 1, strings.Count(log.String(), "event=crypt_key_change change="+change), change)
		}
		assert.NotContains(t, log.String(), "sys_availability_fail")
	})
}

// Two nodes with one file issue and verify each other's tokens through a week of rotations as fast as they are allowed, each with the
// slowest look at the file.
func TestRotationRefusesNoValidToken(t *testing.T) {
	for _, publish := range []time.Duration{auth.MinPublish, day} {
		t.Run(publish.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "keys.json")
				c := auth.KeyRingConfig{Path: path, Rotate: publish + time.Hour + 2*time.Minute, Publish: publish, Poll: 5 * time.Minute, Logger: quiet}
				a, err := auth.NewKeyRing(c)
				require.NoError(t, err)
				b, err := auth.NewKeyRing(c)
				require.NoError(t, err)
				nodes := []*auth.KeyRing{a, b}
				stopA := run(t, a)
				defer stopA()
				time.Sleep(2*time.Minute + 30*time.Second) // they look at different times
				stopB := run(t, b)
				defer stopB()

				var issuers []*auth.Issuer
				var verifiers []*auth.Verifier
				for _, k := range nodes {
					issuers = append(issuers, newIssuer(t, auth.IssuerConfig{Keys: k, TTL: time.Hour}))
					verifiers = append(verifiers, newVerifier(t, k))
				}
				var live []auth.Token
				var elsewhere *auth.Verifier // has fetched the set from b, and keeps it as long as it may
				var fetched time.Time
				signed := map[string]bool{}
				for len(signed) < 6 {
					time.Sleep(publish / 5)
					if time.Since(fetched) >= 5*time.Minute {
						elsewhere, fetched = fetchedFrom(t, b), time.Now()
					}
					for _, i := range issuers {
						token, err := i.Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web"})
						require.NoError(t, err)
						signed[kidOf(t, token.Value)] = true
						live = append(live, token)
					}
					for len(live) > 0 && !time.Now().Before(live[0].Expiry) {
						live = live[1:]
					}
					for _, token := range live {
						for n, k := range nodes {
							require.True(t, k.Knows(kidOf(t, token.Value)), "no node has to look for a key")
							_, err := verifiers[n].Verify(t.Context(), token.Value)
							require.NoError(t, err)
						}
						_, err := elsewhere.Verify(t.Context(), token.Value)
						require.NoError(t, err)
					}
				}
			})
		})
	}
}

// fetchedFrom returns a verifier with the keys that k publishes now.
func fetchedFrom(t testing.TB, k *auth.KeyRing) *auth.Verifier {
	t.Helper()
	set, err := json.Marshal(published(t, k))
	require.NoError(t, err)
	keys, err := auth.NewPublicKeys([]byte(strings.Replace(string(set), "Keys", "keys", 1)))
	require.NoError(t, err)
	return newVerifier(t, keys)
}

// The violation, planted: a writer that lets a key sign as soon as it is published.
func TestKeyThatSignsTooSoonIsNoticed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	writer, err := openRing(path)
	require.NoError(t, err)
	follower, err := openRing(path)
	require.NoError(t, err)
	writer.Hasten(0, 0, time.Hour, time.Hour)
	require.NoError(t, writer.Rotate(t.Context()))
	require.NoError(t, writer.Rotate(t.Context()))
	token := issueBy(t, writer).Value
	assert.False(t, follower.Knows(kidOf(t, token)))
	_, err = newVerifier(t, follower).Verify(t.Context(), token)
	assert.ErrorIs(t, err, auth.ErrUnknownKey, "without Run the file is not looked at")
}

func TestRotateBeginsEarlyAndOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, err := auth.NewKeyRing(auth.KeyRingConfig{Path: filepath.Join(t.TempDir(), "keys.json"), Rotate: -1, Logger: quiet})
		require.NoError(t, err)
		first := k.Signing()
		for range 3 {
			require.NoError(t, k.Rotate(t.Context()))
			assert.Len(t, k.States(), 2)
			assert.Equal(t, first, k.Signing())
			time.Sleep(7 * time.Hour)
		}
		time.Sleep(3 * time.Hour) // 24 h in all
		require.NoError(t, k.Rotate(t.Context()))
		assert.NotEqual(t, first, k.Signing())
		assert.Equal(t, "retired", k.States()[first])
		assert.Len(t, k.States(), 2)
	})
}

func TestIssuerMovesToAnotherAlgorithm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := testKey{"old", "ES256", p256()}.jwk(t, "active")
		old["since"] = time.Now().Unix()
		path := keyFile(t, old)
		k, err := auth.NewKeyRing(auth.KeyRingConfig{Path: path, Algorithm: auth.EdDSA, Logger: quiet})
		require.NoError(t, err)
		before := issueBy(t, k).Value
		assert.Equal(t, "old", kidOf(t, before))
		stop := run(t, k)
		defer stop()
		time.Sleep(time.Minute)
		assert.Equal(t, "EdDSA", published(t, k).Keys[1]["alg"], "published at once")
		time.Sleep(day - 5*time.Minute)
		last := issueBy(t, k)
		assert.Equal(t, "old", kidOf(t, last.Value))
		time.Sleep(5 * time.Minute)
		after := issueBy(t, k)
		assert.NotEqual(t, "old", kidOf(t, after.Value))
		for _, token := range []auth.Token{last, after} {
			_, err := newVerifier(t, k).Verify(t.Context(), token.Value)
			assert.NoError(t, err)
		}
		time.Sleep(2 * auth.Retain)
		synctest.Wait()
		assert.Len(t, published(t, k).Keys, 1)
		again, err := auth.NewKeyRing(auth.KeyRingConfig{Path: path, Algorithm: auth.EdDSA, Rotate: -1, Logger: quiet})
		require.NoError(t, err)
		assert.Equal(t, k.Signing(), again.Signing())
	})
}

func TestWritersAtOnceMakeOneKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	rings := make([]*auth.KeyRing, 8)
	for i := range rings {
		var err error
		rings[i], err = openRing(path)
		require.NoError(t, err)
	}
	var wg sync.WaitGroup
	for i, k := range rings {
		wg.Go(func() {
			if i%2 == 0 {
				assert.NoError(t, k.Rotate(t.Context()))
			} else if err := k.TryRotate(t.Context()); err != nil {
				assert.ErrorIs(t, err, auth.ErrLocked)
			}
		})
	}
	wg.Wait()
	for _, k := range rings {
		require.NoError(t, k.Look(t.Context()))
		assert.Len(t, k.States(), 2)
		assert.Equal(t, rings[0].States(), k.States())
	}
}

// All nodes find at the same instant that a rotation is due.
func TestNodesThatRunMakeOneKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := testKey{"old", "ES256", p256()}.jwk(t, "active")
		old["since"] = time.Now().Add(-88 * day).Unix()
		path := keyFile(t, old)
		var log logBuffer
		for range 6 {
			k, err := auth.NewKeyRing(auth.KeyRingConfig{Path: path, Poll: 5 * time.Minute, Logger: log.logger()})
			require.NoError(t, err)
			stop := run(t, k)
			defer stop()
		}
		time.Sleep(2*day + time.Hour)
		synctest.Wait()
		assert.Equal(t, 1, strings.Count(log.String(), "change=published"))
		assert.Equal(t, 1, strings.Count(log.String(), "change=activated"))
		assert.NotContains(t, log.String(), "sys_availability_fail")
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, 2, strings.Count(string(text), `"state"`))
	})
}

func TestRunOnceOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, err := openRing("")
		require.NoError(t, err)
		stop := run(t, k)
		synctest.Wait()
		assert.ErrorContains(t, k.Run(t.Context()), "run already")
		stop()
		stop = run(t, k) // after the end it may be run again
		stop()
	})
}
