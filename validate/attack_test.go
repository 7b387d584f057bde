package validate_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/validate"
)

// anything takes values in every place where a client can put text of its own.
type anything struct {
	Path   string            `in:"path" json:"path" validate:"len=1"`
	Query  string            `in:"query" json:"query" validate:"len=1"`
	Number int               `in:"query" json:"number"`
	Many   []int             `in:"query" json:"many"`
	Header string            `in:"header" json:"X-Header" validate:"len=1"`
	Text   string            `json:"text" validate:"len=1"`
	Int    int               `json:"int"`
	Map    map[string]string `json:"map" validate:"dive,keys,len=1,endkeys,len=1"`
	Person person            `json:"person"`
	Key    validate.Secret   `json:"key" validate:"len=1"`
}

// leaks sends the canary everywhere and returns all that leaves: answer, header, error in every print, and log.
func leaks(t testing.TB, canary, body string) string {
	var log bytes.Buffer
	var out strings.Builder
	c := validate.Config{Logger: slog.New(slog.NewJSONHandler(&log, nil))}
	typ, err := validate.Compile[anything](c)
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{path}", func(w http.ResponseWriter, r *http.Request) {
		v, err := typ.Bind(r)
		if err == nil {
			err = typ.Value(v)
		}
		for ; err != nil; err = errors.Unwrap(err) {
			fmt.Fprintf(&out, "%v %+v %#v %q\n", err, err, err, err)
			if _, ok := errors.AsType[*validate.Error](err); ok {
				typ.Refuse(w, r, err)
			}
		}
	})
	q := url.QueryEscape(canary)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/"+url.PathEscape(canary)+"?query="+q+"&number="+q+"&many="+q+"&"+q+"="+q, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Header", canary)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	fmt.Fprint(&out, w.Code, w.Header(), w.Body, log.String())
	require.NotEqual(t, 200, w.Code)
	return out.String()
}

func TestNothingIsEchoed(t *testing.T) {
	for _, body := range []string{
		`{"%s":1}`, `{"text":"%s"}`, `{"int":"%s"}`, `{"map":{"%s":"%[1]s"}}`, `{"map":{"a":1,"a":"%s"}}`, `{"person":{"%s":1,"addr":"%[1]s"}}`,
		`{"person":{"made":"%s","role":"%[1]s","blob":"%[1]s","email":"%[1]s"}}`, `{"key":"%s"}`, `%s`, `{"text":"%s`, `{"text":%s}`, `{"text":"x" %s`,
		`{"%s":"` + "\xff" + `"}`, `{"text":"\u0000%s"}`, `{"text":"x"}%s`, `["%s"]`, `{"text":"\q%s"}`,
	} {
		assert.NotContains(t, leaks(t, "c4n4ry", fmt.Sprintf(body, "c4n4ry")), "c4n4ry", body)
	}
}

func TestDeepNestingIsCut(t *testing.T) {
	type tree struct {
		A []tree `json:"a"`
	}
	nest := func(n int) string { return strings.Repeat(`{"a":[`, n) + strings.Repeat(`]}`, n) }
	_, err := validate.JSON[tree](request(t, nest(16)))
	assert.NoError(t, err, "32 levels")
	_, err = validate.JSON[tree](request(t, nest(17)))
	assert.Equal(t, []string{"body " + strings.Repeat("/a/0", 16) + " too_deep"}, found(t, err))
	for _, body := range []string{strings.Repeat("[", 1_000_000), `{"x":` + strings.Repeat("[", 1_000_000), strings.Repeat(`{"a":[`, 170_000)} {
		_, err = validate.JSON[tree](request(t, body))
		got := found(t, err)
		assert.Contains(t, got[len(got)-1], "too_deep")
	}
}

