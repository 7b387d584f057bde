package validate_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/validate"
)

type paging struct {
	Limit int `in:"query" json:"limit" default:"20" validate:"min=1,max=100"`
}

type listing struct {
	paging
	Owner  int64                     `in:"path" json:"owner" validate:"gt=0"`
	Rest   string                    `in:"path" json:"rest"`
	Tag    []string                  `in:"query" json:"tag" validate:"max=2,dive,alpha"`
	Since  *time.Time                `in:"query" json:"since"`
	Exact  bool                      `in:"query" json:"exact"`
	Ratio  float32                   `in:"query" json:"ratio"`
	Nick   validate.Optional[string] `in:"query" json:"nick" validate:"min=2"`
	Match  string                    `in:"header" json:"if-match"`
	Accept []string                  `in:"header" json:"X-Accept"`
	Key    validate.Secret           `in:"header" json:"X-Key" validate:"required,min=4"`
}

// routed serves one request on a ServeMux, so that there is a pattern with path values.
func routed[T any](t *testing.T, pattern string, r *http.Request) (v T, err error) {
	t.Helper()
	mux := http.NewServeMux()
	served := false
	mux.HandleFunc(pattern, func(_ http.ResponseWriter, r *http.Request) {
		v, err = validate.Bind[T](r)
		served = true
	})
	mux.ServeHTTP(httptest.NewRecorder(), r)
	require.True(t, served)
	return v, err
}

func get(t testing.TB, target string, header ...string) *http.Request {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

const listPattern = "GET /users/{owner}/notes/{rest...}"

func TestBindReadsEachPlace(t *testing.T) {
	r := get(t, "/users/7/notes/a/b?tag=x&tag=y&since=2026-01-02T03:04:05Z&exact=1&ratio=0.5&nick=zz",
		"If-Match", `"1"`, "X-Accept", "a", "X-Accept", "b", "X-Key", "hunter22")
	v, err := routed[listing](t, listPattern, r)
	require.NoError(t, err)
	nick, _ := v.Nick.Get()
	assert.Equal(t, "zz", nick)
	assert.Equal(t, "hunter22", v.Key.Reveal())
	assert.Equal(t, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), *v.Since)
	v.Nick, v.Key, v.Since = validate.Optional[string]{}, validate.Secret{}, nil
	assert.Equal(t, listing{paging: paging{20}, Owner: 7, Rest: "a/b", Tag: []string{"x", "y"}, Exact: true, Ratio: 0.5, Match: `"1"`, Accept: []string{"a", "b"}}, v)
}

func TestBindReportsWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		target string
		header []string
		status int
		want   []string
	}{
		"nothing":        {"/users/7/notes/", nil, 422, []string{"header /X-Key missing"}},
		"not a number":   {"/users/x/notes/?limit=y&exact=yes&ratio=z&since=now", nil, 422, []string{"query /limit int_parsing", "path /owner int_parsing", "query /since datetime_parsing", "query /exact bool_parsing", "query /ratio float_parsing", "header /X-Key missing"}},
		"rules":          {"/users/0/notes/?limit=101&tag=a&tag=1&nick=n", []string{"X-Key", "abc"}, 422, []string{"query /limit less_than_equal", "path /owner greater_than", "query /tag/1 value_error", "query /nick string_too_short", "header /X-Key string_too_short"}},
		"too many items": {"/users/1/notes/?tag=a&tag=b&tag=c", []string{"X-Key", "abcd"}, 422, []string{"query /tag too_long"}},
		"empty":          {"/users/1/notes/?limit=&since=", []string{"X-Key", ""}, 422, []string{"query /limit int_parsing", "query /since datetime_parsing", "header /X-Key string_too_short"}},
		"no exponents":   {"/users/1e3/notes/?limit=+1&ratio=0x1p4", []string{"X-Key", "abcd"}, 422, []string{"query /limit int_parsing", "path /owner int_from_float", "query /ratio float_parsing"}},
		"odd numbers":    {"/users/007/notes/?limit=1_0&ratio=Inf", []string{"X-Key", "abcd"}, 422, []string{"query /limit int_parsing", "path /owner int_parsing", "query /ratio float_parsing"}},
		"repeated":       {"/users/1/notes/?limit=1&limit=2", []string{"X-Key", "abcd", "If-Match", "a", "If-Match", "b"}, 400, []string{"query /limit duplicate", "header /If-Match duplicate"}},
		"unknown":        {"/users/1/notes/?limt=1&x=2", []string{"X-Key", "abcd"}, 422, []string{"query  extra_forbidden"}},
		"bad escape":     {"/users/1/notes/?limit=%zz", []string{"X-Key", "abcd"}, 400, []string{"query  query_invalid"}},
		"semicolon":      {"/users/1/notes/?limit=1;limit=2", []string{"X-Key", "abcd"}, 400, []string{"query  query_invalid"}},
		"NUL":            {"/users/1/notes/a%00b?tag=%00", []string{"X-Key", "abcd"}, 422, []string{"path /rest string_nul", "query /tag/0 string_nul"}},
		"not UTF-8":      {"/users/1/notes/%ff", []string{"X-Key", "abc\xff"}, 400, []string{"path /rest string_unicode", "header /X-Key string_unicode"}},
		"case":           {"/users/1/notes/?Limit=1", []string{"X-Key", "abcd"}, 422, []string{"query  extra_forbidden"}},
		"overflow":       {"/users/9223372036854775808/notes/", []string{"X-Key", "abcd"}, 422, []string{"path /owner less_than_equal"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := routed[listing](t, listPattern, get(t, c.target, c.header...))
			assert.ElementsMatch(t, c.want, found(t, err))
			assert.Equal(t, c.status, status(t, err))
		})
	}
}

