package oauth

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// maxBody is the largest request body, in bytes.
const maxBody = 16 << 10

// form are the parameters of a request that have a value.
type form map[string]string

// readForm reads the body and nothing but the body: what is in a query string is in logs (RFC 6749, section 2.3.1).
func readForm(w http.ResponseWriter, r *http.Request) (form, *Error) {
	if r.Method != http.MethodPost {
		e := invalidRequest(http.StatusMethodNotAllowed, "The method must be POST.")
		e.header = http.Header{"Allow": {http.MethodPost}}
		return nil, e
	}
	if !isForm(r.Header) {
		return nil, badRequest("The body must be application/x-www-form-urlencoded in UTF-8.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, invalidRequest(http.StatusRequestEntityTooLarge, "The body is larger than 16 KiB.")
	}
	if err != nil {
		return nil, badRequest("The body could not be read.")
	}
	return parseForm(string(body))
}

func isForm(h http.Header) bool {
	types := h["Content-Type"]
	if len(types) != 1 || len(h["Content-Encoding"]) > 0 {
		return false
	}
	media, params, err := mime.ParseMediaType(types[0])
	charset, has := params["charset"]
	return err == nil && media == "application/x-www-form-urlencoded" && (!has || strings.EqualFold(charset, "utf-8"))
}

// parseForm refuses repeated parameters, known or not, and leaves out those without a value (RFC 6749, section 3.2).
func parseForm(body string) (form, *Error) {
	values, err := url.ParseQuery(body)
	if err != nil { // its text quotes the body
		return nil, badRequest("The form is malformed.")
	}
	f := make(form, len(values))
	for name, v := range values {
		if len(v) > 1 {
			return nil, badRequest("A parameter is repeated.")
		}
		if v[0] != "" {
			f[name] = v[0]
		}
	}
	return f, nil
}
