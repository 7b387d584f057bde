package sqlguard_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/sallyport-go/sallyport/sqlguard"
)

// table is what a fake database answers.
type table struct {
	columns []string
	rows    [][]driver.Value
	err     error // after the rows
}

// fake is a database/sql driver that answers by a function and writes down what it was asked.
type fake struct {
	answer func(ctx context.Context, text string, args []driver.NamedValue) (*table, error)

	mu    sync.Mutex
	asked []string
	conns int
}

// openFake returns a pool on a fake. A nil answer is an empty table with a column a.
func openFake(t testing.TB, answer func(ctx context.Context, text string, args []driver.NamedValue) (*table, error)) (*sql.DB, *fake) {
	t.Helper()
	f := &fake{answer: answer}
	pool := sql.OpenDB(f)
	t.Cleanup(func() { _ = pool.Close() })
	return pool, f
}

// newDB returns a DB on a fake, and its events.
func newDB(t testing.TB, config Config, answer func(ctx context.Context, text string, args []driver.NamedValue) (*table, error)) (*DB, *fake, *strings.Builder) {
	t.Helper()
	pool, f := openFake(t, answer)
	var log strings.Builder
	config.DB = pool
	if config.Dialect == 0 {
		config.Dialect = PostgreSQL
	}
	config.Logger = slog.New(slog.NewJSONHandler(&log, nil))
	db, err := New(config)
	require.NoError(t, err)
	return db, f, &log
}

func (f *fake) texts() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

func (f *fake) opened() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.conns
}

func (f *fake) ask(ctx context.Context, text string, args []driver.NamedValue) (*table, error) {
	f.mu.Lock()
	f.asked = append(f.asked, text)
	f.mu.Unlock()
	if f.answer == nil {
		return &table{columns: []string{"a"}}, nil
	}
	answer, err := f.answer(ctx, text, args)
	if answer == nil {
		answer = &table{columns: []string{"a"}}
	}
	return answer, err
}

func (f *fake) Connect(context.Context) (driver.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conns++
	return &fakeConn{f}, nil
}

func (f *fake) Driver() driver.Driver { return nil }

type fakeConn struct{ f *fake }

func (c *fakeConn) Prepare(string) (driver.Stmt, error) { panic("not used") }
func (c *fakeConn) Close() error                        { return nil }
func (c *fakeConn) Begin() (driver.Tx, error)           { panic("not used") }
func (c *fakeConn) IsValid() bool                       { return true }
func (c *fakeConn) ResetSession(context.Context) error  { return nil }

func (c *fakeConn) Ping(ctx context.Context) error {
	_, err := c.f.ask(ctx, "<ping>", nil)
	return err
}

func (c *fakeConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	text := "<begin>"
	if opts.ReadOnly {
		text = "<begin read only>"
	}
	_, err := c.f.ask(ctx, text, nil)
	return &fakeTx{c.f}, err
}

func (c *fakeConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	_, err := c.f.ask(ctx, text, args)
	return driver.RowsAffected(1), err
}

func (c *fakeConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	answer, err := c.f.ask(ctx, text, args)
	if err != nil {
		return nil, err
	}
	return &fakeRows{table: answer}, nil
}

type fakeTx struct{ f *fake }

func (t *fakeTx) Commit() error {
	_, err := t.f.ask(context.Background(), "<commit>", nil)
	return err
}

func (t *fakeTx) Rollback() error {
	_, err := t.f.ask(context.Background(), "<rollback>", nil)
	return err
}

type fakeRows struct {
	*table
	n int
}

func (r *fakeRows) Columns() []string { return r.columns }
func (r *fakeRows) Close() error      { return nil }

func (r *fakeRows) Next(dest []driver.Value) error {
	if r.n == len(r.rows) {
		if r.err != nil {
			return r.err
		}
		return io.EOF
	}
	copy(dest, r.rows[r.n])
	r.n++
	return nil
}

// stateError is an error as pgx gives it.
type stateError string

func (e stateError) Error() string    { return "driver text that quotes 'hunter2'" }
func (e stateError) SQLState() string { return string(e) }

// numberError is an error as go-sql-driver/mysql gives it.
type numberError struct {
	Number  uint16
	Message string
}

func (e *numberError) Error() string { return e.Message }

// codeError is an error as modernc.org/sqlite gives it.
type codeError int

func (e codeError) Error() string { return "driver text" }
func (e codeError) Code() int     { return int(e) }

// restrictError is what modernc.org/sqlite gives for a row that ON DELETE RESTRICT keeps.
type restrictError struct{}

func (restrictError) Error() string { return "constraint failed: FOREIGN KEY constraint failed (1811)" }
func (restrictError) Code() int     { return 1811 }

// mattnError and ncrucesError are what the other two drivers of SQLite give.
type (
	mattnErrNo   int
	mattnError   struct{ Code, ExtendedCode mattnErrNo }
	ncrucesCode  uint16
	ncrucesError struct{ code ncrucesCode }
)

func (e mattnError) Error() string                { return "driver text" }
func (e *ncrucesError) Error() string             { return "driver text" }
func (e *ncrucesError) Code() uint8               { return uint8(e.code) }
func (e *ncrucesError) ExtendedCode() ncrucesCode { return e.code }
