package sqlguard_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	. "github.com/sallyport-go/sallyport/sqlguard"
)

// kinds lists the tokens of s that are not white space as kind:text.
func kinds(d Dialect, s string) string {
	var out []string
	for _, p := range Lex(d, s) {
		if p.Kind != "space" {
			out = append(out, p.Kind+":"+p.Text)
		}
	}
	return strings.Join(out, " ¦ ")
}

func TestLexer(t *testing.T) {
	for _, c := range []struct {
		d       Dialect
		s, want string
	}{
		{SQLite, `a='it''s'`, `word:a ¦ other:= ¦ string:'it''s'`},
		{SQLite, `'\'x`, `string:'\' ¦ word:x`},
		{SQLite, `"a""?" [b]]`, `quoted:"a""?" ¦ quoted:[b] ¦ other:]`},
		{SQLite, "`a``b`", "quoted:`a``b`"},
		{SQLite, `"" ''`, `quoted:"" ¦ string:''`},
		{SQLite, "-- ?\n?", "line:-- ? ¦ ?:?"},
		{SQLite, "-- ?\r?", "line:-- ?\r?"},
		{SQLite, "/*/ ? */?", "comment:/*/ ? */ ¦ ?:?"},
		{SQLite, "/* /* */ ? */", "comment:/* /* */ ¦ ?:? ¦ other:* ¦ other:/"},
		{SQLite, ":a @b $c ?1", "param::a ¦ param:@b ¦ param:$c ¦ ?:? ¦ number:1"},
		{SQLite, "a->>'$.b'", "word:a ¦ other:- ¦ other:> ¦ other:> ¦ string:'$.b'"},
		{SQLite, "# ' x", "other:# ¦ bad:' x"},
		{SQLite, "x'00'", "word:x ¦ string:'00'"},
		{SQLite, "1.5e-3-2 .5", "number:1.5e-3 ¦ other:- ¦ number:2 ¦ number:.5"},
		{SQLite, "a,(b);", "word:a ¦ ,:, ¦ (:( ¦ word:b ¦ ):) ¦ ;:;"},
		{SQLite, "'a", "bad:'a"},
		{SQLite, "[a", "bad:[a"},
		{SQLite, "/* a", "bad:/* a"},
		{SQLite, "a\x00b", "word:a ¦ bad:\x00 ¦ word:b"},
		{SQLite, "ä'?'", "word:ä ¦ string:'?'"},

		{MySQL, `'it\'s' "a\"?" 'x\\'`, `escape:'it\'s' ¦ escape:"a\"?" ¦ string:'x\\'`},
		{MySQL, "'a\\", "bad:'a\\"},
		{MySQL, "'a''b' \"a\"\"b\" `a``b`", "string:'a''b' ¦ string:\"a\"\"b\" ¦ quoted:`a``b`"},
		{MySQL, "# '\n?", "line:# ' ¦ ?:?"},
		{MySQL, "-- '\n?", "line:-- ' ¦ ?:?"},
		{MySQL, "--\t'\n?", "line:--\t' ¦ ?:?"},
		{MySQL, "5--1", "number:5 ¦ other:-- ¦ number:1"},
		{MySQL, "5--- ?\n?", "number:5 ¦ other:- ¦ line:-- ? ¦ ?:?"},
		{MySQL, "5---1", "number:5 ¦ other:- ¦ other:-- ¦ number:1"},
		{MySQL, "5--'?'", "number:5 ¦ other:-- ¦ string:'?'"},
		{MySQL, "/*!40000 ? */ /*M!? */ /*+ ? */", "executable:/*!40000 ? */ ¦ executable:/*M!? */ ¦ comment:/*+ ? */"},
		{MySQL, "@a := @@b", "other:@ ¦ word:a ¦ other:: ¦ other:= ¦ other:@ ¦ other:@ ¦ word:b"},
		{MySQL, "$$ ' $$", "other:$ ¦ other:$ ¦ bad:' $$"},

		{PostgreSQL, `'\' E'\'?' e'a''b'`, `string:'\' ¦ escape:E'\'?' ¦ escape:e'a''b'`},
		{PostgreSQL, `nameE'\'`, `word:nameE ¦ string:'\'`},
		{PostgreSQL, "E'a'\n'b\\'?'", "escape:E'a' ¦ escape:'b\\'?'"},
		{PostgreSQL, "E'a' -- x\n'b\\'?'", "escape:E'a' ¦ line:-- x ¦ escape:'b\\'?'"},
		{PostgreSQL, "E'a' || '\\'", "escape:E'a' ¦ other:| ¦ other:| ¦ string:'\\'"},
		{PostgreSQL, `U&'\0041' B'1' N'x'`, `word:U ¦ other:& ¦ string:'\0041' ¦ word:B ¦ string:'1' ¦ word:N ¦ string:'x'`},
		{PostgreSQL, "$$ ' ? $$ $a$ $$ ? $b$ $a$?", "string:$$ ' ? $$ ¦ string:$a$ $$ ? $b$ $a$ ¦ ?:?"},
		{PostgreSQL, "$1 $12::int a$$b", "param:$1 ¦ param:$12 ¦ other:: ¦ other:: ¦ word:int ¦ word:a$$b"},
		{PostgreSQL, "1$$ ? $$", "number:1 ¦ string:$$ ? $$"},
		{PostgreSQL, "/* /* ? */ ? */ ?", "comment:/* /* ? */ ? */ ¦ ?:?"},
		{PostgreSQL, "/* /* */", "bad:/* /* */"},
		{PostgreSQL, "-- '\r?", "line:-- ' ¦ ?:?"},
		{PostgreSQL, "a`?", "word:a ¦ other:` ¦ ?:?"},
		{PostgreSQL, "a[1:2]", "word:a ¦ other:[ ¦ number:1 ¦ other:: ¦ number:2 ¦ other:]"},
		{PostgreSQL, "data ?| x @? y", "word:data ¦ ?:? ¦ other:| ¦ word:x ¦ other:@ ¦ ?:? ¦ word:y"},
		{PostgreSQL, "1E'a\\''", "bad:1E ¦ bad:'a\\''"},
		{PostgreSQL, "$a", "other:$ ¦ word:a"},
		{PostgreSQL, "$a$ x", "bad:$a$ x"},
	} {
		assert.Equal(t, c.want, kinds(c.d, c.s), "%v %s", c.d, c.s)
	}
}

