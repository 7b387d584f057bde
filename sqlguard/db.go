package sqlguard

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"

	"github.com/sallyport-go/sallyport/internal/event"
)

// DB runs statements on a pool of connections. It is safe for concurrent use. Make one with [New].
type DB struct {
	pool        *sql.DB
	dialect     Dialect
	timeout     time.Duration // negative: none
	maxRows     int           // negative: no limit
	maxArgBytes int           // negative: no limit
	log         *event.Log
	scans       scans
}

// Querier is a [*DB] or a [*Tx]. No other type is one, unless it embeds one of them.
type Querier interface {
	// Exec runs a statement and drops the rows that it may give.
	Exec(ctx context.Context, q SQL) (Result, error)

	session() *session
}

// Result is what [DB.Exec] and [Tx.Exec] tell about a statement.
type Result struct {
	// RowsAffected is the number of rows that were inserted, updated or deleted; 0 if the database does not say.
	RowsAffected int64
	// LastInsertID is the key that MySQL or SQLite generated for an INSERT; 0 otherwise. On PostgreSQL use RETURNING with [One].
	LastInsertID int64
}

// runner is what *sql.DB, *sql.Conn and *sql.Tx have in common.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// session runs statements on the pool or in one transaction.
type session struct {
	db       *DB
	run      runner
	readOnly bool
	doom     *doom // nil on the pool
}

// Exec runs q, outside of any transaction. Statements that begin or end a transaction are refused with [ErrSQL]: use [DB.Write].
func (db *DB) Exec(ctx context.Context, q SQL) (Result, error) { return db.session().exec(ctx, q) }

func (db *DB) session() *session { return &session{db: db, run: db.pool} }

// Ping asks the database for a sign of life. The error is [ErrUnavailable], whatever kept it from answering.
func (db *DB) Ping(ctx context.Context) error {
	limited, cancel := db.limit(ctx)
	defer cancel()
	err := db.pool.PingContext(limited)
	if err == nil {
		return nil
	}
	v := classify(ctx, db.dialect, err)
	if v.kind != errCanceled {
		v.kind = ErrUnavailable
	}
	return db.report(ctx, &Error{kind: v.kind, code: v.code, detail: "ping", cause: err}, 0, 0)
}

func (s *session) exec(ctx context.Context, q SQL) (Result, error) {
	st, err := s.prepare(q)
	if err != nil {
		return Result{}, err
	}
	limited, cancel := s.db.limit(ctx)
	defer cancel()
	start := time.Now()
	res, err := s.run.ExecContext(limited, st.text, st.args...)
	if err != nil {
		return Result{}, s.fail(limited, st, err, start, 0)
	}
	var r Result
	// Drivers that cannot tell return an error; the statement itself has succeeded.
	if n, err := res.RowsAffected(); err == nil {
		r.RowsAffected = n
	}
	if s.db.dialect != PostgreSQL {
		if id, err := res.LastInsertId(); err == nil {
			r.LastInsertID = id
		}
	}
	return r, nil
}

// limit returns a context that ends with the statement's time.
func (db *DB) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if db.timeout < 0 {
		return ctx, func() {}
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= db.timeout {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, db.timeout)
}

// fail turns an error of the driver into ours, reports it, and dooms a transaction that cannot go on.
func (s *session) fail(ctx context.Context, st statement, err error, start time.Time, rows int) error {
	e := s.db.failure(ctx, err, s.readOnly)
	e.statement = st.label
	if e.kind == errStatement {
		e.detail = blame(st.label, e.code, err)
	}
	if e.kind == ErrUnavailable || e.kind == errCanceled {
		s.doom.set(e)
	}
	if e.retry && s.doom != nil {
		return e // a collision is the daily life of transactions; the event comes when the last attempt has failed
	}
	return s.db.report(ctx, e, time.Since(start), rows)
}

// failure classifies err. Outside of Read, a database that does not take writes is one that failed over, not a mistake.
func (db *DB) failure(ctx context.Context, err error, readOnly bool) *Error {
	v := classify(ctx, db.dialect, err)
	if v.kind == ErrReadOnly && !readOnly {
		v.kind = ErrUnavailable
	}
	if cause := ctx.Err(); cause != nil && !errors.Is(err, cause) {
		err = errors.Join(cause, err) // some drivers forget why they were interrupted
	}
	return &Error{kind: v.kind, code: v.code, cause: err, retry: v.retry}
}

// report writes the event of a failure that says something about the program or the database, and returns e.
func (db *DB) report(ctx context.Context, e *Error, took time.Duration, rows int) error {
	name, level := event.StatementFail, slog.LevelError
	switch {
	case e.kind == ErrUnavailable:
		name = event.AvailabilityFail
	case e.kind == ErrReference, e.kind == ErrConstraint: // the client's, but the program let it through
		name, level = event.InputValidationFail, slog.LevelWarn
	case e.kind == ErrConflict, e.kind == ErrValue, e.kind == errCanceled:
		return e
	}
	db.log.Emit(ctx, level, name,
		slog.String("dialect", db.dialect.String()),
		slog.String("code", e.code),
		slog.String("statement", e.Fingerprint()),
		slog.String("sql", e.statement.excerpt()),
		slog.String("reason", e.reason()),
		slog.Duration("duration", took),
		slog.Int("rows", rows))
	return e
}
