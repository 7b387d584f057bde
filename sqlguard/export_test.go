package sqlguard

// Piece is a token for the tests.
type Piece struct {
	Kind string
	Text string
}

var kindNames = map[kind]string{
	kindSpace: "space", kindComment: "comment", kindLineComment: "line", kindExecutable: "executable", kindWord: "word",
	kindNumber: "number", kindString: "string", kindEscapeString: "escape", kindQuoted: "quoted", kindPlaceholder: "?",
	kindParam: "param", kindOpen: "(", kindClose: ")", kindComma: ",", kindSemicolon: ";", kindOther: "other", kindBad: "bad",
}

// Lex returns all tokens of s.
func Lex(d Dialect, s string) []Piece {
	var out []Piece
	for l := (lexer{d: d, s: s}); ; {
		t := l.next()
		if t.kind == kindEnd {
			return out
		}
		out = append(out, Piece{kindNames[t.kind], s[t.start:t.end]})
	}
}

// TextOf is Q for a text that is no constant, as the generic hole would give it.
func TextOf(s string, args ...any) SQL { return makeText(s, args) }

// The fingerprint and what it is made from.
var (
	Fingerprint = fingerprint
	Normalise   = normalise
)

// MemoSize is how many texts are remembered.
func MemoSize() int { return int(plans.size.Load()) }

// MaxMemo is how many may be.
const MaxMemo = maxMemo

// Excerpt is how errors and events show a text.
func Excerpt(d Dialect, text string) string { return label{d: d, text: text}.excerpt() }
