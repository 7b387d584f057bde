package validate_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/go-playground/validator/v10"

	"github.com/sallyport-go/sallyport/validate"
)

// order is the reference body: eight fields, a nested address, five tags.
type order struct {
	ID    string   `json:"id" validate:"required,uuid"`
	Email string   `json:"email" validate:"required,email"`
	Name  string   `json:"name" validate:"required,min=2,max=100"`
	Age   int      `json:"age" validate:"required,gte=18,lte=130"`
	Plan  string   `json:"plan" validate:"required,oneof=free pro team"`
	Score float64  `json:"score" validate:"gte=0,lte=1"`
	Tags  []string `json:"tags" validate:"max=10,dive,min=1,max=20"`
	Home  struct {
		Street string `json:"street" validate:"required,max=100"`
		City   string `json:"city" validate:"required,max=100"`
		Zip    string `json:"zip" validate:"required,numeric,len=5"`
	} `json:"home" validate:"required"`
}

const orderBody = `{"id":"f47ac10b-58cc-4372-a567-0e02b2c3d479","email":"ann@example.org","name":"Ann Example","age":42,"plan":"pro","score":0.75,
	"tags":["one","two","three","four","five"],"home":{"street":"Main Street 1","city":"Bern","zip":"30111"}}`

func BenchmarkJSON(b *testing.B) {
	run := byThis(b)
	b.ReportAllocs()
	for b.Loop() {
		run()
	}
}

func byThis(b *testing.B) func() {
	typ, err := validate.Compile[order](validate.Config{})
	if err != nil {
		b.Fatal(err)
	}
	r := request(b, "")
	r.ContentLength = int64(len(orderBody))
	reader := bytes.NewReader(nil)
	r.Body = io.NopCloser(reader)
	return func() {
		reader.Reset([]byte(orderBody))
		if _, err := typ.JSON(r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkThreeErrors(b *testing.B) {
	body := bytes.Replace([]byte(orderBody), []byte(`"pro","score":0.75`), []byte(`"x","score":2,"y":1`), 1)
	b.ReportAllocs()
	for b.Loop() {
		r, _ := http.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if _, err := validate.JSON[order](r); err == nil {
			b.Fatal("accepted")
		}
	}
}

// BenchmarkEncodingJSON is what one writes without this package.
func BenchmarkEncodingJSON(b *testing.B) {
	run := byEncodingJSON(b)
	b.ReportAllocs()
	for b.Loop() {
		run()
	}
}

func byEncodingJSON(b *testing.B) func() {
	v := validator.New()
	return func() {
		var o order
		dec := json.NewDecoder(bytes.NewReader([]byte(orderBody)))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&o); err != nil {
			b.Fatal(err)
		}
		if err := v.Struct(o); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRatio takes turns, a few runs each, and compares the best turns: on a machine that does other things as well, only
// these tell about the code.
func BenchmarkRatio(b *testing.B) {
	turn := func(run func()) time.Duration {
		start := time.Now()
		for range 5 {
			run()
		}
		return time.Since(start)
	}
	this, that := byThis(b), byEncodingJSON(b)
	ours, theirs := time.Hour, time.Hour
	for b.Loop() {
		ours, theirs = min(ours, turn(this)), min(theirs, turn(that))
	}
	b.ReportMetric(float64(ours)/5, "validate-ns")
	b.ReportMetric(float64(theirs)/5, "json-ns")
	b.ReportMetric(float64(theirs)/float64(ours), "times-faster")
}
