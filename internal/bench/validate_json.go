package bench

import (
	"encoding/json"
	"net/http"
)

// encodingJSON is encoding/json, then github.com/go-playground/validator/v10: what most services have.
func encodingJSON() Task {
	return Task{Name: "encoding/json, validator", Do: decodes(encodingJSONDecode())}
}

func encodingJSONDecode() func(*http.Request) (order, error) {
	return thenRules(func(r *http.Request, o *order) error {
		d := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<20))
		d.DisallowUnknownFields()
		return d.Decode(o)
	})
}
