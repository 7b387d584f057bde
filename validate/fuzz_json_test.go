package validate_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/sallyport-go/sallyport/validate"
)

// reference has every kind whose meaning encoding/json shares.
type reference struct {
	base
	S string                   `json:"s"`
	B bool                     `json:"b"`
	I int32                    `json:"i"`
	U uint8                    `json:"u"`
	F float64                  `json:"f"`
	G float32                  `json:"g"`
	P *string                  `json:"p"`
	L []reference              `json:"l"`
	M map[string][]float64     `json:"m"`
	D []byte                   `json:"d"`
	O validate.Optional[int64] `json:"o"`
	T *time.Time               `json:"t"`
	E struct {
		X string `json:"x"`
	} `json:"e"`
}

var seeds = []string{
	`{}`, `null`, `{"id":1}`, good(``), `{"id":1,"s":"\ud83d\ude00","b":true,"i":-2147483648,"u":255,"f":1e-5,"g":0.1,"p":null,"l":[{"id":2}],"m":{"a":[1,2.5]},"d":"AQI=","o":null,"e":{"x":"y"}}`,
	`{"id":1,"id":2}`, `{"ID":1}`, `{"id":1,"m":{"a":null,"\u0061":[]}}`, `{"id":1,"t":"2026-01-02T03:04:05.123456789+01:00"}`, `{"id":1e0}`, `{"id":-0,"f":-0}`,
	`{"id":1,"s":"\ud800"}`, "{\"id\":1,\"s\":\"\xff\"}", `{"id":1}x`, `[{"id":1}]`, `{"id":1,"f":123456789012345678}`, `{"id":1,"f":123456789013427568}`, `{"id":1,"f":123456789013427570}`, `{"id":1,"":2}`,
}

// What is accepted decodes to the same value with encoding/json, is valid UTF-8, and is accepted again when it is encoded.
func FuzzAcceptedMeansTheSame(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := validate.JSON[reference](request(t, string(body)))
		if err != nil {
			assert.Empty(t, got.S, "a refused value is empty")
			return
		}
		assert.True(t, utf8.Valid(body))
		var want reference
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.DisallowUnknownFields()
		if assert.NoError(t, dec.Decode(&want)) {
			assert.Equal(t, want, got)
		}
		again, err := json.Marshal(got)
		if assert.NoError(t, err) {
			back, err := validate.JSON[reference](request(t, string(again)))
			assert.NoError(t, err, "%s", again)
			assert.Equal(t, got.S, back.S)
		}
	})
}

// A text that is put in place of every value, name and key is found in nothing that leaves.
func FuzzNothingIsEchoed(f *testing.F) {
	for _, s := range append(seeds, `{"text":"CANARY"}`, `{"map":{"CANARY":"CANARY"}}`, `{"CANARY":CANARY}`, `CANARY`, `{"person":{"made":"CANARY","CANARY":1}}`) {
		f.Add(s, uint8(3))
	}
	f.Fuzz(func(t *testing.T, body string, at uint8) {
		const canary = "q9Zx7c4n4ry"
		body = strings.ReplaceAll(body, "CANARY", canary)
		if n := len(body) + 1; n > 0 {
			i := int(at) % n
			body = body[:i] + canary + body[i:]
		}
		assert.NotContains(t, leaks(t, canary, body), canary)
	})
}

// Text of a query that is accepted as a number is the number that JSON has for it.
func FuzzTextNumbersAreJSONNumbers(f *testing.F) {
	for _, s := range []string{"0", "-0", "1", "007", "+1", "1_0", "0x10", "1e3", ".5", "5.", "Inf", "NaN", " 1", "1 ", "9223372036854775807", "-9223372036854775809", "1e400", "4.9e-324", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		type numbers struct {
			I *int64   `in:"query" json:"i"`
			F *float64 `in:"query" json:"f"`
		}
		for _, name := range []string{"i", "f"} {
			r := get(t, "/?"+name+"="+url.QueryEscape(text))
			v, err := validate.Bind[numbers](r)
			if err != nil {
				continue
			}
			var want numbers
			if assert.NoError(t, json.Unmarshal([]byte(`{"`+name+`":`+text+`}`), &want), "%q", text) {
				assert.Equal(t, want, v)
			}
		}
	})
}

// Whatever a rule is asked about, it answers as validator/v10 does, and does not panic.
func FuzzRulesAgreeWithValidator(f *testing.F) {
	for _, s := range []string{"a", "a@b.org", "\xff", "1-2-3", "::", "{", "10.0.0.1/99", strings.Repeat("9", 40)} {
		f.Add(s)
	}
	typ, err := validate.Compile[words](validate.Config{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) { agree(t, typ, text) })
}