func TestBindReadsBodyAndPath(t *testing.T) {
	type change struct {
		ID int64 `in:"path" json:"id"`
		address
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/x/7", strings.NewReader(`{"city":"Bern"}`))
	r.Header.Set("Content-Type", "application/json")
	v, err := routed[change](t, "PUT /x/{id}", r)
	require.NoError(t, err)
	assert.Equal(t, change{7, address{City: "Bern"}}, v)

	r = httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/x/y?z=1", strings.NewReader(`{"city":"B","id":8}`))
	r.Header.Set("Content-Type", "application/json")
	_, err = routed[change](t, "PUT /x/{id}", r)
	assert.Equal(t, []string{"query  extra_forbidden", "path /id int_parsing", "body /city string_too_short", "body  extra_forbidden"}, found(t, err))

	r = httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/x/y", strings.NewReader(`{}`))
	_, err = routed[change](t, "PUT /x/{id}", r)
	assert.Equal(t, 415, status(t, err))
}

func TestBodyNobodyAskedForIsRefused(t *testing.T) {
	for name, length := range map[string]int64{"announced": 2, "chunked": -1} {
		r := request(t, `{}`)
		r.ContentLength = length
		_, err := validate.Bind[struct{}](r)
		assert.Equal(t, []string{"body  extra_forbidden"}, found(t, err), name)
	}
	r := request(t, ``)
	r.ContentLength = -1
	_, err := validate.Bind[struct{}](r)
	assert.NoError(t, err)
}

func TestRouteWithoutTheNameIsAnErrorOfTheServer(t *testing.T) {
	type byID struct {
		ID int64 `in:"path" json:"id"`
	}
	_, err := routed[byID](t, "GET /x/{ident}", get(t, "/x/7"))
	require.Equal(t, 500, status(t, err), "an owner of 0 must not come out of a typing error")
	assert.Contains(t, err.Error(), `the route "GET /x/{ident}" has no {id}`)
	assert.Contains(t, err.Error(), `call r.SetPathValue("id", …) before Bind`)

	r := get(t, "/x/7") // as from a router that fills in neither the pattern nor the values
	_, err = validate.Bind[byID](r)
	require.Equal(t, 500, status(t, err))
	r.SetPathValue("id", "7")
	v, err := validate.Bind[byID](r)
	require.NoError(t, err)
	assert.EqualValues(t, 7, v.ID)
}

func TestUnknownQueryCanBeAllowed(t *testing.T) {
	typ, err := validate.Compile[paging](validate.Config{AllowUnknownQuery: true})
	require.NoError(t, err)
	v, err := typ.Bind(get(t, "/?limit=5&utm_source=x"))
	assert.NoError(t, err)
	assert.Equal(t, 5, v.Limit)
}

func TestManyParametersAreBounded(t *testing.T) {
	_, err := validate.Bind[paging](get(t, "/?"+strings.Repeat("limit=1&", 1000)))
	assert.Equal(t, []string{"query  too_long"}, found(t, err))
}
