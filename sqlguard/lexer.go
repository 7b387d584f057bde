package sqlguard

import "strings"

// kind is what a token is.
type kind uint8

const (
	kindEnd          kind = iota
	kindSpace             // white space
	kindComment           // closes itself
	kindLineComment       // runs to the end of the line, which is not part of it
	kindExecutable        // a comment whose inside MySQL or MariaDB runs
	kindWord              // a keyword or a name without quotes
	kindNumber            // a numeric literal
	kindString            // a literal in quotes or dollar quotes
	kindEscapeString      // a literal whose end depends on backslashes
	kindQuoted            // a name in quotes
	kindPlaceholder       // ?
	kindParam             // a parameter in the database's own notation
	kindOpen              // (
	kindClose             // )
	kindComma
	kindSemicolon
	kindOther // operators and the rest
	kindBad   // not closed, or not text
)

// token is a stretch of the lexed text. Tokens have no gaps between them.
type token struct {
	kind       kind
	start, end int
}

// lexer splits a text as the server's own lexer does, as far as the ends of literals, names and comments go.
type lexer struct {
	d   Dialect
	s   string
	pos int
	// escaping says that the last literal was E'…': PostgreSQL continues it, with its escapes, in a literal on a later line.
	escaping bool
}

// next returns the next token; at the end of the text its kind is kindEnd. It always advances.
func (l *lexer) next() token {
	start := l.pos
	if start >= len(l.s) {
		return token{kindEnd, start, start}
	}
	k := l.scan(l.s[start])
	switch k {
	case kindSpace, kindLineComment, kindEscapeString:
	default:
		l.escaping = false
	}
	return token{k, start, l.pos}
}

func (l *lexer) scan(c byte) kind {
	switch {
	case isSpace(c):
		for l.pos < len(l.s) && isSpace(l.s[l.pos]) {
			l.pos++
		}
		return kindSpace
	case isDigit(c), c == '.' && isDigit(l.at(1)):
		return l.number()
	case isName(c) && c != '$':
		return l.word()
	}
	switch c {
	case 0:
		l.pos++
		return kindBad
	case '\'':
		return l.literal(l.d == MySQL || l.escaping)
	case '"':
		return l.quoted()
	case '`':
		if l.d != PostgreSQL {
			return l.until(1, "`", kindQuoted)
		}
	case '[':
		if l.d == SQLite {
			return l.until(1, "]", kindQuoted)
		}
	case '-', '/', '#':
		if k := l.comment(c); k != kindEnd {
			return k
		}
	case '$', ':', '@':
		return l.sigil(c)
	}
	l.pos++
	switch c {
	case '?':
		return kindPlaceholder
	case '(':
		return kindOpen
	case ')':
		return kindClose
	case ',':
		return kindComma
	case ';':
		return kindSemicolon
	}
	return kindOther
}

// at returns the byte n after the current one, or 0.
func (l *lexer) at(n int) byte {
	if l.pos+n < len(l.s) {
		return l.s[l.pos+n]
	}
	return 0
}

func (l *lexer) word() kind {
	start := l.pos
	for l.pos < len(l.s) && isName(l.s[l.pos]) {
		l.pos++
	}
	if w := l.s[start:l.pos]; l.d == PostgreSQL && (w == "E" || w == "e") && l.at(0) == '\'' {
		return l.literal(true)
	}
	return kindWord
}

// number is generous: what follows a digit without a gap belongs to it, except a dollar sign.
func (l *lexer) number() kind {
	for l.pos < len(l.s) {
		c := l.s[l.pos]
		exponent := (c == '+' || c == '-') && (l.s[l.pos-1]|0x20) == 'e' && isDigit(l.at(1))
		if c == '$' || !isName(c) && c != '.' && !exponent {
			break
		}
		l.pos++
	}
	if c := l.at(0); c == '\'' || c == '"' { // servers disagree on where 1E'…' begins
		return kindBad
	}
	return kindNumber
}

// literal reads a literal in single quotes.
func (l *lexer) literal(backslash bool) kind {
	if l.d == PostgreSQL && backslash {
		l.escaping = true
		if k := l.delimited('\'', true); k == kindBad {
			return k
		}
		return kindEscapeString
	}
	return l.delimited('\'', backslash)
}

