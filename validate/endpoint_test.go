package validate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/validate"
)

type createNote struct {
	Title string `json:"title" validate:"required,min=1"`
}

type note struct {
	ID    int    `json:"id"`
	Title string `json:"title"`
}

func serve(t *testing.T, h http.Handler, r *http.Request) (*http.Response, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), w.Body.String()
}

func quiet() validate.Config { return validate.Config{Logger: slog.New(slog.DiscardHandler)} }

func TestEndpointAnswersJSON(t *testing.T) {
	h := validate.Endpoint(func(_ context.Context, in createNote) (note, error) { return note{7, in.Title}, nil })
	res, body := serve(t, h, request(t, `{"title":"<x>"}`))
	assert.Equal(t, 200, res.StatusCode)
	assert.JSONEq(t, `{"id":7,"title":"<x>"}`, body)
	assert.Equal(t, http.Header{
		"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}, "X-Content-Type-Options": {"nosniff"},
		"Content-Length": {fmt.Sprint(len(body))},
	}, res.Header)
}

func TestEndpointRefusesWithPointers(t *testing.T) {
	var log bytes.Buffer
	c := validate.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}
	h := validate.EndpointWith(c, func(context.Context, createNote) (note, error) {
		t.Error("the function ran")
		return note{}, nil
	})
	res, body := serve(t, h, request(t, `{"title":"","canary":1}`))
	assert.Equal(t, 422, res.StatusCode)
	assert.Equal(t, "application/problem+json", res.Header.Get("Content-Type"))
	assert.JSONEq(t, `{"title":"Unprocessable Entity","status":422,"detail":"The request has values that are not allowed.","errors":[
		{"in":"body","pointer":"/title","code":"string_too_short","detail":"The text must have at least 1 characters.","params":{"min_length":1}},
		{"in":"body","pointer":"","code":"extra_forbidden","detail":"There are names here that are not known. Known are: title.","params":{"allowed":["title"]}}]}`, body)
	assert.Contains(t, log.String(), "event=input_validation_fail")
	assert.Contains(t, log.String(), `codes="string_too_short extra_forbidden"`)
	assert.NotContains(t, log.String(), "canary")
}

type withStatus struct {
	Name string `json:"name"`
}

func (withStatus) HTTPStatus() int     { return 202 }
func (withStatus) Header() http.Header { return http.Header{"location": {"/jobs/1"}} }

func TestOutSetsStatusAndHeader(t *testing.T) {
	type none = struct{}
	for name, c := range map[string]struct {
		h      http.Handler
		status int
		body   string
		header http.Header
	}{
		"empty": {validate.Endpoint(func(context.Context, none) (none, error) { return none{}, nil }), 204, "", nil},
		"response": {validate.Endpoint(func(context.Context, none) (validate.Response[note], error) {
			return validate.Response[note]{Status: 201, Header: http.Header{"Location": {"/notes/7"}, "Cache-Control": {"private"}}, Body: note{ID: 7}}, nil
		}), 201, `{"id":7,"title":""}` + "\n", http.Header{"Location": {"/notes/7"}, "Cache-Control": {"private"}}},
		"response without status": {validate.Endpoint(func(context.Context, none) (validate.Response[[]int], error) {
			return validate.Response[[]int]{Body: []int{1}}, nil
		}), 200, "[1]\n", nil},
		"response without body": {validate.Endpoint(func(context.Context, none) (validate.Response[none], error) {
			return validate.Response[none]{Header: http.Header{"X-A": {"b"}}}, nil
		}), 204, "", http.Header{"X-A": {"b"}}},
		"response with status only": {validate.Endpoint(func(context.Context, none) (validate.Response[none], error) {
			return validate.Response[none]{Status: 202}, nil
		}), 202, "", nil},
		"methods": {validate.Endpoint(func(context.Context, none) (withStatus, error) { return withStatus{"x"}, nil }), 202, `{"name":"x"}` + "\n", http.Header{"Location": {"/jobs/1"}}},
		"nil":     {validate.Endpoint(func(context.Context, none) (*note, error) { return nil, nil }), 200, "null\n", nil},
		"any":     {validate.Endpoint(func(context.Context, none) (any, error) { return nil, nil }), 200, "null\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			res, body := serve(t, c.h, get(t, "/"))
			assert.Equal(t, c.status, res.StatusCode)
			assert.Equal(t, c.body, body)
			for key, values := range c.header {
				assert.Equal(t, values, res.Header[key])
			}
			if c.body == "" {
				assert.Empty(t, res.Header.Get("Content-Type"))
			}
		})
	}
}

