package auth_test

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

func TestRemoteKeysOfEveryAlgorithm(t *testing.T) {
	var e endpoint
	e.publish(publicSet(t, testKeys()...))
	server := startProvider(t, &e)
	a := newAsker(t, remoteKeys(t, auth.RemoteKeysConfig{URL: server.URL, Client: server.Client()}))
	assert.Zero(t, e.requests.Load(), "nothing is fetched before it is needed")
	for _, k := range testKeys() {
		assert.NoError(t, a.ask(k), k.alg)
	}
	assert.EqualValues(t, 1, e.requests.Load())
}

func TestServiceStartsWhileTheProviderIsDown(t *testing.T) {
	var e endpoint
	e.publish(publicSet(t, keyNamed("a")))
	server := startProvider(t, &e)
	var up atomic.Bool
	client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if !up.Load() {
			return nil, errors.New("connection refused")
		}
		return server.Client().Transport.RoundTrip(r)
	})}
	var log logBuffer
	k := remoteKeys(t, auth.RemoteKeysConfig{URL: server.URL, Client: client, Logger: log.logger()})
	g, err := auth.New(auth.Config{Authenticator: auth.Bearer(newVerifier(t, k)), Logger: quiet})
	require.NoError(t, err)
	get := func() *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+newForge(t, keyNamed("a")).token())
		w := httptest.NewRecorder()
		g.Handler(http.NotFoundHandler()).ServeHTTP(w, r)
		return w
	}
	w := get()
	assert.Equal(t, 503, w.Code, "never 401: clients throw a good token away")
	assert.NotEmpty(t, w.Header().Get("Retry-After"))
	assert.Empty(t, w.Header().Get("WWW-Authenticate"))
	assert.NotContains(t, w.Body.String(), "refused")
	assert.Contains(t, log.String(), "level=ERROR msg=sys_availability_fail")

	up.Store(true)
	assert.Eventually(t, func() bool { return get().Code == 404 }, 10*time.Second, 20*time.Millisecond, "no restart is needed")
}

func TestProviderThatCannotBeTrusted(t *testing.T) {
	good := publicSet(t, keyNamed("a"))
	answer := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			_, _ = io.WriteString(w, good)
		}
	}
	weak := keyNamed("weak").public(t)
	weak["x"], weak["y"] = weak["y"], weak["x"]
	many := make([]map[string]any, 101)
	for i := range many {
		many[i] = keyNamed(fmt.Sprint(i)).public(t)
	}
	many[0]["kid"] = "a"
	for name, serve := range map[string]http.HandlerFunc{
		"nothing":           answer(""),
		"HTML":              answer("<!doctype html><title>Sign in</title>"),
		"no set":            answer(`{"issuer":"https://issuer.example"}`),
		"JSON in pieces":    answer(good + good),
		"keys twice":        answer(good[:len(good)-1] + `,"keys":[]}`),
		"101 keys":          answer(jwkSet(t, many...)),
		"no keys":           answer(`{"keys":[]}`),
		"no usable key":     answer(jwkSet(t, weak)),
		"a kid twice":       answer(publicSet(t, keyNamed("a"), testKey{"a", "RS256", rsaKey()})),
		"a secret":          answer(jwkSet(t, keyNamed("a").public(t), map[string]any{"kty": "oct", "kid": "s", "k": canary})),
		"status 404":        status(404),
		"status 500":        status(500),
		"status 201":        status(201),
		"status 206":        status(206),
		"more than 1 MiB":   answer(good + strings.Repeat(" ", 1<<20)),
		"announced as huge": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "1099511627776") },
		"without an end": func(w http.ResponseWriter, _ *http.Request) {
			for spaces := strings.Repeat(" ", 64<<10); ; {
				if _, err := io.WriteString(w, spaces); err != nil {
					return
				}
			}
		},
		"a bomb": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			for range 64 {
				_, _ = z.Write(make([]byte, 1<<20))
			}
			_ = z.Close()
		},
		"headers without an end": func(w http.ResponseWriter, _ *http.Request) {
			for i := range 200 {
				w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 1<<10))
			}
			_, _ = io.WriteString(w, good)
		},
		"a broken connection": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(good)))
			_, _ = io.WriteString(w, good[:20])
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var e endpoint
			e.set(serve)
			server := httptest.NewServer(&e) // on the loopback, so that it is our own client
			t.Cleanup(server.Close)
			var log logBuffer
			a := newAsker(t, remoteKeys(t, auth.RemoteKeysConfig{URL: server.URL, Logger: log.logger()}))
			err := a.ask(keyNamed("a"))
			assert.ErrorIs(t, err, auth.ErrUnavailable)
			assert.NotErrorIs(t, err, auth.ErrUnknownKey)
			assert.EqualValues(t, 1, e.requests.Load())
			assert.Contains(t, log.String(), "event=sys_availability_fail")
			assert.NotContains(t, log.String(), canary)
		})
	}
}

