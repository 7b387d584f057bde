package jose

import (
	"sync"
	"unicode/utf8"
)

// Member is one member of a JSON object.
type Member struct {
	Name  string
	Value Value
}

// ParseObject reads s, a single JSON object with nothing before or after it, and appends its members to dst in
// their order. The whole text is checked, nested values too: the grammar of RFC 8259, valid UTF-8, no escape of a
// lone surrogate, no name twice in one object, at most [MaxDepth] levels and [MaxMembers] members in an object.
//
// Names and values share the memory of s.
func ParseObject(s string, dst []Member) ([]Member, bool) {
	if len(s) == 0 || s[0] != '{' {
		return dst, false
	}
	names := nameRooms.Get().(*[32]string)
	p := parser{s: s, names: names[:0]}
	dst, ok := p.object(dst, true, 1)
	*names = [32]string{} // which would keep the text in memory
	nameRooms.Put(names)
	return dst, ok && p.i == len(s)
}

// nameRooms are for the names of one text. Those that have more allocate.
var nameRooms = sync.Pool{New: func() any { return new([32]string) }}

// parser walks over one JSON text.
type parser struct {
	s     string
	i     int
	names []string // of all objects that are open; each object remembers where its own begin
}

// object reads an object whose brace is the next byte, and collects its members if asked to.
func (p *parser) object(dst []Member, collect bool, depth int) ([]Member, bool) {
	if depth > MaxDepth {
		return dst, false
	}
	p.i++
	first := len(p.names)
	if p.space(); p.accept('}') {
		return dst, true
	}
	for {
		p.space()
		name, ok := p.name(first)
		if !ok {
			return dst, false
		}
		p.space()
		start := p.i
		if !p.value(depth) {
			return dst, false
		}
		if collect {
			dst = append(dst, Member{Name: name, Value: Value(p.s[start:p.i])})
		}
		p.space()
		if p.accept('}') {
			p.names = p.names[:first]
			return dst, true
		}
		if !p.accept(',') {
			return dst, false
		}
	}
}

// name reads a member's name and the colon, and refuses a name that the object has already. The comparison is
// quadratic on purpose: MaxMembers bounds it well below the cost of hashing an object of the usual size.
func (p *parser) name(first int) (string, bool) {
	start := p.i
	escaped, ok := p.str()
	if !ok {
		return "", false
	}
	name := p.s[start+1 : p.i-1]
	if escaped {
		name = unescape(name)
	}
	own := p.names[first:]
	if len(own) >= MaxMembers {
		return "", false
	}
	for _, other := range own {
		if other == name {
			return "", false
		}
	}
	p.names = append(p.names, name)
	p.space()
	return name, p.accept(':')
}

func (p *parser) array(depth int) bool {
	if depth > MaxDepth {
		return false
	}
	p.i++
	if p.space(); p.accept(']') {
		return true
	}
	for {
		p.space()
		if !p.value(depth) {
			return false
		}
		p.space()
		if p.accept(']') {
			return true
		}
		if !p.accept(',') {
			return false
		}
	}
}

// value reads any value inside an object or array of the given depth.
func (p *parser) value(depth int) bool {
	if p.i >= len(p.s) {
		return false
	}
	switch c := p.s[p.i]; {
	case c == '"':
		_, ok := p.str()
		return ok
	case c == '{':
		_, ok := p.object(nil, false, depth+1)
		return ok
	case c == '[':
		return p.array(depth + 1)
	case c == 't':
		return p.literal("true")
	case c == 'f':
		return p.literal("false")
	case c == 'n':
		return p.literal("null")
	default:
		return p.number()
	}
}

func (p *parser) literal(word string) bool {
	if len(p.s)-p.i < len(word) || p.s[p.i:p.i+len(word)] != word {
		return false
	}
	p.i += len(word)
	return true
}

// number reads a number (RFC 8259, section 6).
func (p *parser) number() bool {
	p.accept('-')
	if !p.accept('0') && !p.digits() {
		return false
	}
	if p.accept('.') && !p.digits() {
		return false
	}
	if p.accept('e') || p.accept('E') {
		if !p.accept('+') {
			p.accept('-')
		}
		return p.digits()
	}
	return true
}

func (p *parser) digits() bool {
	start := p.i
	for p.i < len(p.s) && p.s[p.i]-'0' <= 9 {
		p.i++
	}
	return p.i > start
}

// str reads a string (RFC 8259, section 7) and says whether it holds an escape.
func (p *parser) str() (escaped, ok bool) {
	if !p.accept('"') {
		return false, false
	}
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == '"':
			p.i++
			return escaped, true
		case c == '\\':
			escaped = true
			if !p.escape() {
				return false, false
			}
		case c < ' ':
			return false, false
		case c < utf8.RuneSelf:
			p.i++
		default:
			r, size := utf8.DecodeRuneInString(p.s[p.i:])
			if r == utf8.RuneError && size == 1 {
				return false, false
			}
			p.i += size
		}
	}
	return false, false
}

// escape reads one escape. A surrogate must be one half of a pair: what a lone one stands for differs from reader
// to reader (RFC 8259, section 8.2).
func (p *parser) escape() bool {
	r, size := escapeAt(p.s[p.i:])
	if r < 0 {
		return false
	}
	p.i += size
	return true
}

func (p *parser) accept(c byte) bool {
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *parser) space() {
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}
