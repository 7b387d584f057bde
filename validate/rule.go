package validate

import (
	"reflect"
	"strings"
	"sync"

	"github.com/go-playground/validator/v10"
)

// rule is one word of a validate tag.
type rule struct {
	name, arg string // as in the tag; the name of alternatives is all of them
	// omit means that the rules behind it do not apply to a zero value; behind a pointer, as in validator/v10, only nil is zero.
	omit bool
	// holds is given a pointer to the value. A native rule is given the value, that of a Secret as a text.
	holds  func(any) bool
	native func(reflect.Value) bool
	code   string
	params map[string]any
}

// engine owns the meaning of the rules. It is never changed after it was made.
var engine = sync.OnceValue(func() *validator.Validate { return validator.New(validator.WithRequiredStructEnabled()) })

// byEngine asks validator/v10.
func byEngine(tag string) func(any) bool {
	v := engine()
	return func(p any) bool { return v.Var(p, tag) == nil }
}

// email keeps what addresses of other mailers look like out: non-ASCII text, which many take for another address than it shows,
// and more than the 254 bytes of a forward path (RFC 5321, section 4.5.3.1.3).
func email(p any) bool {
	text := reflect.ValueOf(p).Elem().String()
	for i := range len(text) {
		if text[i] <= ' ' || text[i] >= 0x7f {
			return false
		}
	}
	return len(text) <= maxEmail && engine().Var(p, "email") == nil
}

const maxEmail = 254

// check applies the rules to v, which is addressable, and returns the first that does not hold.
func (s *slot) check(v reflect.Value) *rule {
	if len(s.rules) == 0 {
		return nil
	}
	value := v
	if s.node.kind == kindSecret {
		value = reflect.ValueOf(v.Interface().(Secret).Reveal())
	}
	for i := range s.rules {
		r := &s.rules[i]
		if r.omit {
			if s.hold == holdPlain && s.node.zero(v) {
				return nil
			}
			continue
		}
		if r.native != nil && !r.native(value) || r.native == nil && !r.holds(s.node.subject(v)) {
			return r
		}
	}
	return nil
}

func (n *node) zero(v reflect.Value) bool {
	return v.IsZero() || n.kind == kindSecret && v.Interface().(Secret).Reveal() == ""
}

// subject returns a pointer to what the rules look at.
func (n *node) subject(v reflect.Value) any {
	if n.kind == kindSecret {
		text := v.Interface().(Secret).Reveal()
		return &text
	}
	return v.Addr().Interface()
}

// apply reports the first rule that v breaks.
func (s *slot) apply(rep *report, v reflect.Value) {
	if r := s.check(v); r != nil {
		rep.add(r.code, r.params)
	}
}

// splitTag returns the words of a validate tag.
func splitTag(tag string) []string {
	if tag == "" {
		return nil
	}
	return strings.Split(tag, ",")
}
