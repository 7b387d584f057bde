package validate

import (
	"reflect"
	"slices"
	"strings"
)

// walker checks the rules on a value that is in memory.
type walker struct {
	rep      *report
	maxDepth int
	depth    int
}

// value checks v, of which nothing says what was present and what was not.
func (p *program) value(v reflect.Value) error {
	rep := report{in: inBody}
	w := walker{rep: &rep, maxDepth: p.limits.MaxDepth}
	if len(p.params) > 0 {
		for i := range p.params {
			f := &p.params[i]
			rep.in = f.in
			w.field(f, v)
		}
		rep.in = inBody
	}
	w.slot(&p.root, v)
	return rep.err()
}

func (w *walker) field(f *field, v reflect.Value) {
	w.rep.push(f.name)
	defer w.rep.pop()
	v = v.FieldByIndex(f.index)
	if f.hold == holdPlain && f.required && f.node.zero(v) {
		w.rep.add(codeMissing, nil)
		return
	}
	w.slot(&f.slot, v)
}

func (w *walker) slot(s *slot, v reflect.Value) {
	if w.rep.full {
		return
	}
	target, ok := s.get(v)
	if !ok {
		if state := s.state(v); !s.allowsNil && (state != absent || s.required) {
			w.rep.add(codeMissing, nil)
		}
		return
	}
	s.apply(w.rep, target)
	if s.node.kind < kindList {
		return
	}
	if w.depth++; w.maxDepth > 0 && w.depth > w.maxDepth {
		w.rep.add(codeDeep, map[string]any{"max_depth": w.maxDepth})
	} else {
		w.inside(s, target)
	}
	w.depth--
}

// get returns the value in v, and false if there is none.
func (s *slot) get(v reflect.Value) (reflect.Value, bool) {
	switch s.hold {
	case holdPointer:
		return v.Elem(), !v.IsNil()
	case holdOptional:
		value, state := v.Addr().Interface().(optional).peek()
		return reflect.ValueOf(value).Elem(), state == present
	}
	return v, true
}

// state says whether an Optional without value is absent; a nil pointer counts as null.
func (s *slot) state(v reflect.Value) optionalState {
	if s.hold != holdOptional {
		return null
	}
	_, state := v.Addr().Interface().(optional).peek()
	return state
}

// inside checks what v consists of.
func (w *walker) inside(s *slot, v reflect.Value) {
	switch s.node.kind {
	case kindObject:
		for i := range s.node.fields {
			w.field(&s.node.fields[i], v)
		}
	case kindList:
		for i := range v.Len() {
			w.rep.pushIndex(i)
			w.slot(s.items(), v.Index(i))
			w.rep.pop()
		}
	case kindDict:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for i, key := range keys {
			w.rep.pushIndex(i)
			w.entry(s, key, v.MapIndex(key))
			w.rep.pop()
		}
	}
}

// entry checks a key and a value of a map, which are not addressable where they are.
func (w *walker) entry(s *slot, key, value reflect.Value) {
	if s.keys != nil {
		k := reflect.New(key.Type()).Elem()
		k.Set(key)
		w.slot(s.keys, k)
	}
	v := reflect.New(value.Type()).Elem()
	v.Set(value)
	w.slot(s.items(), v)
}