func TestHeadHasNoBody(t *testing.T) {
	h := validate.Endpoint(func(context.Context, struct{}) (note, error) { return note{ID: 7}, nil })
	r := get(t, "/")
	r.Method = http.MethodHead
	res, body := serve(t, h, r)
	assert.Equal(t, 200, res.StatusCode)
	assert.Empty(t, body)
	assert.Equal(t, "20", res.Header.Get("Content-Length"))
}

type conflict struct{ status int }

func (conflict) Error() string     { return "secret cause" }
func (c conflict) HTTPStatus() int { return c.status }
func (conflict) Public() string    { return "The note was changed by someone else." }

type conflictWithHeader struct{ conflict }

func (conflictWithHeader) Header() http.Header { return http.Header{"Retry-After": {"3"}} }

func TestErrorsAreRenderedByInterface(t *testing.T) {
	own := &validate.Error{Violations: []validate.Violation{{In: "body", Pointer: "/end", Code: "value_error", Message: "The end must be behind the start."}}}
	for name, c := range map[string]struct {
		err    error
		status int
		detail string
		logged string
	}{
		"plain":        {errors.New("pq: secret cause"), 500, "The request could not be served.", "secret cause"},
		"outward":      {fmt.Errorf("insert: %w", conflict{409}), 409, "The note was changed by someone else.", ""},
		"with header":  {fmt.Errorf("insert: %w", conflictWithHeader{conflict{503}}), 503, "The note was changed by someone else.", "insert: secret cause"},
		"not a status": {conflict{200}, 500, "The request could not be served.", "secret cause"},
		"own finding":  {own, 422, "The request has values that are not allowed.", "input_validation_fail"},
		"inner":        {&outer{conflictWithHeader{conflict{409}}}, 404, "outer", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			cfg := validate.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}
			h := validate.EndpointWith(cfg, func(context.Context, struct{}) (note, error) { return note{}, c.err })
			res, body := serve(t, h, get(t, "/"))
			assert.Equal(t, c.status, res.StatusCode)
			var problem map[string]any
			require.NoError(t, json.Unmarshal([]byte(body), &problem))
			assert.Equal(t, c.detail, problem["detail"])
			assert.NotContains(t, body, "cause")
			if name == "with header" {
				assert.Equal(t, "3", res.Header.Get("Retry-After"))
			}
			if c.logged == "" {
				assert.Empty(t, log.String())
			} else {
				assert.Contains(t, log.String(), c.logged)
			}
		})
	}
}

// outer has no Header, and wraps an error that has.
type outer struct{ error }

func (outer) HTTPStatus() int { return 404 }
func (outer) Public() string  { return "outer" }
func (o outer) Unwrap() error { return o.error }

func TestAnswerThatCannotBeSentIsAnErrorOfTheServer(t *testing.T) {
	for name, h := range map[string]http.Handler{
		"status": validate.EndpointWith(quiet(), func(context.Context, struct{}) (validate.Response[note], error) {
			return validate.Response[note]{Status: 101}, nil
		}),
		"secret in any": validate.EndpointWith(quiet(), func(context.Context, struct{}) (any, error) {
			return map[string]any{"a": []any{validate.NewSecret("canary")}}, nil
		}),
		"header is kept": validate.EndpointWith(quiet(), func(context.Context, struct{}) (validate.Response[any], error) {
			return validate.Response[any]{Header: http.Header{"X-A": {"b"}}, Body: make(chan int)}, nil
		}),
	} {
		res, body := serve(t, h, get(t, "/"))
		assert.Equal(t, 500, res.StatusCode, name)
		assert.NotContains(t, body, "canary")
		assert.Empty(t, res.Header.Get("X-A"))
	}
}

