package validate_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/validate"
)

func TestValueChecksTheRules(t *testing.T) {
	ok := person{base: base{ID: 1}, Name: "Ann", Role: "user", Home: address{City: "Bern"}}
	assert.NoError(t, validate.Value(ok))

	bad := ok
	bad.ID, bad.Name, bad.Role = 0, "x", ""
	bad.Work = &address{}
	bad.Past = []address{{City: "x"}}
	bad.Tags = []string{"a", "-"}
	bad.Labels = map[string]string{"b": "", "A": "1"}
	bad.Places = map[string]*address{"x": nil, "y": {City: "y"}}
	bad.Key = validate.NewSecret("short")
	bad.Note = new("")
	bad.Nick = validate.Some("n")
	assert.Equal(t, []string{
		"body /id missing", "body /name string_too_short", "body /role literal_error", "body /work/city missing",
		"body /past/0/city string_too_short", "body /tags/1 value_error", "body /labels/0 value_error", "body /labels/1 string_too_short",
		"body /places/1/city string_too_short", "body /key string_too_short", "body /note string_too_short", "body /nick string_too_short",
	}, found(t, validate.Value(bad)))

	bad = ok
	bad.Nick = validate.Null[string]()
	assert.Equal(t, []string{"body /nick missing"}, found(t, validate.Value(bad)))
}

func TestValueOfParameters(t *testing.T) {
	assert.Equal(t, []string{"query /limit greater_than_equal"}, found(t, validate.Value(paging{})))
	assert.NoError(t, validate.Value(paging{Limit: 1}))
	assert.Equal(t, []string{"body /1/city string_too_short"}, found(t, validate.Value([]address{{City: "aa"}, {City: "a"}})))
}

type ring struct {
	Next *ring `json:"next"`
}

func TestValueOfACircleEnds(t *testing.T) {
	r := &ring{}
	r.Next = r
	assert.Equal(t, []string{"body " + strings.Repeat("/next", 32) + " too_deep"}, found(t, validate.Value(*r)))
}

func TestOptionalTellsThreeThingsApart(t *testing.T) {
	type patch struct {
		A validate.Optional[int] `json:"a,omitzero"`
		B validate.Optional[int] `json:"b,omitzero" validate:"omitnil,min=1"`
		C validate.Optional[int] `json:"c,omitzero" validate:"required"`
	}
	v, err := validate.JSON[patch](request(t, `{"a":null,"b":null,"c":0}`))
	require.NoError(t, err)
	assert.Equal(t, patch{validate.Null[int](), validate.Null[int](), validate.Some(0)}, v)
	assert.True(t, v.A.IsNull())
	assert.False(t, v.A.IsZero())
	_, ok := v.A.Get()
	assert.False(t, ok)

	_, err = validate.JSON[patch](request(t, `{}`))
	assert.Equal(t, []string{"body /c missing"}, found(t, err))
	_, err = validate.JSON[patch](request(t, `{"c":null,"b":0}`))
	assert.Equal(t, []string{"body /c int_type", "body /b greater_than_equal"}, found(t, err))
	assert.Equal(t, []string{"body /b greater_than_equal", "body /c missing"}, found(t, validate.Value(patch{B: validate.Some(0)})))

	for _, text := range []string{`{}`, `{"a":null,"c":0}`, `{"a":1,"b":2,"c":3}`} {
		var p patch
		require.NoError(t, json.Unmarshal([]byte(text), &p))
		back, err := json.Marshal(p)
		require.NoError(t, err)
		assert.Equal(t, text, string(back))
	}
	assert.Error(t, json.Unmarshal([]byte(`{"a":"x"}`), new(patch)))
}

func TestTypesAreSharedSafely(t *testing.T) {
	type fresh struct { // compiled by all at once
		Name string   `json:"name" validate:"required,email"`
		Tags []string `json:"tags" default:"a,b" validate:"dive,oneof=a b"`
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				v, err := validate.JSON[fresh](request(t, `{"name":"a@example.org"}`))
				assert.NoError(t, err)
				assert.Equal(t, fresh{"a@example.org", []string{"a", "b"}}, v)
				_, err = validate.JSON[fresh](request(t, `{"name":"x","tags":["c"],"y":"\u0041"}`))
				assert.Len(t, found(t, err), 3)
			}
		})
	}
	wg.Wait()
}
