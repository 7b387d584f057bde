package sqlguard_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	. "github.com/sallyport-go/sallyport/sqlguard"
)

// answerer returns an answer that fails the n-th asking of a text that begins so.
func answerer(begins string, failures ...error) func(context.Context, string, []driver.NamedValue) (*table, error) {
	return func(_ context.Context, text string, _ []driver.NamedValue) (*table, error) {
		if text == "PRAGMA query_only" {
			return &table{columns: []string{"query_only"}, rows: [][]driver.Value{{int64(0)}}}, nil
		}
		if !strings.HasPrefix(text, begins) || len(failures) == 0 {
			return nil, nil
		}
		err := failures[0]
		failures = failures[1:]
		return nil, err
	}
}

func TestWriteCommits(t *testing.T) {
	for d, want := range map[Dialect][]string{
		PostgreSQL: {"<begin>", "UPDATE t", "<commit>"},
		MySQL:      {"<begin>", "UPDATE t", "<commit>"},
		SQLite:     {"BEGIN IMMEDIATE", "UPDATE t", "COMMIT"},
	} {
		db, f, _ := newDB(t, Config{Dialect: d}, nil)
		require.NoError(t, db.Write(t.Context(), func(tx *Tx) error {
			_, err := tx.Exec(t.Context(), Q("UPDATE t"))
			return err
		}))
		assert.Equal(t, want, f.texts())
	}
}

func TestReadIsReadOnly(t *testing.T) {
	for d, want := range map[Dialect][]string{
		PostgreSQL: {"<begin read only>", "SELECT 1", "<commit>"},
		MySQL:      {"<begin read only>", "SELECT 1", "<commit>"},
		SQLite:     {"PRAGMA query_only", "PRAGMA query_only = ON", "BEGIN", "SELECT 1", "COMMIT", "PRAGMA query_only = OFF"},
	} {
		db, f, _ := newDB(t, Config{Dialect: d}, answerer("none"))
		require.NoError(t, db.Read(t.Context(), func(tx *Tx) error {
			for _, q := range []SQL{
				Q("UPDATE t SET a = 1"), Q("DROP TABLE t"), Q("SET TRANSACTION READ WRITE"), Q("PRAGMA query_only = OFF"), Q("ATTACH 'x' AS y"),
				Q("/* SELECT */ DELETE FROM t"), Q("COPY t TO 'x'"), Q("CALL p()"), Q("RESET ALL"), Q("'SELECT'"),
			} {
				_, err := tx.Exec(t.Context(), q)
				assert.ErrorIs(t, err, ErrReadOnly)
			}
			_, err := tx.Exec(t.Context(), Q("COMMIT"))
			assert.ErrorIs(t, err, ErrSQL)
			_, err = All[int](t.Context(), tx, Q("SELECT 1"))
			return err
		}))
		assert.Equal(t, want, f.texts(), d)
	}
}

func TestErrorOfTheFunctionRollsBackAndIsReturned(t *testing.T) {
	mine := errors.New("mine")
	for d, want := range map[Dialect]string{PostgreSQL: "<rollback>", SQLite: "ROLLBACK"} {
		db, f, log := newDB(t, Config{Dialect: d}, nil)
		assert.Equal(t, mine, db.Write(t.Context(), func(*Tx) error { return mine }))
		assert.Equal(t, want, f.texts()[1])
		assert.Empty(t, log.String())
	}
}

func TestPanicRollsBack(t *testing.T) {
	for d, want := range map[Dialect]string{MySQL: "<rollback>", SQLite: "ROLLBACK"} {
		db, f, _ := newDB(t, Config{Dialect: d}, nil)
		assert.PanicsWithValue(t, "mine", func() { _ = db.Write(t.Context(), func(*Tx) error { panic("mine") }) })
		assert.Equal(t, want, f.texts()[1])
		require.NoError(t, db.Ping(t.Context()), "the connection is free again")
		assert.Equal(t, 1, f.opened())
	}
}

func TestCollisionIsTriedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		d      Dialect
		begins string
		err    error
	}{
		"PostgreSQL, statement":  {PostgreSQL, "UPDATE", stateError("40001")},
		"PostgreSQL, deadlock":   {PostgreSQL, "UPDATE", stateError("40P01")},
		"PostgreSQL, commit":     {PostgreSQL, "<commit>", stateError("40001")},
		"MySQL, deadlock":        {MySQL, "UPDATE", &numberError{Number: 1213}},
		"SQLite, at the start":   {SQLite, "BEGIN", codeError(5)},
		"SQLite, in the middle":  {SQLite, "UPDATE", codeError(517)},
		"SQLite, at the end":     {SQLite, "COMMIT", codeError(5)},
		"MySQL, lock wait":       {MySQL, "UPDATE", &numberError{Number: 1205}},
		"MariaDB, record change": {MySQL, "UPDATE", &numberError{Number: 1020}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db, _, log := newDB(t, Config{Dialect: c.d}, answerer(c.begins, c.err, c.err))
				start := time.Now()
				require.NoError(t, db.Write(t.Context(), func(tx *Tx) error {
					_, err := tx.Exec(t.Context(), Q("UPDATE t"))
					return err
				}))
				assert.Greater(t, time.Since(start), 20*time.Millisecond)
				assert.Empty(t, log.String())
			})
		})
	}
}

func TestCollisionIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := stateError("40001")
		db, f, log := newDB(t, Config{}, answerer("UPDATE", err, err, err, err))
		ran := 0
		got := db.Write(t.Context(), func(tx *Tx) error {
			ran++
			_, err := tx.Exec(t.Context(), Q("UPDATE t"))
			return err
		})
		assert.ErrorIs(t, got, ErrUnavailable)
		assert.Equal(t, 3, ran)
		assert.Equal(t, "<rollback>", f.texts()[8])
		assert.Equal(t, 1, strings.Count(log.String(), `"event":"sys_availability_fail"`))
		assert.Contains(t, log.String(), `"attempts":3`)
	})
}

func TestPauseEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	db, _, _ := newDB(t, Config{}, answerer("UPDATE", stateError("40001")))
	ran := 0
	err := db.Write(ctx, func(tx *Tx) error {
		ran++
		_, err := tx.Exec(ctx, Q("UPDATE t"))
		cancel()
		return err
	})
	assert.ErrorIs(t, err, ErrUnavailable)
	assert.Equal(t, 1, ran)
}

// After a deadlock MySQL has rolled back, and would run what follows by itself, outside of any transaction.
func TestSwallowedCollisionDoesNotCommitTheRest(t *testing.T) {
	deadlock := &numberError{Number: 1213}
	db, f, _ := newDB(t, Config{Dialect: MySQL}, answerer("UPDATE", deadlock, deadlock, deadlock))
	err := db.Write(t.Context(), func(tx *Tx) error {
		_, _ = tx.Exec(t.Context(), Q("UPDATE t"))
		_, err := tx.Exec(t.Context(), Q("INSERT INTO t VALUES (1)"))
		assert.ErrorIs(t, err, ErrUnavailable)
		return nil
	})
	assert.ErrorIs(t, err, ErrUnavailable)
	assert.NotContains(t, f.texts(), "INSERT INTO t VALUES (1)")
	assert.NotContains(t, f.texts(), "<commit>")
}

func TestConflictInsideATransactionIsNotTheEndOfIt(t *testing.T) {
	db, f, _ := newDB(t, Config{Dialect: MySQL}, answerer("INSERT", &numberError{Number: 1062}))
	require.NoError(t, db.Write(t.Context(), func(tx *Tx) error {
		_, err := tx.Exec(t.Context(), Q("INSERT INTO t VALUES (1)"))
		assert.ErrorIs(t, err, ErrConflict)
		_, err = tx.Exec(t.Context(), Q("UPDATE t"))
		return err
	}))
	assert.Contains(t, f.texts(), "<commit>")
}

func TestLostConnectionIsNotTriedAgain(t *testing.T) {
	db, _, log := newDB(t, Config{}, answerer("<commit>", driver.ErrBadConn))
	ran := 0
	err := db.Write(t.Context(), func(*Tx) error { ran++; return nil })
	assert.ErrorIs(t, err, ErrUnavailable)
	assert.Equal(t, 1, ran)
	assert.Contains(t, log.String(), "sys_availability_fail")
}

func TestTransactionIsUsedNoMoreAfterItsEnd(t *testing.T) {
	for _, d := range everyDialect {
		db, f, _ := newDB(t, Config{Dialect: d}, answerer("none"))
		var kept *Tx
		require.NoError(t, db.Write(t.Context(), func(tx *Tx) error { kept = tx; return nil }))
		_, err := kept.Exec(t.Context(), Q("DELETE FROM t"))
		assert.ErrorIs(t, err, ErrSQL)
		assert.NotContains(t, f.texts(), "DELETE FROM t")
	}
}

