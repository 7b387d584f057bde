package validate

import "reflect"

// A plan is made of nodes and slots, once for a type, and not changed afterwards. A node is what a Go type looks like in the input; a
// slot is a place for a value: a node, whether it may be left open, and the rules that the place asks of the value.

type kind uint8

const (
	kindString kind = iota + 1
	kindBool
	kindInt
	kindUint
	kindFloat
	kindTime
	kindDuration // environment only
	kindText     // encoding.TextUnmarshaler
	kindSecret
	kindBytes
	kindList
	kindDict
	kindObject
)

type node struct {
	typ  reflect.Type
	kind kind
	// elem is what an item of a list or an entry of a dict is when no dive says more.
	elem   *slot
	fields []field
	byName map[string]int
	// allowed are the parameters of the violation that a name is not known.
	allowed map[string]any
}

// hold says what a slot is in Go.
type hold uint8

const (
	holdPlain hold = iota
	holdPointer
	holdOptional
)

type slot struct {
	node     *node
	hold     hold
	required bool
	// allowsNil says that null is a valid value.
	allowsNil bool
	rules     []rule
	elem      *slot // with the rules behind dive; otherwise that of the node
	keys      *slot // the rules between keys and endkeys
}

// field is a member of an object, a parameter or a variable of the environment.
type field struct {
	slot
	name  string
	in    string
	index []int
	// fallback is the text of the default tag.
	fallback    string
	hasFallback bool
	// missingAtZero means that the zero value breaks a rule.
	missingAtZero bool
}

// maxAllowed is how many names a violation lists.
const maxAllowed = 20

// allowedNames returns the parameters of the violation that a name is not known: the names from the program that are, never the one from the
// client. They are no secret, since each can be found out by sending it.
func allowedNames(fields []field, in string) map[string]any {
	var names []string
	total := 0
	for i := range fields {
		if fields[i].in != in {
			continue
		}
		if total++; total <= maxAllowed {
			names = append(names, fields[i].name)
		}
	}
	switch {
	case total == 0:
		return nil
	case total > maxAllowed:
		return map[string]any{"allowed": names, "total": total}
	}
	return map[string]any{"allowed": names}
}

// maxFields is the size of seen.
const maxFields = 256

// seen is the set of members that occurred in an object.
type seen [maxFields / 64]uint64

func (s *seen) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }
func (s *seen) add(i int)      { s[i/64] |= 1 << (i % 64) }

// nilable says that the slot can hold nothing at all.
func (s *slot) nilable() bool {
	return s.hold != holdPlain || s.node.kind == kindList || s.node.kind == kindDict || s.node.kind == kindBytes
}

// nilIsValid computes allowsNil. Of a pointer, nil breaks every rule, as in validator/v10; a nil slice or map has the length 0.
func (s *slot) nilIsValid() bool {
	switch {
	case !s.nilable() || s.required:
		return false
	case s.hold != holdPlain:
		return len(s.rules) == 0 || s.rules[0].omit
	}
	return s.check(reflect.New(s.node.typ).Elem()) == nil
}

// open makes room for a value in v and returns it.
func (s *slot) open(v reflect.Value) reflect.Value {
	switch s.hold {
	case holdPointer:
		v.Set(reflect.New(s.node.typ))
		return v.Elem()
	case holdOptional:
		return reflect.ValueOf(v.Addr().Interface().(optional).open()).Elem()
	default:
		return v
	}
}

// setNull writes an explicit null.
func (s *slot) setNull(v reflect.Value) {
	if s.hold == holdOptional {
		v.Addr().Interface().(optional).null()
		return
	}
	v.SetZero()
}

// items returns the slot of the elements.
func (s *slot) items() *slot {
	if s.elem != nil {
		return s.elem
	}
	return s.node.elem
}

// listOfScalars says that the slot is a list whose items can be read from text. A list that is made of itself has no items yet.
func (s *slot) listOfScalars() bool {
	if s.node.kind != kindList {
		return false
	}
	item := s.items()
	return item != nil && item.hold == holdPlain && item.node.scalar()
}

// scalar says that the value can be read from text that is not JSON.
func (n *node) scalar() bool { return n.kind < kindBytes }

// typeError is the code for JSON of another type.
func (n *node) typeError() string { return typeErrors[n.kind] }

var typeErrors = [...]string{
	kindString: "string_type", kindBool: "bool_type", kindInt: "int_type", kindUint: "int_type", kindFloat: "float_type",
	kindTime: "datetime_type", kindDuration: "string_type", kindText: "string_type", kindSecret: "string_type",
	kindBytes: "string_type", kindList: "list_type", kindDict: "dict_type", kindObject: "model_attributes_type",
}