func TestWideBodiesAreCut(t *testing.T) {
	type wide struct {
		List []int          `json:"list"`
		Map  map[string]int `json:"map"`
	}
	var names strings.Builder
	for i := range 1001 {
		fmt.Fprintf(&names, `,"%d":1`, i)
	}
	members := names.String()[1:]
	for want, body := range map[string]string{
		"body /list too_long": `{"list":[` + strings.Repeat("1,", 10_000) + `1]}`,
		"body /map too_long":  `{"map":{` + members + `}}`,
		"body  too_long":      `{` + members + `}`,
	} {
		_, err := validate.JSON[wide](request(t, body))
		got := found(t, err)
		assert.Equal(t, want, got[len(got)-1])
	}
	v, err := validate.JSON[wide](request(t, `{"list":[`+strings.Repeat("1,", 9_999)+`1]}`))
	assert.NoError(t, err)
	assert.Len(t, v.List, 10_000)
}

func TestViolationsAreBounded(t *testing.T) {
	_, err := validate.JSON[[]int](request(t, `[`+strings.Repeat(`"x",`, 5000)+`1]`))
	got := found(t, err)
	require.Len(t, got, 33)
	assert.Equal(t, "body /31 int_type", got[31])
	assert.Equal(t, "body  truncated", got[32])
	_, err = validate.Bind[anything](request(t, `{}`))
	assert.Equal(t, 500, status(t, err), "no pattern")
}

func TestHashFloodOfUnknownNamesIsOneViolation(t *testing.T) {
	_, err := validate.JSON[address](request(t, `{`+strings.Repeat(`"x":1,`, 900)+`"city":"Bern"}`))
	assert.Equal(t, []string{"body  extra_forbidden"}, found(t, err))
}

func TestMemoryIsBoundedByTheLimit(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := request(t, "")
	r.ContentLength, r.Body = -1, http.NoBody
	r.Body = struct {
		endless
		nopCloser
	}{endless(' '), nopCloser{}}
	_, err := validate.JSON[address](r)
	runtime.ReadMemStats(&after)
	assert.Equal(t, 413, status(t, err))
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20))
}

type nopCloser struct{}

func (nopCloser) Close() error { return nil }

func TestAnnouncedLengthReservesNothing(t *testing.T) {
	typ, err := validate.Compile[address](validate.Config{MaxBody: 64 << 20})
	require.NoError(t, err)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := request(t, `{"city":"Bern"}`)
	r.ContentLength = 64 << 20
	_, err = typ.JSON(r)
	runtime.ReadMemStats(&after)
	assert.NoError(t, err)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}

func TestPooledBuffersHoldNothing(t *testing.T) {
	type text struct {
		A string `json:"a"`
		B string `json:"b"`
	}
	first, err := validate.JSON[text](request(t, `{"a":"first","b":"\u0066irst"}`))
	require.NoError(t, err)
	for range 100 {
		_, err := validate.JSON[text](request(t, `{"a":"other","b":"\u006fther"}`))
		require.NoError(t, err)
	}
	assert.Equal(t, text{"first", "first"}, first)
	large := strings.Repeat("x", 70<<10)
	second, err := validate.JSON[text](request(t, `{"a":"`+large+`","b":"y"}`))
	require.NoError(t, err)
	_, err = validate.JSON[text](request(t, `{"a":"`+strings.Repeat("z", 70<<10)+`"}`))
	require.NoError(t, err)
	assert.Equal(t, text{large, "y"}, second)
}

func TestLookAlikeEmailIsRefused(t *testing.T) {
	type contact struct {
		Email string `json:"email" validate:"email"`
		Link  string `json:"link" validate:"omitempty,url"`
	}
	for email, ok := range map[string]bool{
		"a@example.org": true, "a.b+c@example.org": true, "\u0430@example.org": false, "a@ex\u0430mple.org": false, "a@example.org\n": false,
		"Ann <a@example.org>": false, strings.Repeat("a", 60) + "@" + strings.Repeat("b.", 100) + "org": false, "": false, "a@@b.org": false,
	} {
		assert.Equal(t, ok, validate.Value(contact{Email: email}) == nil, email)
	}
	for link, ok := range map[string]bool{
		"https://example.org/a": true, "http://[::1]:80/": true, "javascript:alert(1)": false, "data:text/html,x": false, "file:///etc/passwd": false, "//example.org": false, "ftp://example.org": false, "https://": false,
	} {
		assert.Equal(t, ok, validate.Value(contact{Email: "a@example.org", Link: link}) == nil, link)
	}
}
