package rbac_test

import (
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/rbac"
)

// itself unwraps to itself.
type itself struct{}

func (i itself) Unwrap() http.Handler                       { return i }
func (itself) ServeHTTP(http.ResponseWriter, *http.Request) {}

func TestBuildFindsEachFault(t *testing.T) {
	for name, test := range map[string]struct {
		register func(*rbac.Mux)
		want     string
	}{
		"no routes":            {func(*rbac.Mux) {}, "rbac: Build without a route"},
		"no permission":        {func(m *rbac.Mux) { m.Handle("GET /a", "", notes) }, `rbac: route "GET /a": it has no permission: name one as "object:action", or register the route with Public`},
		"malformed permission": {func(m *rbac.Mux) { m.Handle("GET /a", "read", notes) }, `rbac: route "GET /a": the permission is not "object:action"`},
		"wildcard permission":  {func(m *rbac.Mux) { m.Handle("GET /a", "*:*", notes) }, `rbac: route "GET /a": the permission is not`},
		"nobody has it":        {func(m *rbac.Mux) { m.Handle("GET /a", "notes:raed", notes) }, `no rule of the policy allows "notes:raed" to anybody`},
		"only denied":          {func(m *rbac.Mux) { m.Handle("GET /a", "keys:read", notes) }, `no rule of the policy allows "keys:read" to anybody`},
		"nil handler":          {func(m *rbac.Mux) { m.Handle("GET /a", "notes:read", nil) }, `rbac: route "GET /a": the handler is nil`},
		"nil public handler":   {func(m *rbac.Mux) { m.Public("GET /a", nil) }, `rbac: route "GET /a": the handler is nil`},
		"nil public function":  {func(m *rbac.Mux) { m.Public("GET /a", http.HandlerFunc(nil)) }, `rbac: route "GET /a": the handler is nil`},
		"empty pattern":        {func(m *rbac.Mux) { m.Public("", notes) }, `rbac: route "": http: invalid pattern`},
		"bad pattern":          {func(m *rbac.Mux) { m.Public("GET /{a", notes) }, `rbac: route "GET /{a": parsing "GET /{a"`},
		"no slash":             {func(m *rbac.Mux) { m.Public("GET notes", notes) }, `host/path missing /`},
		"CONNECT":              {func(m *rbac.Mux) { m.Public("CONNECT /a", notes) }, `rbac: route "CONNECT /a": CONNECT names a host`},
		"CONNECT behind a tab": {func(m *rbac.Mux) { m.Public("CONNECT\t/a", notes) }, `CONNECT names a host`},
		"twice":                {func(m *rbac.Mux) { m.Public("GET /a", notes); m.Handle("GET /a", "notes:read", notes) }, `pattern "GET /a" conflicts with pattern "GET /a"`},
		"overlap":              {func(m *rbac.Mux) { m.Public("/a/{x}", notes); m.Public("/{y}/b", notes) }, `pattern "/{y}/b" conflicts with pattern "/a/{x}"`},
		"built wrongly":        {func(m *rbac.Mux) { m.Handle("GET /a", "notes:read", broken{}) }, `rbac: route "GET /a": the handler was built wrongly: scope is empty`},
		"public built wrongly": {func(m *rbac.Mux) { m.Public("GET /a", broken{}) }, `rbac: route "GET /a": the handler was built wrongly: scope is empty`},
		"wrong deep inside": {func(m *rbac.Mux) {
			e := newEngine(t, allowed)
			m.Public("GET /a", e.Require("notes:read")(e.Require("oops")(notes)))
		}, `built wrongly: rbac: Require("oops"): the permission is not`},
		"unwraps for ever": {func(m *rbac.Mux) { m.Public("GET /a", itself{}) }, "does not end after 100 calls of Unwrap"},
	} {
		t.Run(name, func(t *testing.T) {
			mux := newEngine(t, allowed, "p, alice, *, keys, read, deny").Mux()
			test.register(mux)
			h, err := mux.Build()
			assert.ErrorContains(t, err, test.want)
			assert.Nil(t, h)
			if err != nil {
				assert.NotContains(t, err.Error(), ".go:", "the place is in this package and helps nobody")
			}
		})
	}
}

func TestBuildReportsAllFaultsTogether(t *testing.T) {
	mux := newEngine(t, allowed).Mux()
	mux.Handle("GET /a", "", notes)
	mux.Handle("GET /b{", "notes:write", nil)
	mux.Public("/c", nil)
	_, err := mux.Build()
	require.Error(t, err)
	assert.Equal(t, 4, strings.Count(err.Error(), "rbac: route"), err)
}

