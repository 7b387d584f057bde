package auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

// verifierFunc is a TokenVerifier of a test.
type verifierFunc func(ctx context.Context, token string) (*auth.Principal, error)

func (f verifierFunc) Verify(ctx context.Context, token string) (*auth.Principal, error) {
	return f(ctx, token)
}

func principal(t testing.TB, subject string, scopes ...string) *auth.Principal {
	t.Helper()
	p, err := auth.NewPrincipal(auth.Identity{Subject: subject, Scopes: scopes})
	require.NoError(t, err)
	return p
}

// named takes the token for the subject's name, and gives it the scopes a and b.
func named(t testing.TB) auth.TokenVerifier {
	return verifierFunc(func(_ context.Context, token string) (*auth.Principal, error) {
		return principal(t, token, "a", "b"), nil
	})
}

func failing(err error) auth.TokenVerifier {
	return verifierFunc(func(context.Context, string) (*auth.Principal, error) { return nil, err })
}

func newGuard(t testing.TB, c auth.Config) *auth.Guard {
	t.Helper()
	if c.Logger == nil {
		c.Logger = quiet
	}
	g, err := auth.New(c)
	require.NoError(t, err)
	return g
}

// whoami answers the subject.
var whoami = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	subject, _ := auth.Subject(r)
	_, _ = io.WriteString(w, subject)
})

func request(t testing.TB, authorization ...string) *http.Request {
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
	if len(authorization) > 0 {
		r.Header["Authorization"] = authorization
	}
	return r
}

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestBearerHeader(t *testing.T) {
	g := newGuard(t, auth.Config{Authenticator: auth.Bearer(named(t)), Realm: "notes"})
	const none = `Bearer realm="notes"`
	const malformed = `Bearer realm="notes", error="invalid_request", error_description="The credentials are malformed or repeated"`
	for name, c := range map[string]struct {
		header    []string
		status    int
		challenge string
	}{
		"good":                        {[]string{"Bearer alice"}, 200, ""},
		"scheme in lower case":        {[]string{"bearer alice"}, 200, ""},
		"scheme in mixed case":        {[]string{"bEaReR alice"}, 200, ""},
		"padding of token68":          {[]string{"Bearer alice=="}, 200, ""},
		"no header":                   {nil, 401, none},
		"empty header":                {[]string{""}, 401, none},
		"another scheme":              {[]string{"Basic YWxpY2U6eA=="}, 401, none},
		"scheme that begins alike":    {[]string{"Bearers alice"}, 401, none},
		"tab for the space":           {[]string{"Bearer\talice"}, 401, none},
		"scheme alone":                {[]string{"Bearer"}, 400, malformed},
		"no token":                    {[]string{"Bearer "}, 400, malformed},
		"two spaces":                  {[]string{"Bearer  alice"}, 400, malformed},
		"space after":                 {[]string{"Bearer alice "}, 400, malformed},
		"two tokens":                  {[]string{"Bearer alice bob"}, 400, malformed},
		"joined by a proxy":           {[]string{"Bearer alice, Bearer bob"}, 400, malformed},
		"padding alone":               {[]string{"Bearer =="}, 400, malformed},
		"padding inside":              {[]string{"Bearer al=ice"}, 400, malformed},
		"quotation marks":             {[]string{`Bearer "alice"`}, 400, malformed},
		"parameter":                   {[]string{`Bearer token="alice"`}, 400, malformed},
		"NUL":                         {[]string{"Bearer alice\x00"}, 400, malformed},
		"beyond ASCII":                {[]string{"Bearer älice"}, 400, malformed},
		"two headers":                 {[]string{"Bearer alice", "Bearer bob"}, 400, malformed},
		"two headers alike":           {[]string{"Bearer alice", "Bearer alice"}, 400, malformed},
		"two headers, one of another": {[]string{"Bearer alice", "Basic eA=="}, 400, malformed},
		"two headers, first empty":    {[]string{"", "Bearer alice"}, 400, malformed},
	} {
		t.Run(name, func(t *testing.T) {
			w := serve(g.Handler(whoami), request(t, c.header...))
			assert.Equal(t, c.status, w.Code)
			assert.Equal(t, c.challenge, w.Header().Get("WWW-Authenticate"))
		})
	}
}

