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
	n    uint8 // how many of inline, or inSlice
	// What to make room for, up to maxHint: how many values are in it, but for lists, and about how many bytes its text has.
	count, size int32
	text        string
	// The values of a text or a predicate. One or two, the usual number, need no slice of their own; more are a []any, and those of a
	// list a list, in the first. Fragments are copied into one another, so each word of them counts.
	inline [2]any
	parts  []SQL
}

// inSlice is the n of a text with more values than fit inline.
const inSlice = 3

// maxHint bounds what room is made for: fragments that take in one another twice at each level would count beyond any number.
const maxHint = maxText

func hint(n int) int32 { return int32(min(n, maxHint)) }

// expect adds what to make room for.
func (q *SQL) expect(count, size int) {
	q.count, q.size = hint(int(q.count)+count), hint(int(q.size)+size)
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
	nodeOrder        // an order
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
//     [database/sql/driver.Valuer]. What a driver would take for an order, such as a QueryRewriter of pgx, is a fault.
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
	q := SQL{node: nodeText, text: s}
	q.expect(len(args), len(s)+len(args)*placeholderSize)
	if len(args) <= len(q.inline) {
		q.n = uint8(copy(q.inline[:], args))
	} else {
		q.n, q.inline[0] = inSlice, slices.Clone(args)
	}
	for _, arg := range args {
		switch part := arg.(type) {
		case SQL:
			q.expect(int(part.count)-1, int(part.size))
		case raw.Fragment:
			q.expect(len(part.Args)-1, len(part.Text))
		}
	}
	return q
}

// args returns the values of q.
func (q *SQL) args() []any {
	if q.n == inSlice {
		return q.inline[0].([]any)
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
	st, err := q.statement(d)
	return st.text, st.args, err
}

func (q *SQL) statement(d Dialect) (statement, error) {
	if !d.known() {
		return statement{}, fault("the dialect is unknown: use PostgreSQL, MySQL or SQLite")
	}
	r := renderer{d: d, buf: make([]byte, 0, q.size)}
	if q.count > 0 {
		r.args = make([]any, 0, min(int(q.count), d.maxArgs()))
	}
	if err := r.render(q); err != nil {
		return statement{}, err
	}
	text := unsafe.String(unsafe.SliceData(r.buf), len(r.buf)) // nobody else has the buffer
	return statement{label{d, text, r.foreign}, r.args}, nil
}
