package auth_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

func TestStateChangesWithTheKeysAndNotWithTheirAge(t *testing.T) {
	p256()
	synctest.Test(t, func(t *testing.T) {
		var e endpoint
		k := remoteKeys(t, auth.RemoteKeysConfig{URL: "https://login.example", Client: &http.Client{Transport: &e}})
		assert.Nil(t, k.State(), "no keys yet")
		e.publish(publicSet(t, keyNamed("a")), "max-age=100")
		require.NoError(t, newAsker(t, k).ask(keyNamed("a")))
		first := k.State()
		require.NotNil(t, first)

		aged := func(set string) any {
			e.publish(set, "max-age=100")
			time.Sleep(90 * time.Second)
			before := e.requests.Load()
			assert.NotNil(t, k.State(), "who finds it due does not wait")
			synctest.Wait()
			assert.Equal(t, before+1, e.requests.Load(), "the state itself keeps the keys young")
			return k.State()
		}
		assert.Same(t, first, aged(publicSet(t, keyNamed("a"))))
		assert.Same(t, first, aged(publicSet(t, keyNamed("a"))))
		more := aged(publicSet(t, keyNamed("a"), keyNamed("b")))
		assert.NotSame(t, first, more)
		fewer := aged(publicSet(t, keyNamed("a")))
		assert.NotSame(t, more, fewer)
		assert.NotSame(t, fewer, aged(publicSet(t, testKey{"a", "ES256", mustECKey()})), "another key under the same id")
		assert.Nil(t, aged(`{"keys":[]}`))
	})
}

// A token that was verified a moment ago is no more remembered than its key.
func TestRememberedTokenOfAKeyThatIsWithdrawn(t *testing.T) {
	inBubble(t, auth.RemoteKeysConfig{}, func(t *testing.T, e *endpoint, a asker) {
		e.publish(publicSet(t, keyNamed("a"), keyNamed("b")), "max-age=100")
		token := newForge(t, keyNamed("b")).token()
		for range 80 {
			_, err := a.v.Verify(t.Context(), token)
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
		e.publish(publicSet(t, keyNamed("a")), "max-age=100")
		_, _ = a.v.Verify(t.Context(), token) // brings the fetch about
		synctest.Wait()
		_, err := a.v.Verify(t.Context(), token)
		assert.ErrorIs(t, err, auth.ErrUnknownKey)
		assert.EqualValues(t, 3, e.requests.Load(), "the first, the refresh, and one for the key that is no longer known")
	})
}

func TestRememberedTokenDuringAnOutage(t *testing.T) {
	p256()
	synctest.Test(t, func(t *testing.T) {
		var e endpoint
		k := remoteKeys(t, auth.RemoteKeysConfig{URL: "https://login.example", Client: &http.Client{Transport: &e}, MaxStale: 4 * time.Minute})
		a := newAsker(t, k)
		e.publish(publicSet(t, keyNamed("a")), "max-age=100")
		token := newForge(t, keyNamed("a")).token() // lives 10 minutes
		_, err := a.v.Verify(t.Context(), token)
		require.NoError(t, err)
		e.fail()
		for range 339 {
			time.Sleep(time.Second)
			_, err := a.v.Verify(t.Context(), token)
			require.NoError(t, err)
			assert.NotNil(t, k.State(), "an outage does not cost a signature check a token")
			synctest.Wait()
		}
		time.Sleep(time.Second)
		assert.Nil(t, k.State())
		_, err = a.v.Verify(t.Context(), token)
		assert.ErrorIs(t, err, auth.ErrUnavailable, "MaxStale is over")
	})
}
