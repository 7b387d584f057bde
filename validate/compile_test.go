package validate_test

import (
	"encoding/json"
	"math/big"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/validate"
)

type ownJSON struct{}

func (*ownJSON) UnmarshalJSON([]byte) error { return nil }

func TestCompileFindsFaults(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want []string
	}{
		"unknown rule": {fault[struct {
			A string `validate:"required,emial"`
		}](), []string{`.A has the rule "emial", which is not known`}},
		"behind omitempty": {fault[struct {
			A string `validate:"omitempty,min=x"`
		}](), []string{`.A has the rule "min=x", whose parameter is not a size`}},
		"kind": {fault[struct {
			A int       `validate:"email"`
			B []string  `validate:"alpha"`
			C bool      `validate:"min=1"`
			D time.Time `validate:"min"`
			E *struct{} `validate:"eq=1"`
			F int       `validate:"len=1"`
		}](), []string{`.A has the rule "email", which does not fit the type int`, `.B has the rule "alpha"`, `.C has the rule "min"`,
			`.D has the rule "min"`, `.E has the rule "eq"`, `.F has the rule "len"`}},
		"parameter": {fault[struct {
			A int       `validate:"min=x"`
			B uint      `validate:"min=-1"`
			C string    `validate:"min"`
			D string    `validate:"oneof="`
			E string    `validate:"email=1"`
			F time.Time `validate:"gt=1"`
			G string    `validate:"max=-1"`
			H string    `validate:"lt=0"`
		}](), []string{`.A has the rule "min=x", which does not work on int`, `.B has the rule "min=-1"`, `.C has the rule "min" without a parameter`,
			`.D has the rule "oneof" without`, `.E has the rule "email=1", which takes no parameter`, `.F has the rule "gt=1", but a time`, `.G has`, `.H has`}},
		"other fields": {fault[struct {
			A string `validate:"eqfield=B"`
		}](), []string{"eqfield, which reads other fields"}},
		"files, resolver": {fault[struct {
			A string `validate:"file|tcp_addr"`
		}](), []string{"rule file, which lets a client", "rule tcp_addr, which lets a client"}},
		"alternatives": {fault[struct {
			A int `validate:"rgb|rgba"`
		}](), []string{`"rgb", which does not fit`, `"rgba"`}},
		"empty word": {fault[struct {
			A string `validate:"required,"`
		}](), []string{`rule "", which is not known`}},
		"dive": {fault[struct {
			A string            `validate:"dive"`
			B []string          `validate:"dive,required"`
			C []int             `validate:"dive,email"`
			D map[string]string `validate:"dive,keys,max=1"`
			E []string          `validate:"dive,keys,max=1,endkeys"`
			F map[string]string `validate:"dive,keys,required,endkeys"`
			G string            `validate:"omitnil"`
		}](), []string{".A has the rule dive but no items", ".B[] has the rule required, but an item", ".C[] has", ".D has the rule keys", ".E has the rule keys", ".F[key] has the rule required", ".G has the rule omitnil"}},
		"types": {fault[struct {
			A any
			B json.RawMessage
			C time.Duration
			D json.Number
			E map[int]string
			F [3]int
			G chan int
			H ownJSON
			I **int
			J validate.Optional[*int]
			K complex128
			L []any
			M map[string]func()
			N http.Handler
			O uintptr
		}](), []string{".A has the type interface {}, which can be anything", ".B has", ".C has", ".D has", ".E has", ".F has", ".G has", ".H has", ".I is", ".J is", ".K has", ".L[] has", ".M[] has", ".N has", ".O has"}},
		"names": {fault[struct {
			A string
			B string `json:"A"`
			C string `json:",string"`
			D string `json:"-" validate:"required"`
			e string `validate:"required"`
			F string `json:"a→b"`
			address
			G string `json:"city"`
		}](), []string{`.B has the name "A", which another`, ".C has the json option string", ".D has the tag validate but is not read", ".e has the tag validate", ".F has the name", `.G has the name "city"`}},
		"embedded pointer": {fault[struct{ *address }](), []string{".address is an embedded pointer"}},
		"in": {fault[struct {
			A string   `in:"body"`
			B string   `in:"cookie"`
			C []string `in:"path"`
			D address  `in:"query"`
			E string   `in:"header" json:"x-y"`
			F string   `in:"header" json:"X-Y"`
			G string   `in:"header" json:"host"`
			H struct {
				I string `in:"path"`
			}
			J [][]int                     `in:"query"`
			K validate.Optional[[]string] `in:"query"`
			L map[string]string           `in:"query"`
			M []byte                      `in:"query"`
		}](), []string{`.B has the tag in:"cookie"`, ".C is a list in a path", ".D has the type", `.F has the name "X-Y"`, ".G is the header Host", ".H.I has the tag in, but is not", ".J has", ".K has", ".L has", ".M has"}},
		"default": {fault[struct {
			A int                       `default:"x"`
			B int                       `default:"0" validate:"min=1"`
			C int                       `default:"1" validate:"required"`
			D address                   `default:"x"`
			E validate.Secret           `default:"x"`
			F validate.Optional[string] `default:"x"`
			G []string                  `default:"a,bb" validate:"dive,max=1"`
			H map[string]string         `default:"x"`
		}](), []string{`.A has the default "x", which is not`, `.B has the default "0", which breaks its own rules`, ".C is required and", ".D has", ".E is a Secret", ".F is an Optional", `.G has the default "a,bb", which breaks`, ".H has"}},
		"nested": {fault[struct {
			A []map[string]*struct {
				B string `validate:"nope"`
			}
		}](), []string{`.A[][].B has the rule "nope"`}},
		"pointer":  {fault[*address](), []string{"is a pointer"}},
		"optional": {fault[validate.Optional[int]](), []string{"is a pointer or an Optional"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Error(t, c.err)
			lines := strings.Split(c.err.Error(), "\n")
			require.Len(t, lines, len(c.want), "%v", c.err)
			for i, line := range lines {
				assert.True(t, strings.HasPrefix(line, "validate: "), line)
				assert.Contains(t, line, c.want[i])
			}
		})
	}
}

