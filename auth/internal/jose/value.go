package jose

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Value is the text of a JSON value that [ParseObject] has checked.
type Value string

// Text returns the value of a string.
func (v Value) Text() (string, bool) {
	if v == "" || v[0] != '"' {
		return "", false
	}
	s := string(v[1 : len(v)-1])
	if strings.IndexByte(s, '\\') >= 0 {
		s = unescape(s)
	}
	return s, true
}

// Texts returns the values of an array that holds strings and nothing else. It may be empty.
func (v Value) Texts() ([]string, bool) {
	if v == "" || v[0] != '[' {
		return nil, false
	}
	p := parser{s: string(v), i: 1}
	texts := make([]string, 0, 4)
	if p.space(); p.accept(']') {
		return texts, true
	}
	for {
		p.space()
		start := p.i
		if _, ok := p.str(); !ok {
			return nil, false
		}
		text, _ := Value(p.s[start:p.i]).Text()
		texts = append(texts, text)
		if p.space(); p.accept(']') {
			return texts, true
		}
		p.accept(',')
	}
}

// Number returns the text of a number.
func (v Value) Number() (string, bool) {
	if v == "" || v[0] != '-' && v[0]-'0' > 9 {
		return "", false
	}
	return string(v), true
}

// unescape resolves the escapes of a string that the parser has checked.
func unescape(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for s != "" {
		i := strings.IndexByte(s, '\\')
		if i < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:i])
		r, size := escapeAt(s[i:])
		if r < 0 { // not after the parser's check; an unreadable rest must not loop
			break
		}
		b.WriteRune(r)
		s = s[i+size:]
	}
	return b.String()
}

// escapeAt reads the escape that s begins with: the character and the length of the escape, or -1.
func escapeAt(s string) (rune, int) {
	if len(s) < 2 {
		return -1, 0
	}
	switch s[1] {
	case '"', '\\', '/':
		return rune(s[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		return unicodeEscapeAt(s)
	}
	return -1, 0
}

func unicodeEscapeAt(s string) (rune, int) {
	r := hex4(s)
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	r = utf16.DecodeRune(r, hex4(s[6:]))
	if r == utf8.RuneError { // no pair makes U+FFFD
		return -1, 0
	}
	return r, 12
}

// hex4 reads the four digits of \uXXXX at the start of s, or returns -1.
func hex4(s string) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range []byte(s[2:6]) {
		r <<= 4
		switch {
		case c-'0' <= 9:
			r |= rune(c - '0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r |= rune(c|0x20-'a') + 10
		default:
			return -1
		}
	}
	return r
}
