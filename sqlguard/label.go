package sqlguard

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/sallyport-go/sallyport/internal/event"
)

// label names a statement, or a faulty part of one, in errors and events. It is made into words only when it is read.
type label struct {
	d    Dialect
	text string
	// foreign says that some of the text came through package trusted. Who vouched for it may have been wrong, so only its fingerprint
	// is shown.
	foreign bool
}

func (l label) error(kind error, detail string) *Error {
	return &Error{kind: kind, detail: detail, statement: l}
}

func (l label) fingerprint() string {
	if l.text == "" {
		return ""
	}
	return fingerprint(l.d, l.text)
}

// excerpt returns the beginning of the text in one line, fit for a log. The text is the program's and holds no bound value. Its
// literals are left out all the same: of a program that found a way to put values into the text, they are where the values are.
func (l label) excerpt() string {
	if l.foreign {
		return ""
	}
	var out []byte
	for lx := (lexer{d: l.d, s: l.text}); len(out) <= event.MaxText; {
		t := lx.next()
		s := l.text[t.start:t.end]
		switch t.kind {
		case kindEnd:
			return event.Clean(strings.TrimSpace(string(out)))
		case kindSpace, kindComment, kindLineComment:
			if s = " "; endsWith(out, s) {
				continue
			}
		case kindNumber, kindString, kindEscapeString, kindParam:
			s = "?"
		case kindBad, kindExecutable: // where it ends, the servers do not agree
			s = "…"
		}
		if s == "?" { // one stands for a list
			out = bytes.TrimSuffix(bytes.TrimSuffix(out, []byte("?, ")), []byte("?,"))
		}
		out = append(out, s...)
	}
	return event.Clean(string(out))
}

// shows returns the name of the text that word is, or "". Case does not count, nor do the quotes of a name.
func (l label) shows(word string) string {
	if l.foreign || word == "" || len(word) > event.MaxText {
		return ""
	}
	for lx := (lexer{d: l.d, s: l.text}); ; {
		t := lx.next()
		if t.kind == kindEnd {
			return ""
		}
		if s := l.name(t); s != "" && strings.EqualFold(s, word) {
			return event.Clean(s)
		}
	}
}

// at returns the names that stand at a place in the text, which is counted in characters from 1: all of a.b.c.
func (l label) at(place int) []string {
	if l.foreign || place < 1 {
		return nil
	}
	lx := lexer{d: l.d, s: l.text}
	for ; place > 1 && lx.pos < len(l.text); place-- {
		_, size := utf8.DecodeRuneInString(l.text[lx.pos:])
		lx.pos += size
	}
	var names []string
	for {
		s := l.name(lx.next())
		if s == "" {
			return names
		}
		names = append(names, event.Clean(s))
		if dot := lx.next(); l.text[dot.start:dot.end] != "." {
			return names
		}
	}
}

// name returns a token that is a word or a name in quotes, without them.
func (l label) name(t token) string {
	switch t.kind {
	case kindWord:
		return l.text[t.start:t.end]
	case kindQuoted:
		return l.text[t.start+1 : t.end-1]
	}
	return ""
}
