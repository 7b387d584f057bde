// Package sqlsessions keeps the sessions of browsers in a database, so that they survive a restart and are shared by all nodes of a
// service.
//
// The application opens the database with a driver of its choice:
//
//	db, err := sql.Open("pgx", dsn)
//	…
//	store, err := sqlsessions.New(sqlsessions.Config{DB: db, Dialect: sqlsessions.PostgreSQL})
//	…
//	err = store.Migrate(ctx)                      // at start-up or when deploying, any number of times
//	…
//	n, err := store.Sweep(ctx, time.Now())        // now and then, such as every hour
//
// # Security model
//
// A [Store] keeps the contract of [session.Store], on any number of nodes. To end a session is to remove its row, and to use one is a
// statement that changes a row and makes none, so that no isolation level, order or crash brings back what has ended. All statements are
// constants of this package and all values are arguments. Errors contain neither.
//
// Names are compared byte by byte, whatever the collation of the database. Hashes are looked for by an index, whose time tells
// nothing about a cookie, since nobody can choose a hash.
//
// Left to the application: that what the database has confirmed survives a loss of power (SQLite: PRAGMA synchronous=FULL;
// PostgreSQL: synchronous_commit=on; MySQL: innodb_flush_log_at_trx_commit=1), that reads are not served by a replica that lags
// behind, which would still know a session that was ended, and that SQLite waits for its lock (PRAGMA busy_timeout).
package sqlsessions

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-go/sallyport/auth/session"
)

// Dialect is what the database speaks.
type Dialect string

// The dialects.
const (
	SQLite     Dialect = "sqlite"     // 3.24 or later
	PostgreSQL Dialect = "postgresql" // 12 or later
	MySQL      Dialect = "mysql"      // 8.0 or later, and MariaDB 10.5 or later
)

// Config configures a [Store]. DB and Dialect are required.
type Config struct {
	// DB is the database. It stays the application's to close.
	DB *sql.DB
	// Dialect is what it speaks.
	Dialect Dialect
	// Timeout is how long one call may take, up to a minute, so that a database that hangs becomes a 503. Zero means 5 s.
	// Negative means as long as the context allows.
	Timeout time.Duration

	_ struct{} // keyed literals only: fields may be added later
}

// Store is a store in a database. It is safe for concurrent use. Make one with [New].
type Store struct {
	db      *sql.DB
	dialect *dialect
	timeout time.Duration
}

var _ session.Store = (*Store)(nil)

const (
	defaultTimeout = 5 * time.Second
	maxTimeout     = time.Minute
)

// New returns a Store, or all faults of c in one error. It does not ask the database, so that a service starts while the database is
// down; [Store.Migrate] does.
func New(c Config) (*Store, error) {
	var errs []error
	if c.DB == nil {
		errs = append(errs, errors.New("sqlsessions: Config.DB is nil: give what sql.Open returned"))
	}
	d, ok := dialects[c.Dialect]
	if !ok {
		errs = append(errs, errors.New("sqlsessions: Config.Dialect is none of SQLite, PostgreSQL and MySQL: give that of the database"))
	}
	if c.Timeout > maxTimeout {
		errs = append(errs, fmt.Errorf("sqlsessions: Config.Timeout %v is more than %v: lower it, or leave it zero for %v", c.Timeout, maxTimeout, defaultTimeout))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	return &Store{db: c.DB, dialect: d, timeout: c.Timeout}, nil
}

func (s *Store) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.timeout < 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, s.timeout)
}
