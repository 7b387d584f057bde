package auth_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

func TestEventsOfChangingKeys(t *testing.T) {
	var log logBuffer
	inBubble(t, auth.RemoteKeysConfig{Logger: log.logger()}, func(t *testing.T, e *endpoint, a asker) {
		next := func(set string) string {
			already := len(log.String())
			e.publish(set, "max-age=100")
			time.Sleep(100 * time.Second)
			_ = a.ask(keyNamed("a"))
			synctest.Wait()
			return log.String()[already:]
		}
		assert.Contains(t, next(publicSet(t, keyNamed("b"), keyNamed("a"))),
			`level=INFO msg=crypt_key_change event=crypt_key_change change=fetched source=https://login.example/jwks keys=2 added="a b"`)
		assert.Empty(t, next(publicSet(t, keyNamed("a"), keyNamed("b"))), "the same keys are no change")
		assert.Contains(t, next(publicSet(t, keyNamed("a"), keyNamed("c"))), "keys=2 added=c removed=b")
		assert.Contains(t, next(publicSet(t, keyNamed("a"))), "keys=1 removed=c")
		assert.Contains(t, next(publicSet(t, testKey{"a", "ES256", mustECKey()})),
			`level=WARN msg=crypt_key_change event=crypt_key_change change=fetched source=https://login.example/jwks keys=1 replaced=a`)
	})
}

func TestEventsOfAnOutage(t *testing.T) {
	var log logBuffer
	inBubble(t, auth.RemoteKeysConfig{Logger: log.logger(), MaxStale: 24 * time.Hour}, func(t *testing.T, e *endpoint, a asker) {
		e.publish(publicSet(t, keyNamed("a")))
		require.NoError(t, a.ask(keyNamed("a")))
		e.fail()
		time.Sleep(5 * time.Minute)
		for range 3600 {
			require.NoError(t, a.ask(keyNamed("a")))
			time.Sleep(time.Second)
		}
		outages := strings.Count(log.String(), "level=WARN msg=sys_availability_fail")
		assert.Contains(t, log.String(), `cause="auth: the keys cannot be fetched: the answer has status 502, not 200" consequence="the last keys are used"`)
		assert.InDelta(t, 120, outages, 10, "an attempt and an event each 30 s, however many tokens come")
	})
}

// The query of the URL may be a secret, and a token's kid is whatever an attacker likes.
func TestEventsAndErrorsOfRemoteKeysHoldNoSecrets(t *testing.T) {
	var log logBuffer
	p256()
	synctest.Test(t, func(t *testing.T) {
		var e endpoint
		refused := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") })}
		for _, client := range []*http.Client{{Transport: &e}, refused} {
			e.publish(publicSet(t, keyNamed("a")))
			a := newAsker(t, remoteKeys(t, auth.RemoteKeysConfig{URL: "https://login.example/jwks?key=" + canary, Client: client, Logger: log.logger()}))
			for _, k := range []testKey{keyNamed("a"), keyNamed(canary)} {
				if err := a.ask(k); err != nil {
					assert.NotContains(t, err.Error()+fmt.Sprintf("%+v", errors.Unwrap(err)), canary)
				}
			}
			e.fail()
			time.Sleep(time.Hour)
			err := a.ask(keyNamed(canary))
			require.Error(t, err)
			assert.NotContains(t, err.Error()+fmt.Sprintf("%+v", errors.Unwrap(err)), canary)
		}
		assert.Contains(t, log.String(), "connection refused")
		assert.NotContains(t, log.String(), canary)
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Rotation over TLS while many requests verify: a key that is published throughout is never refused, and at the end every new key is
// known.
func TestRotationOverTLSUnderLoad(t *testing.T) {
	var e endpoint
	e.publish(publicSet(t, keyNamed("stays"), keyNamed("0")))
	server := startProvider(t, &e)
	a := newAsker(t, remoteKeys(t, auth.RemoteKeysConfig{URL: server.URL, Client: server.Client(), Cooldown: time.Second}))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					assert.NoError(t, a.ask(keyNamed("stays")))
				}
			}
		})
	}
	for generation := range 3 {
		fresh := keyNamed(fmt.Sprint(generation))
		e.publish(publicSet(t, keyNamed("stays"), fresh))
		assert.Eventually(t, func() bool { return a.ask(fresh) == nil }, 10*time.Second, 10*time.Millisecond)
	}
	close(stop)
	wg.Wait()
	assert.LessOrEqual(t, e.requests.Load(), int64(4))
}
