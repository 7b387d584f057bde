package sqlguard

import (
	"slices"
	"unsafe"

	"github.com/sallyport-go/sallyport/sqlguard/internal/raw"
)

// text is the type of SQL text. It is not exported, so that outside of this package only untyped constants have it.
type text string

// SQL is a statement or a part of one: constant text with the values that are bound to it. It is immutable. The zero SQL
// is empty, and vanishes from what it is put into.
//
// What is wrong with a fragment is found when it is rendered, by [SQL.Text] or by the methods that run it, because only then
// is the dialect known. A faulty fragment never runs.
type SQL struct {
	node node
	text string
	// The values of a text or a predicate. One or two, the usual number, need no slice of their own.
	inline [2]any
	n      uint8 // how many of inline
	values []any
	parts  []SQL
	count  int // how many values are in it, but for lists: what to make room for
	size   int // about how many bytes its text has
}

// What to make room for in the text, beyond the constants: a placeholder, and what joins two parts.
const (
	placeholderSize = 6
	joinSize        = 8
)

// node is what an SQL is.
type node uint8

const (
	nodeEmpty   node = iota
	nodeText         // text with placeholders
	nodeFault        // text says why it must not run
	nodeAnd          // parts joined, each in brackets
	nodeOr           // the same
	nodeWhere        // parts as of nodeAnd, after the word
	nodeComma        // parts in a list
	nodeSpace        // parts after one another
	nodeOrder        // parts, each a column
	nodeDesc         // a column in descending order
	nodeIn           // text IN (values)
	nodeNotIn        // text NOT IN (values)
	nodeLike         // text LIKE value
	nodeTooMany      // a list that is too long for any dialect
)

// Q makes a fragment from a constant and what its placeholders stand for.
//
// A ? in the text, unless it is inside a literal, a name in quotes or a comment, stands for one argument:
//
//   - an [SQL] is taken in where the ? stands. Beside AND, OR and NOT it is set in brackets;
//   - a slice, where the ? is all that stands in IN (?), becomes a list of values. An empty one is a fault, because IN () is
//     no SQL: [In] knows what to do;
//   - anything else is a value and goes to the driver as it is. A []byte is one value, and so is what implements
//     [database/sql/driver.Valuer].
//
// For PostgreSQL, ?? is the operator ?, as in data ?? 'key', and ??| and ??& are ?| and ?&.
//
// Too few or too many arguments, a slice elsewhere, a text that is not whole in the dialect, or a named parameter is a
// fault: see [ErrSQL].
func Q(text text, args ...any) SQL {
	return makeText(string(text), args)
}

func makeText(s string, args []any) SQL {
	if s == "" && len(args) == 0 {
		return SQL{}
	}
	q := SQL{node: nodeText, text: s, count: len(args), size: len(s) + len(args)*placeholderSize}
	if len(args) <= len(q.inline) {
		q.n = uint8(copy(q.inline[:], args))
	} else {
		q.values = slices.Clone(args)
	}
	for _, arg := range args {
		switch part := arg.(type) {
		case SQL:
			q.count += part.count - 1
			q.size += part.size
		case raw.Fragment:
			q.count += len(part.Args) - 1
			q.size += len(part.Text)
		}
	}
	return q
}

// args returns the values of q.
func (q *SQL) args() []any {
	if q.values != nil {
		return q.values
	}
	return q.inline[:q.n]
}

func faulty(why string) SQL { return SQL{node: nodeFault, text: why} }

// If returns q if cond is true, and otherwise the empty fragment. Beware of what vanishes: a condition that keeps
// one customer's rows from another does not belong in an If.
func If(cond bool, q SQL) SQL {
	if cond {
		return q
	}
	return SQL{}
}

// String says that q is an SQL and no more, so that its values do not end in a log. See [SQL.Text].
func (q SQL) String() string { return "sqlguard.SQL" }

// Text renders q: the text, with placeholders in the notation of the dialect, and their values in order, for an executor other than
// [DB]. The error is an [*Error] for [ErrSQL], or for [ErrTooLarge] if there are more values than the
// dialect has parameters. The empty fragment gives the empty text.
func (q SQL) Text(d Dialect) (string, []any, error) {
	if !d.known() {
		return "", nil, fault("the dialect is unknown: use PostgreSQL, MySQL or SQLite")
	}
	r := renderer{d: d, buf: make([]byte, 0, min(q.size, maxText))}
	if q.count > 0 {
		r.args = make([]any, 0, min(q.count, d.maxArgs()))
	}
	if err := r.render(&q); err != nil {
		return "", nil, err
	}
	return unsafe.String(unsafe.SliceData(r.buf), len(r.buf)), r.args, nil // nobody else has the buffer
}
