package validate

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// scanner reads the tokens of one body. It is the only place that knows where they come from.
//
// jsontext is told to go on past duplicate names and invalid UTF-8, so that all faults are found in one pass; both are then seen
// here and in the plan. Its errors quote the input and are never passed on.
type scanner struct {
	dec jsontext.Decoder
	buf bytes.Buffer
	// text is a copy of the body, of which the strings of the result are parts; empty if that would keep a large body alive.
	text    string
	scratch []byte
}

// maxShared is the longest body whose strings share memory with it.
const maxShared = 64 << 10

var scanners = sync.Pool{New: func() any { return new(scanner) }}

var lenient = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

func newScanner(body []byte) *scanner {
	s := scanners.Get().(*scanner)
	s.buf = *bytes.NewBuffer(body)
	s.dec.Reset(&s.buf, lenient...)
	if len(body) <= maxShared {
		s.text = string(body)
	}
	return s
}

// release gives s back without anything of the request in it.
func (s *scanner) release() {
	s.buf = bytes.Buffer{}
	s.dec.Reset(&s.buf)
	s.text = ""
	clear(s.scratch[:cap(s.scratch)])
	if cap(s.scratch) <= maxShared {
		scanners.Put(s)
	}
}

// kind returns the kind of what comes next, or one that is no value.
func (s *scanner) kind() jsontext.Kind { return s.dec.PeekKind() }

func startsValue(k jsontext.Kind) bool {
	switch k {
	case jsontext.KindNull, jsontext.KindTrue, jsontext.KindFalse, jsontext.KindString, jsontext.KindNumber,
		jsontext.KindBeginObject, jsontext.KindBeginArray:
		return true
	}
	return false
}

// token reads a delimiter or a literal.
func (s *scanner) token() error {
	_, err := s.dec.ReadToken()
	return err
}

// raw reads a string or a number. The bytes are valid until the next read.
func (s *scanner) raw() ([]byte, error) { return s.dec.ReadValue() }

// end says that nothing comes behind the value.
func (s *scanner) end() bool {
	_, err := s.dec.ReadToken()
	return err == io.EOF
}

// empty says that there is nothing at all.
func (s *scanner) empty() bool {
	return s.dec.PeekKind() == jsontext.KindInvalid && len(bytes.Trim(s.dec.UnreadBuffer(), " \t\r\n")) == 0
}

// unquote returns the content of a string as long as nothing else is read.
func (s *scanner) unquote(raw []byte) ([]byte, fault) {
	content := raw[1 : len(raw)-1]
	if bytes.IndexByte(content, '\\') < 0 {
		if !utf8.Valid(content) {
			return nil, failed(codeUnicode)
		}
		return content, fault{}
	}
	var err error
	s.scratch, err = jsontext.AppendUnquote(s.scratch[:0], raw)
	if err != nil { // the grammar was checked, so it is the bytes or a lone surrogate
		return nil, failed(codeUnicode)
	}
	if bytes.IndexByte(s.scratch, 0) >= 0 {
		return nil, failed(codeNUL)
	}
	return s.scratch, fault{}
}

// string returns the content of a string that was just read.
func (s *scanner) string(raw []byte) (string, fault) {
	content, f := s.unquote(raw)
	if f.code != "" {
		return "", f
	}
	if s.text != "" && len(content) > 0 && &content[0] == &raw[1] { // as it stands in the body, so it can be shared
		end := int(s.dec.InputOffset()) - 1
		return s.text[end-len(content) : end], fault{}
	}
	return string(content), fault{}
}

// offset returns where the text ceases to be JSON, in bytes.
func offset(err error) int64 {
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return syntax.ByteOffset
	}
	return 0
}
