package auth_test

import (
	"encoding/json"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

// public returns the key as a JWK of a provider.
func (k testKey) public(t testing.TB) map[string]any {
	t.Helper()
	m := k.jwk(t, "")
	maps.DeleteFunc(m, func(name string, _ any) bool {
		switch name {
		case "d", "p", "q", "dp", "dq", "qi", "state", "since":
			return true
		}
		return false
	})
	return m
}

func jwkSet(t testing.TB, keys ...map[string]any) string {
	t.Helper()
	if keys == nil {
		keys = []map[string]any{}
	}
	text, err := json.Marshal(map[string]any{"keys": keys})
	require.NoError(t, err)
	return string(text)
}

func publicSet(t testing.TB, keys ...testKey) string {
	t.Helper()
	var jwks []map[string]any
	for _, k := range keys {
		jwks = append(jwks, k.public(t))
	}
	return jwkSet(t, jwks...)
}

// endpoint is what a provider answers at the URL of its keys. It can be changed at any time.
type endpoint struct {
	requests atomic.Int64

	mu    sync.Mutex
	serve http.HandlerFunc
}

func (e *endpoint) set(h http.HandlerFunc) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.serve = h
}

// publish answers with a set of keys.
func (e *endpoint) publish(set string, cacheControl ...string) {
	e.set(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for _, value := range cacheControl {
			w.Header().Add("Cache-Control", value)
		}
		_, _ = io.WriteString(w, set)
	})
}

func (e *endpoint) fail() { e.set(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }) }

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.requests.Add(1)
	e.mu.Lock()
	serve := e.serve
	e.mu.Unlock()
	serve(w, r)
}

// RoundTrip answers without a socket, for tests in which time is not real.
func (e *endpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

// startProvider serves e over TLS.
func startProvider(t testing.TB, e *endpoint) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(e)
	server.Config.ErrorLog = discardLog()
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func remoteKeys(t testing.TB, c auth.RemoteKeysConfig) *auth.RemoteKeys {
	t.Helper()
	if c.Logger == nil {
		c.Logger = quiet
	}
	k, err := auth.NewRemoteKeys(c)
	require.NoError(t, err)
	return k
}

// asker verifies tokens with the keys of a provider.
type asker struct {
	t testing.TB
	v *auth.Verifier
}

func newAsker(t testing.TB, keys auth.Keys) asker { return asker{t, newVerifier(t, keys)} }

// ask verifies a token that is signed by the key now.
func (a asker) ask(k testKey) error {
	_, err := a.v.Verify(a.t.Context(), newForge(a.t, k).token())
	return err
}

// keyNamed is a key of the given id, and the same for each.
func keyNamed(kid string) testKey { return testKey{kid, "ES256", p256()} }

func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }
