package sqlguard_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/sallyport-go/sallyport/sqlguard"
)

// Note is a row of the examples.
type Note struct {
	ID    int64   `db:"id"`
	Title string  `db:"title"`
	Due   *string `db:"due"` // NULL becomes nil
}

// openNotes stands for sql.Open with a driver. It answers every query with two notes, but for what alice's has.
func openNotes() *sql.DB {
	return sql.OpenDB(&fake{answer: func(_ context.Context, text string, args []driver.NamedValue) (*table, error) {
		notes := &table{columns: []string{"id", "title", "due"}, rows: [][]driver.Value{{int64(1), "tea", nil}, {int64(2), "bread", "today"}}}
		if strings.Contains(text, "id = ") {
			notes.rows = notes.rows[:0]
		}
		return notes, nil
	}})
}

func ExampleNew() {
	_, err := sqlguard.New(sqlguard.Config{MaxRows: 5_000_000})
	fmt.Println(err)
	// Output:
	// sqlguard: Config.DB is nil: pass the pool that sql.Open or sql.OpenDB returned
	// sqlguard: Config.Dialect Dialect(0) is unknown: use PostgreSQL, MySQL or SQLite
	// sqlguard: Config.MaxRows 5000000 is more than 1000000: use Each, or a negative value for no limit
}

func ExampleAll() {
	pool := openNotes()
	defer pool.Close()
	db, err := sqlguard.New(sqlguard.Config{DB: pool, Dialect: sqlguard.PostgreSQL})
	if err != nil {
		fmt.Println(err)
		return
	}
	notes, err := sqlguard.All[Note](context.Background(), db, sqlguard.Q("SELECT id, title, due FROM notes WHERE owner = ?", "alice"))
	for _, n := range notes {
		fmt.Println(n.ID, n.Title, n.Due != nil)
	}
	fmt.Println(err)
	// Output:
	// 1 tea false
	// 2 bread true
	// <nil>
}

func ExampleOne() {
	pool := openNotes()
	defer pool.Close()
	db, err := sqlguard.New(sqlguard.Config{DB: pool, Dialect: sqlguard.PostgreSQL})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = sqlguard.One[Note](context.Background(), db, sqlguard.Q("SELECT id, title, due FROM notes WHERE id = ?", 3))
	if refusal, ok := errors.AsType[*sqlguard.Error](err); ok {
		fmt.Println(refusal.HTTPStatus(), refusal.Public())
	}
	fmt.Println(errors.Is(err, sqlguard.ErrNoRows))
	// Output:
	// 404 There is no such record.
	// true
}

func ExampleEach() {
	pool := openNotes()
	defer pool.Close()
	db, err := sqlguard.New(sqlguard.Config{DB: pool, Dialect: sqlguard.SQLite})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = sqlguard.Each(context.Background(), db, sqlguard.Q("SELECT id, title, due FROM notes"), func(n Note) error {
		fmt.Println(n.Title)
		return nil
	})
	fmt.Println(err)
	// Output:
	// tea
	// bread
	// <nil>
}

func ExampleDB_Write() {
	pool := openNotes()
	defer pool.Close()
	db, err := sqlguard.New(sqlguard.Config{DB: pool, Dialect: sqlguard.PostgreSQL})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	err = db.Write(ctx, func(tx *sqlguard.Tx) error {
		if _, err := tx.Exec(ctx, sqlguard.Q("UPDATE notes SET owner = ? WHERE id = ?", "bob", 2)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlguard.Q("INSERT INTO moves (note, by) VALUES (?, ?)", 2, "alice"))
		return err
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleDB_Read() {
	pool := openNotes()
	defer pool.Close()
	db, err := sqlguard.New(sqlguard.Config{DB: pool, Dialect: sqlguard.PostgreSQL})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	err = db.Read(ctx, func(tx *sqlguard.Tx) error {
		_, err := tx.Exec(ctx, sqlguard.Q("UPDATE notes SET owner = ?", "eve"))
		return err
	})
	fmt.Println(err)
	// Output: sqlguard: the transaction is read-only: only a query can run in Read [statement d4560d4d6ffce65265ec0a55a88a2fc4: UPDATE notes SET owner = ?]
}