func TestEndpointSaysWhatIsWrongAtStartUp(t *testing.T) {
	type errer interface{ Err() error }
	bad := validate.EndpointWith(quiet(), func(context.Context, struct {
		A string `validate:"nope"`
	}) (struct {
		B []struct {
			C map[string]*validate.Secret
		}
		D validate.Optional[chan int]
	}, error) {
		panic("the function ran")
	})
	err := bad.(errer).Err()
	require.Error(t, err)
	assert.Contains(t, err.Error(), `.A has the rule "nope"`)
	assert.Contains(t, err.Error(), ".B.C cannot be sent as JSON")
	res, _ := serve(t, bad, get(t, "/"))
	assert.Equal(t, 500, res.StatusCode)

	assert.Error(t, validate.EndpointWith[struct{}, struct{}](quiet(), nil).(errer).Err())
	assert.Error(t, validate.EndpointWith(validate.Config{MaxBody: -1}, func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }).(errer).Err())
	assert.NoError(t, validate.Endpoint(func(context.Context, createNote) (note, error) { return note{}, nil }).(errer).Err())
}

func TestEndpointKnowsItsTypes(t *testing.T) {
	type typed interface{ Types() (in, out reflect.Type) }
	in, out := validate.Endpoint(func(context.Context, createNote) (validate.Response[note], error) {
		return validate.Response[note]{}, nil
	}).(typed).Types()
	assert.Equal(t, reflect.TypeFor[createNote](), in)
	assert.Equal(t, reflect.TypeFor[note](), out)
	in, out = validate.Endpoint(func(context.Context, struct{}) (any, error) { return nil, nil }).(typed).Types()
	assert.Equal(t, reflect.TypeFor[struct{}](), in)
	assert.Equal(t, reflect.TypeFor[any](), out)
}

func TestDenyAnswersAllRefusals(t *testing.T) {
	c := quiet()
	c.Deny = func(w http.ResponseWriter, _ *http.Request, err error) {
		e, _ := errors.AsType[*validate.Error](err)
		http.Error(w, "own: "+e.Violations[0].Code, e.HTTPStatus())
	}
	h := validate.EndpointWith(c, func(context.Context, createNote) (note, error) { return note{}, nil })
	res, body := serve(t, h, request(t, `{}`))
	assert.Equal(t, 422, res.StatusCode)
	assert.Equal(t, "own: missing\n", body)

	typ, err := validate.Compile[createNote](c)
	require.NoError(t, err)
	_, err = typ.JSON(request(t, `{`))
	res, body = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { typ.Refuse(w, r, err) }), get(t, "/"))
	assert.Equal(t, 400, res.StatusCode)
	assert.Equal(t, "own: json_invalid\n", body)
}

func TestWriteRefusesWhatMustNotLeave(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		v      any
	}{
		"secret": {200, struct{ A any }{validate.NewSecret("canary")}}, "informational": {103, 1}, "none": {0, 1}, "high": {600, 1}, "channel": {200, make(chan int)},
	} {
		w := httptest.NewRecorder()
		err := validate.Write(w, get(t, "/"), c.status, c.v)
		require.Error(t, err, name)
		assert.Equal(t, 500, status(t, err))
		assert.NotContains(t, err.Error(), "canary")
		assert.Empty(t, w.Header(), name)
		assert.False(t, w.Flushed)
	}
}

func TestRefuseAnswersWithoutAType(t *testing.T) {
	var log bytes.Buffer
	standard := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(standard)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := validate.JSON[createNote](r)
		if r.URL.Path == "/broken" {
			err = errors.New("pq: down")
		}
		validate.Refuse(w, r, err)
	})
	res, body := serve(t, h, request(t, `{"title":1}`))
	assert.Equal(t, 422, res.StatusCode)
	assert.Contains(t, body, `"pointer":"/title","code":"string_type"`)
	r := request(t, `{}`)
	r.URL.Path = "/broken"
	res, body = serve(t, h, r)
	assert.Equal(t, 500, res.StatusCode)
	assert.NotContains(t, body, "pq")
	assert.Contains(t, log.String(), "input_validation_fail")
	assert.Contains(t, log.String(), "pq: down")
}

