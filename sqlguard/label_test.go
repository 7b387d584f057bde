package sqlguard_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/internal/event"
	. "github.com/sallyport-go/sallyport/sqlguard"
	"github.com/sallyport-go/sallyport/sqlguard/trusted"
)

func TestExcerptShowsTheTextWithoutLiterals(t *testing.T) {
	for name, c := range map[string]struct {
		d          Dialect
		text, want string
	}{
		"plain":          {PostgreSQL, "SELECT id, Title FROM notes", "SELECT id, Title FROM notes"},
		"one line":       {PostgreSQL, "\n\tSELECT id\r\n  FROM notes -- all\n WHERE /* x */ a", "SELECT id FROM notes WHERE a"},
		"literals":       {PostgreSQL, "SELECT 'hunter2', 42, E'hunter2\\'', $$hunter2$$ FROM t", "SELECT ? FROM t"},
		"parameters":     {PostgreSQL, "a = $1 AND b = $22", "a = ? AND b = ?"},
		"list":           {PostgreSQL, "a IN ($1, $2, $3, $4) AND b IN ('x')", "a IN (?) AND b IN (?)"},
		"names":          {PostgreSQL, `SELECT "Order Date" FROM "ü"`, `SELECT "Order Date" FROM "ü"`},
		"MySQL literal":  {MySQL, `SELECT "hunter2", 'hunter2' FROM t`, "SELECT ? FROM t"},
		"not closed":     {SQLite, "SELECT 'hunter2", "SELECT …"},
		"executable":     {MySQL, "SELECT /*!50000 hunter2 */ 1", "SELECT … ?"},
		"log injection":  {SQLite, "SELECT \"a\n{}\u202e\"", "SELECT \"a\ufffd{}\ufffd\""},
		"nothing at all": {SQLite, "", ""},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, Excerpt(c.d, c.text)) })
	}
	long := Excerpt(SQLite, "SELECT "+strings.Repeat("abc, ", 1000))
	assert.Len(t, long, event.MaxText)
	assert.True(t, strings.HasSuffix(long, "…"))
}

func TestEveryErrorOfAStatementNamesIt(t *testing.T) {
	db, _, _ := newDB(t, Config{MaxArgBytes: 3}, nil)
	type row struct {
		B int `db:"b"`
	}
	for name, run := range map[string]func() error{
		"fault":       func() error { _, err := db.Exec(t.Context(), Q("SELECT x FROM t WHERE a = ?")); return err },
		"transaction": func() error { _, err := db.Exec(t.Context(), Q("BEGIN x FROM t WHERE a = 1")); return err },
		"too large":   func() error { _, err := db.Exec(t.Context(), Q("SELECT x FROM t WHERE a = ?", "hunter2")); return err },
		"no rows":     func() error { _, err := One[int](t.Context(), db, Q("SELECT x FROM t WHERE a = ?", "x")); return err },
		"misfit":      func() error { _, err := All[row](t.Context(), db, Q("SELECT x FROM t WHERE a = ?", "x")); return err },
		"read-only": func() error {
			return db.Read(t.Context(), func(tx *Tx) error { _, err := tx.Exec(t.Context(), Q("DELETE x FROM t WHERE a = 1")); return err })
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := run()
			assert.ErrorContains(t, err, " x FROM t WHERE a = ?]")
			assert.NotContains(t, err.Error(), "hunter2")
			e, ok := errors.AsType[*Error](err)
			require.True(t, ok)
			assert.Contains(t, err.Error(), e.Fingerprint())
		})
	}
}

// Who vouches for a text can be wrong: a value that was put into it must not reach the log.
func TestTrustedTextIsNotShown(t *testing.T) {
	for name, q := range map[string]SQL{
		"whole":  trusted.SQL("SELECT hunter2 FROM t", "a test"),
		"part":   Q("SELECT a FROM t WHERE ?", trusted.SQL("b = hunter2", "a test")),
		"faulty": Q("SELECT a FROM t WHERE ?", trusted.SQL("b = 'O'hunter2'", "a test")),
	} {
		t.Run(name, func(t *testing.T) {
			db, _, log := newDB(t, Config{}, func(context.Context, string, []driver.NamedValue) (*table, error) {
				return nil, &placedError{"42703", 8, `column "hunter2" does not exist`}
			})
			_, err := db.Exec(t.Context(), q)
			require.Error(t, err)
			assert.NotContains(t, err.Error()+fmt.Sprintf("%+v", err)+log.String(), "hunter2")
			assert.Contains(t, err.Error(), "[statement ")
		})
	}
}

// placedError is an error as pgx gives it, with a place in the text.
type placedError struct {
	Code     string
	Position int32
	Message  string
}

