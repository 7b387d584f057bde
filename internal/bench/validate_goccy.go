package bench

import (
	"net/http"

	"github.com/goccy/go-json"
)

// goccyJSON is github.com/goccy/go-json, a faster encoding/json, then the validator.
func goccyJSON() Task {
	return Task{Name: "goccy/go-json, validator", Do: decodes(goccyJSONDecode())}
}

func goccyJSONDecode() func(*http.Request) (order, error) {
	return thenRules(func(r *http.Request, o *order) error {
		d := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<20))
		d.DisallowUnknownFields()
		return d.Decode(o)
	})
}
