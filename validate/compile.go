package validate

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"time"
)

// Type reads and checks values of T. It is made by [Compile], does not change, and is safe for concurrent use.
type Type[T any] struct {
	program
	refuser
}

// program is what is compiled of a type, without the type parameter.
type program struct {
	limits Config
	// root is the type; of a struct, it has those fields only that come from the body.
	root slot
	// params are the fields that come from elsewhere, in the order of path, query, header.
	params []field
	// allowedQuery are the parameters of the violation that a name of the query is not known.
	allowedQuery map[string]any
	// hasBody says whether there is something to read from the body.
	hasBody bool
}

// Compile reads the tags of T and of all types in it. The error holds all faults of the type, the tags and the Config.
func Compile[T any](c Config) (*Type[T], error) {
	limits, err := c.complete()
	p, faults := compile(reflect.TypeFor[T](), false)
	p.limits = limits
	if err := errors.Join(err, faults); err != nil {
		return nil, err
	}
	return &Type[T]{program: p, refuser: newRefuser(c)}, nil
}

// JSON reads the body of r; see the function [JSON].
func (t *Type[T]) JSON(r *http.Request) (T, error) {
	var v T
	if err := t.readJSON(r, reflect.ValueOf(&v).Elem()); err != nil {
		var zero T
		return zero, err
	}
	return v, nil
}

// Bind reads the fields of T from where their in tags say; see the function [Bind].
func (t *Type[T]) Bind(r *http.Request) (T, error) {
	var v T
	if err := t.bind(r, reflect.ValueOf(&v).Elem()); err != nil {
		var zero T
		return zero, err
	}
	return v, nil
}

// Value checks the rules on v; see the function [Value].
func (t *Type[T]) Value(v T) error { return t.value(reflect.ValueOf(&v).Elem()) }

// compiler collects the faults of a type. Nodes are kept by type, so that a type that contains itself ends.
type compiler struct {
	env    bool
	nodes  map[reflect.Type]*node
	params []field
	faults []error
}

func compile(t reflect.Type, env bool) (program, error) {
	c := &compiler{env: env, nodes: make(map[reflect.Type]*node)}
	where := typeName(t)
	var p program
	switch {
	case t.Kind() == reflect.Pointer || isOptional(t):
		c.fault(where, "is a pointer or an Optional; use the type behind it")
	case env && t.Kind() != reflect.Struct:
		c.fault(where, "is not a struct; settings are the fields of one")
	case t.Kind() == reflect.Struct && c.classify(t) == kindObject:
		p.root.node = c.object(t, where, true)
		p.hasBody = len(p.root.node.fields) > 0
	default:
		p.root = c.slot(t, "", where)
		p.hasBody = true
	}
	p.params = c.params
	p.allowedQuery = allowedNames(p.params, inQuery)
	return p, errors.Join(c.faults...)
}

// typeName is short for a struct without a name, whose text is the whole of it with all tags.
func typeName(t reflect.Type) string {
	if t.Name() == "" && t.Kind() == reflect.Struct {
		return "struct"
	}
	return t.String()
}

func (c *compiler) fault(where, format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf("validate: %s %s", where, fmt.Sprintf(format, args...)))
}

// slot compiles a place for a value of type t.
func (c *compiler) slot(t reflect.Type, tag, where string) slot {
	var s slot
	switch {
	case isOptional(t):
		s.hold = holdOptional
		pointer, _ := reflect.New(t).Interface().(optional).peek()
		t = reflect.TypeOf(pointer).Elem()
	case t.Kind() == reflect.Pointer:
		s.hold = holdPointer
		t = t.Elem()
	}
	if s.hold != holdPlain && (t.Kind() == reflect.Pointer || isOptional(t)) {
		c.fault(where, "is a pointer or an Optional of another; use one of them")
		return s
	}
	s.node = c.node(t, where)
	if s.node != nil {
		c.rules(&s, splitTag(tag), where)
		s.allowsNil = s.nilIsValid()
	}
	return s
}

// node returns what t looks like in the input, or nil after a fault.
func (c *compiler) node(t reflect.Type, where string) *node {
	if n, ok := c.nodes[t]; ok {
		return n
	}
	n := &node{typ: t, kind: c.classify(t)}
	switch n.kind {
	case 0:
		c.fault(where, "has the type %v, which %s", t, c.unfit(t))
		return nil
	case kindObject:
		return c.object(t, where, false)
	case kindList, kindDict:
		c.nodes[t] = n
		elem := c.slot(t.Elem(), "", where+"[]")
		if elem.node == nil {
			delete(c.nodes, t)
			return nil
		}
		n.elem = &elem
	}
	c.nodes[t] = n
	return n
}

var (
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
	secretType   = reflect.TypeFor[Secret]()
	numberType   = reflect.TypeFor[json.Number]()
	optionalType = reflect.TypeFor[optional]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
	jsonType     = reflect.TypeFor[json.Unmarshaler]()
)

func isOptional(t reflect.Type) bool { return reflect.PointerTo(t).Implements(optionalType) }

// classify returns 0 for a type that cannot be read.
func (c *compiler) classify(t reflect.Type) kind {
	switch {
	case t == timeType:
		return kindTime
	case t == secretType:
		return kindSecret
	case t == durationType && c.env:
		return kindDuration
	case t == durationType || t == numberType:
		return 0
	case t.Kind() == reflect.Interface:
		return 0
	case reflect.PointerTo(t).Implements(textType):
		return kindText
	case reflect.PointerTo(t).Implements(jsonType):
		return 0
	}
	return byKind(t)
}

func byKind(t reflect.Type) kind {
	switch t.Kind() {
	case reflect.String:
		return kindString
	case reflect.Bool:
		return kindBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return kindInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return kindUint
	case reflect.Float32, reflect.Float64:
		return kindFloat
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 && !reflect.PointerTo(t.Elem()).Implements(textType) {
			return kindBytes
		}
		return kindList
	case reflect.Map:
		if t.Key().Kind() != reflect.String || reflect.PointerTo(t.Key()).Implements(textType) {
			return 0
		}
		return kindDict
	case reflect.Struct:
		return kindObject
	}
	return 0
}

// unfit says why, and what to use.
func (c *compiler) unfit(t reflect.Type) string {
	switch {
	case t == durationType:
		return "has no agreed form in JSON; use an integer with the unit in its name, or a type with UnmarshalText"
	case t == numberType:
		return "is any number; use an integer, a float, or a type with UnmarshalText"
	case t.Kind() == reflect.Interface:
		return "can be anything; use a type that says what is expected"
	case reflect.PointerTo(t).Implements(jsonType):
		return "reads JSON by itself and so past the limits; give it UnmarshalText, or use a plain type"
	case t.Kind() == reflect.Array:
		return "has a fixed length; use a slice with the rule len"
	case t.Kind() == reflect.Map:
		return "has keys that are not plain strings; use map[string]T"
	}
	return "cannot be read; use a string, a bool, a number, a time, a slice, a map or a struct"
}
