package sqlguard

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/internal/event"
)

// maxAttempts is how often a transaction is tried that collides with others, and firstPause the least wait before the second
// time; it doubles from there.
const (
	maxAttempts = 3
	firstPause  = 10 * time.Millisecond
)

// Tx is a transaction of [DB.Read] or [DB.Write]. It ends with the function that it was passed to, and is used no
// more then.
type Tx struct {
	s session
}

// Exec runs q in the transaction. In [DB.Read] it fails with [ErrReadOnly].
func (tx *Tx) Exec(ctx context.Context, q SQL) (Result, error) { return tx.s.exec(ctx, q) }

func (tx *Tx) session() *session { return &tx.s }

// Read runs f in a transaction that cannot write: only queries are sent, and the database refuses what they hide. On
// PostgreSQL and MySQL the transaction is READ ONLY, on SQLite the connection is set to query_only meanwhile. The databases count
// temporary tables, and sequences on SQLite and MySQL, as nothing that could be written.
//
// All statements see one state of the database where its isolation level promises that; PostgreSQL's default,
// READ COMMITTED, does not. In all else Read is like [DB.Write].
func (db *DB) Read(ctx context.Context, f func(tx *Tx) error) error { return db.transact(ctx, true, f) }

// Write runs f in a transaction. It is committed if f returns nil, and rolled back if f returns an error, which Write returns
// as it is, or panics. The transaction lives no longer than ctx.
//
// A transaction that collides with another (serialization failure, deadlock, a lock that another holds) is rolled back and f
// runs again, three times in all, with a pause of some 10 ms in between: f must have no effects but those in the
// transaction. After that the error is [ErrUnavailable]. A lost connection is not tried again, because the commit may
// have succeeded. After a collision or a timeout the transaction takes no more statements and is not committed, even if f
// passes over the error: some databases would commit the rest alone.
//
// On SQLite the transaction takes the lock for writing at its start. Set a busy_timeout on its connections, or
// three short attempts are all the patience there is. On MySQL, statements that define tables commit implicitly.
func (db *DB) Write(ctx context.Context, f func(tx *Tx) error) error {
	return db.transact(ctx, false, f)
}

func (db *DB) transact(ctx context.Context, readOnly bool, f func(tx *Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := db.attempt(ctx, readOnly, f)
		e, ok := errors.AsType[*Error](err)
		if !ok || !e.retry {
			return err
		}
		if attempt == maxAttempts || !pause(ctx, attempt) {
			db.log.Emit(ctx, slog.LevelError, event.AvailabilityFail,
				slog.String("dialect", db.dialect.String()),
				slog.String("code", e.code),
				slog.String("statement", e.Fingerprint()),
				slog.String("sql", e.statement.excerpt()),
				slog.String("reason", "the transaction collided with others"),
				slog.Int("attempts", attempt))
			return err
		}
	}
}

func (db *DB) attempt(ctx context.Context, readOnly bool, f func(tx *Tx) error) error {
	t, err := db.begin(ctx, readOnly)
	if err != nil {
		return db.endFailure(ctx, err, readOnly)
	}
	tx := &Tx{session{db: db, run: t, readOnly: readOnly, doom: &doom{ctx: ctx}}}
	defer func() { // also when f panics
		tx.s.doom.set(fault("the transaction is over: use it only in the function that it was passed to"))
		t.close()
	}()
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.s.doom.err(); err != nil {
		return err
	}
	if err := t.commit(); err != nil {
		return db.endFailure(ctx, err, readOnly)
	}
	return nil
}

// endFailure turns an error of BEGIN or COMMIT into ours.
func (db *DB) endFailure(ctx context.Context, err error, readOnly bool) error {
	e := db.failure(ctx, err, readOnly)
	e.detail = "transaction"
	if e.retry {
		return e
	}
	return db.report(ctx, e, 0, 0)
}

// pause waits before the next attempt, some of the time at random, so that two that collided do not again. It says whether
// the time was waited out.
func pause(ctx context.Context, attempt int) bool {
	d := firstPause << (attempt - 1)
	timer := time.NewTimer(d + rand.N(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// doom is why a transaction takes no more statements.
type doom struct {
	ctx   context.Context // the transaction's own
	cause atomic.Pointer[Error]
}

func (d *doom) set(e *Error) {
	if d != nil {
		d.cause.CompareAndSwap(nil, e)
	}
}

func (d *doom) err() error {
	if d == nil {
		return nil
	}
	if e := d.cause.Load(); e != nil {
		return e
	}
	switch err := d.ctx.Err(); {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return &Error{kind: errCanceled, cause: err}
	default:
		return &Error{kind: ErrUnavailable, detail: "the transaction's time is over", cause: err}
	}
}

// transaction is an open transaction of either kind. Its close rolls back what was not committed and gives the connection
// back in the state that it was found in.
type transaction interface {
	runner
	commit() error
	close()
}

func (db *DB) begin(ctx context.Context, readOnly bool) (transaction, error) {
	if db.dialect == SQLite {
		return db.beginSQLite(ctx, readOnly)
	}
	inner, cancel := context.WithCancel(ctx)
	t := &serverTx{timeout: db.timeout, cancel: cancel}
	err := t.within(func() (err error) {
		t.Tx, err = db.pool.BeginTx(inner, &sql.TxOptions{ReadOnly: readOnly})
		return err
	})
	if err != nil {
		cancel()
		return nil, err
	}
	if inner.Err() != nil { // it began just as its time was over
		t.close()
		return nil, context.DeadlineExceeded
	}
	return t, nil
}

// serverTx is a transaction of PostgreSQL or MySQL. The context of BeginTx is that of the whole transaction, so a
// time for its beginning and its end is kept by canceling it.
type serverTx struct {
	*sql.Tx
	timeout time.Duration
	cancel  context.CancelFunc
}

func (t *serverTx) within(f func() error) error {
	if t.timeout < 0 {
		return f()
	}
	timer := time.AfterFunc(t.timeout, t.cancel)
	err := f()
	if !timer.Stop() && errors.Is(err, context.Canceled) {
		return context.DeadlineExceeded
	}
	return err
}

func (t *serverTx) commit() error { return t.within(t.Commit) }

func (t *serverTx) close() {
	_ = t.Rollback() // sql.ErrTxDone after a commit; any other error discards the connection or is one of a lost one
	t.cancel()
}