func TestBuildWithoutAnEngine(t *testing.T) {
	for _, e := range []*rbac.Engine{nil, {}} {
		mux := e.Mux()
		mux.Handle("GET /a", "notes:read", notes)
		_, err := mux.Build()
		assert.ErrorContains(t, err, "the engine was not made by New")
	}
}

func TestUseAfterBuild(t *testing.T) {
	mux := newEngine(t, allowed).Mux()
	mux.Public("GET /a", notes)
	h, err := mux.Build()
	require.NoError(t, err)
	mux.Public("GET /late", notes)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request(t, "GET", "/late", "alice"))
	assert.Equal(t, 404, w.Code)
	_, err = mux.Build()
	assert.ErrorContains(t, err, "rbac: Build was called before")
	assert.ErrorContains(t, err, `rbac: route "GET /late" came after Build and is not served`)
}

func TestRoutesShowTheProgram(t *testing.T) {
	mux := newEngine(t, allowed).Mux()
	mux.Handle("GET /notes", "notes:read", notes)
	mux.Public("GET /healthz", notes)
	h, err := mux.Build()
	require.NoError(t, err)
	for _, of := range []any{mux, h} {
		var got []string
		for pattern, h := range of.(interface {
			Routes() iter.Seq2[string, http.Handler]
		}).Routes() {
			permission := "public"
			if p, ok := h.(interface{ Permission() string }); ok {
				permission = p.Permission()
			}
			got = append(got, pattern+" "+permission)
		}
		assert.Equal(t, []string{"GET /notes notes:read", "GET /healthz public"}, got)
	}
}

func TestPatternAndPathValuesReachAuthenticationAndHandler(t *testing.T) {
	var inTenant, inHandler string
	e, err := rbac.New(rbac.Config{Source: rbac.Rules(allowed), Subject: fromContext, Authenticate: login,
		Tenant: func(r *http.Request) (string, bool) { inTenant = r.PathValue("id"); return inTenant, true }})
	require.NoError(t, err)
	mux := e.Mux()
	mux.Handle("GET /notes/{id}", "notes:read", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		inHandler = fmt.Sprint(r.Context().Value(contextKey{}), " | ", r.Pattern, " ", r.PathValue("id"))
	}))
	h, err := mux.Build()
	require.NoError(t, err)
	h.ServeHTTP(httptest.NewRecorder(), request(t, "GET", "/notes/7", "alice"))
	assert.Equal(t, "alice at GET /notes/{id} 7 | GET /notes/{id} 7", inHandler)
	assert.Equal(t, "7", inTenant)
}

