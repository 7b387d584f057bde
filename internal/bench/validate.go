package bench

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/go-playground/validator/v10"

	"github.com/sallyport-go/sallyport/validate"
)

// Validate returns the races of package validate.
func Validate(Size) ([]Race, func(), error) {
	typ, err := validate.Compile[order](validate.Config{})
	if err != nil {
		return nil, nil, err
	}
	r := Race{Name: "validate: a JSON body into a struct, with its rules", MaxAllocs: -1}
	r.Ours = Task{Name: "sallyport", Do: decodes(func(r *http.Request) (order, error) { return typ.JSON(r) })}
	for _, peer := range []func() Task{encodingJSON, encodingJSONv2, goccyJSON} {
		r.Others = append(r.Others, peer())
	}
	return []Race{r}, func() {}, nil
}

// order is the reference: ten fields or so, one of them a struct and one a list, with the rules of every day.
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

// decodes gives the same request with the same body to decode each time.
func decodes(decode func(*http.Request) (order, error)) func(int) error {
	return decodesBody(orderBody, decode)
}

func decodesBody(body string, decode func(*http.Request) (order, error)) func(int) error {
	text := []byte(body)
	reader := bytes.NewReader(nil)
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "/orders", io.NopCloser(reader))
	if err == nil {
		r.Header.Set("Content-Type", "application/json")
		r.ContentLength = int64(len(body))
	}
	return each(func() error {
		if err != nil {
			return err
		}
		reader.Reset(text)
		_, err := decode(r)
		return err
	})
}

// thenRules makes the decoder of a peer complete: it checks the same tags with the validator itself.
func thenRules(decode func(*http.Request, *order) error) func(*http.Request) (order, error) {
	v := validator.New(validator.WithRequiredStructEnabled())
	return func(r *http.Request) (order, error) {
		var o order
		if err := decode(r, &o); err != nil {
			return order{}, err
		}
		return o, v.Struct(&o)
	}
}
