package problem_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/internal/problem"
)

type refusal struct {
	status int
	errs   any
}

func (refusal) Error() string     { return "for the log: secret cause" }
func (e refusal) HTTPStatus() int { return e.status }
func (e refusal) Errors() any     { return e.errs }
func (refusal) Public() string    { return "for the client" }
func (refusal) Header() http.Header {
	return http.Header{"www-authenticate": {`Bearer realm="x"`, `Basic realm="x"`}}
}

func refuse(t *testing.T, method string, err error, deny func(http.ResponseWriter, *http.Request, error)) *http.Response {
	t.Helper()
	w := httptest.NewRecorder()
	w.Header().Set("ETag", `"of another body"`)
	w.Header().Set("Content-Encoding", "gzip")
	problem.Refuse(w, httptest.NewRequestWithContext(t.Context(), method, "/", nil), err, deny)
	return w.Result()
}

func decode(t *testing.T, res *http.Response) map[string]any {
	t.Helper()
	var body map[string]any
	require.NoError(t, json.NewDecoder(res.Body).Decode(&body))
	return body
}

func TestRefuseWritesProblemJSON(t *testing.T) {
	res := refuse(t, http.MethodGet, fmt.Errorf("wrapped: %w", refusal{status: 403}), nil)
	assert.Equal(t, 403, res.StatusCode)
	assert.Equal(t, "application/problem+json", res.Header.Get("Content-Type"))
	assert.Equal(t, "no-store", res.Header.Get("Cache-Control"))
	assert.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"))
	assert.Empty(t, res.Header.Get("ETag"))
	assert.Empty(t, res.Header.Get("Content-Encoding"))
	assert.Equal(t, []string{`Bearer realm="x"`, `Basic realm="x"`}, res.Header.Values("WWW-Authenticate"))
	assert.Equal(t, map[string]any{"title": "Forbidden", "status": 403.0, "detail": "for the client"}, decode(t, res))
}

func TestCauseNeverLeaves(t *testing.T) {
	res := refuse(t, http.MethodGet, errors.New("pq: password of app is hunter2"), nil)
	assert.Equal(t, 500, res.StatusCode)
	assert.Equal(t, map[string]any{"title": "Internal Server Error", "status": 500.0, "detail": "The request could not be served."}, decode(t, res))
}

func TestProblemNeverLooksLikeSuccess(t *testing.T) {
	for _, status := range []int{0, 100, 200, 304, 399, 600, 999} {
		assert.Equal(t, 500, refuse(t, http.MethodGet, refusal{status: status}, nil).StatusCode, status)
	}
}

func TestFindingsAreListed(t *testing.T) {
	res := refuse(t, http.MethodGet, refusal{status: 422, errs: []string{"a", "b"}}, nil)
	assert.Equal(t, []any{"a", "b"}, decode(t, res)["errors"])
}

func TestFindingsThatCannotBeEncodedKeepTheStatus(t *testing.T) {
	res := refuse(t, http.MethodGet, refusal{status: 422, errs: func() {}}, nil)
	assert.Equal(t, 422, res.StatusCode)
	assert.NotContains(t, decode(t, res), "errors")
}

func TestHeadHasNoBody(t *testing.T) {
	res := refuse(t, http.MethodHead, refusal{status: 403}, nil)
	n, _ := res.Body.Read(make([]byte, 1))
	assert.Zero(t, n)
	assert.NotEmpty(t, res.Header.Get("Content-Length"))
}

func TestCustomDenyCannotLoseTheChallenge(t *testing.T) {
	res := refuse(t, http.MethodGet, refusal{status: 401}, func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(401) })
	assert.Len(t, res.Header.Values("WWW-Authenticate"), 2)
}
