package sqlguard

import (
	"database/sql"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/sqlguard/internal/raw"
)

// In returns the condition that the column equals one of the values. Without values it is false.
//
// A nil among the values is a fault: NULL equals nothing, so it would be ignored here and would make [NotIn] refuse every
// row.
func In[T any](column text, values []T) SQL { return among(nodeIn, column, values) }

// NotIn returns the condition that the column equals none of the values. Without values it is true. A column that is NULL
// is neither in a list nor not in it, unless the list is empty.
func NotIn[T any](column text, values []T) SQL { return among(nodeNotIn, column, values) }

func among[T any](n node, column text, values []T) SQL {
	if len(values) > PostgreSQL.maxArgs() { // do not copy what can never be bound
		return SQL{node: nodeTooMany}
	}
	q := SQL{node: n, text: string(column)}
	q.expect(len(values), len(column)+2*joinSize+len(values)*placeholderSize)
	// Values of an interface or pointer type differ; of any other, the first tells for all.
	k := reflect.TypeFor[T]().Kind()
	each := k == reflect.Pointer || k == reflect.Interface
	for i := range values {
		if i > 0 && !each {
			break
		}
		if why := elementFault(values[i]); why != "" {
			return faulty(why)
		}
	}
	if len(values) > 0 {
		q.inline[0] = makeList(values)
	}
	return q
}

// list holds the values that [In] and [NotIn] look for, in arrays of [chunk]T. To convert values to any one by one allocates each of them; of
// an array that was converted, reflect hands out the elements where they are.
type list struct {
	n      int
	arrays []any
}

// chunk is how many values go into one array.
const chunk = 16

func makeList[T any](values []T) list {
	l := list{len(values), make([]any, 0, (len(values)+chunk-1)/chunk)}
	for len(values) > 0 {
		var array [chunk]T
		values = values[copy(array[:], values):]
		l.arrays = append(l.arrays, array)
	}
	return l
}

// bind is the loop that long statements spend their time in, so what it writes to is kept in variables of its own.
func (l list) bind(r *renderer) {
	args := slices.Grow(r.args, l.n)
	first, end := len(args), len(args)+l.n
	for _, array := range l.arrays {
		values := reflect.ValueOf(array)
		for i := range min(chunk, end-len(args)) {
			args = append(args, values.Index(i).Interface())
		}
	}
	buf := r.d.appendPlaceholder(r.buf, first+1)
	for n := first + 2; n <= end; n++ {
		buf = r.d.appendNext(buf, n)
	}
	r.buf, r.args = buf, args
}

// elementFault returns why v has no place in a list of values, or "".
func elementFault(v any) string {
	switch v.(type) {
	case string, int, int64, bool, float64, time.Time:
		return ""
	case SQL, *SQL, raw.Fragment:
		return "a list of fragments is bound: use Join"
	case sql.NamedArg, sql.Out:
		return "a named or output parameter is bound: bind the value itself"
	}
	if isNil(v) {
		return "a list has a nil: test for NULL with IS NULL"
	}
	if isOrder(v) {
		return orderBound
	}
	return ""
}

const orderBound = "what is bound is no value, but an order to the driver, such as to rewrite the statement: bind the value itself"

// isOrder says whether a driver would take v for more than a value: pgx lets its first arguments replace the text of the statement, or
// choose how it is sent.
func isOrder(v any) bool {
	t := reflect.TypeOf(v)
	if _, rewrites := t.MethodByName("RewriteQuery"); rewrites {
		return true
	}
	return strings.HasPrefix(t.PkgPath(), "github.com/jackc/pgx/") && strings.HasPrefix(t.Name(), "Query")
}

func isNil(v any) bool {
	if v == nil {
		return true
	}
	rv := reflect.ValueOf(v)
	return rv.Kind() == reflect.Pointer && rv.IsNil()
}

// Contains returns the condition that s occurs in the column, with % and _ meaning themselves. Whether case counts is up
// to the database: PostgreSQL distinguishes it, SQLite does not for ASCII, MySQL goes by the collation.
//
// An s with a NUL is refused with [ErrValue]: SQLite would compare only what stands before it, and PostgreSQL's texts have none.
func Contains(column text, s string) SQL { return like(column, "%", s, "%") }

// HasPrefix returns the condition that the column begins with s. See [Contains].
func HasPrefix(column text, s string) SQL { return like(column, "", s, "%") }

// HasSuffix returns the condition that the column ends with s. See [Contains].
func HasSuffix(column text, s string) SQL { return like(column, "%", s, "") }

// likeEscape is the escape character of all patterns. It is no backslash, because how many of those stand for
// one depends on the server and its settings.
const likeEscape = '!'

func like(column text, before, s, after string) SQL {
	var b strings.Builder
	b.Grow(len(before) + len(s) + len(after) + 8)
	b.WriteString(before)
	for i := range len(s) { // bytes: none of the special characters is part of another in UTF-8
		if c := s[i]; c == '%' || c == '_' || c == likeEscape {
			b.WriteByte(likeEscape)
		}
		b.WriteByte(s[i])
	}
	b.WriteString(after)
	q := SQL{node: nodeLike, text: string(column), inline: [2]any{b.String()}}
	q.expect(1, len(column)+4*joinSize)
	return q
}
