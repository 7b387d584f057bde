package sqlguard

import "strings"

// What a client's order is bounded by.
const (
	maxSortKeys  = 8
	maxSortBytes = 512
)

// Choices is what a client may name and the SQL that it means: the allow-list for what cannot be bound to a placeholder, such as
// a column to order by (OWASP SQL Injection Prevention Cheat Sheet, option 3).
//
//	var sortable = sqlguard.Choices{"created": "n.created_at", "title": "n.title"}
//
// The texts take no values. Do not change the map while it is in use.
type Choices map[string]text

// Pick returns the SQL that name stands for, or an [*Error] for [ErrChoice] if it stands for none. Names match byte by byte.
func (c Choices) Pick(name string) (SQL, error) {
	t, err := c.pick(name)
	if err != nil {
		return SQL{}, err
	}
	return SQL{node: nodeText, text: t}, nil
}

func (c Choices) pick(name string) (string, error) {
	t, ok := c[name]
	if !ok {
		return "", newError(ErrChoice, "a name is not among the choices")
	}
	if t == "" {
		return "", fault("a choice has an empty text")
	}
	return string(t), nil
}

// Sort returns the ORDER BY clause that a client asks for in the form "-created,title": names of choices with commas between
// them, each at most once, at most eight, with a minus sign before one that descends.
//
// Append with then what makes the order total, such as the primary key; a column that the client's order has already
// is not repeated. It is the whole order if spec is empty. Without either the clause is empty.
//
// What is not on offer gives an [*Error] for [ErrChoice]. Each choice should be one expression: a minus sign would
// turn round only the last of several.
func (c Choices) Sort(spec string, then ...text) (SQL, error) {
	commas := strings.Count(spec, ",")
	if len(spec) > maxSortBytes || commas >= maxSortKeys {
		return SQL{}, newError(ErrChoice, "an order is too long")
	}
	keys := make(order, 0, commas+1+len(then))
	for more := spec != ""; more; {
		var name string
		name, spec, more = strings.Cut(spec, ",")
		name, descending := strings.CutPrefix(name, "-")
		column, err := c.pick(name)
		if err != nil {
			return SQL{}, err
		}
		if keys.has(column) {
			return SQL{}, newError(ErrChoice, "an order names a column twice")
		}
		keys = append(keys, orderKey{column, descending})
	}
	for _, t := range then {
		if column, _, _ := strings.Cut(string(t), " "); !keys.has(column) {
			keys = append(keys, orderKey{text: string(t)})
		}
	}
	if len(keys) == 0 {
		return SQL{}, nil
	}
	q := SQL{node: nodeOrder, inline: [2]any{keys}}
	for i := range keys {
		q.expect(0, len(keys[i].text)+joinSize)
	}
	return q, nil
}

// order is what an ORDER BY clause consists of.
type order []orderKey

type orderKey struct {
	text       string
	descending bool
}

func (o order) has(column string) bool {
	for i := range o {
		if o[i].text == column {
			return true
		}
	}
	return false
}

func (o order) render(r *renderer) error {
	r.write("ORDER BY ")
	for i := range o {
		if i > 0 {
			r.write(", ")
		}
		if err := r.column(o[i].text); err != nil {
			return err
		}
		if o[i].descending {
			r.write(" DESC")
		}
	}
	return nil
}
