package validate

import (
	"context"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"time"
)

var (
	marshalerType     = reflect.TypeFor[json.Marshaler]()
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
	errStatus         = errors.New("validate: the status is not one of 200 to 599")
	errNilFunc        = errors.New("validate: Endpoint got a nil function")
)

// Response is an Out of an [Endpoint] that sets the status and headers.
type Response[T any] struct {
	// Status is from 200 to 599. Zero means 200, or 204 if T is struct{}.
	Status int
	// Header is added to the answer. It replaces what is set already.
	Header http.Header
	Body   T
}

func (r Response[T]) answer() (int, http.Header, any) { return r.Status, r.Header, r.Body }

func (Response[T]) body() reflect.Type { return reflect.TypeFor[T]() }

// responder is a Response of any type.
type responder interface {
	answer() (int, http.Header, any)
	body() reflect.Type
}

// Endpoint makes an http.Handler of a function. In is read as by [Bind]; struct{} means that there is no input. Out is written
// as by [Write] with the status 200, or 204 if it is struct{}. An Out that is a [Response], or has HTTPStatus() int or
// Header() http.Header, sets the status and headers itself.
//
// An error of fn that has HTTPStatus() int and Public() string, and perhaps Header() http.Header, is answered with these; every
// other with 500 and no text, and it is logged. fn runs only if the input was accepted. Panics are left to net/http.
//
// The handler has two more methods: Err() error returns what is wrong with In, Out or their tags, for a mux that checks its
// handlers at start-up (a handler that is served nevertheless answers 500), and Types() (in, out reflect.Type) returns what is
// read and written, the Body of a Response, for documentation.
func Endpoint[In, Out any](fn func(context.Context, In) (Out, error)) http.Handler {
	return EndpointWith(Config{}, fn)
}

// EndpointWith is [Endpoint] with settings.
func EndpointWith[In, Out any](c Config, fn func(context.Context, In) (Out, error)) http.Handler {
	e := &endpoint[In, Out]{fn: fn, refuser: newRefuser(c)}
	e.in, e.err = Compile[In](c)
	if fn == nil {
		e.err = errors.Join(e.err, errNilFunc)
	}
	_, out := e.Types()
	if at, ok := encodable(out, typeName(out), make(map[reflect.Type]bool)); !ok {
		e.err = errors.Join(e.err, fmt.Errorf("validate: %s cannot be sent as JSON: it is a Secret, a func, a chan or a complex number; leave it out", at))
	}
	return e
}

type endpoint[In, Out any] struct {
	fn  func(context.Context, In) (Out, error)
	in  *Type[In]
	err error
	refuser
}

// Err returns what makes the endpoint unusable.
func (e *endpoint[In, Out]) Err() error { return e.err }

// Types returns what is read and what is written.
func (e *endpoint[In, Out]) Types() (in, out reflect.Type) {
	in, out = reflect.TypeFor[In](), reflect.TypeFor[Out]()
	if out.Implements(reflect.TypeFor[responder]()) && out.Kind() == reflect.Struct {
		out = reflect.Zero(out).Interface().(responder).body()
	}
	return in, out
}

func (e *endpoint[In, Out]) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if e.err != nil {
		e.refuse(w, r, misuse(e.err))
		return
	}
	lift := e.limitTime(w, r)
	in, err := e.in.Bind(r)
	if err != nil { // the limit stays: net/http reads some of what is left of the body
		e.refuse(w, r, err)
		return
	}
	lift()
	out, err := e.fn(r.Context(), in)
	if err == nil {
		err = e.answer(w, r, out)
	}
	if err != nil {
		e.refuse(w, r, err)
	}
}

// limitTime bounds the time of reading the body, and returns how to lift the bound. A server with a ReadTimeout has its own,
// which a later one must not replace.
func (e *endpoint[In, Out]) limitTime(w http.ResponseWriter, r *http.Request) func() {
	timeout := e.in.limits.ReadTimeout
	server, _ := r.Context().Value(http.ServerContextKey).(*http.Server)
	if timeout < 0 || r.ContentLength == 0 || server == nil || server.ReadTimeout > 0 {
		return func() {}
	}
	control := http.NewResponseController(w)
	if control.SetReadDeadline(time.Now().Add(timeout)) != nil {
		return func() {} // a writer without deadlines; the server has to bound it
	}
	return func() { _ = control.SetReadDeadline(time.Time{}) }
}

// answer writes out, or nothing if there is an error.
func (e *endpoint[In, Out]) answer(w http.ResponseWriter, r *http.Request, out Out) error {
	status, header, body := parts(out)
	none := reflect.TypeOf(body) == reflect.TypeFor[struct{}]()
	switch {
	case status == 0 && none:
		status = http.StatusNoContent
	case status == 0:
		status = http.StatusOK
	}
	var text []byte
	var err error
	if none {
		_, err = encode(status, nil)
	} else {
		text, err = encode(status, body)
	}
	if err != nil {
		return err
	}
	maps.Copy(w.Header(), canonical(header))
	send(w, r, status, text)
	return nil
}

// parts takes an Out apart.
func parts(out any) (status int, header http.Header, body any) {
	if r, ok := out.(responder); ok {
		return r.answer()
	}
	if s, ok := out.(interface{ HTTPStatus() int }); ok {
		status = s.HTTPStatus()
	}
	if h, ok := out.(interface{ Header() http.Header }); ok {
		header = h.Header()
	}
	return status, header, out
}

func canonical(header http.Header) http.Header {
	h := make(http.Header, len(header))
	for name, values := range header {
		h[http.CanonicalHeaderKey(name)] = append([]string(nil), values...)
	}
	return h
}
