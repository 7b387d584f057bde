package bench

import (
	"context"
	"database/sql"

	"github.com/Masterminds/squirrel"
)

// withSquirrel is github.com/Masterminds/squirrel, which builds texts; the rows are scanned by hand.
func withSquirrel(pool *sql.DB) store {
	query := func(f *filter) (squirrel.SelectBuilder, error) {
		order, err := orderByHand(f.sort)
		return squirrel.Select("n.id", "n.title", "n.body", "n.created_at").From("notes n").
			Where(squirrel.Eq{"n.owner": f.owner}).
			Where(squirrel.Eq{"n.state": f.state}).
			Where(squirrel.GtOrEq{"n.created_at": f.since}).
			Where("n.title LIKE ? ESCAPE '!'", containing(f.search)).
			Where(squirrel.Eq{"n.id": f.ids}).
			OrderBy(order).Limit(50), err
	}
	return store{
		name: "squirrel",
		text: func(f *filter) (string, []any, error) {
			q, err := query(f)
			if err != nil {
				return "", nil, err
			}
			return q.PlaceholderFormat(squirrel.Dollar).ToSql()
		},
		find: func(ctx context.Context, f *filter) (found []note, err error) {
			q, err := query(f)
			if err != nil {
				return nil, err
			}
			rows, err := q.RunWith(pool).QueryContext(ctx)
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
			err = squirrel.Select("title").From("notes").Where(squirrel.Eq{"id": id}).RunWith(pool).QueryRowContext(ctx).Scan(&title)
			return title, err
		},
	}
}
