package dbtest_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"modernc.org/sqlite"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/authtest"
	"github.com/sallyport-go/sallyport/auth/store"
	"github.com/sallyport-go/sallyport/auth/store/sqlstore"
	"github.com/sallyport-go/sallyport/auth/throttle"
)

var _ auth.Revocations = (*sqlstore.Store)(nil)

// servers are the databases that have sessions to end, with the statements that name one's own and end another's.
var servers = map[string]struct {
	sqlstoreCase
	own, end string
}{
	"postgres": {sqlstoreCases["postgres"], `SELECT pg_backend_pid()`, `SELECT pg_terminate_backend(%d)`},
	"mysql":    {sqlstoreCases["mysql"], `SELECT CONNECTION_ID()`, `KILL CONNECTION %d`},
}

// sessionsOf fills the pool and lists its sessions.
func sessionsOf(t *testing.T, db *sql.DB, own string) []int64 {
	t.Helper()
	conns, ids := make([]*sql.Conn, maxConns), make([]int64, maxConns)
	for i := range conns {
		conn, err := db.Conn(t.Context())
		require.NoError(t, err)
		conns[i] = conn
		require.NoError(t, conn.QueryRowContext(t.Context(), own).Scan(&ids[i]))
	}
	for _, conn := range conns {
		require.NoError(t, conn.Close())
	}
	return ids
}

func eachServer(t *testing.T, test func(t *testing.T, s *sqlstore.Store, endSessions func())) {
	for name, c := range servers {
		t.Run(name, func(t *testing.T) {
			db, admin := c.open(t), c.open(t)
			s := newSQLStore(t, db, c.dialect)
			require.NoError(t, s.Migrate(t.Context()))
			ids := sessionsOf(t, db, c.own)
			test(t, s, func() {
				for _, id := range ids {
					_, err := admin.ExecContext(t.Context(), fmt.Sprintf(c.end, id))
					require.NoError(t, err)
				}
			})
		})
	}
}

// All sessions of the pool are ended by the server, as by its restart. What a call costs then is a new session, and no call needs more
// than a few of them to fail.
func TestSQLStoreSessionsAreEndedByTheServer(t *testing.T) {
	eachServer(t, func(t *testing.T, s *sqlstore.Store, endSessions func()) {
		require.NoError(t, s.Create(t.Context(), storeRefresh("f", "alice"), storeNow))
		require.NoError(t, s.DenyToken(t.Context(), "t", storeNow.Add(time.Hour), storeNow))
		endSessions()
		failures := 0
		var r store.Refresh
		require.Eventually(t, func() bool {
			var err error
			if r, err = s.Lookup(t.Context(), "f", storeNow); err == nil {
				return true
			}
			failures++
			assert.ErrorIs(t, err, store.ErrUnavailable)
			return failures > maxConns
		}, 30*time.Second, time.Millisecond)
		assert.LessOrEqual(t, failures, maxConns/4, "four sessions are tried in each call")
		assert.Equal(t, storeRefresh("f", "alice").Hash, r.Hash)
		require.NoError(t, s.Rotate(t.Context(), "f", r.Hash, store.Hash{1}, storeNow.Add(time.Hour), storeNow))
		revoked, err := s.Revoked(t.Context(), "", "", "t", storeNow, storeNow)
		require.NoError(t, err)
		assert.True(t, revoked)
	})
}

// The session ends between reading the counts and writing them: nothing is kept of it, nothing is locked, and the store itself begins
// anew if it can.
func TestSQLStoreSessionEndsWithinAnUpdate(t *testing.T) {
	eachServer(t, func(t *testing.T, s *sqlstore.Store, endSessions func()) {
		keys := []throttle.Key{{0, 1}, {1, 2}}
		second := func(c []throttle.Count) bool {
			c[0].Heat += time.Second
			c[1].Heat += time.Second
			return true
		}
		require.NoError(t, s.Update(t.Context(), keys, storeNow, second))
		calls := 0
		err := s.Update(t.Context(), keys, storeNow, func(c []throttle.Count) bool {
			if calls++; calls == 1 {
				endSessions()
			}
			return second(c)
		})
		want := 2 * time.Second
		if err != nil {
			assert.ErrorIs(t, err, store.ErrUnavailable)
			want = time.Second
		}
		read := func() (err error) {
			return s.Update(t.Context(), keys, storeNow, func(c []throttle.Count) bool {
				assert.Equal(t, want, c[0].Heat)
				assert.Equal(t, want, c[1].Heat)
				return false
			})
		}
		require.Eventually(t, func() bool { return read() == nil }, 30*time.Second, time.Millisecond)
	})
}

// A database whose transactions see what was there when they began would lose counts, if it were left at that.
func TestSQLStoreCountsUnderEveryIsolation(t *testing.T) {
	for _, level := range []string{"repeatable read", "serializable"} {
		t.Run(level, func(t *testing.T) {
			config, err := pgx.ParseConfig(server(t, envPostgres))
			require.NoError(t, err)
			name := freshName()
			admin(t, stdlib.GetConnector(*config), "CREATE SCHEMA "+name, "DROP SCHEMA "+name+" CASCADE")
			config.RuntimeParams["search_path"] = name
			config.RuntimeParams["default_transaction_isolation"] = level
			s := newSQLStore(t, open(t, stdlib.GetConnector(*config)), sqlstore.PostgreSQL)
			require.NoError(t, s.Migrate(t.Context()))
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					assert.NoError(t, s.Update(t.Context(), []throttle.Key{{0, 1}}, storeNow, func(c []throttle.Count) bool { c[0].Heat += time.Second; return true }))
				})
			}
			wg.Wait()
			require.NoError(t, s.Update(t.Context(), []throttle.Key{{0, 1}}, storeNow, func(c []throttle.Count) bool {
				assert.Equal(t, 100*time.Second, c[0].Heat)
				return false
			}))
		})
	}
}

// A transaction of SQLite that reads before it writes cannot always come to write, unless the DSN says otherwise or it takes the lock first.
func TestSQLStoreCountsOnSQLiteWithoutTxlock(t *testing.T) {
	authtest.CountersContract(t, func(t *testing.T) []throttle.Counters {
		dsn := "file:" + filepath.ToSlash(filepath.Join(t.TempDir(), "test.db")) + "?_pragma=busy_timeout(20000)&_pragma=journal_mode(WAL)"
		s := newSQLStore(t, open(t, dsnConnector{driver: &sqlite.Driver{}, dsn: dsn}), sqlstore.SQLite)
		require.NoError(t, s.Migrate(t.Context()))
		return []throttle.Counters{s}
	})
}
