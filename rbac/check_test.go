package rbac_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/rbac"
)

func statusOf(t *testing.T, err error) int {
	t.Helper()
	refusal, ok := errors.AsType[*rbac.Error](err)
	require.True(t, ok, "%v", err)
	return refusal.HTTPStatus()
}

// Whatever Require answers, Check refuses with, and the other way round.
func TestCheckDecidesAsRequireDoes(t *testing.T) {
	for name, authenticate := range map[string]func(http.Handler) http.Handler{"further out": nil, "here": login} {
		subject := fromContext
		if authenticate == nil {
			subject = header
		}
		log, logged := events(t)
		e, err := rbac.New(rbac.Config{Source: rbac.Rules(office...), Subject: subject, Authenticate: authenticate, Logger: log})
		require.NoError(t, err)
		for _, user := range []string{"", "alice", "bob", "mallory", "role:viewer"} {
			for _, permission := range []string{"notes:read", "notes:write", "notes:raed", "notes", ""} {
				t.Run(name+" "+user+" "+permission, func(t *testing.T) {
					w := httptest.NewRecorder()
					e.Require(permission)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, request(t, "GET", "/", user))
					byRequire := logged()
					r, err := e.Check(request(t, "GET", "/", user), permission)
					byCheck := logged()
					if w.Code == 200 {
						require.NoError(t, err)
						assert.NotNil(t, r)
						assert.Empty(t, byCheck)
						return
					}
					assert.Nil(t, r)
					assert.Equal(t, w.Code, statusOf(t, err))
					assert.Len(t, byCheck, len(byRequire), "the same events")
					if len(byCheck) > 0 {
						assert.Equal(t, byRequire[0]["event"], byCheck[0]["event"])
					}
					answer := httptest.NewRecorder()
					e.Refuse(answer, request(t, "GET", "/", user), err)
					assert.Equal(t, w.Code, answer.Code)
					assert.Equal(t, w.Header()["Www-Authenticate"], answer.Header()["Www-Authenticate"])
					assert.Equal(t, "application/problem+json", answer.Header().Get("Content-Type"))
					assert.Empty(t, logged(), "the event is Check's")
				})
			}
		}
	}
}

func TestCheckReturnsTheRequestThatWasAuthenticated(t *testing.T) {
	e, err := rbac.New(rbac.Config{Source: rbac.Rules(allowed), Subject: fromContext, Authenticate: login})
	require.NoError(t, err)
	given := request(t, "GET", "/", "alice")
	r, err := e.Check(given, "notes:read")
	require.NoError(t, err)
	assert.Equal(t, "alice at  ", r.Context().Value(contextKey{}))
	assert.Nil(t, given.Context().Value(contextKey{}), "the request that was given is not changed")
	assert.NotSame(t, given, r)
}

