package sqlkeys_test

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

	"github.com/sallyport-go/sallyport/auth/apikey"
	"github.com/sallyport-go/sallyport/auth/apikey/sqlkeys"
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

func TestNewReportsAllFaults(t *testing.T) {
	_, err := sqlkeys.New(sqlkeys.Config{Dialect: "oracle", Timeout: 2 * time.Minute})
	assert.EqualError(t, err, `sqlkeys: Config.DB is nil: give what sql.Open returned
sqlkeys: Config.Dialect is none of SQLite, PostgreSQL and MySQL: name the one of the database
sqlkeys: Config.Timeout 2m0s is more than 1m0s: lower it, or leave it zero for 5s`)
}

func TestServiceStartsWhileTheDatabaseIsDown(t *testing.T) {
	s, err := sqlkeys.New(sqlkeys.Config{DB: sql.OpenDB(talkative{}), Dialect: sqlkeys.MySQL})
	require.NoError(t, err)
	assert.ErrorIs(t, s.Migrate(t.Context()), apikey.ErrUnavailable)
}

func TestAttackDriverErrorsQuoteNothing(t *testing.T) {
	s, err := sqlkeys.New(sqlkeys.Config{DB: sql.OpenDB(talkative{}), Dialect: sqlkeys.PostgreSQL})
	require.NoError(t, err)
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	const id = "canary0123456789"
	r := apikey.Record{ID: id, Hash: apikey.Hash{1}, Subject: "canary", Name: "canary", Created: now, Expiry: now}
	_, lookup := s.Lookup(t.Context(), id)
	_, list := s.List(t.Context(), "canary")
	_, sweep := s.Sweep(t.Context(), now)
	for name, err := range map[string]error{
		"create":         s.Create(t.Context(), r, 10, now),
		"lookup":         lookup,
		"touch":          s.Touch(t.Context(), id, now),
		"revoke":         s.Revoke(t.Context(), id, "canary", now),
		"revoke subject": s.RevokeSubject(t.Context(), "canary", now),
		"list":           list,
		"sweep":          sweep,
		"migrate":        s.Migrate(t.Context()),
	} {
		require.ErrorIs(t, err, apikey.ErrUnavailable, name)
		for _, secret := range []string{"canary", "sallyport_apikey", "SELECT", "INSERT"} {
			assert.NotContains(t, err.Error(), secret, name)
		}
	}
}

func ExampleNew() {
	// db, err := sql.Open("pgx", os.Getenv("DATABASE_URL"))
	var db *sql.DB
	_, err := sqlkeys.New(sqlkeys.Config{DB: db, Dialect: sqlkeys.PostgreSQL})
	fmt.Println(err)
	// Output: sqlkeys: Config.DB is nil: give what sql.Open returned
}
