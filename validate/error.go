package validate

import (
	"fmt"
	"net/http"
	"strings"
)

// Violation is one thing that is wrong. It never holds what the client sent.
type Violation struct {
	// In is body, path, query, header or env.
	In string `json:"in"`
	// Pointer is an RFC 6901 pointer to the value, in names of the schema: an entry of a map is named by its position. In a
	// query, a path or a header it is the name of the parameter after a slash. It is empty for the whole.
	Pointer string `json:"pointer"`
	// Code is stable; the package documentation lists all.
	Code string `json:"code"`
	// Message says in English what is asked for.
	Message string `json:"detail"`
	// Params are the parameters of the rule, such as min_length. It is nil if there are none.
	Params map[string]any `json:"params,omitempty"`
}

// Error is why something was refused. Its text and its violations are free of input; of the cause that Unwrap returns, nothing
// is sent. A handler that checks what no tag can say, such as two fields together, returns one with violations of its own.
type Error struct {
	// Violations are in the order of the input, at most 32 and then one with the code truncated. It is empty if the request
	// could not be read at all.
	Violations []Violation

	status int
	public string
	header http.Header
	cause  error
}

// HTTPStatus returns 400, 408, 413, 415, 422 or 500; 422 for an Error that a handler made of violations of its own.
func (e *Error) HTTPStatus() int {
	switch {
	case e.status != 0:
		return e.status
	case len(e.Violations) > 0:
		return http.StatusUnprocessableEntity
	}
	return http.StatusInternalServerError
}

// Header returns what the answer must carry. It may be nil.
func (e *Error) Header() http.Header { return e.header }

// Public returns the text for the client.
func (e *Error) Public() string {
	switch {
	case e.public != "":
		return e.public
	case len(e.Violations) > 0:
		return publicInvalid
	}
	return publicFailed
}

const (
	publicMalformed = "The request is malformed."
	publicInvalid   = "The request has values that are not allowed."
	publicFailed    = "The request could not be served."
)

// Errors returns the violations for the answer; none if the error is the server's own.
func (e *Error) Errors() any {
	if e.HTTPStatus() >= http.StatusInternalServerError || len(e.Violations) == 0 {
		return nil
	}
	return e.Violations
}

// Unwrap returns the cause, if there is one.
func (e *Error) Unwrap() error { return e.cause }

// Error is for the log.
func (e *Error) Error() string {
	switch {
	case len(e.Violations) == 0 && e.status == http.StatusInternalServerError && e.cause != nil:
		return e.cause.Error()
	case len(e.Violations) == 0:
		return "validate: " + e.Public()
	}
	var b strings.Builder
	for i, v := range e.Violations {
		switch {
		case i == 0:
			b.WriteString("validate: ")
		case v.In == inEnv: // a setting a line, like the faults of a Config
			b.WriteString("\nvalidate: ")
		default:
			b.WriteString("; ")
		}
		if v.In == inEnv {
			fmt.Fprintf(&b, "%s: %s: %s", strings.TrimPrefix(v.Pointer, "/"), v.Code, v.Message)
		} else {
			fmt.Fprintf(&b, "%s %q: %s: %s", v.In, v.Pointer, v.Code, v.Message)
		}
	}
	return b.String()
}

// misuse is an error of the program, not of the client.
func misuse(cause error) *Error {
	return &Error{status: http.StatusInternalServerError, public: publicFailed, cause: cause}
}

func refusal(status int, public string, cause error) *Error {
	return &Error{status: status, public: public, cause: cause}
}
