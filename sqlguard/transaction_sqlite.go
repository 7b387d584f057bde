package sqlguard

import (
	"context"
	"database/sql"
	"database/sql/driver"
)

// sqliteTx is a transaction on one connection of SQLite, begun by hand: database/sql can neither ask for the lock at once nor for a
// connection that does not write.
type sqliteTx struct {
	*sql.Conn
	ctx       context.Context
	limit     func(context.Context) (context.Context, context.CancelFunc) // of each of its own statements
	open      bool                                                        // neither committed nor rolled back
	queryOnly bool                                                        // to be taken back
}

func (db *DB) beginSQLite(ctx context.Context, readOnly bool) (_ transaction, err error) {
	limited, cancel := db.limit(ctx)
	defer cancel()
	conn, err := db.pool.Conn(limited)
	if err != nil {
		return nil, err
	}
	t := &sqliteTx{Conn: conn, ctx: ctx, limit: db.limit}
	defer func() {
		if err != nil {
			t.close()
		}
	}()
	begin := "BEGIN IMMEDIATE"
	if readOnly {
		begin = "BEGIN"
		if err := t.refuseWrites(limited); err != nil {
			return nil, err
		}
	}
	t.open = true // if it is not known whether BEGIN succeeded, close has to find out
	if _, err := conn.ExecContext(limited, begin); err != nil {
		return nil, err
	}
	return t, nil
}

// refuseWrites sets the connection to query_only, unless its owner has done so for good.
func (t *sqliteTx) refuseWrites(ctx context.Context) error {
	var already bool
	if err := t.QueryRowContext(ctx, "PRAGMA query_only").Scan(&already); err != nil {
		return err
	}
	if already {
		return nil
	}
	t.queryOnly = true
	_, err := t.ExecContext(ctx, "PRAGMA query_only = ON")
	return err
}

func (t *sqliteTx) commit() error {
	ctx, cancel := t.limit(t.ctx)
	defer cancel()
	if _, err := t.ExecContext(ctx, "COMMIT"); err != nil {
		return err
	}
	t.open = false
	return nil
}

// close must succeed although the transaction's own time may be over: the next user of the connection is another one.
func (t *sqliteTx) close() {
	ctx, cancel := t.limit(context.WithoutCancel(t.ctx))
	defer cancel()
	if t.open && !t.rollback(ctx) || t.queryOnly && !t.exec(ctx, "PRAGMA query_only = OFF") {
		_ = t.Raw(func(any) error { return driver.ErrBadConn }) // takes it out of the pool
	}
	_ = t.Close()
}

// rollback says whether the connection is in no transaction. SQLite ends some on its own, and ROLLBACK then fails; a
// new one can begin only if there is none.
func (t *sqliteTx) rollback(ctx context.Context) bool {
	return t.exec(ctx, "ROLLBACK") || t.exec(ctx, "BEGIN") && t.exec(ctx, "ROLLBACK")
}

func (t *sqliteTx) exec(ctx context.Context, text string) bool {
	_, err := t.ExecContext(ctx, text)
	return err == nil
}
