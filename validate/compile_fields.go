package validate

import (
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// object compiles a struct. Fields that do not come from the body are allowed at the top only.
func (c *compiler) object(t reflect.Type, where string, top bool) *node {
	n := &node{typ: t, kind: kindObject, byName: make(map[string]int)}
	if !top || !c.env && len(inTags(t)) == 0 {
		c.nodes[t] = n // a struct that contains itself
	}
	c.members(n, t, nil, where, top)
	if len(n.fields) > maxFields {
		c.fault(where, "has %d fields; %d are the most", len(n.fields), maxFields)
	}
	for i := range n.fields {
		n.byName[n.fields[i].name] = i
	}
	n.allowed = allowedNames(n.fields, inBody)
	return n
}

// inTags returns the fields that come from elsewhere than the body.
func inTags(t reflect.Type) []string {
	var names []string
	for _, f := range reflect.VisibleFields(t) {
		if in := f.Tag.Get("in"); in != "" && in != inBody {
			names = append(names, f.Name)
		}
	}
	return names
}

// members adds the fields of t, which sits at index in the struct of n.
func (c *compiler) members(n *node, t reflect.Type, index []int, where string, top bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		at := where + "." + f.Name
		if c.embedded(f) {
			if f.Type.Kind() == reflect.Pointer {
				c.fault(at, "is an embedded pointer; embed the struct itself")
				continue
			}
			c.members(n, f.Type, append(slices.Clone(index), i), at, top)
			continue
		}
		name, ok := c.name(f, at)
		if !ok {
			continue
		}
		c.member(n, f, name, append(slices.Clone(index), i), at, top)
	}
}

// embedded says that the fields of f belong to the struct around it, as in encoding/json.
func (c *compiler) embedded(f reflect.StructField) bool {
	if !f.Anonymous || f.Tag.Get(c.key()) != "" {
		return false
	}
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct && c.classify(t) == kindObject
}

func (c *compiler) key() string {
	if c.env {
		return "env"
	}
	return "json"
}

// name returns what f is called in the input, and false if it is not read.
func (c *compiler) name(f reflect.StructField, at string) (string, bool) {
	tag := f.Tag.Get(c.key())
	if !f.IsExported() || tag == "-" {
		for _, key := range []string{"validate", "in", "default"} {
			if f.Tag.Get(key) != "" {
				c.fault(at, "has the tag %s but is not read; remove the tag, or export and name the field", key)
			}
		}
		return "", false
	}
	if c.env {
		return tag, c.envName(f, at)
	}
	name, options, _ := strings.Cut(tag, ",")
	for option := range strings.SplitSeq(options, ",") {
		if option != "" && option != "omitempty" && option != "omitzero" {
			c.fault(at, "has the json option %s, which is not supported; remove it", option)
		}
	}
	if name == "" {
		name = f.Name
	}
	if strings.IndexFunc(name, unusual) >= 0 {
		c.fault(at, "has the name %q, which encoding/json would not use; choose letters and digits", name)
	}
	return name, true
}

// unusual says that encoding/json ignores a name with r in it and uses that of the field.
func unusual(r rune) bool {
	return !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

var envNames = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

func (c *compiler) envName(f reflect.StructField, at string) bool {
	tag, tagged := f.Tag.Lookup("env")
	switch {
	case !tagged:
		c.fault(at, `has no env tag; name the variable, or write env:"-"`)
	case !envNames.MatchString(tag):
		c.fault(at, "has the env tag %q; use capital letters, digits and underscores", tag)
	default:
		return true
	}
	return false
}

// member compiles one field.
func (c *compiler) member(n *node, f reflect.StructField, name string, index []int, at string, top bool) {
	m := field{name: name, index: index, slot: c.slot(f.Type, f.Tag.Get("validate"), at)}
	if m.node == nil {
		return
	}
	m.fallback, m.hasFallback = f.Tag.Lookup("default")
	c.fallback(&m, at)
	m.missingAtZero = m.breaksAtZero()
	m.in = f.Tag.Get("in")
	list := &n.fields
	switch m.in {
	case "", inBody:
		m.in = inBody
		if c.env && m.node.kind == kindObject && m.hold != holdPlain {
			c.fault(at, "is a pointer or an Optional of a struct; use the struct itself")
		} else if c.env && m.node.kind != kindObject {
			c.text(&m, at)
		}
	case inPath, inQuery, inHeader:
		switch {
		case c.env:
			c.fault(at, "has the tag in, but settings come from the environment; remove it")
		case !top:
			c.fault(at, "has the tag in, but is not a field of the outermost struct; move it there")
		default:
			c.param(&m, at)
		}
		list = &c.params
	default:
		c.fault(at, "has the tag in:%q; use path, query, header or body", m.in)
	}
	for _, other := range *list {
		if other.in == m.in && other.name == m.name {
			c.fault(at, "has the name %q, which another field has too; rename one", name)
			return
		}
	}
	*list = append(*list, m)
}

// param checks a field that comes from a path, a query or a header.
func (c *compiler) param(m *field, at string) {
	c.text(m, at)
	if m.in == inPath && m.node.kind == kindList {
		c.fault(at, "is a list in a path; a segment of a path is one value")
	}
	if m.in == inHeader {
		m.name = http.CanonicalHeaderKey(m.name)
		if m.name == "Host" {
			c.fault(at, "is the header Host, which net/http keeps in Request.Host; read it there")
		}
	}
}

// text checks that a field can be read from plain text.
func (c *compiler) text(m *field, at string) {
	if !m.node.scalar() && !(m.hold == holdPlain && m.listOfScalars()) {
		c.fault(at, "has the type %v, which has no plain text form; use a string, a bool, a number, a time, or a slice of them", m.node.typ)
	}
}

// fallback checks a default tag: its text must be a value, and must hold to the rules.
func (c *compiler) fallback(m *field, at string) {
	if !m.hasFallback {
		return
	}
	switch {
	case m.required:
		c.fault(at, "is required and has a default; remove one of the two")
	case m.hold == holdOptional:
		c.fault(at, "is an Optional with a default; use the plain type")
	case m.node.kind == kindSecret:
		c.fault(at, "is a Secret with a default; a secret does not belong into the program")
	case !m.node.scalar() && !m.listOfScalars():
		c.fault(at, "has a default, but no plain text form; set it in the handler")
	default:
		v := reflect.New(m.node.typ).Elem()
		s := slot{node: m.node, elem: m.elem, rules: m.rules}
		if f := (&field{slot: s, fallback: m.fallback}).setFallback(v); f.code != "" {
			c.fault(at, "has the default %q, which is not a value of its type (%s)", m.fallback, f.code)
			return
		}
		var rep report
		if (&walker{rep: &rep}).slot(&s, v); len(rep.list) > 0 {
			c.fault(at, "has the default %q, which breaks its own rules (%s)", m.fallback, rep.list[0].Code)
		}
	}
}

// breaksAtZero says that a field must not be absent although it may not be required.
func (m *field) breaksAtZero() bool {
	switch {
	case m.hold == holdOptional, m.hasFallback:
		return false
	case m.nilable():
		return !m.allowsNil
	}
	return m.check(reflect.New(m.node.typ).Elem()) != nil
}
