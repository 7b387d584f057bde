package rbac_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A file server reads the path decoded and cleaned, while ServeMux matches it escaped.
func TestAttackEscapedPathPastTheRouteOfASubtree(t *testing.T) {
	files := http.FileServerFS(fstest.MapFS{
		"index.html": {Data: []byte("public")}, "a b/c.txt": {Data: []byte("public")}, "a..b": {Data: []byte("public")}, "admin/secret.txt": {Data: []byte("SECRET")},
	})
	mux := newEngine(t, allowed).Mux()
	mux.Public("/", files)
	mux.Handle("/admin/", "notes:read", files)
	mux.Public("GET /all/{path...}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.PathValue("path"))) }))
	mux.Public("GET /one/{name}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.PathValue("name"))) }))
	h, err := mux.Build()
	require.NoError(t, err)
	for target, want := range map[string]int{
		"/": 200, "/a%20b/c.txt": 200, "/a..b": 200, "/all/a/b": 200, "/one/a%2Fb": 200,
		"/admin%2fsecret.txt": 404, "/admin%2Fsecret.txt": 404, "/%2e/admin/secret.txt": 404, "/%2E%2e/admin/secret.txt": 404, "/.%2e/admin/secret.txt": 404,
		"/x%2f..%2fadmin/secret.txt": 404, "/x/%2e%2e/admin/secret.txt": 404, "/admin%5csecret.txt": 404, "/admin%2f": 404, "/all/a%2fb": 404, "/all/%2e%2e/b": 404,
		"/admin/secret.txt": 401, "/%61dmin/secret.txt": 401, "/admin/%73ecret.txt": 401,
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		assert.Equal(t, want, w.Code, target)
		assert.NotContains(t, w.Body.String(), "SECRET", target)
	}
}
