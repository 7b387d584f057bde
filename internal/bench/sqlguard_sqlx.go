package bench

import (
	"context"
	"database/sql"

	"github.com/jmoiron/sqlx"
)

// withSQLX is github.com/jmoiron/sqlx, which writes lists and scans rows; the text is a string as any other.
func withSQLX(pool *sql.DB) store {
	db := sqlx.NewDb(pool, "sqlite")
	text := func(f *filter) (string, []any, error) {
		order, err := orderByHand(f.sort)
		if err != nil {
			return "", nil, err
		}
		text, args, err := sqlx.In("SELECT n.id, n.title, n.body, n.created_at FROM notes n WHERE (n.owner = ?) AND (n.state = ?) AND (n.created_at >= ?)"+
			" AND (n.title LIKE ? ESCAPE '!') AND (n.id IN (?)) ORDER BY "+order+" LIMIT 50",
			f.owner, f.state, f.since, containing(f.search), f.ids)
		return text, args, err
	}
	return store{
		name: "sqlx",
		text: func(f *filter) (string, []any, error) {
			q, args, err := text(f)
			return sqlx.Rebind(sqlx.DOLLAR, q), args, err
		},
		find: func(ctx context.Context, f *filter) (found []note, err error) {
			q, args, err := text(f)
			if err != nil {
				return nil, err
			}
			err = db.SelectContext(ctx, &found, q, args...)
			return found, err
		},
		one: func(ctx context.Context, id int64) (title string, err error) {
			err = db.GetContext(ctx, &title, "SELECT title FROM notes WHERE id = ?", id)
			return title, err
		},
	}
}
