package sqlguard

import (
	"database/sql"
	"database/sql/driver"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/sqlguard/internal/raw"
)

// What a rendered statement is bounded by, apart from its values.
const (
	maxText  = 1 << 20 // bytes
	maxDepth = 1000    // fragments within fragments
)

// renderer writes the text of one statement and gathers its values.
type renderer struct {
	d     Dialect
	buf   []byte
	args  []any
	depth int
	// apart says that the last thing written was a fragment, which must not run into what comes next.
	apart bool
	// foreign says that a text came through package trusted.
	foreign bool
}

func (r *renderer) render(q *SQL) error {
	if r.depth++; r.depth > maxDepth {
		return fault("fragments are nested too deep: build lists with And, Or or Join, not in a chain")
	}
	err := r.node(q)
	r.depth--
	if err == nil && len(r.buf) > maxText {
		return fault("the text is longer than " + strconv.Itoa(maxText) + " bytes: bind data to placeholders")
	}
	return err
}

func (r *renderer) node(q *SQL) error {
	switch q.node {
	case nodeEmpty:
		return nil
	case nodeText:
		return r.text(q)
	case nodeFault:
		return fault(q.text)
	case nodeTooMany:
		return r.room(r.d.maxArgs() + 1)
	case nodeAnd:
		return r.bracketed(q.parts, " AND ")
	case nodeOr:
		return r.bracketed(q.parts, " OR ")
	case nodeWhere:
		r.write("WHERE ")
		if len(q.parts) == 1 {
			return r.render(&q.parts[0])
		}
		return r.bracketed(q.parts, " AND ")
	case nodeComma:
		return r.joined(q.parts, ", ")
	case nodeSpace:
		return r.joined(q.parts, " ")
	case nodeOrder:
		return q.inline[0].(order).render(r)
	}
	return r.predicate(q)
}

func (r *renderer) write(s string) { r.buf = append(r.buf, s...) }

func (r *renderer) bracketed(parts []SQL, between string) error {
	for i := range parts {
		if i > 0 {
			r.write(between)
		}
		r.write("(")
		if err := r.render(&parts[i]); err != nil {
			return err
		}
		r.write(")")
	}
	return nil
}

func (r *renderer) joined(parts []SQL, between string) error {
	for i := range parts {
		if i > 0 {
			r.write(between)
		}
		if err := r.render(&parts[i]); err != nil {
			return err
		}
	}
	return nil
}

// column writes a text that takes no values.
func (r *renderer) column(text string) error {
	if strings.TrimSpace(text) == "" {
		return fault("a column is empty")
	}
	return r.bound(text, nil)
}

func (r *renderer) predicate(q *SQL) error {
	if q.inline[0] == nil { // a list without values
		if q.node == nodeIn {
			r.write("1 = 0")
		} else {
			r.write("1 = 1")
		}
		return nil
	}
	if err := r.column(q.text); err != nil {
		return err
	}
	switch q.node {
	case nodeIn:
		r.write(" IN (")
	case nodeNotIn:
		r.write(" NOT IN (")
	default:
		return r.like(q.inline[0])
	}
	values := q.inline[0].(list)
	if err := r.room(values.n); err != nil {
		return err
	}
	values.bind(r)
	r.write(")")
	return nil
}

func (r *renderer) like(pattern any) error {
	if strings.IndexByte(pattern.(string), 0) >= 0 {
		return newError(ErrValue, "a pattern has a NUL")
	}
	r.write(" LIKE ")
	r.placeholder(pattern)
	r.write(" ESCAPE '!'")
	return r.room(0)
}

// room refuses n more values if the dialect has no parameters for them.
func (r *renderer) room(n int) error {
	if len(r.args)+n > r.d.maxArgs() {
		return newError(ErrTooLarge, "the statement has more than "+strconv.Itoa(r.d.maxArgs())+" values")
	}
	return nil
}

// fault is about a text of the program.
func (r *renderer) fault(text, detail string) *Error {
	return label{r.d, text, r.foreign}.error(ErrSQL, detail)
}

