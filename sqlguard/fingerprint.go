package sqlguard

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// fingerprint returns 128 bits, in hex, that name the shape of a text: statements that differ only in white space,
// comments, the case of words, the values of literals and the lengths of lists have the same one.
func fingerprint(d Dialect, text string) string {
	sum := sha256.Sum256([]byte(normalise(d, text)))
	return hex.EncodeToString(sum[:16])
}

// normalise writes every literal and parameter as ?, and every list of them as one.
func normalise(d Dialect, text string) string {
	out := make([]byte, 0, len(text))
	l := lexer{d: d, s: text}
	for {
		t := l.next()
		if t.kind == kindEnd {
			return string(out)
		}
		s := text[t.start:t.end]
		switch t.kind {
		case kindSpace, kindComment, kindLineComment:
			continue
		case kindWord:
			s = strings.ToLower(s)
		case kindNumber, kindString, kindEscapeString, kindParam:
			s = "?"
		case kindPlaceholder:
			if d == PostgreSQL { // an operator
				s = "'?'"
			}
		}
		if s == "?" && endsWith(out, "? , ") {
			out = out[:len(out)-len(", ")]
			continue
		}
		out = append(out, s...)
		out = append(out, ' ')
	}
}

func endsWith(b []byte, s string) bool {
	return len(b) >= len(s) && string(b[len(b)-len(s):]) == s
}
