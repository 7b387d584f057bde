// Package sqlstore keeps in a database what package store keeps in memory, so that it survives a restart and is shared by all
// nodes of a service: the families of refresh tokens, what was revoked, and the counts of auth/throttle.
//
// The application opens the database with a driver of its choice:
//
//	db, err := sql.Open("pgx", dsn)
//	…
//	kept, err := sqlstore.New(sqlstore.Config{DB: db, Dialect: sqlstore.PostgreSQL})
//	…
//	err = kept.Migrate(ctx)                      // at start-up or when deploying, any number of times
//	…
//	n, err := kept.Sweep(ctx, time.Now())        // now and then, such as every hour
//
// One [Store] is all of it: the store of refresh tokens for auth/oauth, the Revocations of a verifier, the Counters of a throttle.
//
// # Security model
//
// A [Store] keeps the contracts of [store.GraceTokens], [store.Revocations] and [throttle.Counters], on any number of nodes. To put a token
// out of force is one statement that compares and sets, so that no isolation level and no crash lets a token be used twice. To
// ask for a revocation is one statement, and so is to revoke. To count is one transaction, in which the keys' rows of a table of locks
// are taken in order, so that no count is lost and nobody waits for each other. All statements are constants of this package and
// all values are arguments. Errors contain neither.
//
// Names are compared byte by byte, whatever the collation of the database. Of tokens, and of what was revoked, only SHA-256 is stored.
//
// Revocations are read from the database at each request with a token, which takes as long as a read by primary key; if it cannot
// answer, that is an error and never a pass.
//
// Left to the application: that what the database has confirmed survives a loss of power (SQLite: PRAGMA synchronous=FULL;
// PostgreSQL: synchronous_commit=on; MySQL: innodb_flush_log_at_trx_commit=1), that reads are not served by a replica that lags
// behind, that SQLite waits for its lock (PRAGMA busy_timeout), and to sweep: every hour, or every minute with a grace period, because
// what that has sealed stays in the table until it is swept or its token used.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-go/sallyport/auth/store"
	"github.com/sallyport-go/sallyport/auth/throttle"
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

var (
	_ store.GraceTokens = (*Store)(nil)
	_ store.Revocations = (*Store)(nil)
	_ throttle.Counters = (*Store)(nil)
)

const (
	defaultTimeout = 5 * time.Second
	maxTimeout     = time.Minute
)

// New returns a Store, or all faults of c in one error. It does not ask the database, so that a service starts while the database is
// down; [Store.Migrate] does.
func New(c Config) (*Store, error) {
	var errs []error
	if c.DB == nil {
		errs = append(errs, errors.New("sqlstore: Config.DB is nil: give what sql.Open returned"))
	}
	d, ok := dialects[c.Dialect]
	if !ok {
		errs = append(errs, errors.New("sqlstore: Config.Dialect is none of SQLite, PostgreSQL and MySQL"))
	}
	if c.Timeout > maxTimeout {
		errs = append(errs, fmt.Errorf("sqlstore: Config.Timeout %v is more than %v", c.Timeout, maxTimeout))
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