func TestTokenIsReadFromTheHeaderOnly(t *testing.T) {
	g := newGuard(t, auth.Config{Authenticator: auth.Bearer(named(t))})
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/?access_token=alice", strings.NewReader("access_token=alice"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(&http.Cookie{Name: "access_token", Value: "alice"})
	r.Header.Set("Proxy-Authorization", "Bearer alice")
	assert.Equal(t, 401, serve(g.Handler(whoami), r).Code)
}

func TestRefusalsByCause(t *testing.T) {
	const invalid = `Bearer realm="api", error="invalid_token", error_description="The access token is not valid"`
	for _, cause := range []error{auth.ErrInvalidCredentials, auth.ErrMalformed, auth.ErrAlgorithm, auth.ErrUnknownKey, auth.ErrSignature, auth.ErrType,
		auth.ErrIssuer, auth.ErrAudience, auth.ErrExpired, auth.ErrNotYetValid, auth.ErrClaims} {
		for _, err := range []error{cause, fmt.Errorf("secret: %w", cause)} {
			g := newGuard(t, auth.Config{Authenticator: auth.Bearer(failing(err))})
			_, got := g.Check(request(t, "Bearer x"))
			assert.ErrorIs(t, got, cause)
			w := serve(g.Handler(whoami), request(t, "Bearer x"))
			assert.Equal(t, 401, w.Code)
			assert.Equal(t, invalid, w.Header().Get("WWW-Authenticate"), "one description for all")
			var body map[string]any
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
			assert.Equal(t, map[string]any{"title": "Unauthorized", "status": 401.0, "detail": "The access token is not valid."}, body)
		}
	}
}

func TestUnavailableIsNeitherYesNorNo(t *testing.T) {
	var log logBuffer
	for name, v := range map[string]auth.TokenVerifier{
		"unavailable":           failing(fmt.Errorf("dial tcp: %w", auth.ErrUnavailable)),
		"an error of a store":   failing(errors.New("dial tcp: refused")),
		"cancelled":             failing(context.Canceled),
		"neither one nor other": failing(nil),
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuard(t, auth.Config{Authenticator: auth.Bearer(v), Logger: log.logger()})
			w := serve(g.Handler(whoami), request(t, "Bearer x"))
			assert.Equal(t, 503, w.Code)
			assert.Equal(t, "5", w.Header().Get("Retry-After"))
			assert.Empty(t, w.Header().Get("WWW-Authenticate"))
			assert.NotContains(t, w.Body.String(), "dial")
			_, err := g.Check(request(t, "Bearer x"))
			assert.ErrorIs(t, err, auth.ErrUnavailable)
		})
	}
	assert.Contains(t, log.String(), "event=sys_availability_fail")
	assert.Contains(t, log.String(), `cause="dial tcp: refused"`)
}

func TestScopes(t *testing.T) {
	g := newGuard(t, auth.Config{Authenticator: auth.Bearer(named(t))})
	lacks := func(scopes string) string {
		return `Bearer realm="api", error="insufficient_scope", error_description="The access token does not cover this request", scope="` + scopes + `"`
	}
	through := func(next http.Handler) http.Handler { // a middleware that nobody can look through
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r) })
	}
	for name, c := range map[string]struct {
		handler http.Handler
		lacks   string
	}{
		"none":                       {g.Require()(whoami), ""},
		"one":                        {g.Require("a")(whoami), ""},
		"both":                       {g.Require("b", "a")(whoami), ""},
		"nested":                     {g.Require("a")(g.Require("b")(whoami)), ""},
		"missing":                    {g.Require("c")(whoami), "c"},
		"one of two missing":         {g.Require("a", "c")(whoami), "a c"},
		"case matters":               {g.Require("A")(whoami), "A"},
		"a part of one":              {g.Require("a:b")(whoami), "a:b"},
		"inner missing":              {g.Require("a")(g.Require("c")(whoami)), "a c"},
		"outer missing":              {g.Require("c")(g.Require("a")(whoami)), "c a"},
		"inner missing, hidden":      {g.Require("a")(through(g.Require("c")(whoami))), "a c"},
		"outer missing, hidden":      {g.Require("c")(through(g.Require("a")(whoami))), "c"},
		"three levels":               {g.Require("a")(g.Handler(g.Require("b")(through(g.Require("c", "a")(whoami))))), "a b c"},
		"repeated names are not two": {g.Require("c", "c")(g.Require("c")(whoami)), "c"},
	} {
		t.Run(name, func(t *testing.T) {
			w := serve(c.handler, request(t, "Bearer alice"))
			if c.lacks == "" {
				assert.Equal(t, 200, w.Code)
				assert.Equal(t, "alice", w.Body.String())
				return
			}
			assert.Equal(t, 403, w.Code)
			assert.Equal(t, lacks(c.lacks), w.Header().Get("WWW-Authenticate"))
		})
	}
}

