package sqlguard

import (
	"context"
	"reflect"
	"strconv"
	"time"
)

// All runs q and returns its rows, an empty list if there are none. With more than Config.MaxRows of them it returns [ErrTooManyRows]
// and no row.
//
// T is a struct, or anything else that one column can be scanned into. For a struct, each column goes to the exported
// field that names it by a tag:
//
//	type Note struct {
//		ID    int64   `db:"id"`
//		Title string  `db:"title"`
//		Due   *string `db:"due"` // NULL becomes nil
//	}
//
// Fields of a struct that is embedded without a tag count as its own; a field tagged "-" is left alone. Anything that does
// not match is [ErrScan]: an exported field without a tag, a column without a field, a field without a column, two of one name.
// A struct that implements [database/sql.Scanner], and time.Time, is a value for one column.
//
// A q that writes, with RETURNING, has written even when its rows are refused; run it in [DB.Write] to have that undone.
func All[T any](ctx context.Context, db Querier, q SQL) ([]T, error) {
	s := db.session()
	all := []T{} // not nil, which becomes null in JSON
	_, err := each(ctx, s, q, s.db.maxRows, func(row *T) error {
		all = append(all, *row)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// One runs q and returns its only row. Without a row the error is [ErrNoRows], with a second [ErrTooManyRows]. For T see [All].
func One[T any](ctx context.Context, db Querier, q SQL) (T, error) {
	var one, none T
	found := false
	st, err := each(ctx, db.session(), q, 1, func(row *T) error {
		one, found = *row, true
		return nil
	})
	if err == nil && !found {
		err = st.error(ErrNoRows, "")
	}
	if err != nil {
		return none, err
	}
	return one, nil
}

// Each runs q and calls f with each row as it comes, without a limit to their number. An error of f ends the query and is
// returned as it is. Config.Timeout goes for all of it, calls of f included. In a transaction f must run no statement: most
// databases have no second one on a connection. For T see [All].
func Each[T any](ctx context.Context, db Querier, q SQL, f func(T) error) error {
	_, err := each(ctx, db.session(), q, -1, func(row *T) error { return f(*row) })
	return err
}

// each calls f with at most limit rows; a negative limit is none. It returns the statement that gave them.
func each[T any](ctx context.Context, s *session, q SQL, limit int, f func(*T) error) (statement, error) {
	st, err := s.prepare(q)
	if err != nil {
		return st, err
	}
	return st, run(ctx, s, st, limit, f)
}

func run[T any](ctx context.Context, s *session, st statement, limit int, f func(*T) error) error {
	ctx, cancel := s.db.limit(ctx)
	defer cancel()
	start := time.Now()
	rows, err := s.run.QueryContext(ctx, st.text, st.args...)
	if err != nil {
		return s.fail(ctx, st, err, start, 0)
	}
	defer func() { _ = rows.Close() }() // its error is that of rows.Err, or of no interest once another was met
	columns, err := rows.Columns()
	if err != nil {
		return s.fail(ctx, st, err, start, 0)
	}
	row := new(T)
	targets, misfit := targets(&s.db.scans, row, columns, st)
	if misfit != "" {
		return s.refuse(ctx, st.error(ErrScan, misfit), start, 0)
	}
	n := 0
	for ; rows.Next(); n++ {
		if n == limit {
			return s.refuse(ctx, st.error(ErrTooManyRows, "there are more than "+strconv.Itoa(limit)), start, n)
		}
		var zero T
		*row = zero // a sql.Scanner must not find what it left in the row before
		if err := rows.Scan(targets...); err != nil {
			if ctx.Err() != nil {
				return s.fail(ctx, st, err, start, n)
			}
			e := st.error(ErrScan, s.db.scans.of(reflect.TypeFor[T]()).unfit(err, columns, st))
			e.cause = err
			return s.refuse(ctx, e, start, n)
		}
		if err := f(row); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return s.fail(ctx, st, err, start, n)
	}
	return nil
}

// refuse reports rows that the program has no place for.
func (s *session) refuse(ctx context.Context, e *Error, start time.Time, rows int) error {
	return s.db.report(ctx, e, time.Since(start), rows)
}