func TestProviderThatIsSlow(t *testing.T) {
	var e endpoint
	e.set(func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	server := startProvider(t, &e)
	client := server.Client()
	client.Timeout = 50 * time.Millisecond // shorter than ours, and so it counts
	assert.ErrorIs(t, newAsker(t, remoteKeys(t, auth.RemoteKeysConfig{URL: server.URL, Client: client})).ask(keyNamed("a")), auth.ErrUnavailable)
}

func TestRedirects(t *testing.T) {
	var other endpoint
	other.publish(publicSet(t, keyNamed("a")))
	otherHost := startProvider(t, &other)
	for name, c := range map[string]struct {
		to func(server *httptest.Server) string
		ok bool
	}{
		"to another host":                {func(*httptest.Server) string { return otherHost.URL }, false},
		"to another name for the host":   {func(s *httptest.Server) string { return strings.Replace(s.URL, "127.0.0.1", "localhost", 1) }, false},
		"to plain http":                  {func(s *httptest.Server) string { return strings.Replace(s.URL, "https", "http", 1) }, false},
		"to a file":                      {func(*httptest.Server) string { return "file:///etc/passwd" }, false},
		"with a password":                {func(s *httptest.Server) string { return strings.Replace(s.URL, "://", "://u:p@", 1) + "/keys" }, false},
		"to itself, again and again":     {func(s *httptest.Server) string { return s.URL }, false},
		"within the host":                {func(*httptest.Server) string { return "/keys" }, true},
		"within the host, with its name": {func(s *httptest.Server) string { return s.URL + "/keys" }, true},
	} {
		t.Run(name, func(t *testing.T) {
			var e endpoint
			server := startProvider(t, &e)
			e.set(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/keys" {
					_, _ = io.WriteString(w, publicSet(t, keyNamed("a")))
					return
				}
				http.Redirect(w, r, c.to(server), http.StatusFound)
			})
			client := server.Client() // its pool trusts otherHost, which has the same certificate
			err := newAsker(t, remoteKeys(t, auth.RemoteKeysConfig{URL: server.URL, Client: client})).ask(keyNamed("a"))
			if c.ok {
				assert.NoError(t, err)
			} else {
				assert.ErrorIs(t, err, auth.ErrUnavailable)
			}
			assert.Zero(t, other.requests.Load())
			assert.LessOrEqual(t, e.requests.Load(), int64(4))
			assert.Nil(t, client.CheckRedirect, "the caller's client is not changed")
		})
	}
}

// Over TLS the port would not answer in plain text, so here both are one endpoint.
func TestRedirectThatStripsTLS(t *testing.T) {
	var e endpoint
	e.set(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Scheme == "https" {
			http.Redirect(w, r, "http://login.example/", http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, publicSet(t, keyNamed("a")))
	})
	k := remoteKeys(t, auth.RemoteKeysConfig{URL: "https://login.example/", Client: &http.Client{Transport: &e}})
	assert.ErrorIs(t, newAsker(t, k).ask(keyNamed("a")), auth.ErrUnavailable)
	assert.EqualValues(t, 1, e.requests.Load())
}