func TestHandlersBuiltWronglyFailClosed(t *testing.T) {
	var log logBuffer
	g := newGuard(t, auth.Config{Authenticator: auth.Bearer(named(t)), Logger: log.logger()})
	for name, h := range map[string]http.Handler{
		"scope with a space":          g.Require("bad scope")(whoami),
		"scope empty":                 g.Require("")(whoami),
		"scope with a quotation mark": g.Require(`a"b`)(whoami),
		"scope beyond ASCII":          g.Require("ä")(whoami),
		"good and bad scope":          g.Require("a", "b c")(whoami),
		"no handler":                  g.Handler(nil),
	} {
		t.Run(name, func(t *testing.T) {
			broken, ok := h.(interface{ Err() error })
			require.True(t, ok)
			assert.Error(t, broken.Err())
			w := serve(h, request(t, "Bearer alice"))
			assert.Equal(t, 500, w.Code)
			assert.NotContains(t, w.Body.String(), "scope")
		})
	}
	assert.Contains(t, log.String(), "level=ERROR")
	for _, q := range []auth.Requirement{nil, auth.Scopes("bad scope")} {
		r, err := g.Check(request(t, "Bearer alice"), q)
		assert.Nil(t, r)
		refusal, ok := errors.AsType[*auth.Error](err)
		require.True(t, ok)
		assert.Equal(t, 500, refusal.HTTPStatus())
	}
	assert.NoError(t, g.Require("a")(whoami).(interface{ Err() error }).Err())
}

func TestHandlersCanBeSeenThrough(t *testing.T) {
	g := newGuard(t, auth.Config{Authenticator: auth.Bearer(named(t))})
	h := g.Require("a")(g.Require("b", "a")(whoami))
	assert.Equal(t, []string{"a", "b"}, h.(interface{ RequiredScopes() []string }).RequiredScopes())
	inner := h.(interface{ Unwrap() http.Handler }).Unwrap()
	assert.Equal(t, []string{"b", "a"}, inner.(interface{ RequiredScopes() []string }).RequiredScopes())
	scopes := []string{"a"}
	h = g.Require(scopes...)(whoami)
	scopes[0] = "x"
	assert.Equal(t, []string{"a"}, h.(interface{ RequiredScopes() []string }).RequiredScopes())
}

func TestRequestIsAuthenticatedOnce(t *testing.T) {
	var calls atomic.Int32
	counting := verifierFunc(func(_ context.Context, token string) (*auth.Principal, error) {
		calls.Add(1)
		return principal(t, token, "a", "b"), nil
	})
	g := newGuard(t, auth.Config{Authenticator: auth.Bearer(counting)})
	other := newGuard(t, auth.Config{Authenticator: auth.Bearer(counting)})

	assert.Equal(t, 200, serve(g.Handler(g.Require("a")(http.StripPrefix("", g.Require("b")(whoami)))), request(t, "Bearer alice")).Code)
	assert.EqualValues(t, 1, calls.Swap(0))

	assert.Equal(t, 200, serve(g.Handler(other.Handler(whoami)), request(t, "Bearer alice")).Code)
	assert.EqualValues(t, 2, calls.Swap(0), "a guard trusts no other")
}

