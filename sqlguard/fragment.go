package sqlguard

// And returns a condition that holds if all parts hold, each set in brackets. Empty parts vanish; without parts it is empty.
func And(parts ...SQL) SQL { return combine(nodeAnd, parts) }

// Or returns a condition that holds if one of the parts holds, each set in brackets. Empty parts vanish; without parts it is
// empty, which restricts nothing: for a choice among a client's values use [In], where none is false.
func Or(parts ...SQL) SQL { return combine(nodeOr, parts) }

// Where returns a WHERE clause with the conditions joined as by [And]. If all of them are empty, so is the clause: the
// statement then acts on every row.
func Where(conditions ...SQL) SQL {
	q := And(conditions...)
	if q.node == nodeEmpty {
		return q
	}
	if q.node == nodeAnd {
		q.node = nodeWhere
		return q
	}
	where := SQL{node: nodeWhere, parts: []SQL{q}}
	where.expect(int(q.count), int(q.size)+joinSize)
	return where
}

// Separator is what [Join] puts between parts. There is a fixed set of them, because pieces of text could be put together
// to anything.
type Separator uint8

// The separators. The zero Separator is Comma.
const (
	Comma Separator = iota
	Space
)

// Join returns the parts in a row. Empty parts vanish.
func Join(between Separator, parts ...SQL) SQL {
	switch between {
	case Comma:
		return combine(nodeComma, parts)
	case Space:
		return combine(nodeSpace, parts)
	}
	return faulty("the separator is unknown: use Comma or Space")
}

// combine copies the parts that are not empty. One alone needs no company.
func combine(n node, parts []SQL) SQL {
	kept := 0
	last := 0
	for i := range parts {
		if parts[i].node != nodeEmpty {
			kept++
			last = i
		}
	}
	switch kept {
	case 0:
		return SQL{}
	case 1:
		return parts[last]
	}
	q := SQL{node: n, parts: make([]SQL, 0, kept)}
	if kept == len(parts) {
		q.parts = append(q.parts, parts...)
	} else {
		for i := range parts {
			if parts[i].node != nodeEmpty {
				q.parts = append(q.parts, parts[i])
			}
		}
	}
	for i := range q.parts {
		q.expect(int(q.parts[i].count), int(q.parts[i].size)+joinSize)
	}
	return q
}
