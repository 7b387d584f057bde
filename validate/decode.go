package validate

import (
	"reflect"

	"github.com/go-json-experiment/json/jsontext"
)

// decoder binds the tokens of a body to a plan. Its methods return false when the scan has to end: after a syntax error, at a limit
// of the structure, or when enough violations were found.
type decoder struct {
	scan   *scanner
	rep    *report
	limits *Config
	depth  int
}

// decode reads body, which must be one value, into v.
func (p *program) decode(rep *report, body []byte, v reflect.Value) {
	scan := newScanner(body)
	defer scan.release()
	if scan.empty() {
		rep.add(codeMissing, nil)
		return
	}
	d := decoder{scan: scan, rep: rep, limits: &p.limits}
	if d.slot(&p.root, v) && !scan.end() {
		rep.add(codeJSON, nil)
	}
}

// syntax ends the scan at text that is not JSON.
func (d *decoder) syntax(err error) bool {
	d.rep.path = d.rep.path[:0] // where it broke is an offset, not a member
	d.rep.add(codeJSON, map[string]any{"offset": offset(err)})
	return false
}

// stop ends the scan at a limit.
func (d *decoder) stop(code, param string, limit int) bool {
	d.rep.add(code, map[string]any{param: limit})
	return false
}

// report notes a fault in a value and goes on, unless there were enough.
func (d *decoder) report(f fault) bool {
	d.rep.add(f.code, f.params)
	return !d.rep.full
}

func (d *decoder) slot(s *slot, v reflect.Value) bool {
	k := d.scan.kind()
	if k == jsontext.KindNull {
		if err := d.scan.token(); err != nil {
			return d.syntax(err)
		}
		if !s.allowsNil {
			return d.report(failed(s.node.typeError()))
		}
		s.setNull(v)
		return true
	}
	if !startsValue(k) {
		return d.syntax(d.scan.token())
	}
	if k != s.node.jsonKind() && !(s.node.kind == kindBool && k == jsontext.KindFalse) {
		return d.report(failed(s.node.typeError())) && d.skip()
	}
	target, before := s.open(v), len(d.rep.list)
	if !d.value(s, target) {
		return false
	}
	if len(s.rules) > 0 && len(d.rep.list) == before {
		s.apply(d.rep, target)
	}
	return !d.rep.full
}

// jsonKind is what a node is in JSON; of a bool, true stands for both.
func (n *node) jsonKind() jsontext.Kind { return jsonKinds[n.kind] }

var jsonKinds = [...]jsontext.Kind{
	kindString: jsontext.KindString, kindBool: jsontext.KindTrue, kindInt: jsontext.KindNumber, kindUint: jsontext.KindNumber,
	kindFloat: jsontext.KindNumber, kindTime: jsontext.KindString, kindText: jsontext.KindString, kindSecret: jsontext.KindString,
	kindBytes: jsontext.KindString, kindList: jsontext.KindBeginArray, kindDict: jsontext.KindBeginObject,
	kindObject: jsontext.KindBeginObject,
}

func (d *decoder) value(s *slot, v reflect.Value) bool {
	switch s.node.kind {
	case kindObject:
		return d.object(s.node, v)
	case kindList:
		return d.list(s.items(), v)
	case kindDict:
		return d.dict(s, v)
	case kindBool:
		v.SetBool(d.scan.kind() == jsontext.KindTrue)
		if err := d.scan.token(); err != nil {
			return d.syntax(err)
		}
		return true
	}
	raw, err := d.scan.raw()
	if err != nil {
		return d.syntax(err)
	}
	if f := d.scalar(s.node, raw, v); f.code != "" {
		return d.report(f)
	}
	return true
}

func (d *decoder) scalar(n *node, raw []byte, v reflect.Value) fault {
	switch n.kind {
	case kindInt, kindUint:
		return setInt(v, string(raw))
	case kindFloat:
		return setFloat(v, string(raw))
	}
	text, f := d.scan.string(raw)
	if f.code != "" {
		return f
	}
	return n.setString(v, text)
}

// enter reads an opening brace or bracket.
func (d *decoder) enter() bool {
	if d.depth++; d.depth > d.limits.MaxDepth {
		return d.stop(codeDeep, "max_depth", d.limits.MaxDepth)
	}
	if err := d.scan.token(); err != nil {
		return d.syntax(err)
	}
	return true
}

// leave reads the closing one; anything else there is a syntax error.
func (d *decoder) leave(closing jsontext.Kind) bool {
	d.depth--
	if k := d.scan.kind(); k != closing {
		return d.syntax(d.scan.token())
	}
	if err := d.scan.token(); err != nil {
		return d.syntax(err)
	}
	return true
}