func TestRedirectPolicyOfTheClientStillHolds(t *testing.T) {
	var e endpoint
	e.set(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/keys", http.StatusFound) })
	server := startProvider(t, &e)
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	assert.ErrorIs(t, newAsker(t, remoteKeys(t, auth.RemoteKeysConfig{URL: server.URL, Client: client})).ask(keyNamed("a")), auth.ErrUnavailable)
	assert.EqualValues(t, 1, e.requests.Load())
}

func TestStrictClientOfOurOwn(t *testing.T) {
	var e endpoint
	e.publish(publicSet(t, keyNamed("a")))
	t.Run("an authority that nobody knows", func(t *testing.T) {
		server := startProvider(t, &e)
		err := newAsker(t, remoteKeys(t, auth.RemoteKeysConfig{URL: server.URL})).ask(keyNamed("a"))
		require.ErrorIs(t, err, auth.ErrUnavailable)
		_, isCert := errors.AsType[*tls.CertificateVerificationError](err)
		assert.True(t, isCert, "%v", err)
	})
	t.Run("TLS 1.1", func(t *testing.T) {
		server := httptest.NewUnstartedServer(&e)
		server.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
		server.Config.ErrorLog = discardLog()
		server.StartTLS()
		defer server.Close()
		err := newAsker(t, remoteKeys(t, auth.RemoteKeysConfig{URL: server.URL})).ask(keyNamed("a"))
		require.ErrorIs(t, err, auth.ErrUnavailable)
		_, isCert := errors.AsType[*tls.CertificateVerificationError](err)
		assert.False(t, isCert, "refused before the certificate: %v", err)
	})
	assert.Zero(t, e.requests.Load())
}

func TestOneBadKeyAmongGoodOnes(t *testing.T) {
	private := keyNamed("private").jwk(t, "")
	exponent := testKey{"exponent", "RS256", rsaKey()}.public(t)
	exponent["e"] = "Aw"
	encryption := testKey{"encryption", "RS256", rsaKey()}.public(t)
	encryption["use"] = "enc"
	var e endpoint
	e.publish(jwkSet(t, private, exponent, encryption, keyNamed("a").public(t), map[string]any{"kty": "AKP", "kid": "future", "alg": "ML-DSA-44"}))
	server := startProvider(t, &e)
	var log logBuffer
	a := newAsker(t, remoteKeys(t, auth.RemoteKeysConfig{URL: server.URL, Client: server.Client(), Logger: log.logger()}))
	assert.NoError(t, a.ask(keyNamed("a")))
	assert.Contains(t, log.String(), "added=a skipped=4 reason=\"key 1: jose: unusable key: its private half is published\"")
	for _, k := range []testKey{keyNamed("private"), {"exponent", "RS256", rsaKey()}, {"encryption", "RS256", rsaKey()}} {
		assert.ErrorIs(t, a.ask(k), auth.ErrUnknownKey, k.kid)
	}
}

func TestAlgorithmBelongsToTheRemoteKey(t *testing.T) {
	bare := func(k testKey) map[string]any {
		m := k.public(t)
		delete(m, "alg")
		return m
	}
	rs, ps := testKey{"rsa", "RS256", rsaKey()}, testKey{"rsa", "PS256", rsaKey()}
	named256 := testKey{"ps", "PS256", rsaKey()}
	for name, c := range map[string]struct {
		algorithms []auth.Algorithm
		ask        testKey
		want       error
	}{
		"RSA without alg is for RS256":               {nil, rs, nil},
		"and for nothing else":                       {nil, ps, auth.ErrAlgorithm},
		"PS256 where it is asked for":                {[]auth.Algorithm{auth.PS256}, ps, nil},
		"and then for nothing else":                  {[]auth.Algorithm{auth.PS256, auth.RS256}, rs, auth.ErrAlgorithm},
		"PS256 where the key names it":               {nil, named256, nil},
		"a key that names what is not allowed":       {[]auth.Algorithm{auth.RS256, auth.ES256}, named256, auth.ErrUnknownKey},
		"a key without alg that fits nothing in it":  {[]auth.Algorithm{auth.ES256}, rs, auth.ErrUnknownKey},
		"P-384 without alg is for ES384":             {nil, testKey{"p384", "ES384", p384()}, nil},
		"Ed25519 without alg is for EdDSA":           {nil, testKey{"ed", "EdDSA", edKey()}, nil},
		"P-384 where P-256 alone is allowed":         {[]auth.Algorithm{auth.ES256}, testKey{"p384", "ES384", p384()}, auth.ErrUnknownKey},
		"HMAC with the public key, alg of the token": {nil, testKey{"rsa", "RS512", rsaKey()}, auth.ErrAlgorithm},
	} {
		t.Run(name, func(t *testing.T) {
			var e endpoint
			e.publish(jwkSet(t, bare(rs), named256.public(t), bare(testKey{"p384", "ES384", p384()}), bare(testKey{"ed", "EdDSA", edKey()}), keyNamed("es").public(t)))
			server := startProvider(t, &e)
			a := newAsker(t, remoteKeys(t, auth.RemoteKeysConfig{URL: server.URL, Client: server.Client(), Algorithms: c.algorithms}))
			if c.want == nil {
				assert.NoError(t, a.ask(c.ask))
			} else {
				assert.ErrorIs(t, a.ask(c.ask), c.want)
			}
		})
	}
}

func TestRotationIsNoticedByOneRefetch(t *testing.T) {
	var e endpoint
	e.publish(publicSet(t, keyNamed("old")), "max-age=3600")
	server := startProvider(t, &e)
	a := newAsker(t, remoteKeys(t, auth.RemoteKeysConfig{URL: server.URL, Client: server.Client()}))
	require.NoError(t, a.ask(keyNamed("old")))
	e.publish(publicSet(t, keyNamed("new")), "max-age=3600")
	for range 10 {
		assert.NoError(t, a.ask(keyNamed("new")))
	}
	assert.EqualValues(t, 2, e.requests.Load())
	assert.ErrorIs(t, a.ask(keyNamed("old")), auth.ErrUnknownKey, "what was withdrawn is gone")
	assert.EqualValues(t, 2, e.requests.Load())
}

func TestFloodOfRandomKidsCostsOneRequest(t *testing.T) {
	for name, warm := range map[string]int64{"before the first fetch": 0, "after it": 1} {
		t.Run(name, func(t *testing.T) {
			var e endpoint
			e.publish(publicSet(t, keyNamed("a")), "max-age=3600")
			server := startProvider(t, &e)
			k := remoteKeys(t, auth.RemoteKeysConfig{URL: server.URL, Client: server.Client()})
			a := newAsker(t, k)
			if warm > 0 {
				require.NoError(t, a.ask(keyNamed("a")))
			}
			f := newForge(t, keyNamed("a"))
			tokens := make([]string, 1000)
			for i := range tokens {
				f.header["kid"] = fmt.Sprint(i, strings.Repeat("x", 100))
				tokens[i] = f.token()
			}
			var wg sync.WaitGroup
			for _, token := range tokens {
				wg.Go(func() {
					_, err := a.v.Verify(t.Context(), token)
					assert.ErrorIs(t, err, auth.ErrUnknownKey)
				})
			}
			wg.Wait()
			assert.EqualValues(t, warm+1, e.requests.Load())
			assert.LessOrEqual(t, k.Remembered(), 11)
			assert.NoError(t, a.ask(keyNamed("a")))
		})
	}
}

func TestRequestsWaitForOneFetch(t *testing.T) {
	var e endpoint
	arrived, release := make(chan struct{}), make(chan struct{})
	e.set(func(w http.ResponseWriter, _ *http.Request) {
		arrived <- struct{}{}
		<-release
		_, _ = io.WriteString(w, publicSet(t, keyNamed("a")))
	})
	server := startProvider(t, &e)
	v := newVerifier(t, remoteKeys(t, auth.RemoteKeysConfig{URL: server.URL, Client: server.Client()}))
	token := newForge(t, keyNamed("a")).token()

	first, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() { _, err := v.Verify(first, token); left <- err }()
	<-arrived
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			_, err := v.Verify(t.Context(), token)
			assert.NoError(t, err)
		})
	}
	leave()
	err := <-left
	assert.ErrorIs(t, err, auth.ErrUnavailable)
	assert.ErrorIs(t, err, context.Canceled)
	close(release) // the end of the request that began it has not ended the fetch
	wg.Wait()
	assert.EqualValues(t, 1, e.requests.Load())
}

func TestTokenWithoutKidFetchesNothing(t *testing.T) {
	var e endpoint
	e.publish(publicSet(t, keyNamed("a")))
	server := startProvider(t, &e)
	f := newForge(t, keyNamed("a"))
	delete(f.header, "kid")
	_, err := newVerifier(t, remoteKeys(t, auth.RemoteKeysConfig{URL: server.URL, Client: server.Client()})).Verify(t.Context(), f.token())
	assert.ErrorIs(t, err, auth.ErrUnknownKey)
	assert.Zero(t, e.requests.Load())
}
