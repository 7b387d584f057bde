package sqlsessions

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
)

// Migrate brings the tables of this package (sallyport_session_schema, sallyport_session) to the state that this version of it needs. It can be
// called any number of times and on several nodes at once: one does the work, under a lock of the database, and the others wait
// for it as long as ctx allows. A schema from a later version is left alone; it serves this one too.
//
// A database that speaks another dialect than configured is found here, before anything is changed. Like every failure of the
// database, that is [session.ErrUnavailable].
//
// It needs the right to create tables, which the running service does not.
func (s *Store) Migrate(ctx context.Context) (err error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return fault("migrate", err)
	}
	defer func() { _ = conn.Close() }() // back to the pool
	var answer string
	if err := conn.QueryRowContext(ctx, s.dialect.probe).Scan(&answer); err != nil {
		return fault("migrate: the database does not answer in the dialect of Config.Dialect", err)
	}
	defer func() {
		if err != nil {
			s.abort(ctx, conn)
		}
	}()
	for _, statement := range append(s.dialect.lock[:len(s.dialect.lock):len(s.dialect.lock)], s.dialect.versionTable) {
		if _, err = conn.ExecContext(ctx, statement); err != nil {
			return fault("migrate", err)
		}
	}
	if err = s.upgrade(ctx, conn); err != nil {
		return err
	}
	if _, err = conn.ExecContext(ctx, s.dialect.unlock); err != nil {
		return fault("migrate", err)
	}
	return nil
}

// upgrade runs the steps that the database has not seen, under the lock.
func (s *Store) upgrade(ctx context.Context, conn *sql.Conn) error {
	var held, version int
	if err := conn.QueryRowContext(ctx, s.dialect.held).Scan(&held); err != nil {
		return fault("migrate", err)
	}
	if held != 1 {
		return fault("migrate", errors.New("another migration does not end"))
	}
	if err := conn.QueryRowContext(ctx, s.dialect.version).Scan(&version); err != nil {
		return fault("migrate", err)
	}
	for i := version; i < len(s.dialect.steps); i++ {
		if _, err := conn.ExecContext(ctx, s.dialect.steps[i]); err != nil {
			return fault(fmt.Sprintf("migrate to version %d", i+1), err)
		}
		if _, err := conn.ExecContext(ctx, s.dialect.setVersion, i+1); err != nil {
			return fault(fmt.Sprintf("migrate to version %d", i+1), err)
		}
	}
	return nil
}

// abort leaves no lock behind: a connection that cannot be cleaned is thrown away.
func (s *Store) abort(ctx context.Context, conn *sql.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), defaultTimeout)
	defer cancel()
	if _, err := conn.ExecContext(ctx, s.dialect.abort); err != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
}
