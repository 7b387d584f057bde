package bench

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
)

var errSort = errors.New("the order is not on offer")

// byHand is database/sql with the text put together as carefully as one can: the client's order by a switch, the search escaped.
func byHand(pool *sql.DB) store {
	return store{
		name: "database/sql, by hand",
		text: func(f *filter) (string, []any, error) { return textByHand(f, true) },
		find: func(ctx context.Context, f *filter) (found []note, err error) {
			text, args, err := textByHand(f, false)
			if err != nil {
				return nil, err
			}
			rows, err := pool.QueryContext(ctx, text, args...)
			if err != nil {
				return nil, err
			}
			defer rows.Close()
			for rows.Next() {
				var n note
				if err := rows.Scan(&n.ID, &n.Title, &n.Body, &n.Created); err != nil {
					return nil, err
				}
				found = append(found, n)
			}
			return found, rows.Err()
		},
		one: func(ctx context.Context, id int64) (title string, err error) {
			err = pool.QueryRowContext(ctx, "SELECT title FROM notes WHERE id = ?", id).Scan(&title)
			return title, err
		},
	}
}

func textByHand(f *filter, numbered bool) (string, []any, error) {
	order, err := orderByHand(f.sort)
	if err != nil {
		return "", nil, err
	}
	buf := make([]byte, 0, 768)
	args := make([]any, 0, 4+len(f.ids))
	bind := func(before string, v any) {
		args = append(args, v)
		buf = append(buf, before...)
		if !numbered {
			buf = append(buf, '?')
			return
		}
		buf = append(buf, '$')
		buf = strconv.AppendInt(buf, int64(len(args)), 10)
	}
	bind("SELECT n.id, n.title, n.body, n.created_at FROM notes n WHERE (n.owner = ", f.owner)
	bind(") AND (n.state = ", f.state)
	bind(") AND (n.created_at >= ", f.since)
	bind(") AND (n.title LIKE ", containing(f.search))
	before := " ESCAPE '!') AND (n.id IN ("
	for _, id := range f.ids {
		bind(before, id)
		before = ", "
	}
	buf = append(buf, ")) ORDER BY "...)
	buf = append(buf, order...)
	buf = append(buf, " LIMIT 50"...)
	return string(buf), args, nil
}

func orderByHand(sort string) (string, error) {
	switch sort {
	case "-created,title":
		return "n.created_at DESC, lower(n.title), n.id", nil
	case "":
		return "n.id", nil
	}
	return "", errSort
}

// containing is a LIKE pattern with ! as its escape.
func containing(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 4)
	b.WriteByte('%')
	for i := range len(s) {
		if c := s[i]; c == '%' || c == '_' || c == '!' {
			b.WriteByte('!')
		}
		b.WriteByte(s[i])
	}
	b.WriteByte('%')
	return b.String()
}