// Authenticate is middleware of another package. Whatever it does, nothing is written and nobody passes unless it passes the request on.
func TestAuthenticateCannotTrickCheck(t *testing.T) {
	answer := func(status int, pairs ...string) func(http.Handler) http.Handler {
		return func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for i := 0; i < len(pairs); i += 2 {
					w.Header().Add(pairs[i], pairs[i+1])
				}
				w.WriteHeader(status)
				_, _ = w.Write([]byte("canary"))
			})
		}
	}
	through := func(before func(http.ResponseWriter), after func(http.ResponseWriter)) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				before(w)
				next.ServeHTTP(w, r)
				after(w)
			})
		}
	}
	nothing := func(http.ResponseWriter) {}
	write := func(status int) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { w.WriteHeader(status) }
	}
	for name, test := range map[string]struct {
		authenticate func(http.Handler) http.Handler
		status       int
		header       http.Header
	}{
		"challenge":         {answer(401, "WWW-Authenticate", `DPoP algs="ES256"`, "DPoP-Nonce", "n", "Content-Type", "text/html", "Etag", "x"), 401, http.Header{"Www-Authenticate": {`DPoP algs="ES256"`}, "Dpop-Nonce": {"n"}}},
		"no challenge":      {answer(401), 401, http.Header{"Www-Authenticate": {"Bearer"}}},
		"scope":             {answer(403, "WWW-Authenticate", `Bearer error="insufficient_scope"`), 403, http.Header{"Www-Authenticate": {`Bearer error="insufficient_scope"`}}},
		"outage":            {answer(503), 503, http.Header{"Retry-After": {"5"}}},
		"too many":          {answer(429, "Retry-After", "60"), 429, http.Header{"Retry-After": {"60"}}},
		"failed":            {answer(500), 500, http.Header{}},
		"redirect to login": {answer(302, "Location", "https://login.example"), 401, http.Header{"Www-Authenticate": {"Bearer"}}},
		"answers 200":       {answer(200), 401, http.Header{"Www-Authenticate": {"Bearer"}}},
		"odd status":        {answer(999), 401, http.Header{"Www-Authenticate": {"Bearer"}}},
		"no answer": {func(http.Handler) http.Handler { return http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}) }, 401,
			http.Header{"Www-Authenticate": {"Bearer"}}},
		"writes without return": {through(write(403), nothing), 403, http.Header{}},
		"writes afterwards":     {through(nothing, write(403)), 403, http.Header{}},
		"body without status":   {through(func(w http.ResponseWriter) { _, _ = w.Write([]byte("x")) }, nothing), 401, http.Header{"Www-Authenticate": {"Bearer"}}},
		"context of its own": {func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r.WithContext(context.Background())) })
		}, 401, http.Header{"Www-Authenticate": {"Bearer"}}},
		"no handler":    {func(http.Handler) http.Handler { return nil }, 500, nil},
		"built wrongly": {func(h http.Handler) http.Handler { return broken{h} }, 500, nil},
		"ended context": {func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				ctx, cancel := context.WithCancel(r.Context())
				defer cancel()
				next.ServeHTTP(w, r.WithContext(ctx))
			})
		}, 503, http.Header{"Retry-After": {"5"}}},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := rbac.New(rbac.Config{Source: rbac.Rules(allowed), Subject: header, Authenticate: test.authenticate})
			require.NoError(t, err)
			r, err := e.Check(request(t, "GET", "/", "alice"), "notes:read")
			require.Nil(t, r)
			assert.Equal(t, test.status, statusOf(t, err))
			refusal, _ := errors.AsType[*rbac.Error](err)
			assert.Equal(t, test.header, refusal.Header())
			assert.NotContains(t, refusal.Error()+refusal.Public(), "canary")
		})
	}
	informs := through(func(w http.ResponseWriter) { w.WriteHeader(http.StatusEarlyHints) }, nothing)
	e, err := rbac.New(rbac.Config{Source: rbac.Rules(allowed), Subject: header, Authenticate: informs})
	require.NoError(t, err)
	_, err = e.Check(request(t, "GET", "/", "alice"), "notes:read")
	assert.NoError(t, err, "an informational answer is none")
}

func TestCheckWithoutAnEngine(t *testing.T) {
	for _, e := range []*rbac.Engine{nil, new(rbac.Engine)} {
		_, err := e.Check(request(t, "GET", "/", "alice"), "notes:read")
		assert.ErrorContains(t, err, "the engine was not made by New")
		w := httptest.NewRecorder()
		e.Refuse(w, request(t, "GET", "/", "alice"), err)
		assert.Equal(t, 500, w.Code)
	}
}

func TestRefuseGoesThroughDeny(t *testing.T) {
	e, err := rbac.New(rbac.Config{Source: rbac.Rules(allowed), Subject: header, Deny: func(w http.ResponseWriter, _ *http.Request, _ error) {
		w.WriteHeader(http.StatusTeapot)
	}})
	require.NoError(t, err)
	_, err = e.Check(request(t, "GET", "/", ""), "notes:read")
	w := httptest.NewRecorder()
	e.Refuse(w, request(t, "GET", "/", ""), err)
	assert.Equal(t, http.StatusTeapot, w.Code)
	assert.Equal(t, "Bearer", w.Header().Get("WWW-Authenticate"))
}

func TestCheckIsSafeForConcurrentUse(t *testing.T) {
	e, err := rbac.New(rbac.Config{Source: rbac.Rules(allowed), Subject: fromContext, Authenticate: login})
	require.NoError(t, err)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			user := []string{"alice", "mallory"}[i%2]
			for range 50 {
				r, err := e.Check(request(t, "GET", "/", user), "notes:read")
				if user == "mallory" {
					assert.ErrorIs(t, err, rbac.ErrDenied)
					continue
				}
				assert.NoError(t, err)
				assert.True(t, strings.HasPrefix(r.Context().Value(contextKey{}).(string), user), "nobody gets the request of another")
				e.Require("notes:read")
				_ = e.Err()
			}
		})
	}
	wg.Wait()
}

// A handler that goes on in a goroutine after it has answered cannot pass the request on any more.
func TestAuthenticateThatIsLateDoesNotPass(t *testing.T) {
	release := make(chan struct{})
	done := make(chan struct{})
	late := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			go func() {
				<-release
				next.ServeHTTP(w, r)
				close(done)
			}()
		})
	}
	e, err := rbac.New(rbac.Config{Source: rbac.Rules(allowed), Subject: header, Authenticate: late})
	require.NoError(t, err)
	_, err = e.Check(request(t, "GET", "/", "alice"), "notes:read")
	assert.Equal(t, 401, statusOf(t, err))
	close(release)
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("the handler hangs")
	}
}
