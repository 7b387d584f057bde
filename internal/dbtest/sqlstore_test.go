package dbtest_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/authtest"
	"github.com/sallyport-go/sallyport/auth/store"
	"github.com/sallyport-go/sallyport/auth/store/sqlstore"
)

type sqlstoreCase struct {
	dialect sqlstore.Dialect
	open    func(testing.TB) *sql.DB
}

var sqlstoreCases = map[string]sqlstoreCase{
	"sqlite":   {sqlstore.SQLite, openSQLite},
	"postgres": {sqlstore.PostgreSQL, openPostgres},
	"mysql":    {sqlstore.MySQL, openMySQL},
}

func newSQLStore(t testing.TB, db *sql.DB, d sqlstore.Dialect) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.New(sqlstore.Config{DB: db, Dialect: d, Timeout: 30 * time.Second})
	require.NoError(t, err)
	return s
}

func eachSQLStore(t *testing.T, test func(t *testing.T, c sqlstoreCase, db *sql.DB)) {
	for name, c := range sqlstoreCases {
		t.Run(name, func(t *testing.T) { test(t, c, c.open(t)) })
	}
}

var storeNow = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

func storeRefresh(family, subject string) store.Refresh {
	return store.Refresh{Family: family, Hash: sha256.Sum256([]byte(family)), Subject: subject, Client: "app",
		AuthTime: storeNow, Until: storeNow.Add(time.Hour), Expiry: storeNow.Add(24 * time.Hour)}
}

func TestSQLStoreKeepsTheContract(t *testing.T) {
	for name, c := range sqlstoreCases {
		t.Run(name, func(t *testing.T) {
			authtest.StoreContract(t, func(t *testing.T) []store.RefreshTokens {
				db := c.open(t)
				a, b := newSQLStore(t, db, c.dialect), newSQLStore(t, db, c.dialect)
				require.NoError(t, a.Migrate(t.Context()))
				return []store.RefreshTokens{a, b}
			})
		})
	}
}

func TestSQLStoreMigrateManyAtOnce(t *testing.T) {
	eachSQLStore(t, func(t *testing.T, c sqlstoreCase, db *sql.DB) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { assert.NoError(t, newSQLStore(t, db, c.dialect).Migrate(t.Context())) })
		}
		wg.Wait()
		s := newSQLStore(t, db, c.dialect)
		require.NoError(t, s.Create(t.Context(), storeRefresh("f", "alice"), storeNow))
		require.NoError(t, s.Migrate(t.Context()))
		_, err := s.Lookup(t.Context(), "f", storeNow)
		assert.NoError(t, err, "a second migration keeps what is there")
	})
}

func TestSQLStoreMigrateLeavesNoLockBehind(t *testing.T) {
	eachSQLStore(t, func(t *testing.T, c sqlstoreCase, db *sql.DB) {
		db.SetMaxOpenConns(1) // the next call gets the same connection
		s := newSQLStore(t, db, c.dialect)
		// The name is taken by something else, so that the first step fails.
		_, err := db.ExecContext(t.Context(), "CREATE VIEW sallyport_refresh AS SELECT 1 AS n")
		require.NoError(t, err)
		err = s.Migrate(t.Context())
		if c.dialect == sqlstore.MySQL {
			// CREATE TABLE IF NOT EXISTS passes over a view; the store then does not work, which is all it can say.
			_, err = s.Lookup(t.Context(), "f", storeNow)
			assert.ErrorIs(t, err, store.ErrUnavailable)
			return
		}
		require.ErrorIs(t, err, store.ErrUnavailable)
		_, err = db.ExecContext(t.Context(), "DROP VIEW sallyport_refresh")
		require.NoError(t, err)
		require.NoError(t, s.Migrate(t.Context()))
		require.NoError(t, s.Create(t.Context(), storeRefresh("f", "alice"), storeNow))
	})
}

func TestSQLStoreWithoutSchemaIsUnavailable(t *testing.T) {
	eachSQLStore(t, func(t *testing.T, c sqlstoreCase, db *sql.DB) {
		s := newSQLStore(t, db, c.dialect)
		assert.ErrorIs(t, s.Create(t.Context(), storeRefresh("f", "alice"), storeNow), store.ErrUnavailable)
		_, err := s.Lookup(t.Context(), "f", storeNow)
		assert.ErrorIs(t, err, store.ErrUnavailable)
	})
}

