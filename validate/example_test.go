package validate_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/sallyport-go/sallyport/validate"
)

func ExampleEndpoint() {
	type CreateNote struct {
		Title string   `json:"title" validate:"required,min=1,max=200"`
		Tags  []string `json:"tags" validate:"max=10,dive,alphanum,max=30"`
	}
	type Note struct {
		ID    int    `json:"id"`
		Title string `json:"title"`
	}
	mux := http.NewServeMux()
	mux.Handle("POST /notes", validate.Endpoint(func(_ context.Context, in CreateNote) (validate.Response[Note], error) {
		return validate.Response[Note]{Status: http.StatusCreated, Header: http.Header{"Location": {"/notes/7"}}, Body: Note{7, in.Title}}, nil
	}))

	for _, body := range []string{`{"title":"Milk","tags":["home"]}`, `{"title":"","tags":["a","b c"],"admin":true}`} {
		r := httptest.NewRequest("POST", "/notes", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
	}
	// Output:
	// 201 {"id":7,"title":"Milk"}
	// 422 {"title":"Unprocessable Entity","status":422,"detail":"The request has values that are not allowed.","errors":[{"in":"body","pointer":"/title","code":"string_too_short","detail":"The text must have at least 1 characters.","params":{"min_length":1}},{"in":"body","pointer":"/tags/1","code":"value_error","detail":"The value does not have the required form.","params":{"rule":"alphanum"}},{"in":"body","pointer":"","code":"extra_forbidden","detail":"There are names here that are not known. Known are: title, tags.","params":{"allowed":["title","tags"]}}]}
}

func ExampleJSON() {
	type Login struct {
		Name     string          `json:"name" validate:"required,max=64"`
		Password validate.Secret `json:"password" validate:"required,max=128"`
	}
	handler := func(w http.ResponseWriter, r *http.Request) {
		in, err := validate.JSON[Login](r)
		if err != nil {
			validate.Refuse(w, r, err)
			return
		}
		fmt.Println(in)
	}
	r := httptest.NewRequest("POST", "/login", strings.NewReader(`{"name":"ann","password":"hunter2"}`))
	r.Header.Set("Content-Type", "application/json")
	handler(httptest.NewRecorder(), r)
	// Output: {ann [redacted]}
}

func ExampleBind() {
	type ListNotes struct {
		Limit int      `in:"query" json:"limit" default:"20" validate:"min=1,max=100"`
		Tag   []string `in:"query" json:"tag"`
	}
	in, err := validate.Bind[ListNotes](httptest.NewRequest("GET", "/notes?tag=home&tag=work", nil))
	fmt.Println(in, err)
	_, err = validate.Bind[ListNotes](httptest.NewRequest("GET", "/notes?limit=1000&limt=5", nil))
	fmt.Println(err)
	// Output:
	// {20 [home work]} <nil>
	// validate: query "": extra_forbidden: There are names here that are not known. Known are: limit, tag.; query "/limit": less_than_equal: The value must be at most 100.
}

func ExampleCompile() {
	type Upload struct {
		Name string `json:"name" validate:"required,filepath"`
		Size int    `json:"size" validate:"alphanum"`
		Meta any    `json:"meta"`
	}
	_, err := validate.Compile[Upload](validate.Config{MaxBody: -1})
	fmt.Println(err)
	// Output:
	// validate: Config.MaxBody -1 is negative; use 1 to 67108864, or 0 for 1048576
	// validate: validate_test.Upload.Name has the rule filepath, which lets a client make the server read files or ask a resolver; check the text only
	// validate: validate_test.Upload.Size has the rule "alphanum", which does not fit the type int; remove it
	// validate: validate_test.Upload.Meta has the type interface {}, which can be anything; use a type that says what is expected
}

func ExampleValue() {
	type Invoice struct {
		Currency string `json:"currency" validate:"iso4217"`
		Lines    []struct {
			Amount int `json:"amount" validate:"gt=0"`
		} `json:"lines" validate:"min=1"`
	}
	var in Invoice
	in.Currency = "CHF"
	fmt.Println(validate.Value(in))
	// Output: validate: body "/lines": too_short: There must be at least 1 entries.
}

// Two fields that depend on each other are compared in the handler, which answers in the same form.
func ExampleError() {
	type Booking struct {
		From int `json:"from"`
		To   int `json:"to"`
	}
	book := func(_ context.Context, in Booking) (struct{}, error) {
		if in.To < in.From {
			return struct{}{}, &validate.Error{Violations: []validate.Violation{
				{In: "body", Pointer: "/to", Code: "value_error", Message: "The end must not be before the start."}}}
		}
		return struct{}{}, nil
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader(`{"from":2,"to":1}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	validate.EndpointWith(quiet(), book).ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output: 422 {"title":"Unprocessable Entity","status":422,"detail":"The request has values that are not allowed.","errors":[{"in":"body","pointer":"/to","code":"value_error","detail":"The end must not be before the start."}]}
}

func ExampleOptional() {
	type PatchNote struct {
		Title validate.Optional[string] `json:"title,omitzero" validate:"min=1"`
		Due   validate.Optional[string] `json:"due,omitzero" validate:"omitnil,datetime=2006-01-02"`
	}
	r := httptest.NewRequest("PATCH", "/notes/7", strings.NewReader(`{"due":null}`))
	r.Header.Set("Content-Type", "application/json")
	in, err := validate.JSON[PatchNote](r)
	fmt.Println(in.Title.IsZero(), in.Due.IsNull(), err)
	// Output: true true <nil>
}

func ExampleEnv() {
	type Settings struct {
		Addr string          `env:"ADDR" default:":8443" validate:"hostname_port"`
		Key  validate.Secret `env:"KEY" validate:"required,min=32"`
	}
	os.Setenv("EXAMPLE_ADDR", "localhost")
	os.Setenv("EXAMPLE_KEY", "too short")
	_, err := validate.Env[Settings]("EXAMPLE")
	fmt.Println(err)
	// Output:
	// validate: EXAMPLE_ADDR: value_error: The value does not have the required form; set EXAMPLE_ADDR to a host and a port, such as :8443.
	// validate: EXAMPLE_KEY: string_too_short: The text must have at least 32 characters; set EXAMPLE_KEY to a text of at least 32 characters.
}

func ExampleSecret() {
	key := validate.NewSecret("hunter2")
	fmt.Printf("%v %+v %#v %q\n", key, []validate.Secret{key}, key, key)
	_, err := json.Marshal(key)
	fmt.Println(errors.Unwrap(err))
	fmt.Println(key.Equal(validate.NewSecret("hunter2")), len(key.Reveal()))
	// Output:
	// [redacted] [[redacted]] [redacted] [redacted]
	// validate: a Secret cannot be encoded; leave it out of the type, or send what Reveal returns
	// true 7
}

func ExampleWrite() {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/", nil)
	fmt.Println(validate.Write(w, r, http.StatusOK, map[string]any{"user": "ann", "token": validate.NewSecret("hunter2")}) != nil)
	fmt.Println(validate.Write(w, r, http.StatusOK, map[string]any{"user": "ann"}), w.Body)
	// Output:
	// true
	// <nil> {"user":"ann"}
}