func (e *placedError) Error() string    { return e.Message }
func (e *placedError) SQLState() string { return e.Code }

// pqError is one of lib/pq.
type pqError struct{ Position string }

func (pqError) Error() string    { return `pq: column "titel" does not exist` }
func (pqError) SQLState() string { return "42703" }

// worded is an error of SQLite with a text.
type worded string

func (e worded) Error() string { return string(e) }
func (e worded) Code() int     { return 1 }

func TestMistakeInTheTextIsNamed(t *testing.T) {
	q := Q("SELECT ä, n.titel FROM notes n WHERE owner = ?", "hunter2")
	for name, c := range map[string]struct {
		d    Dialect
		err  error
		want string
	}{
		"column":                {PostgreSQL, &placedError{"42703", 13, `column n.titel does not exist`}, `no such column at "titel" (code 42703)`},
		"place of lib/pq":       {PostgreSQL, pqError{"13"}, `no such column at "titel" (code 42703)`},
		"syntax":                {PostgreSQL, &placedError{"42601", 24, `syntax error at or near "notes"`}, `syntax error at "notes"`},
		"place of another text": {PostgreSQL, &placedError{"42703", 13, `column "hunter2" does not exist`}, "no such column (code"},
		"place beyond the end":  {PostgreSQL, &placedError{"42703", 999, `column "hunter2" does not exist`}, "no such column (code"},
		"place before it":       {PostgreSQL, &placedError{"42703", -3, `column "hunter2" does not exist`}, "no such column (code"},
		"value in class 42":     {PostgreSQL, &placedError{"42601", 0, `syntax error in tsquery: "hunter2"`}, "syntax error (code 42601)"},
		"another class":         {PostgreSQL, &placedError{"22012", 8, "titel"}, "failed (code 22012)"},
		"MySQL column":          {MySQL, &numberError{1054, "Unknown column 'n.titel' in 'SELECT'"}, `no such column at "titel" (code 1054)`},
		"MySQL table":           {MySQL, &numberError{1146, "Table 'db.notes' doesn't exist"}, `no such table at "notes"`},
		"MySQL syntax":          {MySQL, &numberError{1064, "right syntax to use near 'FROM notes n WHERE owner = 'hunter2'' at line 1"}, `syntax error at "FROM"`},
		"MySQL value":           {MySQL, &numberError{1064, "right syntax to use near ''hunter2' x' at line 1"}, "syntax error (code"},
		"MySQL other name":      {MySQL, &numberError{1054, "Unknown column 'hunter2' in 'SELECT'"}, "no such column (code"},
		"SQLite column":         {SQLite, worded("SQL logic error: no such column: n.titel (1)"), `no such column at "titel" (code 1)`},
		"SQLite syntax":         {SQLite, worded(`SQL logic error: near "FROM": syntax error (1)`), `syntax error at "FROM"`},
		"SQLite end":            {SQLite, worded("incomplete input"), "syntax error at the end (code"},
		"SQLite FTS5":           {SQLite, worded(`fts5: syntax error near "hunter2"`), "syntax error (code"},
		"SQLite FTS5 column":    {SQLite, worded("no such column: hunter2"), "no such column (code"},
		"SQLite other":          {SQLite, worded("malformed JSON hunter2"), "failed (code 1)"},
	} {
		t.Run(name, func(t *testing.T) {
			db, _, log := newDB(t, Config{Dialect: c.d}, func(context.Context, string, []driver.NamedValue) (*table, error) { return nil, c.err })
			_, err := db.Exec(t.Context(), q)
			assert.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error()+log.String(), "hunter2")
			reason, _, _ := strings.Cut(c.want, " (code")
			assert.Contains(t, log.String(), strings.ReplaceAll(reason, `"`, `\"`))
		})
	}
}

// What an excerpt shows is fit for a log, and no literal of the text is in it.
func FuzzExcerptHidesLiterals(f *testing.F) {
	for _, s := range []string{"a = ", "SELECT \"x\" FROM t WHERE a = ", "/* ' */ a, ", "x::y ", "\xff ", "`a` ", "$a$ x $a$, "} {
		f.Add(s, uint8(1))
	}
	f.Fuzz(func(t *testing.T, before string, d uint8) {
		const canary = "q9zx7c4n4ry"
		dialect := Dialect(d%3) + PostgreSQL
		if _, _, err := TextOf(before).Text(dialect); err != nil || strings.Contains(before, canary) {
			return // where a literal begins is known only behind a text that is whole
		}
		got := Excerpt(dialect, before+" '"+canary+"'")
		assert.NotContains(t, got, canary)
		assert.Equal(t, got, event.Clean(got))
	})
}
