// Package problem answers HTTP requests that a package of Sallyport refuses.
//
// Every package has one error type for refusals; each satisfies [Refusal] and is written by one call:
//
//	problem.Refuse(w, r, err, config.Deny)
//
// # Security model
//
// Only a refusal's Public text and the status leave the process. An error that is not a [Refusal] is
// answered with 500 and no text of its own, so that a cause can never be sent by accident.
package problem

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
)

// Refusal is what the error types of all packages have in common.
type Refusal interface {
	error
	// HTTPStatus is a status from 400 to 599.
	HTTPStatus() int
	// Header holds what the answer must carry, such as WWW-Authenticate or Retry-After. It may be nil.
	Header() http.Header
	// Public is the text for the client: no input, no SQL, no cause.
	Public() string
}

// Listed is a refusal with several findings, which become the member "errors".
type Listed interface {
	Refusal
	// Errors returns a value for encoding/json. It follows the same rule as Public.
	Errors() any
}

// Details is the body of a problem response (RFC 9457, section 3.1). The zero Type is "about:blank", which
// means that Title is the status text (section 4.2.1).
type Details struct {
	Type   string `json:"type,omitempty"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Errors any    `json:"errors,omitempty"`
}

// Refuse sets the headers of the refusal in err and calls deny, or [Deny] when deny is nil. Setting them first
// means that an application's own answer cannot lose a challenge.
func Refuse(w http.ResponseWriter, r *http.Request, err error, deny func(http.ResponseWriter, *http.Request, error)) {
	if refusal, ok := errors.AsType[Refusal](err); ok {
		for name, values := range refusal.Header() {
			w.Header()[http.CanonicalHeaderKey(name)] = append([]string(nil), values...)
		}
	}
	if deny == nil {
		deny = Deny
	}
	deny(w, r, err)
}

// Deny writes err as application/problem+json: the default of every Config.Deny.
func Deny(w http.ResponseWriter, r *http.Request, err error) {
	refusal, ok := errors.AsType[Refusal](err)
	if !ok {
		Write(w, r, Details{Status: http.StatusInternalServerError, Detail: "The request could not be served."})
		return
	}
	d := Details{Status: refusal.HTTPStatus(), Detail: refusal.Public()}
	if listed, ok := errors.AsType[Listed](err); ok {
		d.Errors = listed.Errors()
	}
	Write(w, r, d)
}

// Write sends d. A status outside 400 to 599 becomes 500, because a problem must never look like a success.
// The answer is not to be stored, and carries no headers that described another body.
func Write(w http.ResponseWriter, r *http.Request, d Details) {
	if d.Status < 400 || d.Status > 599 {
		d = Details{Status: http.StatusInternalServerError, Detail: "The request could not be served."}
	}
	if d.Title == "" {
		d.Title = http.StatusText(d.Status)
	}
	body, err := json.Marshal(d)
	if err != nil { // only Errors can fail to encode; the status and the text still hold
		d.Errors = nil
		body, _ = json.Marshal(d)
	}
	h := w.Header()
	for _, name := range []string{"Content-Encoding", "Content-Disposition", "Content-Range", "Etag", "Last-Modified"} {
		h.Del(name)
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(d.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a client that went away is not our error
	}
}