func (r *renderer) text(q *SQL) error {
	if q.text == "" { // makeText lets no empty text with values through unseen
		return fault("values are bound to an empty text")
	}
	return r.bound(q.text, q.args())
}

// bound writes a text with its values.
func (r *renderer) bound(text string, args []any) error {
	p := planFor(r.d, text)
	if p.fault != "" {
		return r.fault(text, p.fault)
	}
	if p.slots != len(args) {
		return r.fault(text, "the text has "+strconv.Itoa(p.slots)+" placeholders and "+strconv.Itoa(len(args))+" arguments")
	}
	for i := range p.pieces {
		piece := &p.pieces[i]
		r.literal(piece.literal)
		if !piece.slot {
			continue
		}
		if err := r.arg(piece, args[0]); err != nil {
			return err
		}
		args = args[1:]
	}
	if p.comment {
		r.write("\n")
	}
	return r.room(0)
}

// literal writes text of the program, with a space between it and a fragment that it would run into.
func (r *renderer) literal(s string) {
	if r.apart && s != "" {
		if c := s[0]; !isSpace(c) && c != ')' && c != ',' {
			r.buf = append(r.buf, ' ')
		}
		r.apart = false
	}
	r.buf = append(r.buf, s...)
}

func (r *renderer) arg(p *piece, arg any) error {
	switch v := arg.(type) {
	case SQL:
		return r.splice(p, &v)
	case raw.Fragment:
		if v.Fault != "" {
			return fault(v.Fault)
		}
		r.foreign = true
		q := makeText(v.Text, v.Args)
		return r.splice(p, &q)
	case nil, string, int, int64, bool, float64, time.Time, []byte:
		r.placeholder(arg)
		return nil
	case sql.NamedArg, sql.Out:
		return fault("a named or output parameter is bound: bind the value itself")
	case *SQL:
		return fault("a pointer to an SQL is bound: pass the SQL itself")
	}
	if isOrder(arg) {
		return fault(orderBound)
	}
	if _, ok := arg.(driver.Valuer); ok {
		r.placeholder(arg)
		return nil
	}
	if rv := reflect.ValueOf(arg); rv.Kind() == reflect.Slice && rv.Type().Elem().Kind() != reflect.Uint8 {
		return r.list(p, rv)
	}
	r.placeholder(arg)
	return nil
}

func (r *renderer) splice(p *piece, q *SQL) error {
	if q.node == nodeEmpty {
		if p.logical {
			return fault("an empty fragment stands beside AND, OR or NOT: use the functions And and Or, where it vanishes")
		}
		return nil
	}
	if n := len(r.buf); n > 0 && !isSpace(r.buf[n-1]) && r.buf[n-1] != '(' {
		r.buf = append(r.buf, ' ')
	}
	if p.logical {
		r.write("(")
	}
	r.apart = false
	if err := r.render(q); err != nil {
		return err
	}
	if p.logical {
		r.write(")")
	}
	r.apart = true
	return nil
}

func (r *renderer) list(p *piece, values reflect.Value) error {
	if !p.list {
		return fault("a slice is bound to a ? that does not stand alone in IN (?): use In, or convert it to what the driver takes")
	}
	if values.Len() == 0 {
		return fault("an empty slice is bound to IN (?): use In or NotIn, which know what an empty list means")
	}
	if err := r.room(values.Len()); err != nil {
		return err
	}
	for i := range values.Len() {
		if i > 0 {
			r.write(", ")
		}
		v := values.Index(i).Interface()
		if why := elementFault(v); why != "" {
			return fault(why)
		}
		r.placeholder(v)
	}
	return nil
}

// placeholder binds a value.
func (r *renderer) placeholder(v any) {
	// A negative number that a driver writes into the text must not make a comment of a minus sign (CVE-2024-27289).
	if n := len(r.buf); n > 0 && r.buf[n-1] == '-' || r.apart {
		r.buf = append(r.buf, ' ')
		r.apart = false
	}
	r.args = append(r.args, v)
	r.buf = r.d.appendPlaceholder(r.buf, len(r.args))
}