func TestErrorMadeByAHandler(t *testing.T) {
	e := &validate.Error{}
	assert.Equal(t, 500, e.HTTPStatus())
	assert.Nil(t, e.Errors())
	assert.Equal(t, "validate: The request could not be served.", e.Error())
	e.Violations = []validate.Violation{{In: "body", Code: "value_error"}}
	assert.Equal(t, 422, e.HTTPStatus())
	assert.NotNil(t, e.Errors())
	assert.Equal(t, "The request has values that are not allowed.", e.Public())
}

// Real servers.

func TestStreamingBodyOverTheLimitIsCut(t *testing.T) {
	s := httptest.NewServer(validate.EndpointWith(quiet(), func(context.Context, []string) (int, error) { return 0, nil }))
	defer s.Close()
	for name, body := range map[string]io.Reader{
		"chunked":   io.MultiReader(strings.NewReader(`["`), io.LimitReader(endless('a'), 100<<20)),
		"announced": bytes.NewReader(bytes.Repeat([]byte{' '}, 3<<20)),
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, body)
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		res, err := s.Client().Do(r)
		if err != nil { // the server may answer and close before all was sent
			continue
		}
		assert.Equal(t, 413, res.StatusCode, name)
		res.Body.Close()
	}
}

type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

func TestStreamingBodyIsRead(t *testing.T) {
	s := httptest.NewServer(validate.EndpointWith(quiet(), func(_ context.Context, in []string) (int, error) { return len(in[0]), nil }))
	defer s.Close()
	pipe, feed := io.Pipe()
	go func() {
		_, _ = io.WriteString(feed, `["`)
		for range 300 {
			_, _ = io.WriteString(feed, strings.Repeat("a", 1000))
		}
		_, _ = io.WriteString(feed, `"]`)
		feed.Close()
	}()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, pipe)
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	res, err := s.Client().Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	assert.Equal(t, "300000\n", string(body))
}

func TestSlowBodyIsAnsweredWith408(t *testing.T) {
	c := quiet()
	c.ReadTimeout = 30 * time.Millisecond
	s := httptest.NewServer(validate.EndpointWith(c, func(context.Context, createNote) (note, error) { return note{}, nil }))
	defer s.Close()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	require.NoError(t, err)
	answer, err := io.ReadAll(conn) // the server closes
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(answer), "HTTP/1.1 408 Request Timeout\r\n"), "%s", answer)
}

// clocked is a ResponseWriter that notes the deadlines.
type clocked struct {
	*httptest.ResponseRecorder
	deadlines []time.Time
}

func (c *clocked) SetReadDeadline(t time.Time) error {
	c.deadlines = append(c.deadlines, t)
	return nil
}

func TestTimeLimitEndsWithTheBody(t *testing.T) {
	var w *clocked
	h := validate.EndpointWith(quiet(), func(context.Context, createNote) (note, error) {
		assert.True(t, w.deadlines[1].IsZero(), "lifted before the function runs")
		return note{}, nil
	})
	deadlines := func(server *http.Server, r *http.Request) []time.Time {
		w = &clocked{ResponseRecorder: httptest.NewRecorder()}
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.ServerContextKey, server)))
		return w.deadlines
	}
	good := deadlines(&http.Server{}, request(t, `{"title":"x"}`))
	require.Len(t, good, 2)
	assert.WithinDuration(t, time.Now().Add(30*time.Second), good[0], 10*time.Second)
	assert.Len(t, deadlines(&http.Server{}, request(t, `{`)), 1, "net/http may read the rest under it")

	assert.Empty(t, deadlines(&http.Server{}, get(t, "/")), "no body")
	w = &clocked{}
	h = validate.Endpoint(func(context.Context, createNote) (note, error) { return note{}, nil })
	assert.Empty(t, deadlines(&http.Server{ReadTimeout: time.Second}, request(t, `{"title":"x"}`)), "the server's own is kept")
	h = validate.EndpointWith(validate.Config{ReadTimeout: -1}, func(context.Context, createNote) (note, error) { return note{}, nil })
	assert.Empty(t, deadlines(&http.Server{}, request(t, `{"title":"x"}`)), "turned off")
}
