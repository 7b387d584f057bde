package sqlguard

import (
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sallyport-go/sallyport/internal/event"
)

// Config configures a [DB]. DB and Dialect are required.
type Config struct {
	// DB is the pool of connections. It stays the caller's: close it when the DB is used no more.
	DB *sql.DB
	// Dialect is the language of the database behind DB.
	Dialect Dialect
	// Timeout bounds each statement, from waiting for a connection to the last row, and each wait for the start of a transaction; at
	// most one hour. A caller's earlier deadline holds. Zero means 5 s, negative none.
	Timeout time.Duration
	// MaxRows is how many rows [All] returns at most, up to 1,000,000; one more is [ErrTooManyRows], never a shorter result.
	// Zero means 10,000, negative no limit.
	MaxRows int
	// MaxArgBytes is how many bytes the texts and byte slices of one statement's values may have together, up to 1 GiB.
	// Zero means 1 MiB, negative no limit.
	MaxArgBytes int
	// Logger takes the events. Nil means slog.Default.
	Logger *slog.Logger
	_      struct{} // keyed literals only: fields may be added later
}

// The defaults and bounds of Config.
const (
	defaultTimeout     = 5 * time.Second
	maxTimeout         = time.Hour
	defaultMaxRows     = 10_000
	maxMaxRows         = 1_000_000
	defaultMaxArgBytes = 1 << 20
	maxMaxArgBytes     = 1 << 30
)

func (c *Config) check() error {
	var errs []error
	if c.DB == nil {
		errs = append(errs, errors.New("sqlguard: Config.DB is nil: pass the pool that sql.Open or sql.OpenDB returned"))
	}
	if !c.Dialect.known() {
		errs = append(errs, fmt.Errorf("sqlguard: Config.Dialect %v is unknown: use PostgreSQL, MySQL or SQLite", c.Dialect))
	}
	if c.Timeout > maxTimeout {
		errs = append(errs, fmt.Errorf("sqlguard: Config.Timeout %v is more than %v: use a negative value for none", c.Timeout, maxTimeout))
	}
	if c.MaxRows > maxMaxRows {
		errs = append(errs, fmt.Errorf("sqlguard: Config.MaxRows %d is more than %d: use Each, or a negative value for no limit", c.MaxRows, maxMaxRows))
	}
	if c.MaxArgBytes > maxMaxArgBytes {
		errs = append(errs, fmt.Errorf("sqlguard: Config.MaxArgBytes %d is more than %d: use a negative value for no limit", c.MaxArgBytes, maxMaxArgBytes))
	}
	return errors.Join(errs...)
}

// New returns a DB. It does not touch the database: see [DB.Ping]. The error joins all faults of the Config.
func New(config Config) (*DB, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	db := &DB{
		pool:        config.DB,
		dialect:     config.Dialect,
		timeout:     orDefault(config.Timeout, defaultTimeout),
		maxRows:     orDefault(config.MaxRows, defaultMaxRows),
		maxArgBytes: orDefault(config.MaxArgBytes, defaultMaxArgBytes),
		log:         event.New(config.Logger, nil),
	}
	return db, nil
}

func orDefault[T ~int | ~int64](v, zero T) T {
	if v == 0 {
		return zero
	}
	return v
}
