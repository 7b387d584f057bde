package validate_test

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/go-playground/validator/v10"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/validate"
)

type (
	ownText  string
	ownFloat float32
)

// natives has each rule that is answered without validator/v10, on each kind that it fits.
type natives struct {
	S0  string         `validate:"min=2,max=5"`
	S1  string         `validate:"gt=2,lt=5"`
	S2  ownText        `validate:"gte=0x2,lte=0b11"`
	S3  string         `validate:"len=3"`
	S4  ownText        `validate:"oneof=a 'b c' d0x2Ce"`
	S5  string         `validate:"alpha"`
	S6  string         `validate:"alphanum"`
	S7  string         `validate:"number"`
	S8  string         `validate:"numeric"`
	S9  string         `validate:"hexadecimal"`
	S10 string         `validate:"ascii"`
	S11 string         `validate:"printascii"`
	S12 ownText        `validate:"uuid"`
	I0  int64          `validate:"min=-3,max=0x10"`
	I1  int8           `validate:"gt=-3,lt=7"`
	I2  int            `validate:"oneof=1 -2 '3'"`
	U0  uint64         `validate:"gte=3,lte=18446744073709551615"`
	U1  uint8          `validate:"gt=3,lt=200"`
	U2  uint16         `validate:"oneof=1 20 300"`
	F0  float64        `validate:"min=-0.1,max=1e3"`
	F1  ownFloat       `validate:"gt=0.1,lt=0.7"`
	F2  float32        `validate:"gte=0.1,lte=0.7"`
	L0  []string       `validate:"min=1,max=3"`
	L1  []int          `validate:"gt=1,lt=4"`
	B0  []byte         `validate:"min=1,max=3"`
	B1  []byte         `validate:"len=2"`
	M0  map[string]int `validate:"gte=1,lte=2"`
}

// A rule that is answered here holds for the same values as in validator/v10.
func FuzzNativeRulesAgreeWithValidator(f *testing.F) {
	typ, err := validate.Compile[natives](validate.Config{})
	if err != nil {
		f.Fatal(err)
	}
	peer := validator.New()
	for i, s := range []string{
		"", "a", "ab", "äöü", "\xff\xfe", "b c", "d,e", "12", "+1.5", "-.5", "1.", ".", "0x", "0X1f", "x\n", "a\x00", "f47ac10b-58cc-4372-a567-0e02b2c3d479",
		"F47AC10B-58CC-4372-A567-0E02B2C3D479", "f47ac10b-58cc-4372-a567-0e02b2c3d47", "\u0660", "é", "～", strings.Repeat("a", 6), " ", "+", "1e3",
	} {
		f.Add(s, int64(i-4), uint64(i), float64(i)/10)
	}
	f.Add("a", int64(math.MinInt64), uint64(math.MaxUint64), math.NaN())
	f.Add("a", int64(math.MaxInt64), uint64(200), math.Inf(-1))
	f.Add("a", int64(16), uint64(300), float64(float32(0.1)))
	f.Add("a", int64(-3), uint64(3), float64(float32(0.7)))
	f.Fuzz(func(t *testing.T, s string, i int64, u uint64, x float64) {
		n := int(u % 6)
		v := natives{
			S0: s, S1: s, S2: ownText(s), S3: s, S4: ownText(s), S5: s, S6: s, S7: s, S8: s, S9: s, S10: s, S11: s, S12: ownText(s),
			I0: i, I1: int8(i), I2: int(i), U0: u, U1: uint8(u), U2: uint16(u), F0: x, F1: ownFloat(x), F2: float32(x),
			L0: make([]string, n), L1: make([]int, n), B0: make([]byte, n), B1: make([]byte, n), M0: map[string]int{},
		}
		for k := range n {
			v.M0[strings.Repeat("k", k)] = k
		}
		refused := map[string]bool{}
		if e, ok := errors.AsType[*validate.Error](typ.Value(v)); ok {
			for _, violation := range e.Violations {
				refused[strings.TrimPrefix(violation.Pointer, "/")] = true
			}
		}
		for k := range reflect.TypeFor[natives]().NumField() {
			field := reflect.TypeFor[natives]().Field(k)
			want := peer.Var(reflect.ValueOf(v).Field(k).Interface(), field.Tag.Get("validate")) == nil
			assert.Equal(t, want, !refused[field.Name], "%s %s: %q %d %d %v", field.Name, field.Tag, s, i, u, x)
		}
	})
}

// What is taken for an e-mail address at first sight is one for validator/v10 too; what is not is asked there, but for what is stricter here.
func FuzzPlainEmailIsOneForValidator(f *testing.F) {
	type one struct {
		Email string `json:"email" validate:"email"`
	}
	typ, err := validate.Compile[one](validate.Config{})
	if err != nil {
		f.Fatal(err)
	}
	peer := validator.New()
	for _, s := range []string{
		"ann@example.org", "a.b+c_d-e@x.example.org", ".a@b.org", "a.@b.org", "a..b@b.org", "a@b..org", "a@-b.org", "a@b.o", "a@b.org.", "a@b", "@b.org", "a@", "a@b@c.org",
		"\"a b\"@c.org", "a@b.c1", "a@1.org", "a@b_c.org", "Ann <a@b.org>", "a@b.org\n", "ä@b.org", strings.Repeat("a", 245) + "@b.orgx", strings.Repeat("a", 250) + "@b.org",
		"a@xn--bcher-kva.example", "a@b-c.org", "a@b.ORG",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		accepted, known := typ.Value(one{s}) == nil, peer.Var(s, "email") == nil
		if accepted {
			assert.True(t, known, "%q", s)
			return
		}
		stricter := len(s) > 254 || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f })
		assert.True(t, !known || stricter, "%q", s)
	})
}

// The Secret's text is what its rules see.
func TestNativeRulesOfSecrets(t *testing.T) {
	type one struct {
		Key validate.Secret `json:"key" validate:"min=3,max=5,alphanum,oneof=abc abcdef a-c"`
	}
	require.NoError(t, validate.Value(one{validate.NewSecret("abc")}))
	for text, want := range map[string]string{"ab": "string_too_short", "abcdef": "string_too_long", "a-c": "value_error", "abd": "literal_error"} {
		assert.Equal(t, []string{"body /key " + want}, found(t, validate.Value(one{validate.NewSecret(text)})), text)
	}
}