func TestSQLStoreWrongDialectIsFoundAtStartUp(t *testing.T) {
	eachSQLStore(t, func(t *testing.T, c sqlstoreCase, db *sql.DB) {
		for _, wrong := range sqlstoreCases {
			if wrong.dialect != c.dialect {
				assert.ErrorIs(t, newSQLStore(t, db, wrong.dialect).Migrate(t.Context()), store.ErrUnavailable, wrong.dialect)
			}
		}
	})
}

func TestSQLStoreGoesAwayAndComesBack(t *testing.T) {
	eachSQLStore(t, func(t *testing.T, c sqlstoreCase, db *sql.DB) {
		s := newSQLStore(t, db, c.dialect)
		require.NoError(t, s.Migrate(t.Context()))
		require.NoError(t, s.Create(t.Context(), storeRefresh("f", "alice"), storeNow))

		gone, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.Lookup(gone, "f", storeNow)
		assert.ErrorIs(t, err, store.ErrUnavailable)
		assert.ErrorIs(t, err, context.Canceled)
		assert.ErrorIs(t, s.RevokeSubject(gone, "alice", storeNow), store.ErrUnavailable)
		_, err = s.Lookup(t.Context(), "f", storeNow)
		assert.NoError(t, err)

		require.NoError(t, db.Close())
		_, err = s.Lookup(t.Context(), "f", storeNow)
		assert.ErrorIs(t, err, store.ErrUnavailable)
	})
}

func TestSQLStoreTimeoutBoundsADatabaseThatHangs(t *testing.T) {
	eachSQLStore(t, func(t *testing.T, c sqlstoreCase, db *sql.DB) {
		db.SetMaxOpenConns(1)
		s, err := sqlstore.New(sqlstore.Config{DB: db, Dialect: c.dialect, Timeout: time.Millisecond * 200})
		require.NoError(t, err)
		conn, err := db.Conn(t.Context()) // the only one: everybody else waits
		require.NoError(t, err)
		_, err = s.Lookup(t.Context(), "f", storeNow)
		assert.ErrorIs(t, err, store.ErrUnavailable)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, conn.Close())
	})
}

func TestSQLStoreSweep(t *testing.T) {
	eachSQLStore(t, func(t *testing.T, c sqlstoreCase, db *sql.DB) {
		s := newSQLStore(t, db, c.dialect)
		require.NoError(t, s.Migrate(t.Context()))
		for i := range 30 {
			r := storeRefresh(fmt.Sprint(i), "alice")
			r.Expiry = storeNow.Add(time.Duration(i) * time.Minute)
			require.NoError(t, s.Create(t.Context(), r, storeNow))
		}
		n, err := s.Sweep(t.Context(), storeNow.Add(9*time.Minute))
		require.NoError(t, err)
		assert.Equal(t, int64(10), n)
		var left int
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM sallyport_refresh").Scan(&left))
		assert.Equal(t, 20, left)
	})
}

// BenchmarkSQLStoreRefresh is what a refresh asks of the database; the raw statements are those it cannot do without.
func BenchmarkSQLStoreRefresh(b *testing.B) {
	for name, c := range sqlstoreCases {
		b.Run(name, func(b *testing.B) {
			s := newSQLStore(b, c.open(b), c.dialect)
			require.NoError(b, s.Migrate(b.Context()))
			r := storeRefresh("f", "alice")
			require.NoError(b, s.Create(b.Context(), r, storeNow))
			b.ReportAllocs()
			old := r.Hash
			for b.Loop() {
				if _, err := s.Lookup(b.Context(), "f", storeNow); err != nil {
					b.Fatal(err)
				}
				next := store.Hash(sha256.Sum256(old[:]))
				if err := s.Rotate(b.Context(), "f", old, next, r.Until, storeNow); err != nil {
					b.Fatal(err)
				}
				old = next
			}
		})
	}
}