func TestContextOfAnotherRequestIsNoCredential(t *testing.T) {
	g := newGuard(t, auth.Config{Authenticator: auth.Bearer(named(t))})
	passed, err := g.Check(request(t, "Bearer alice"))
	require.NoError(t, err)

	for name, r := range map[string]*http.Request{
		"without credentials": httptest.NewRequestWithContext(passed.Context(), "GET", "/", nil),
		"without a header":    (&http.Request{Method: "GET"}).WithContext(passed.Context()),
	} {
		assert.Equal(t, 401, serve(g.Handler(whoami), r).Code, name)
	}
	bob := httptest.NewRequestWithContext(passed.Context(), "GET", "/", nil)
	bob.Header.Set("Authorization", "Bearer bob")
	assert.Equal(t, "bob", serve(g.Handler(whoami), bob).Body.String())
}

func TestPrincipalPutThereByOthersIsNoCredential(t *testing.T) {
	g := newGuard(t, auth.Config{Authenticator: auth.Bearer(named(t))})
	r := request(t)
	r = r.WithContext(auth.NewContext(r.Context(), principal(t, "root", "a")))
	assert.Equal(t, 401, serve(g.Require("a")(whoami), r).Code)
}

func TestCheckWritesNothingAndRaisesTheEvent(t *testing.T) {
	var log logBuffer
	g := newGuard(t, auth.Config{Authenticator: auth.Bearer(named(t)), Logger: log.logger(), ClientAddr: func(*http.Request) netip.Addr { return netip.MustParseAddr("192.0.2.7") }})
	r := request(t, "Bearer alice")
	r.Pattern = "GET /notes/{id}"
	passed, err := g.Check(r, auth.Scopes("a"), auth.Scopes("b"))
	require.NoError(t, err)
	p, ok := auth.FromContext(passed.Context())
	require.True(t, ok)
	assert.Equal(t, "alice", p.Subject())
	_, ok = auth.FromContext(r.Context())
	assert.False(t, ok, "the request that was given is not changed")
	assert.Empty(t, log.String())

	_, err = g.Check(r, auth.Scopes("a"), auth.Scopes("c"))
	refusal, ok := errors.AsType[*auth.Error](err)
	require.True(t, ok)
	assert.ErrorIs(t, err, auth.ErrInsufficientScope)
	assert.Equal(t, 403, refusal.HTTPStatus())
	assert.Contains(t, refusal.Header().Get("WWW-Authenticate"), `scope="a c"`)
	refusal.Header().Set("WWW-Authenticate", "x") // a copy
	assert.Contains(t, refusal.Header().Get("WWW-Authenticate"), `scope="a c"`)
	assert.Contains(t, log.String(), "event=authz_fail")
	assert.Contains(t, log.String(), "client_addr=192.0.2.7 method=GET route=\"GET /notes/{id}\"")
	assert.Contains(t, log.String(), "subject=alice")
}

func TestEventsOfRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		verifier      auth.TokenVerifier
		authorization []string
		want          string
	}{
		"no credentials": {named(t), nil, "level=DEBUG msg=authn_token_refused event=authn_token_refused"},
		"malformed":      {named(t), []string{"Bearer"}, "level=WARN msg=authn_token_refused event=authn_token_refused"},
		"expired":        {failing(auth.ErrExpired), []string{"Bearer x"}, `reason="auth: the token has expired"`},
		"unavailable":    {failing(auth.ErrUnavailable), []string{"Bearer x"}, "level=ERROR msg=sys_availability_fail"},
	} {
		t.Run(name, func(t *testing.T) {
			var log logBuffer
			g := newGuard(t, auth.Config{Authenticator: auth.Bearer(c.verifier), Logger: log.logger()})
			serve(g.Handler(whoami), request(t, c.authorization...))
			assert.Contains(t, log.String(), c.want)
			assert.Equal(t, 1, strings.Count(log.String(), "\n"), "one event")
		})
	}
}