func TestFingerprintIsOfTheShape(t *testing.T) {
	for _, same := range [][]string{
		{"SELECT a FROM t WHERE b = 'x'", "select a\nfrom t where b='y' -- tail", "SELECT a FROM /* c */ t WHERE b = 12", "SELECT a FROM t WHERE b = $1"},
		{"a IN (1, 2, 3)", "a IN (?)", "a in ($1,$2)", "a IN ('x', 4)"},
	} {
		for _, s := range same {
			assert.Equal(t, Fingerprint(PostgreSQL, strings.ReplaceAll(same[0], "?", "$1")), Fingerprint(PostgreSQL, strings.ReplaceAll(s, "?", "$1")), s)
		}
	}
	distinct := []string{
		"SELECT a FROM t", `SELECT "a" FROM t`, "SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE b = c", "SELECT a, b FROM t", "SELECT a FROM t WHERE b ? 'x'",
		"SELECT a FROM t WHERE b IN (1)", "SELECT a FROM t WHERE b = 1 OR c = 1", "SELECT a FROM t; DROP TABLE t", "SELECT ab FROM t", "SELECT a b FROM t",
	}
	seen := map[string]string{}
	for _, s := range distinct {
		f := Fingerprint(PostgreSQL, s)
		assert.Len(t, f, 32)
		assert.Empty(t, seen[f], s)
		seen[f] = s
	}
	assert.NotEqual(t, Fingerprint(PostgreSQL, `SELECT "A"`), Fingerprint(PostgreSQL, `SELECT "a"`), "names in quotes keep their case")
}
