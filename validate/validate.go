// Package validate turns what a client sent into a typed value, or into an exact list of what is wrong with it.
//
//	type CreateNote struct {
//		Title string   `json:"title" validate:"required,min=1,max=200"`
//		Tags  []string `json:"tags" validate:"max=10,dive,alphanum,max=30"`
//	}
//
//	mux.Handle("POST /notes", validate.Endpoint(func(ctx context.Context, in CreateNote) (Note, error) {
//		return store.Insert(ctx, in)
//	}))
//
// With max=10 alone Tags may be left out. A rule that the zero value breaks, such as min=1, asks for the field even without
// required, and required alone would accept an empty Title.
//
// [JSON], [Bind] and [Value] do the same for a handler that is written by hand, [Compile] reads the tags of a type at start-up
// and takes other settings, [Env] reads the settings of the program, and [Secret] keeps a secret out of logs and answers.
//
// # Tags
//
// The json tag names a member, the in tag says where the value comes from (path, query, header; without it, the JSON body),
// the default tag gives the text of a value that may be left out, and the validate tag holds rules in the words of
// github.com/go-playground/validator/v10. Five things are more exact here than there:
//
//   - required means present and not null, so that 0, "" and false can be required values. [Value] has no presence to look at
//     and takes a zero value for an absent one.
//   - The fields of a struct are checked wherever the struct occurs: in slices, maps and pointers, without dive.
//   - A field that is not required but absent is checked at its zero value, and what fails there is reported as missing. To
//     say that it may be left out, use an [Optional], or let its rules begin with omitempty; a struct that may be left out is a
//     pointer.
//   - url means http or https, and email is at most 254 bytes of ASCII.
//   - A rule that reads files or asks a resolver (file, dir, filepath, image, tcp_addr, …) and a rule that reads other fields
//     (eqfield, required_if, …) is a fault at start-up.
//
// # Violations
//
// The codes are Pydantic's where the meaning is the same.
//
//	missing                                    required and absent, or absent and not valid at its zero value
//	extra_forbidden                            unknown name; at the place of its parent, once, with up to 20 of the
//	                                           names that are known there (allowed), and their
//	                                           number if there are more (total)
//	string_type, bool_type, int_type,          JSON of another type, or null
//	float_type, datetime_type, list_type,
//	dict_type, model_attributes_type
//	int_from_float                             1.0 or 1e3 for an integer
//	int_parsing, float_parsing, bool_parsing,  text of a path, query, header or environment that is not one
//	time_delta_parsing
//	datetime_parsing                           not RFC 3339, or not the layout of the datetime rule
//	greater_than, greater_than_equal,          gt, gte and min, lt, lte and max of numbers; the bounds of the Go type
//	less_than, less_than_equal
//	string_too_short, string_too_long          min, max, len, gt, gte, lt, lte of strings, in runes
//	too_short, too_long                        the same of slices, maps and bytes; too many names or items
//	datetime_future, datetime_past             gt and gte, lt and lte of times
//	literal_error                              eq, oneof, oneofci
//	uuid_parsing, url_parsing,                 uuid*, url and http_url and https_url, ip, ipv4, ipv6
//	ip_any_address, ip_v4_address, ip_v6_address
//	bytes_invalid_encoding                     not base64 (RFC 4648, section 4)
//	finite_number                              over the range of the float
//	value_error                                every other rule, and what an encoding.TextUnmarshaler refuses
//	json_invalid                               not JSON, or more than one value (status 400)
//	string_unicode                             invalid UTF-8 or half of a surrogate pair (status 400)
//	duplicate                                  a name twice in an object, a parameter that is given twice (status 400)
//	query_invalid                              a query that cannot be parsed (status 400)
//	string_nul                                 U+0000 in a text
//	float_imprecise                            a number that the float would round to another one
//	number_too_long                            more than 64 characters
//	too_deep                                   more levels than allowed
//	truncated                                  there are more than 32 violations
//	both_set, file_unreadable, file_writable,  [Env] only
//	file_too_large
//
// # Answers
//
// [Refuse], and with it every [Endpoint], answers in the form of RFC 9457. An [*Error] with violations has the further member errors, in which
// pointer is an RFC 6901 pointer into what in names, and params is left out if the rule has none:
//
//	HTTP/1.1 422 Unprocessable Entity
//	Content-Type: application/problem+json
//	Cache-Control: no-store
//
//	{
//	  "title": "Unprocessable Entity",
//	  "status": 422,
//	  "detail": "The request has values that are not allowed.",
//	  "errors": [
//	    {"in": "body", "pointer": "/title", "code": "string_too_long",
//	     "detail": "The text must have at most 200 characters.", "params": {"max_length": 200}},
//	    {"in": "body", "pointer": "", "code": "extra_forbidden",
//	     "detail": "There are names here that are not known. Known are: title, tags.", "params": {"allowed": ["title", "tags"]}}
//	  ]
//	}
//
// Refuse answers the errors of every package here as well, and every other that has HTTPStatus() int and Public() string: one call serves
// all that a handler can fail with.
//
// # Security model
//
// Guaranteed: a value is returned only if every byte of the body was read and accepted; JSON is read strictly (case-exact
// names; unknown and duplicate names, invalid UTF-8, lone surrogates, U+0000, trailing data refused; numbers exact or refused);
// size, depth, names, items and the length of numbers are bounded, so that memory and time are; no value, unknown name or map key
// of a client appears in an error, an answer or an event; a tag that is wrong is an error of [Compile], [Endpoint.Err] and
// [Env], and of the first request if none of them is asked.
//
// Left to the caller: rules that need other data (is this name taken, may this user do it), the meaning of text (HTML, SQL and
// shells have their own escaping), what the UnmarshalText of a type of its own costs, and deadlines for slow clients outside of
// [Endpoint].
package validate

