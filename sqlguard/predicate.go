package sqlguard

import (
	"database/sql"
	"reflect"
	"strings"

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
	q := SQL{node: n, text: string(column), values: make([]any, len(values)), count: len(values)}
	q.size = len(q.text) + 2*joinSize + len(values)*placeholderSize
	// Values of an interface or pointer type differ; of any other, the first tells for all.
	k := reflect.TypeFor[T]().Kind()
	each := k == reflect.Pointer || k == reflect.Interface
	for i, v := range values {
		q.values[i] = v
		if i > 0 && !each {
			continue
		}
		if why := elementFault(q.values[i]); why != "" {
			return faulty(why)
		}
	}
	return q
}

// elementFault returns why v has no place in a list of values, or "".
func elementFault(v any) string {
	switch v.(type) {
	case SQL, *SQL, raw.Fragment:
		return "a list of fragments is bound: use Join"
	case sql.NamedArg, sql.Out:
		return "a named or output parameter is bound: bind the value itself"
	}
	if isNil(v) {
		return "a list has a nil: test for NULL with IS NULL"
	}
	return ""
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
	return SQL{node: nodeLike, text: string(column), inline: [2]any{b.String()}, n: 1, count: 1, size: len(column) + 4*joinSize}
}
