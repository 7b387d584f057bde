package sqlsessions_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/session"
	"github.com/sallyport-go/sallyport/auth/session/sqlsessions"
)

// The tests against databases are in internal/dbtest, which is a module with drivers. Here is what a driver can do wrong.

// talkative is a driver whose errors quote what they were given, as real ones do.
type talkative struct{}

func (d talkative) Connect(context.Context) (driver.Conn, error) { return d, nil }
func (d talkative) Driver() driver.Driver                        { return nil }
func (d talkative) Prepare(string) (driver.Stmt, error)          { return nil, errors.ErrUnsupported }
func (d talkative) Begin() (driver.Tx, error)                    { return nil, errors.ErrUnsupported }
func (d talkative) Close() error                                 { return nil }

func (d talkative) ExecContext(_ context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return nil, fmt.Errorf("duplicate entry %v in %s", args, query)
}

func (d talkative) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	_, err := d.ExecContext(ctx, query, args)
	return nil, err
}

// wordless is a driver that does as told, and does not know how many rows that was.
type wordless struct{ talkative }

func (d wordless) Connect(context.Context) (driver.Conn, error) { return d, nil }
func (d wordless) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	return driver.ResultNoRows, nil
}

func TestNewReportsAllFaults(t *testing.T) {
	_, err := sqlsessions.New(sqlsessions.Config{Dialect: "oracle", Timeout: 2 * time.Minute})
	assert.EqualError(t, err, `sqlsessions: Config.DB is nil: give what sql.Open returned
sqlsessions: Config.Dialect is none of SQLite, PostgreSQL and MySQL: give that of the database
sqlsessions: Config.Timeout 2m0s is more than 1m0s: lower it, or leave it zero for 5s`)
}

func TestServiceStartsWhileTheDatabaseIsDown(t *testing.T) {
	s, err := sqlsessions.New(sqlsessions.Config{DB: sql.OpenDB(talkative{}), Dialect: sqlsessions.MySQL})
	require.NoError(t, err)
	assert.ErrorIs(t, s.Migrate(t.Context()), session.ErrUnavailable)
}

func all(t *testing.T, s *sqlsessions.Store) map[string]error {
	t.Helper()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	r := session.Record{ID: "canary0000000000000000", Hash: session.Hash{1}, Subject: "canary", Created: now, Seen: now, Until: now, Expiry: now}
	_, lookup := s.Lookup(t.Context(), r.Hash)
	_, list := s.List(t.Context(), "canary", now)
	_, sweep := s.Sweep(t.Context(), now)
	return map[string]error{
		"create":      s.Create(t.Context(), r, 10, now),
		"lookup":      lookup,
		"touch":       s.Touch(t.Context(), r.Hash, now, now, now),
		"end":         s.End(t.Context(), r.Hash),
		"end id":      s.EndID(t.Context(), r.ID, ""),
		"end own":     s.EndID(t.Context(), r.ID, "canary"),
		"end subject": s.EndSubject(t.Context(), "canary"),
		"list":        list,
		"sweep":       sweep,
		"migrate":     s.Migrate(t.Context()),
	}
}

func TestAttackDriverErrorsQuoteNothing(t *testing.T) {
	for _, connector := range []driver.Connector{talkative{}, wordless{}} {
		for _, d := range []sqlsessions.Dialect{sqlsessions.SQLite, sqlsessions.PostgreSQL, sqlsessions.MySQL} {
			s, err := sqlsessions.New(sqlsessions.Config{DB: sql.OpenDB(connector), Dialect: d})
			require.NoError(t, err)
			for name, err := range all(t, s) {
				require.ErrorIs(t, err, session.ErrUnavailable, name)
				for _, secret := range []string{"canary", "sallyport_session", "SELECT", "INSERT", "DELETE"} {
					assert.NotContains(t, err.Error(), secret, name)
				}
			}
		}
	}
}

func TestNamesThatCannotBeThereAreUnknownWithoutAsking(t *testing.T) {
	s, err := sqlsessions.New(sqlsessions.Config{DB: sql.OpenDB(talkative{}), Dialect: sqlsessions.PostgreSQL})
	require.NoError(t, err)
	for _, name := range []string{"", "a\x00", "\xff"} {
		assert.ErrorIs(t, s.EndID(t.Context(), name, ""), session.ErrUnknown)
		assert.NoError(t, s.EndSubject(t.Context(), name))
		list, err := s.List(t.Context(), name, time.Now())
		assert.NoError(t, err)
		assert.Empty(t, list)
	}
}

func ExampleNew() {
	// db, err := sql.Open("pgx", os.Getenv("DATABASE_URL"))
	var db *sql.DB
	_, err := sqlsessions.New(sqlsessions.Config{DB: db, Dialect: sqlsessions.PostgreSQL})
	fmt.Println(err)
	// Output: sqlsessions: Config.DB is nil: give what sql.Open returned
}