func fault[T any]() error {
	_, err := validate.Compile[T](validate.Config{})
	return err
}

func TestCompileAcceptsWhatItShould(t *testing.T) {
	type tree struct {
		Left, Right *tree
		Children    []tree
		Named       map[string]tree
		Value       big.Int // has UnmarshalText, so its JSON form is a string
	}
	assert.NoError(t, fault[tree]())
	assert.NoError(t, fault[struct{}]())
	v, err := validate.JSON[tree](request(t, `{"Left":{"Children":[{"Value":"7"}]}}`))
	require.NoError(t, err)
	assert.EqualValues(t, 7, v.Left.Children[0].Value.Int64())
}

type selfMade []struct {
	X selfMade `default:"a" validate:"max=1,dive"`
}

func TestTypeThatIsMadeOfItselfDoesNotPanic(t *testing.T) {
	assert.ErrorContains(t, fault[selfMade](), ".X has a default, but no plain text form")
	type list []list
	v, err := validate.JSON[list](request(t, `[[],[[]]]`))
	assert.NoError(t, err)
	assert.Equal(t, list{{}, {{}}}, v)
	type narrow struct {
		Query string  `in:"query"`
		Self  *narrow `json:"self"`
	}
	assert.ErrorContains(t, fault[narrow](), ".Self.Query has the tag in, but is not a field of the outermost struct")
}

func TestEveryCodeIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("validate.go")
	require.NoError(t, err)
	source, err := os.ReadFile("message.go")
	require.NoError(t, err)
	codes := regexp.MustCompile(`(?m)(?:code\w+ += "([a-z_]+)"|^\t"([a-z_]+)": )`).FindAllStringSubmatch(string(source), -1)
	assert.Greater(t, len(codes), 40)
	for _, c := range codes {
		assert.Regexp(t, `\n//\t.*\b`+c[1]+c[2]+`\b`, string(doc), "the table of codes")
	}
}

func TestAPIKeepsItsShape(t *testing.T) {
	c := reflect.TypeFor[validate.Config]()
	last := c.Field(c.NumField() - 1)
	assert.Equal(t, "_", last.Name, "keyed literals only")
	assert.Zero(t, last.Type.Size())
}

func TestConfigIsChecked(t *testing.T) {
	_, err := validate.Compile[struct {
		A any
	}](validate.Config{MaxBody: -1, MaxDepth: 1001, MaxNames: -1, MaxItems: 2_000_000, ReadTimeout: 2 * time.Hour})
	require.Error(t, err)
	assert.Equal(t, []string{
		"validate: Config.MaxBody -1 is negative; use 1 to 67108864, or 0 for 1048576",
		"validate: Config.MaxDepth 1001 is more than 1000; use 1 to 1000, or 0 for 32",
		"validate: Config.MaxNames -1 is negative; use 1 to 1000000, or 0 for 1000",
		"validate: Config.MaxItems 2000000 is more than 1000000; use 1 to 1000000, or 0 for 10000",
		"validate: Config.ReadTimeout 2h0m0s is more than 1h; negative means none",
		"validate: struct.A has the type interface {}, which can be anything; use a type that says what is expected",
	}, strings.Split(err.Error(), "\n"))
}

func TestWrongTypeIsAnErrorOfTheServer(t *testing.T) {
	type wrong struct {
		A string `validate:"nope"`
	}
	_, err := validate.JSON[wrong](request(t, `{}`))
	assert.Equal(t, 500, status(t, err))
	assert.Contains(t, err.Error(), `has the rule "nope"`)
	_, err = validate.Bind[wrong](request(t, `{}`))
	assert.Equal(t, 500, status(t, err))
	assert.Equal(t, 500, status(t, validate.Value(wrong{})))
	_, err = validate.JSON[struct {
		A string `in:"query"`
	}](request(t, `{}`))
	assert.Equal(t, 500, status(t, err))
	assert.Contains(t, err.Error(), "read it with Bind")
}
