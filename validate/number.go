package validate

import (
	"math"
	"reflect"
	"strconv"
	"strings"
)

// maxNumber is the longest number in characters: no number of 64 bits needs more, and parsing costs more than linear time.
const maxNumber = 64

// fault is a code with its parameters; the zero fault means none.
type fault struct {
	code   string
	params map[string]any
}

func failed(code string) fault { return fault{code: code} }

// setInt sets v, of a signed or unsigned integer type, from a JSON number.
func setInt(v reflect.Value, text string) fault {
	if f := numberLength(text); f.code != "" {
		return f
	}
	if strings.ContainsAny(text, ".eE") {
		return failed(codeIntFromFloat)
	}
	if v.CanInt() {
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		if err != nil {
			return outside(text, -1<<(v.Type().Bits()-1), 1<<(v.Type().Bits()-1)-1)
		}
		v.SetInt(n)
		return fault{}
	}
	n, err := strconv.ParseUint(text, 10, v.Type().Bits())
	if err != nil {
		return outside(text, 0, math.MaxUint64>>(64-v.Type().Bits()))
	}
	v.SetUint(n)
	return fault{}
}

func outside(text string, least int64, most uint64) fault {
	if strings.HasPrefix(text, "-") {
		return fault{codeGE, map[string]any{"ge": least}}
	}
	return fault{codeLE, map[string]any{"le": most}}
}

// setFloat sets v from a JSON number. It refuses a number that the float would change beyond what a decimal fraction must
// suffer: an integer that is rounded, a non-zero that becomes zero, and infinity.
func setFloat(v reflect.Value, text string) fault {
	if f := numberLength(text); f.code != "" {
		return f
	}
	n, err := strconv.ParseFloat(text, v.Type().Bits())
	if err != nil {
		return failed(codeFinite) // the grammar was checked, so it is the range
	}
	if n == 0 && strings.ContainsAny(mantissa(text), "123456789") {
		return failed(codeImprecise)
	}
	if !strings.ContainsAny(text, ".eE") && len(text) > 7 && rounded(text, n, v.Type().Bits()) {
		return failed(codeImprecise)
	}
	v.SetFloat(n)
	return fault{}
}

// rounded says whether an integer means another number than n: it is neither n in full nor the shortest digits for n, filled up with
// zeros, which is how encoders write it.
func rounded(text string, n float64, bits int) bool {
	return strconv.FormatFloat(n, 'f', 0, 64) != text && strconv.FormatFloat(n, 'f', -1, bits) != text
}

func mantissa(text string) string {
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		return text[:i]
	}
	return text
}

func numberLength(text string) fault {
	if len(text) > maxNumber {
		return fault{codeNumberLength, map[string]any{"max_length": maxNumber}}
	}
	return fault{}
}

// isNumber says whether text is a number by RFC 8259, section 6: no plus sign, no leading zero, no underscore, no Infinity.
func isNumber(text string) bool {
	text = strings.TrimPrefix(text, "-")
	whole := digits(text)
	if whole == 0 || whole > 1 && text[0] == '0' {
		return false
	}
	text = text[whole:]
	if strings.HasPrefix(text, ".") {
		n := digits(text[1:])
		if n == 0 {
			return false
		}
		text = text[1+n:]
	}
	if text != "" && (text[0] == 'e' || text[0] == 'E') {
		text = text[1:]
		if text != "" && (text[0] == '+' || text[0] == '-') {
			text = text[1:]
		}
		n := digits(text)
		if n == 0 {
			return false
		}
		text = text[n:]
	}
	return text == ""
}

func digits(text string) int {
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	return n
}
