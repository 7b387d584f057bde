package sqlguard

import (
	"database/sql/driver"
	"reflect"
	"strconv"
	"strings"
)

// statement is a rendered SQL that may run.
type statement struct {
	label
	args []any
}

// prepare renders q and checks it against the bounds and against what the session may run. Nothing has reached the database.
func (s *session) prepare(q SQL) (statement, error) {
	if err := s.doom.err(); err != nil {
		return statement{}, err
	}
	st, err := q.statement(s.db.dialect)
	if err != nil {
		return statement{}, err
	}
	verb := firstWord(st.d, st.text)
	switch {
	case verb == "":
		return statement{}, st.error(ErrSQL, "the statement is empty")
	case anyFold(verb, transactionWords):
		return statement{}, st.error(ErrSQL, "the statement begins or ends a transaction: use Read or Write")
	case s.readOnly && !anyFold(verb, readWords):
		return statement{}, st.error(ErrReadOnly, "only a query can run in Read")
	}
	if limit := s.db.maxArgBytes; limit >= 0 && argBytes(st.args, limit) > limit {
		return statement{}, st.error(ErrTooLarge, "the values have more than "+strconv.Itoa(limit)+" bytes")
	}
	return st, nil
}

// transactionWords begin statements that would leave a connection of the pool in a transaction, or end one under the
// feet of Read and Write.
var transactionWords = []string{
	"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE", "PREPARE", "XA",
}

// readWords begin statements that read. What hides a write in one of them is refused by the database. SET and PRAGMA are not
// among them: they could make the transaction one that writes.
var readWords = []string{"SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN", "DESCRIBE", "DESC"}

func anyFold(s string, words []string) bool {
	for _, w := range words {
		if strings.EqualFold(s, w) {
			return true
		}
	}
	return false
}

// firstWord returns the word that a statement begins with, apart from comments and brackets; "?" if it begins with
// anything else.
func firstWord(d Dialect, text string) string {
	l := lexer{d: d, s: text}
	for {
		t := l.next()
		switch t.kind {
		case kindSpace, kindComment, kindLineComment, kindOpen:
		case kindEnd:
			return ""
		case kindWord:
			return text[t.start:t.end]
		default:
			return "?"
		}
	}
}

// argBytes adds up the bytes of texts and byte slices, behind pointers and driver.Valuers too, until they exceed the limit.
func argBytes(args []any, limit int) int {
	sum := 0
	for _, a := range args {
		if sum += size(a, 0); sum > limit {
			break
		}
	}
	return sum
}

func size(a any, depth int) int {
	switch v := a.(type) {
	case string:
		return len(v)
	case []byte:
		return len(v)
	case nil, int, int64, bool, float64:
		return 0
	}
	if depth > 3 {
		return 0
	}
	rv := reflect.ValueOf(a)
	if v, ok := a.(driver.Valuer); ok {
		if rv.Kind() == reflect.Pointer && rv.IsNil() {
			return 0
		}
		value, err := v.Value() // the driver meets the error again, and reports it
		if err != nil {
			return 0
		}
		return size(value, depth+1)
	}
	switch rv.Kind() {
	case reflect.String:
		return rv.Len()
	case reflect.Slice:
		if rv.Type().Elem().Kind() == reflect.Uint8 {
			return rv.Len()
		}
	case reflect.Pointer:
		if !rv.IsNil() {
			return size(rv.Elem().Interface(), depth+1)
		}
	}
	return 0
}