// quoted reads double quotes: a name, or MySQL's other literal.
func (l *lexer) quoted() kind {
	if l.d == MySQL {
		return l.delimited('"', true)
	}
	return l.until(1, `"`, kindQuoted)
}

// delimited reads from the quote to the quote that ends it; a doubled quote does not. If the end was found only because
// backslashes escape, the kind is kindEscapeString: NO_BACKSLASH_ESCAPES or ANSI_QUOTES would end it elsewhere.
func (l *lexer) delimited(quote byte, backslash bool) kind {
	k := kindString
	for l.pos++; l.pos < len(l.s); l.pos++ {
		switch c := l.s[l.pos]; {
		case c == '\\' && backslash:
			if l.at(1) == quote {
				k = kindEscapeString
			}
			l.pos++
		case c == quote && l.at(1) == quote:
			l.pos++
		case c == quote:
			l.pos++
			return k
		}
	}
	l.pos = len(l.s)
	return kindBad
}

// until reads to the end mark, from skip bytes on. A doubled mark of one byte, except a bracket, is part of the inside.
func (l *lexer) until(skip int, mark string, k kind) kind {
	for i := l.pos + skip; i <= len(l.s); {
		n := strings.Index(l.s[i:], mark)
		if n < 0 {
			break
		}
		i += n + len(mark)
		if len(mark) == 1 && mark != "]" && strings.HasPrefix(l.s[i:], mark) {
			i++
			continue
		}
		l.pos = i
		return k
	}
	l.pos = len(l.s)
	return kindBad
}

// comment reads what begins like a comment. It returns kindEnd, and stays where it is, if that is none.
func (l *lexer) comment(c byte) kind {
	switch {
	case c == '#' && l.d == MySQL:
		return l.line()
	case c == '-' && l.at(1) == '-':
		// MySQL wants a space or a control character after the dashes; else they are two minus signs, kept as one token. At the end
		// of a text it depends on what will follow.
		if l.d == MySQL && l.at(2) == '-' {
			return kindEnd // the next dash may begin a comment
		}
		if l.d == MySQL && (l.pos+2 == len(l.s) || l.at(2) > ' ' && l.at(2) != 0x7f) {
			l.pos += 2
			return kindOther
		}
		return l.line()
	case c == '/' && l.at(1) == '*':
		return l.block()
	}
	return kindEnd
}

func (l *lexer) line() kind {
	ends := "\n"
	if l.d == PostgreSQL {
		ends = "\r\n"
	}
	if n := strings.IndexAny(l.s[l.pos:], ends); n >= 0 {
		l.pos += n
	} else {
		l.pos = len(l.s)
	}
	return kindLineComment
}

func (l *lexer) block() kind {
	if l.d == MySQL && (l.at(2) == '!' || (l.at(2) == 'M' || l.at(2) == 'm') && l.at(3) == '!') {
		return l.until(2, "*/", kindExecutable)
	}
	if l.d != PostgreSQL {
		return l.until(2, "*/", kindComment)
	}
	depth := 0 // PostgreSQL's comments nest
	for l.pos < len(l.s) {
		switch {
		case l.s[l.pos] == '/' && l.at(1) == '*':
			depth++
			l.pos += 2
		case l.s[l.pos] == '*' && l.at(1) == '/':
			depth--
			l.pos += 2
			if depth == 0 {
				return kindComment
			}
		default:
			l.pos++
		}
	}
	return kindBad
}

// sigil reads what a $, : or @ begins.
func (l *lexer) sigil(c byte) kind {
	n := 1
	for isName(l.at(n)) && l.at(n) != '$' {
		n++
	}
	switch {
	case l.d == PostgreSQL && c == '$' && isDigit(l.at(1)):
		for n = 1; isDigit(l.at(n)); {
			n++
		}
		l.pos += n
		return kindParam
	case l.d == PostgreSQL && c == '$' && l.at(n) == '$':
		tag := l.s[l.pos : l.pos+n+1]
		return l.until(len(tag), tag, kindString)
	case l.d == SQLite && n > 1:
		l.pos += n
		return kindParam
	}
	l.pos++
	return kindOther
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isName says whether c continues a name. Every byte outside ASCII does, on each of the servers.
func isName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c) || c == '_' || c == '$' || c >= 0x80
}