import (
	"net/http"
	"reflect"
	"sync"
)

// JSON reads the body of r, which must be one JSON value of type application/json, with the default limits of [Config].
//
// The error is an *[Error]: 400 for text that is not JSON, 413 for a body over the limit, 415 for another media type or a content
// coding, 422 for violations, 500 if T cannot be read or its tags are wrong. Answer it with [Refuse].
func JSON[T any](r *http.Request) (T, error) {
	t, err := cached[T]()
	if err != nil {
		var zero T
		return zero, misuse(err)
	}
	return t.JSON(r)
}

// Bind reads each field of T from the place that its in tag names: path, query or header. The fields without the tag are
// the members of the JSON body; if there are none, a body is refused.
//
//	type ListNotes struct {
//		Owner int64    `in:"path" json:"owner"`
//		Limit int      `in:"query" json:"limit" default:"20" validate:"min=1,max=100"`
//		Tag   []string `in:"query" json:"tag"`
//		Match *string  `in:"header" json:"If-None-Match"`
//	}
//
// A parameter that is given twice is refused unless its field is a slice; so is an unknown query parameter. The error is as
// that of [JSON].
//
// The path is read by [net/http.Request.PathValue], which [net/http.ServeMux] fills in, and chi since its version 5.0.12. For a router that does
// not, such as gin, echo and gorilla/mux, set the values before; otherwise the answer is 500, and the log says which is missing:
//
//	r.Get("/users/{owner}/notes", listNotes)                          // chi
//
//	c.Request.SetPathValue("owner", c.Param("owner"))                 // gin, on the route "/users/:owner/notes"
//	in, err := validate.Bind[ListNotes](c.Request)
func Bind[T any](r *http.Request) (T, error) {
	t, err := cached[T]()
	if err != nil {
		var zero T
		return zero, misuse(err)
	}
	return t.Bind(r)
}

// Value checks the rules of T on a value that is in memory already. The error is an *[Error] with the status 422.
func Value[T any](v T) error {
	t, err := cached[T]()
	if err != nil {
		return misuse(err)
	}
	return t.Value(v)
}

// Refuse answers err as [Type.Refuse] does with the zero [Config].
func Refuse(w http.ResponseWriter, r *http.Request, err error) {
	defaultRefuser.refuse(w, r, err)
}

var defaultRefuser = newRefuser(Config{})

// types holds one compiled type for each type argument in the program.
var types sync.Map // reflect.Type -> compiled

type compiled struct {
	typ any // *Type[T]
	err error
}

func cached[T any]() (*Type[T], error) {
	key := reflect.TypeFor[T]()
	c, ok := types.Load(key)
	if !ok {
		t, err := Compile[T](Config{})
		c, _ = types.LoadOrStore(key, compiled{t, err})
	}
	return c.(compiled).typ.(*Type[T]), c.(compiled).err
}