func TestDenyOfTheApplicationKeepsTheChallenge(t *testing.T) {
	var got error
	g := newGuard(t, auth.Config{Authenticator: auth.Bearer(named(t)), Deny: func(w http.ResponseWriter, _ *http.Request, err error) {
		got = err
		w.WriteHeader(http.StatusUnauthorized)
	}})
	w := serve(g.Handler(whoami), request(t))
	assert.Equal(t, `Bearer realm="api"`, w.Header().Get("WWW-Authenticate"))
	assert.ErrorIs(t, got, auth.ErrNoCredentials)
}

// cookie is a login of an application.
type cookie struct{ schemes []string }

func (c cookie) Schemes() []string { return c.schemes }
func (cookie) Authenticate(*http.Request) (*auth.Principal, error) {
	return nil, auth.ErrNoCredentials
}

func TestChallengeNamesEveryScheme(t *testing.T) {
	g := newGuard(t, auth.Config{Authenticator: cookie{[]string{"Basic", "Bearer"}}, Realm: "notes"})
	w := serve(g.Handler(whoami), request(t))
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, []string{`Basic realm="notes", charset="UTF-8"`, `Bearer realm="notes"`}, w.Header().Values("WWW-Authenticate"))

	g = newGuard(t, auth.Config{Authenticator: cookie{}})
	assert.NotEmpty(t, serve(g.Handler(whoami), request(t)).Header().Get("WWW-Authenticate"), "a 401 has a challenge, always")
}

func TestConfigFaultsAreReportedTogether(t *testing.T) {
	_, err := auth.New(auth.Config{Realm: `a"b`})
	require.Error(t, err)
	assert.ErrorContains(t, err, "auth: Config.Authenticator is nil")
	assert.ErrorContains(t, err, "auth: Config.Realm")

	var nobody *auth.Verifier
	for name, c := range map[string]auth.Config{
		"nil verifier":       {Authenticator: auth.Bearer(nil)},
		"typed nil verifier": {Authenticator: auth.Bearer(nobody)},
		"long realm":         {Authenticator: auth.Bearer(named(t)), Realm: strings.Repeat("r", 129)},
		"realm in two lines": {Authenticator: auth.Bearer(named(t)), Realm: "a\r\nSet-Cookie: x"},
		"scheme in two":      {Authenticator: cookie{[]string{"Basic x"}}},
		"scheme empty":       {Authenticator: cookie{[]string{""}}},
	} {
		_, err := auth.New(c)
		assert.Error(t, err, name)
	}
	_, err = auth.Bearer(nil).Authenticate(request(t, "Bearer x"))
	assert.Error(t, err, "no panic without New either")
}

func TestConcurrentRequests(t *testing.T) {
	g := newGuard(t, auth.Config{Authenticator: auth.Bearer(named(t))})
	server := httptest.NewServer(g.Require("a")(g.Require("b")(whoami)))
	defer server.Close()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 20 {
				name := fmt.Sprintf("user-%d", i)
				r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL, nil)
				if !assert.NoError(t, err) {
					return
				}
				r.Header.Set("Authorization", "Bearer "+name)
				res, err := server.Client().Do(r)
				if !assert.NoError(t, err) {
					return
				}
				body, err := io.ReadAll(res.Body)
				assert.NoError(t, err)
				assert.NoError(t, res.Body.Close())
				assert.Equal(t, name, string(body))
			}
		})
	}
	wg.Wait()
}

// Streaming and deadlines work through the guard, because it hands the ResponseWriter on as it is.
func TestResponseControllerWorksThroughTheGuard(t *testing.T) {
	g := newGuard(t, auth.Config{Authenticator: auth.Bearer(named(t))})
	server := httptest.NewServer(g.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		assert.NoError(t, http.NewResponseController(w).Flush())
		_, ok := w.(http.Hijacker)
		assert.True(t, ok)
	})))
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL, nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer alice")
	res, err := server.Client().Do(r)
	require.NoError(t, err)
	assert.NoError(t, res.Body.Close())
}

// recorder accepts every token and stores it in got.
func recorder(t testing.TB, got *string) auth.TokenVerifier {
	p := principal(t, "alice")
	return verifierFunc(func(_ context.Context, token string) (*auth.Principal, error) {
		*got = token
		return p, nil
	})
}
