package sqlstore_test

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

	"github.com/sallyport-go/sallyport/auth/store"
	"github.com/sallyport-go/sallyport/auth/store/sqlstore"
	"github.com/sallyport-go/sallyport/auth/throttle"
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
	_, err := sqlstore.New(sqlstore.Config{Dialect: "oracle", Timeout: 2 * time.Minute})
	assert.EqualError(t, err, `sqlstore: Config.DB is nil: give what sql.Open returned
sqlstore: Config.Dialect is none of SQLite, PostgreSQL and MySQL
sqlstore: Config.Timeout 2m0s is more than 1m0s`)
}

func TestServiceStartsWhileTheDatabaseIsDown(t *testing.T) {
	s, err := sqlstore.New(sqlstore.Config{DB: sql.OpenDB(talkative{}), Dialect: sqlstore.MySQL})
	require.NoError(t, err)
	assert.ErrorIs(t, s.Migrate(t.Context()), store.ErrUnavailable)
}

func TestAttackDriverErrorsQuoteNothing(t *testing.T) {
	s, err := sqlstore.New(sqlstore.Config{DB: sql.OpenDB(talkative{}), Dialect: sqlstore.PostgreSQL})
	require.NoError(t, err)
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	r := store.Refresh{Family: "canary", Hash: store.Hash{1}, Subject: "canary", Client: "canary", AuthTime: now, Until: now, Expiry: now}
	_, lookup := s.Lookup(t.Context(), "canary", now)
	_, sweep := s.Sweep(t.Context(), now)
	_, grace := s.RotateGrace(t.Context(), store.Rotation{Family: "canary", Next: store.Hash{2}, Until: now}, now)
	_, revoked := s.Revoked(t.Context(), "canary", "canary", "canary", now, now)
	_, familiar := s.Familiar(t.Context(), throttle.Key{1}, throttle.Key{2}, now)
	for name, err := range map[string]error{
		"create":         s.Create(t.Context(), r, now),
		"lookup":         lookup,
		"rotate":         s.Rotate(t.Context(), "canary", store.Hash{1}, store.Hash{2}, now, now),
		"revoke family":  s.RevokeFamily(t.Context(), "canary", now),
		"revoke subject": s.RevokeSubject(t.Context(), "canary", now),
		"sweep":          sweep,
		"rotate grace":   grace,
		"revoked":        revoked,
		"deny token":     s.DenyToken(t.Context(), "canary", now, now),
		"deny session":   s.DenySession(t.Context(), "canary", now, now),
		"deny before":    s.DenyBefore(t.Context(), "canary", now, now, now),
		"update":         s.Update(t.Context(), []throttle.Key{{1}}, now, func([]throttle.Count) bool { return true }),
		"familiar":       familiar,
		"remember":       s.Remember(t.Context(), throttle.Key{1}, throttle.Key{2}, now, now),
		"migrate":        s.Migrate(t.Context()),
	} {
		require.ErrorIs(t, err, store.ErrUnavailable, name)
		for _, secret := range []string{"canary", "sallyport_", "SELECT", "INSERT"} {
			assert.NotContains(t, err.Error(), secret, name)
		}
	}
}

func TestUpdateIsForOneToFiveKeys(t *testing.T) {
	s, err := sqlstore.New(sqlstore.Config{DB: sql.OpenDB(talkative{}), Dialect: sqlstore.SQLite})
	require.NoError(t, err)
	for _, n := range []int{0, 6} {
		err := s.Update(t.Context(), make([]throttle.Key, n), time.Now(), func([]throttle.Count) bool { return true })
		assert.EqualError(t, err, "sqlstore: an update of counts is for 1 to 5 keys")
	}
}

func ExampleNew() {
	// db, err := sql.Open("pgx", os.Getenv("DATABASE_URL"))
	var db *sql.DB
	_, err := sqlstore.New(sqlstore.Config{DB: db, Dialect: sqlstore.PostgreSQL})
	fmt.Println(err)
	// Output: sqlstore: Config.DB is nil: give what sql.Open returned
}