func (d *decoder) object(n *node, v reflect.Value) bool {
	if !d.enter() {
		return false
	}
	var got seen
	unknown := false
	for names := 0; d.scan.kind() == jsontext.KindString; names++ {
		if names == d.limits.MaxNames {
			return d.stop(codeLong, "max_length", d.limits.MaxNames)
		}
		name, f, ok := d.name()
		if !ok {
			return false
		}
		i, known := n.byName[string(name)]
		switch {
		case f.code != "":
			ok = d.report(f) && d.skip()
		case !known:
			if !unknown {
				d.rep.add(codeExtra, n.allowed)
			}
			unknown = true
			ok = !d.rep.full && d.skip()
		case got.has(i):
			d.rep.addAt(n.fields[i].name, codeDuplicate)
			ok = !d.rep.full && d.skip()
		default:
			got.add(i)
			ok = d.member(&n.fields[i], v)
		}
		if !ok {
			return false
		}
	}
	if !d.leave(jsontext.KindEndObject) {
		return false
	}
	for i := range n.fields {
		if !got.has(i) {
			n.fields[i].setAbsent(d.rep, v)
		}
	}
	return !d.rep.full
}

// name reads the name of a member.
func (d *decoder) name() ([]byte, fault, bool) {
	raw, err := d.scan.raw()
	if err != nil {
		return nil, fault{}, d.syntax(err)
	}
	name, f := d.scan.unquote(raw)
	return name, f, true
}

func (d *decoder) member(f *field, v reflect.Value) bool {
	d.rep.push(f.name)
	ok := d.slot(&f.slot, f.of(v))
	if ok { // otherwise the scan ends, and a syntax error has emptied the path
		d.rep.pop()
	}
	return ok
}

// of returns the field in a struct v.
func (f *field) of(v reflect.Value) reflect.Value {
	if len(f.index) == 1 {
		return v.Field(f.index[0])
	}
	return v.FieldByIndex(f.index)
}

// setAbsent completes a field that was not in the input: with its default or, if that is not valid, a violation. A struct that
// may be absent is read as an empty object, so that what is in it keeps its own promises.
func (f *field) setAbsent(rep *report, v reflect.Value) {
	switch {
	case f.required || f.missingAtZero:
		rep.addAt(f.name, codeMissing)
	case f.hasFallback:
		f.setFallback(f.of(v))
	case f.node.kind == kindObject && f.hold == holdPlain:
		rep.push(f.name)
		for i := range f.node.fields {
			f.node.fields[i].setAbsent(rep, f.of(v))
		}
		rep.pop()
	}
}

func (d *decoder) list(item *slot, v reflect.Value) bool {
	if !d.enter() {
		return false
	}
	v.SetZero()
	for i := 0; startsValue(d.scan.kind()); i++ {
		if i == d.limits.MaxItems {
			return d.stop(codeLong, "max_length", d.limits.MaxItems)
		}
		if v.Cap() == i {
			v.Grow(1) // by doubling; to begin with more would let a body of short arrays take the memory of long ones
		}
		v.SetLen(i + 1)
		d.rep.pushIndex(i)
		if !d.slot(item, v.Index(i)) {
			return false
		}
		d.rep.pop()
	}
	if v.IsNil() { // an empty array is not null
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	}
	return d.leave(jsontext.KindEndArray)
}

func (d *decoder) dict(s *slot, v reflect.Value) bool {
	if !d.enter() {
		return false
	}
	v.Set(reflect.MakeMap(v.Type()))
	for i := 0; d.scan.kind() == jsontext.KindString; i++ {
		if i == d.limits.MaxNames {
			return d.stop(codeLong, "max_length", d.limits.MaxNames)
		}
		name, f, ok := d.name()
		if !ok {
			return false
		}
		d.rep.pushIndex(i) // by position: the name is the client's
		if f.code != "" {
			ok = d.report(f) && d.skip()
		} else {
			ok = d.entry(s, string(name), v)
		}
		if !ok {
			return false
		}
		d.rep.pop()
	}
	return d.leave(jsontext.KindEndObject)
}

func (d *decoder) entry(s *slot, name string, v reflect.Value) bool {
	key := reflect.New(v.Type().Key()).Elem()
	key.SetString(name)
	if v.MapIndex(key).IsValid() {
		return d.report(failed(codeDuplicate)) && d.skip()
	}
	if s.keys != nil {
		s.keys.apply(d.rep, key)
	}
	value := reflect.New(v.Type().Elem()).Elem()
	if d.rep.full || !d.slot(s.items(), value) {
		return false
	}
	v.SetMapIndex(key, value)
	return true
}

// skip reads past a value that is refused already. It does not recurse, and it still looks at the bytes of each text in it, at
// most one violation for all of them.
func (d *decoder) skip() bool {
	unicode := false
	for depth := 0; ; {
		k := d.scan.kind()
		switch k {
		case jsontext.KindBeginObject, jsontext.KindBeginArray:
			if depth++; d.depth+depth > d.limits.MaxDepth {
				return d.stop(codeDeep, "max_depth", d.limits.MaxDepth)
			}
		case jsontext.KindEndObject, jsontext.KindEndArray:
			depth--
		case jsontext.KindString:
			raw, err := d.scan.raw()
			if err != nil {
				return d.syntax(err)
			}
			if _, f := d.scan.unquote(raw); f.code != "" && !unicode {
				unicode = true
				d.rep.add(f.code, f.params)
			}
			if depth == 0 {
				return !d.rep.full
			}
			continue
		}
		if err := d.scan.token(); err != nil {
			return d.syntax(err)
		}
		if depth == 0 {
			return !d.rep.full
		}
	}
}
