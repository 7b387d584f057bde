package validate

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
)

// Write answers with v as JSON, encoded by encoding/json: Content-Type application/json, Cache-Control no-store unless the header
// is set already, X-Content-Type-Options nosniff. A status of 204 or 304 has no body.
//
// Nothing is written if there is an error: an *[Error] with the status 500, for a status outside of 200 to 599, a [Secret] in
// v, or a value that has no JSON form.
func Write(w http.ResponseWriter, r *http.Request, status int, v any) error {
	body, err := encode(status, v)
	if err != nil {
		return err
	}
	send(w, r, status, body)
	return nil
}

// encode returns nil for an answer without a body.
func encode(status int, v any) ([]byte, error) {
	if status < 200 || status > 599 {
		return nil, misuse(errStatus)
	}
	if status == http.StatusNoContent || status == http.StatusNotModified {
		return nil, nil
	}
	body, err := json.Marshal(v)
	if err != nil {
		return nil, misuse(fmt.Errorf("validate: the answer cannot be encoded: %w", err))
	}
	return append(body, '\n'), nil
}

func send(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	if body != nil {
		h.Set("Content-Type", "application/json")
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	if body != nil && r.Method != http.MethodHead {
		_, _ = w.Write(body) // a client that went away is not our error
	}
}

// encodable returns the path to a Secret or to something without a JSON form in t, or "". Interfaces are seen at run time only.
func encodable(t reflect.Type, where string, seen map[reflect.Type]bool) (string, bool) {
	if seen[t] {
		return "", true
	}
	seen[t] = true
	base := t
	for base.Kind() == reflect.Pointer {
		base = base.Elem()
	}
	if base == secretType {
		return where, false
	}
	if isOptional(t) {
		pointer, _ := reflect.New(t).Interface().(optional).peek()
		return encodable(reflect.TypeOf(pointer).Elem(), where, seen)
	}
	if t.Implements(marshalerType) || t.Implements(textMarshalerType) {
		return "", true
	}
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return where, false
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return encodable(t.Elem(), where, seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Tag.Get("json") == "-" || !f.IsExported() && !f.Anonymous {
				continue
			}
			if at, ok := encodable(f.Type, where+"."+f.Name, seen); !ok {
				return at, false
			}
		}
	}
	return "", true
}
