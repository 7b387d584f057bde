package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/redis/go-redis/v9"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/sallyport-go/sallyport/auth/store"
	"github.com/sallyport-go/sallyport/auth/store/redisstore"
	"github.com/sallyport-go/sallyport/auth/store/sqlstore"
	"github.com/sallyport-go/sallyport/auth/throttle"
	"github.com/sallyport-go/sallyport/sqlguard"
)

// tables are made if they are missing. A service that lives longer wants a migration tool.
var tables = []sqlguard.SQL{
	sqlguard.Q(`CREATE TABLE IF NOT EXISTS users (
		id       varchar(64)  NOT NULL PRIMARY KEY,
		name     varchar(64)  NOT NULL UNIQUE,
		hash     varchar(255) NOT NULL,
		disabled boolean      NOT NULL DEFAULT false
	)`),
	sqlguard.Q(`CREATE TABLE IF NOT EXISTS notes (
		id      varchar(64)  NOT NULL PRIMARY KEY,
		owner   varchar(64)  NOT NULL REFERENCES users (id),
		title   varchar(200) NOT NULL,
		body    text         NOT NULL,
		created bigint       NOT NULL,
		updated bigint       NOT NULL
	)`),
}

// database is one pool with the two that use it: sqlguard for our own queries, and the store of refresh tokens.
type database struct {
	*sqlguard.DB
	pool  *sql.DB
	store *sqlstore.Store
}

// openDatabase connects to PostgreSQL for a postgres:// URL, and else to SQLite in the file.
func openDatabase(ctx context.Context, where string) (_ *database, err error) {
	driver, dialect, stored := "sqlite", sqlguard.SQLite, sqlstore.SQLite
	if isPostgres(where) {
		driver, dialect, stored = "pgx", sqlguard.PostgreSQL, sqlstore.PostgreSQL
	} else if where, err = sqliteFile(where); err != nil {
		return nil, err
	}
	pool, err := sql.Open(driver, where)
	if err != nil {
		return nil, errors.New("NOTES_DB: the driver does not take it") // whose text may quote the password
	}
	defer func() {
		if err != nil {
			pool.Close()
		}
	}()
	pool.SetMaxOpenConns(16)
	pool.SetMaxIdleConns(16)

	db := &database{pool: pool}
	if db.DB, err = sqlguard.New(sqlguard.Config{DB: pool, Dialect: dialect}); err != nil {
		return nil, err
	}
	for _, table := range tables {
		if _, err = db.Exec(ctx, table); err != nil {
			return nil, fmt.Errorf("NOTES_DB: making the tables: %w", err)
		}
	}
	if db.store, err = sqlstore.New(sqlstore.Config{DB: pool, Dialect: stored}); err != nil {
		return nil, err
	}
	if err = db.store.Migrate(ctx); err != nil {
		return nil, fmt.Errorf("NOTES_DB: making the tables of logins: %w", err)
	}
	return db, nil
}

// logins is what all nodes of the service share: refresh tokens, revocations and counted guesses.
type logins interface {
	store.RefreshTokens
	store.Revocations
	throttle.Counters
}

func openLogins(where string, db *database) (logins, error) {
	if where == "" {
		return db.store, nil
	}
	options, err := redis.ParseURL(where)
	if err != nil {
		return nil, errors.New("NOTES_LOGINS is not a redis:// URL") // the parser's text may quote the password
	}
	options.ContextTimeoutEnabled = true
	return redisstore.New(redisstore.Config{Client: redis.NewClient(options), Prefix: "notes:"})
}

// sweep removes the logins that have ended, every hour until ctx ends.
func (d *database) sweep(ctx context.Context) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if _, err := d.store.Sweep(ctx, now); err != nil {
				slog.WarnContext(ctx, "ended logins stay in the table until the next hour", "err", err)
			}
		}
	}
}

// sqliteFile returns the driver's name for the file. WAL lets readers read while one writes, and synchronous=FULL has a write on
// the disk before it is acknowledged.
func sqliteFile(file string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", fmt.Errorf("NOTES_DB: %w", err)
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600) // SQLite itself would let others read it
	if err != nil {
		return "", fmt.Errorf("NOTES_DB: %w", err)
	}
	if err := f.Close(); err != nil {
		return "", err
	}
	path := url.URL{Scheme: "file", Opaque: (&url.URL{Path: file}).EscapedPath()}
	path.RawQuery = url.Values{
		"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(5000)", "foreign_keys(1)"},
		"_txlock": {"immediate"},
	}.Encode()
	return path.String(), nil
}
