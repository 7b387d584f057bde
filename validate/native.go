package validate

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The rules of every day are answered here, because validator/v10 looks up its tag, boxes the value and parses the parameter at each call.
// Their meaning is its own: FuzzNativeRulesAgreeWithValidator holds both against each other, and what is not taken over goes to it.

// native returns what answers a rule on a value of the node, or nil. The parameter fits the kind: the compiler has seen to it.
func native(n *node, name, param string) func(reflect.Value) bool {
	switch {
	case bounds[name].number != "":
		return nativeBound(n, name, param)
	case name == "oneof":
		return nativeOneOf(n, choices(name, param))
	case !texts.has(n.kind):
		return nil
	case name == "email":
		return func(v reflect.Value) bool { return plainEmail(v.String()) || email(ptr(v)) }
	}
	if holds := nativeTexts[name]; holds != nil {
		return func(v reflect.Value) bool { return holds(v.String()) }
	}
	return nil
}

// ptr returns a pointer to a copy of a text.
func ptr(v reflect.Value) *string {
	text := v.String()
	return &text
}

// compare returns whether a stands to b as the rule says.
func compare[N int64 | uint64 | float64](name string) func(a, b N) bool {
	switch name {
	case "min", "gte":
		return func(a, b N) bool { return a >= b }
	case "max", "lte":
		return func(a, b N) bool { return a <= b }
	case "gt":
		return func(a, b N) bool { return a > b }
	}
	return func(a, b N) bool { return a < b }
}

func nativeBound(n *node, name, param string) func(reflect.Value) bool {
	switch n.kind {
	case kindUint:
		limit, err := strconv.ParseUint(param, 0, 64)
		if err != nil {
			return nil
		}
		holds := compare[uint64](name)
		return func(v reflect.Value) bool { return holds(v.Uint(), limit) }
	case kindFloat:
		limit, err := strconv.ParseFloat(param, n.typ.Bits())
		if err != nil {
			return nil
		}
		holds := compare[float64](name)
		return func(v reflect.Value) bool { return holds(v.Float(), limit) }
	}
	limit, err := strconv.ParseInt(param, 0, 64)
	if err != nil {
		return nil
	}
	holds := compare[int64](name)
	switch {
	case n.kind == kindInt:
		return func(v reflect.Value) bool { return holds(v.Int(), limit) }
	case sizes.has(n.kind):
		return func(v reflect.Value) bool { return holds(int64(v.Len()), limit) }
	case texts.has(n.kind):
		return func(v reflect.Value) bool { return holds(int64(utf8.RuneCountInString(v.String())), limit) }
	}
	return nil // a duration or a time
}

func nativeOneOf(n *node, list []string) func(reflect.Value) bool {
	switch n.kind {
	case kindString, kindSecret:
		return func(v reflect.Value) bool { return slices.Contains(list, v.String()) }
	case kindInt:
		return func(v reflect.Value) bool { return slices.Contains(list, strconv.FormatInt(v.Int(), 10)) }
	case kindUint:
		return func(v reflect.Value) bool { return slices.Contains(list, strconv.FormatUint(v.Uint(), 10)) }
	}
	return nil
}

// nativeTexts are rules without a parameter that look at bytes.
var nativeTexts = map[string]func(string) bool{
	"alpha":       func(s string) bool { return s != "" && each(s, isLetter) },
	"alphanum":    func(s string) bool { return s != "" && each(s, isAlphanumeric) },
	"number":      func(s string) bool { return s != "" && each(s, isDigit) },
	"hexadecimal": isHexadecimal,
	"numeric":     isNumeric,
	"ascii":       func(s string) bool { return each(s, func(c byte) bool { return c < 0x80 }) },
	"printascii":  func(s string) bool { return each(s, func(c byte) bool { return c >= ' ' && c <= '~' }) },
	"uuid":        isUUID,
}

func each(s string, holds func(byte) bool) bool {
	for i := range len(s) {
		if !holds(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool        { return c >= '0' && c <= '9' }
func isLetter(c byte) bool       { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isAlphanumeric(c byte) bool { return isLetter(c) || isDigit(c) }
func isHexDigit(c byte) bool     { return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

func isHexadecimal(s string) bool {
	if len(s) > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') {
		s = s[2:]
	}
	return s != "" && each(s, isHexDigit)
}

// isNumeric takes digits with a sign before them and a fraction behind.
func isNumeric(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	whole, fraction, has := strings.Cut(s, ".")
	return whole != "" && each(whole, isDigit) && (!has || fraction != "" && each(fraction, isDigit))
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if !isHexDigit(s[i]) {
				return false
			}
		}
	}
	return true
}

// plainEmail accepts the addresses that most people have, all of which validator/v10 accepts as well. It refuses none: that is for the whole rule.
func plainEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || len(s) > maxEmail || !dotted(local, func(c byte) bool { return isAlphanumeric(c) || c == '_' || c == '-' || c == '+' }) {
		return false
	}
	dot := strings.LastIndexByte(domain, '.')
	return dot > 0 && len(domain)-dot > 2 && each(domain[dot+1:], isLetter) && dotted(domain[:dot], isAlphanumeric)
}

// dotted says whether s is made of parts of such characters, with one dot between them.
func dotted(s string, holds func(byte) bool) bool {
	before := byte('.')
	for i := range len(s) {
		if c := s[i]; c == '.' && before == '.' || c != '.' && !holds(c) {
			return false
		}
		before = s[i]
	}
	return before != '.'
}
