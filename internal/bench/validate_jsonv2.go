package bench

import (
	"net/http"

	"github.com/go-json-experiment/json"
)

// encodingJSONv2 is github.com/go-json-experiment/json, which is to become encoding/json/v2, then the validator. It is the strict one: it
// refuses repeated names and invalid UTF-8 by itself.
func encodingJSONv2() Task {
	return Task{Name: "json v2, validator", Do: decodes(encodingJSONv2Decode())}
}

func encodingJSONv2Decode() func(*http.Request) (order, error) {
	return thenRules(func(r *http.Request, o *order) error {
		return json.UnmarshalRead(http.MaxBytesReader(nil, r.Body, 1<<20), o, json.RejectUnknownMembers(true))
	})
}