func TestMuxAnswers(t *testing.T) {
	mux := newEngine(t, office...).Mux()
	mux.Handle("GET /notes", "notes:read", notes)
	mux.Handle("POST /notes", "notes:write", notes)
	mux.Handle("/any", "notes:read", notes)
	mux.Handle("PROPFIND /dav", "notes:read", notes)
	mux.Handle("GET /tree/", "notes:read", notes)
	mux.Handle("GET admin.example.com/notes", "keys:read", notes)
	mux.Public("GET /{$}", notes)
	h, err := mux.Build()
	require.NoError(t, err)
	const usual = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
	for name, test := range map[string]struct {
		method, target, user string
		status               int
		allow                string
	}{
		"allowed":                {"GET", "/notes", "alice", 200, ""},
		"HEAD is GET":            {"HEAD", "/notes", "alice", 200, ""},
		"HEAD is decided":        {"HEAD", "/notes", "mallory", 403, ""},
		"HEAD asks who":          {"HEAD", "/notes", "", 401, ""},
		"other permission":       {"POST", "/notes", "plain", 403, ""},
		"wrong method":           {"DELETE", "/notes", "alice", 405, "GET, HEAD, POST"},
		"wrong method, nobody":   {"DELETE", "/notes", "", 405, "GET, HEAD, POST"},
		"OPTIONS":                {"OPTIONS", "/notes", "alice", 405, "GET, HEAD, POST"},
		"invented method":        {"FOO", "/notes", "alice", 405, "GET, HEAD, POST"},
		"lower case":             {"get", "/notes", "alice", 405, "GET, HEAD, POST"},
		"any, usual":             {"PATCH", "/any", "alice", 200, ""},
		"any, decided":           {"PATCH", "/any", "mallory", 403, ""},
		"any, invented":          {"FOO", "/any", "alice", 405, usual},
		"any, TRACE":             {"TRACE", "/any", "alice", 405, usual},
		"any, method of another": {"PROPFIND", "/any", "alice", 405, usual},
		"named":                  {"PROPFIND", "/dav", "alice", 200, ""},
		"named, wrong":           {"GET", "/dav", "alice", 405, "PROPFIND"},
		"unknown":                {"GET", "/other", "alice", 404, ""},
		"unknown, nobody":        {"GET", "/other", "", 404, ""},
		"only the root":          {"GET", "/", "", 200, ""},
		"slash behind":           {"GET", "/notes/", "alice", 404, ""},
		"subtree":                {"GET", "/tree/a/b", "alice", 200, ""},
		"subtree, decided":       {"GET", "/tree/", "mallory", 403, ""},
		"no slash, no redirect":  {"GET", "/tree", "alice", 404, ""},
		"POST to no slash":       {"POST", "/tree", "alice", 404, ""},
		"unclean, no redirect":   {"GET", "/x/../notes", "alice", 404, ""},
		"double slash":           {"GET", "//notes", "alice", 404, ""},
		"host":                   {"GET", "http://admin.example.com/notes", "alice", 403, ""},
		"host with port":         {"GET", "http://admin.example.com:8443/notes", "alice", 403, ""},
		"host, wrong method":     {"PUT", "http://admin.example.com/notes", "alice", 405, "GET, HEAD, POST"},
		"host in capitals":       {"GET", "http://ADMIN.example.com/notes", "alice", 200, ""}, // the pattern without a host, as in ServeMux
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, request(t, test.method, test.target, test.user))
			assert.Equal(t, test.status, w.Code)
			assert.Equal(t, test.allow, w.Header().Get("Allow"))
			assert.Empty(t, w.Header().Get("Location"))
			if test.status >= 400 {
				assert.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
				assert.NotContains(t, w.Body.String(), test.target[1:]+"\"")
			}
		})
	}
}

func TestUnmatchedRequestsGoThroughDeny(t *testing.T) {
	e, err := rbac.New(rbac.Config{Source: rbac.Rules(allowed), Subject: header, Deny: func(w http.ResponseWriter, _ *http.Request, err error) {
		var refusal *rbac.Error
		if assert.ErrorAs(t, err, &refusal) {
			w.WriteHeader(refusal.HTTPStatus() + 50)
		}
	}})
	require.NoError(t, err)
	mux := e.Mux()
	mux.Public("GET /a", notes)
	h, err := mux.Build()
	require.NoError(t, err)
	for target, status := range map[string]int{"GET /b": 454, "PUT /a": 455} {
		method, path, _ := strings.Cut(target, " ")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request(t, method, path, ""))
		assert.Equal(t, status, w.Code)
		assert.Equal(t, method == "PUT", w.Header().Get("Allow") == "GET, HEAD", "headers are set before Deny")
	}
}

func TestMuxInsideAMux(t *testing.T) {
	outer, inner := newEngine(t, office...).Mux(), newEngine(t, office...).Mux()
	inner.Handle("POST /api/notes", "notes:write", notes)
	nested, err := inner.Build()
	require.NoError(t, err)
	outer.Handle("/api/", "notes:read", nested)
	h, err := outer.Build()
	require.NoError(t, err)
	for user, status := range map[string]int{"alice": 200, "plain": 403, "mallory": 403, "": 401} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request(t, "POST", "/api/notes", user))
		assert.Equal(t, status, w.Code, user)
	}
}

func TestMuxIsSafeForConcurrentUse(t *testing.T) {
	log, _ := events(t)
	e, err := rbac.New(rbac.Config{Source: rbac.Rules(office...), Subject: header, Logger: log})
	require.NoError(t, err)
	mux := e.Mux()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() { mux.Handle(fmt.Sprintf("GET /notes/%d/{id}", i), "notes:read", notes) })
	}
	wg.Wait()
	h, err := mux.Build()
	require.NoError(t, err)
	for i := range 8 {
		wg.Go(func() {
			for n := range 50 {
				user := []string{"alice", "mallory", ""}[n%3]
				w := httptest.NewRecorder()
				h.ServeHTTP(w, request(t, "GET", fmt.Sprintf("/notes/%d/%d", i, n), user))
				assert.Equal(t, map[string]int{"alice": 200, "mallory": 403, "": 401}[user], w.Code)
				for range mux.Routes() {
					break
				}
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			assert.NoError(t, e.Reload(t.Context()))
		}
	})
	wg.Wait()
}