func TestCanceledTransactionIsNotCommitted(t *testing.T) {
	for _, d := range everyDialect {
		db, f, log := newDB(t, Config{Dialect: d}, answerer("none"))
		ctx, cancel := context.WithCancel(t.Context())
		err := db.Write(ctx, func(tx *Tx) error {
			cancel()
			_, err := tx.Exec(t.Context(), Q("UPDATE t"))
			assert.ErrorIs(t, err, context.Canceled)
			return nil
		})
		assert.ErrorIs(t, err, context.Canceled)
		assert.NotContains(t, f.texts(), "<commit>")
		assert.NotContains(t, f.texts(), "COMMIT")
		assert.Empty(t, log.String())
	}
}

func TestBeginIsBounded(t *testing.T) {
	for _, d := range everyDialect {
		synctest.Test(t, func(t *testing.T) {
			pool, _ := openFake(t, nil)
			pool.SetMaxOpenConns(1)
			db, err := New(Config{DB: pool, Dialect: d, Timeout: time.Second, Logger: slog.New(slog.DiscardHandler)})
			require.NoError(t, err)
			held, err := pool.Conn(t.Context())
			require.NoError(t, err)
			start := time.Now()
			err = db.Write(t.Context(), func(*Tx) error { return nil })
			assert.ErrorIs(t, err, ErrUnavailable)
			assert.Equal(t, time.Second, time.Since(start))
			require.NoError(t, held.Close())
		})
	}
}

// The next user of the connection must be able to write, or get another one.
func TestReadNeverLeavesASQLiteConnectionReadOnly(t *testing.T) {
	read := func(*Tx) error { return nil }
	t.Run("reset fails", func(t *testing.T) {
		db, f, _ := newDB(t, Config{Dialect: SQLite}, answerer("PRAGMA query_only = OFF", errors.New("x")))
		require.NoError(t, db.Read(t.Context(), read))
		require.NoError(t, db.Ping(t.Context()))
		assert.Equal(t, 2, f.opened(), "the connection was discarded")
	})
	t.Run("begin fails", func(t *testing.T) {
		db, f, _ := newDB(t, Config{Dialect: SQLite}, answerer("BEGIN", codeError(1)))
		require.Error(t, db.Read(t.Context(), read))
		assert.Equal(t, "PRAGMA query_only = OFF", f.texts()[len(f.texts())-1])
		require.NoError(t, db.Ping(t.Context()))
		assert.Equal(t, 1, f.opened())
	})
	t.Run("canceled", func(t *testing.T) {
		db, f, _ := newDB(t, Config{Dialect: SQLite}, answerer("none"))
		ctx, cancel := context.WithCancel(t.Context())
		require.Error(t, db.Read(ctx, func(*Tx) error { cancel(); return nil }))
		assert.Equal(t, []string{"ROLLBACK", "PRAGMA query_only = OFF"}, f.texts()[3:])
	})
	t.Run("read-only for good", func(t *testing.T) {
		db, f, _ := newDB(t, Config{Dialect: SQLite}, func(_ context.Context, text string, _ []driver.NamedValue) (*table, error) {
			return &table{columns: []string{"query_only"}, rows: [][]driver.Value{{int64(1)}}}, nil
		})
		require.NoError(t, db.Read(t.Context(), read))
		assert.Equal(t, []string{"PRAGMA query_only", "BEGIN", "COMMIT"}, f.texts())
	})
}

func TestSQLiteConnectionLeavesItsTransaction(t *testing.T) {
	t.Run("ended by SQLite", func(t *testing.T) {
		db, f, _ := newDB(t, Config{Dialect: SQLite}, answerer("ROLLBACK", codeError(1)))
		require.Error(t, db.Write(t.Context(), func(*Tx) error { return errors.New("x") }))
		assert.Equal(t, []string{"BEGIN IMMEDIATE", "ROLLBACK", "BEGIN", "ROLLBACK"}, f.texts())
		require.NoError(t, db.Ping(t.Context()))
		assert.Equal(t, 1, f.opened())
	})
	t.Run("stuck", func(t *testing.T) {
		db, f, _ := newDB(t, Config{Dialect: SQLite}, answerer("ROLLBACK", codeError(1), codeError(1)))
		require.Error(t, db.Write(t.Context(), func(*Tx) error { return errors.New("x") }))
		require.NoError(t, db.Ping(t.Context()))
		assert.Equal(t, 2, f.opened(), "the connection was discarded")
	})
}
