package validate_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/validate"
)

// extra returns the violation that a name is not known.
func extra(t *testing.T, err error) validate.Violation {
	t.Helper()
	e, ok := errors.AsType[*validate.Error](err)
	require.True(t, ok, "%v", err)
	for _, v := range e.Violations {
		if v.Code == "extra_forbidden" {
			return v
		}
	}
	require.Fail(t, "no such violation", "%v", err)
	return validate.Violation{}
}

func TestUnknownNameIsAnsweredWithTheKnownOnes(t *testing.T) {
	type both struct {
		Limit int    `in:"query" json:"limit"`
		Page  int    `in:"query" json:"page"`
		Key   string `in:"header" json:"X-Key"`
		Title string `json:"title"`
		Home  struct {
			City   string `json:"city"`
			hidden int
			Never  int `json:"-"`
		} `json:"home"`
	}
	_ = both{}.Home.hidden
	_, err := validate.Bind[both](get(t, "/?canary=1"))
	assert.Equal(t, map[string]any{"allowed": []string{"limit", "page"}}, extra(t, err).Params)
	_, err = validate.Bind[both](request(t, `{"canary":1}`))
	assert.Equal(t, map[string]any{"allowed": []string{"title", "home"}}, extra(t, err).Params)
	_, err = validate.Bind[both](request(t, `{"home":{"canary":1}}`))
	v := extra(t, err)
	assert.Equal(t, "/home", v.Pointer)
	assert.Equal(t, map[string]any{"allowed": []string{"city"}}, v.Params)
	assert.Equal(t, "There are names here that are not known. Known are: city.", v.Message)
	assert.NotContains(t, err.Error(), "canary")

	_, err = validate.JSON[struct{}](request(t, `{"canary":1}`))
	assert.Nil(t, extra(t, err).Params, "there is nothing to list")
	_, err = validate.Bind[struct{}](get(t, "/?canary=1"))
	assert.Nil(t, extra(t, err).Params)
}

func TestListOfKnownNamesIsBounded(t *testing.T) {
	type twenty struct {
		N0, N1, N2, N3, N4, N5, N6, N7, N8, N9, N10, N11, N12, N13, N14, N15, N16, N17, N18, N19 string
	}
	type more struct {
		twenty
		N20 string
	}
	_, err := validate.JSON[twenty](request(t, `{"x":1}`))
	v := extra(t, err)
	assert.Len(t, v.Params["allowed"], 20)
	assert.NotContains(t, v.Params, "total")

	_, err = validate.JSON[more](request(t, `{"x":1}`))
	v = extra(t, err)
	assert.Len(t, v.Params["allowed"], 20)
	assert.Equal(t, 21, v.Params["total"])
	assert.Contains(t, v.Message, "There are names here that are not known. Of 21, known are: N0, N1, ")
	assert.NotContains(t, v.Message, "N20")
}

// Whoever changes the violation changes no other.
func TestKnownNamesAreCopied(t *testing.T) {
	type one struct {
		Title string `json:"title"`
	}
	for range 2 {
		_, err := validate.JSON[one](request(t, `{"x":1}`))
		list := extra(t, err).Params["allowed"].([]string)
		assert.Equal(t, []string{"title"}, list)
		list[0] = "changed"
	}
}
