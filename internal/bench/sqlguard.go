package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/sallyport-go/sallyport/sqlguard"
)

// SQL returns the races of package sqlguard. Texts are built for PostgreSQL, which numbers its placeholders, and run on SQLite in memory:
// the faster the database, the more of the time is ours.
func SQL(size Size) ([]Race, func(), error) {
	pool, err := openNotes(size.Rows)
	if err != nil {
		return nil, nil, err
	}
	done := func() { _ = pool.Close() }
	ctx, cancel := context.WithCancel(context.Background()) // as that of a request is, which costs the driver something
	races, err := sqlRaces(ctx, pool)
	if err != nil {
		cancel()
		done()
		return nil, nil, err
	}
	return races, func() { cancel(); done() }, nil
}

// store is how somebody asks the database.
type store struct {
	name string
	text func(*filter) (string, []any, error)                          // of the reference query, for PostgreSQL
	find func(context.Context, *filter) ([]note, error)                // what it finds
	one  func(ctx context.Context, id int64) (title string, err error) // a query that is as small as any
}

func sqlRaces(ctx context.Context, pool *sql.DB) ([]Race, error) {
	ours, err := guarded(pool)
	if err != nil {
		return nil, err
	}
	f := reference()
	build := func(s store) Task {
		return Task{Name: s.name, Do: each(func() error { _, _, err := s.text(&f); return err })}
	}
	find := func(s store) Task {
		return Task{Name: s.name, Do: each(func() error {
			found, err := s.find(ctx, &f)
			if err == nil && len(found) == 0 {
				err = errors.New("nothing was found")
			}
			return err
		})}
	}
	one := func(s store) Task {
		return Task{Name: s.name, Do: each(func() error { _, err := s.one(ctx, 17); return err })}
	}
	races := []Race{
		{Name: "sqlguard: build the reference query", Ours: build(ours), MaxAllocs: -1},
		{Name: "sqlguard: run the reference query", Ours: find(ours), MaxAllocs: -1},
		{Name: "sqlguard: read one row by its key", Ours: one(ours), MaxAllocs: -1},
	}
	for _, peer := range []store{byHand(pool), withSquirrel(pool), withSQLX(pool)} {
		for i, task := range []Task{build(peer), find(peer), one(peer)} {
			races[i].Others = append(races[i].Others, task)
		}
	}
	races[0].Others[0].Target = Target{AtMost: 1.6}
	return races, nil
}

// filter is the reference query: five conditions, one of them a list of 50, and an order that the client chooses.
type filter struct {
	owner, state, search string
	since                int64
	ids                  []int64
	sort                 string
}

func reference() filter {
	f := filter{owner: "alice", state: "open", search: "tea", since: 1_700_000_000, sort: "-created,title"}
	for i := range 50 {
		f.ids = append(f.ids, int64(1000+i*2+1))
	}
	return f
}

type note struct {
	ID      int64  `db:"id"`
	Title   string `db:"title"`
	Body    string `db:"body"`
	Created int64  `db:"created_at"`
}

// openNotes makes a table in which the reference query finds half of the ids that it names.
func openNotes(rows int) (*sql.DB, error) {
	pool, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(1) // each connection would have a memory of its own
	for _, text := range []string{
		"CREATE TABLE notes (id INTEGER PRIMARY KEY, owner TEXT NOT NULL, state TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL, created_at INTEGER NOT NULL)",
		fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			INSERT INTO notes SELECT i, 'alice', CASE i %% 4 WHEN 1 THEN 'open' ELSE 'done' END, 'tea at ' || i, 'with milk', 1700000000 + i FROM n`, rows),
	} {
		if _, err := pool.ExecContext(context.Background(), text); err != nil {
			return nil, errors.Join(err, pool.Close())
		}
	}
	return pool, nil
}

var sortable = sqlguard.Choices{"created": "n.created_at", "title": "lower(n.title)"}

// guarded is ours.
func guarded(pool *sql.DB) (store, error) {
	db, err := sqlguard.New(sqlguard.Config{DB: pool, Dialect: sqlguard.SQLite})
	if err != nil {
		return store{}, err
	}
	query := func(f *filter) (sqlguard.SQL, error) {
		order, err := sortable.Sort(f.sort, "n.id")
		if err != nil {
			return sqlguard.SQL{}, err
		}
		return sqlguard.Q("SELECT n.id, n.title, n.body, n.created_at FROM notes n ? ? LIMIT 50",
			sqlguard.Where(
				sqlguard.Q("n.owner = ?", f.owner),
				sqlguard.Q("n.state = ?", f.state),
				sqlguard.Q("n.created_at >= ?", f.since),
				sqlguard.Contains("n.title", f.search),
				sqlguard.In("n.id", f.ids),
			), order), nil
	}
	return store{
		name: "sallyport",
		text: func(f *filter) (string, []any, error) {
			q, err := query(f)
			if err != nil {
				return "", nil, err
			}
			return q.Text(sqlguard.PostgreSQL)
		},
		find: func(ctx context.Context, f *filter) ([]note, error) {
			q, err := query(f)
			if err != nil {
				return nil, err
			}
			return sqlguard.All[note](ctx, db, q)
		},
		one: func(ctx context.Context, id int64) (string, error) {
			return sqlguard.One[string](ctx, db, sqlguard.Q("SELECT title FROM notes WHERE id = ?", id))
		},
	}, nil
}
