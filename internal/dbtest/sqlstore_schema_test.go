package dbtest_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/store"
	"github.com/sallyport-go/sallyport/auth/store/sqlstore"
	"github.com/sallyport-go/sallyport/auth/throttle"
)

// firstSchema is what the first version of the package made.
var firstSchema = map[sqlstore.Dialect][]string{
	sqlstore.SQLite: {
		`CREATE TABLE sallyport_schema (version INTEGER NOT NULL PRIMARY KEY)`,
		`CREATE TABLE sallyport_refresh (family TEXT NOT NULL COLLATE BINARY PRIMARY KEY, hash BLOB NOT NULL, subject TEXT NOT NULL COLLATE BINARY,
			client TEXT NOT NULL, scopes TEXT NOT NULL, amr TEXT NOT NULL, auth_time INTEGER NOT NULL, until_time INTEGER NOT NULL, expiry INTEGER NOT NULL) WITHOUT ROWID`,
		`INSERT INTO sallyport_schema (version) VALUES (1), (2), (3)`,
	},
	sqlstore.PostgreSQL: {
		`CREATE TABLE sallyport_schema (version INTEGER NOT NULL PRIMARY KEY)`,
		`CREATE TABLE sallyport_refresh (family TEXT COLLATE "C" NOT NULL PRIMARY KEY, hash BYTEA NOT NULL, subject TEXT COLLATE "C" NOT NULL, client TEXT COLLATE "C" NOT NULL,
			scopes TEXT COLLATE "C" NOT NULL, amr TEXT COLLATE "C" NOT NULL, auth_time BIGINT NOT NULL, until_time BIGINT NOT NULL, expiry BIGINT NOT NULL)`,
		`INSERT INTO sallyport_schema (version) VALUES (1), (2), (3)`,
	},
	sqlstore.MySQL: {
		`CREATE TABLE sallyport_schema (version INTEGER NOT NULL PRIMARY KEY) ENGINE=InnoDB`,
		`CREATE TABLE sallyport_refresh (family VARBINARY(64) NOT NULL PRIMARY KEY, hash BINARY(32) NOT NULL, subject VARBINARY(255) NOT NULL, client VARBINARY(255) NOT NULL,
			scopes VARBINARY(4096) NOT NULL, amr VARBINARY(4096) NOT NULL, auth_time BIGINT NOT NULL, until_time BIGINT NOT NULL, expiry BIGINT NOT NULL) ENGINE=InnoDB`,
		`INSERT INTO sallyport_schema (version) VALUES (1)`,
	},
}

// A service that is brought up to date keeps its logins.
func TestSQLStoreMigrateKeepsTheFirstVersionsLogins(t *testing.T) {
	eachSQLStore(t, func(t *testing.T, c sqlstoreCase, db *sql.DB) {
		for _, statement := range firstSchema[c.dialect] {
			_, err := db.ExecContext(t.Context(), statement)
			require.NoError(t, err)
		}
		fillRefresh(t, db, c.dialect, 10)
		s := newSQLStore(t, db, c.dialect)
		require.NoError(t, s.Migrate(t.Context()))
		assertServes(t, s)
	})
}

// On MySQL a step stays done although the migration failed after it, and is then repeated.
func TestSQLStoreMigrateGoesOnWhereItFailed(t *testing.T) {
	c := sqlstoreCases["mysql"]
	db := c.open(t)
	s := newSQLStore(t, db, c.dialect)
	require.NoError(t, s.Migrate(t.Context()))
	fillRefresh(t, db, c.dialect, 10)
	var last int
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT MAX(version) FROM sallyport_schema").Scan(&last))
	for done := range last {
		_, err := db.ExecContext(t.Context(), "DELETE FROM sallyport_schema WHERE version > ?", done)
		require.NoError(t, err)
		require.NoError(t, s.Migrate(t.Context()), "step %d was done and not recorded", done+1)
	}
	assertServes(t, s)
}

// assertServes says that the families of fillRefresh are there, with all that a grace period needs.
func assertServes(t *testing.T, s *sqlstore.Store) {
	t.Helper()
	r, err := s.Lookup(t.Context(), "f3", storeNow)
	require.NoError(t, err)
	rotation := store.Rotation{Family: "f3", Old: r.Hash, Next: store.Hash{1}, Until: storeNow.Add(time.Hour), Sealed: []byte("sealed"), GraceUntil: storeNow.Add(time.Minute)}
	_, err = s.RotateGrace(t.Context(), rotation, storeNow)
	require.NoError(t, err)
	sealed, err := s.RotateGrace(t.Context(), rotation, storeNow)
	if assert.NoError(t, err, "it is in force already") {
		assert.Empty(t, sealed)
	}
	rotation.Next = store.Hash{2}
	sealed, err = s.RotateGrace(t.Context(), rotation, storeNow)
	assert.ErrorIs(t, err, store.ErrRepeated)
	assert.Equal(t, []byte("sealed"), sealed)
	assert.NoError(t, s.Update(t.Context(), []throttle.Key{{0, 255}}, storeNow, func([]throttle.Count) bool { return true }))
}

func TestSQLStoreSweepsEveryTable(t *testing.T) {
	eachSQLStore(t, func(t *testing.T, c sqlstoreCase, db *sql.DB) {
		s := newSQLStore(t, db, c.dialect)
		require.NoError(t, s.Migrate(t.Context()))
		const many = 30
		for i := range many {
			end := storeNow.Add(time.Duration(i) * time.Minute)
			require.NoError(t, s.DenyToken(t.Context(), fmt.Sprint(i), end, storeNow))
			require.NoError(t, s.Update(t.Context(), []throttle.Key{{0, byte(i)}}, storeNow, func(c []throttle.Count) bool {
				c[0].Heat, c[0].Wait = time.Duration(i)*time.Minute, time.Duration(i%3)*time.Minute
				return true
			}))
			require.NoError(t, s.Remember(t.Context(), throttle.Key{byte(i)}, throttle.Key{1}, end, storeNow))
			require.NoError(t, s.Create(t.Context(), storeRefresh(fmt.Sprint(i), "alice"), storeNow))
			_, err := s.RotateGrace(t.Context(), store.Rotation{Family: fmt.Sprint(i), Old: storeRefresh(fmt.Sprint(i), "").Hash, Next: store.Hash{1},
				Until: storeNow.Add(time.Hour), Sealed: []byte("sealed"), GraceUntil: end}, storeNow)
			require.NoError(t, err)
		}
		// The last that ends at 9 min is the tenth; denials are kept 2 min longer.
		n, err := s.Sweep(t.Context(), storeNow.Add(9*time.Minute))
		require.NoError(t, err)
		assert.Equal(t, int64(10+10+8), n)
		for table, want := range map[string]int{"sallyport_denied": many - 8, "sallyport_count": many - 10, "sallyport_familiar": many - 10,
			"sallyport_refresh": many, "sallyport_refresh WHERE sealed IS NOT NULL": many - 10, "sallyport_refresh WHERE previous IS NOT NULL": many - 10} {
			var left int
			require.NoError(t, db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&left))
			assert.Equal(t, want, left, table)
		}
	})
}

// fillRefresh adds families f0, f1, … by one statement, ten of each subject s0, s1, …; n is a power of ten.
func fillRefresh(t testing.TB, db *sql.DB, d sqlstore.Dialect, n int) {
	t.Helper()
	digits := "(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)"
	number, from := "d1.d", digits+" d1"
	for i, power := 2, 10; power < n; i, power = i+1, power*10 {
		number += fmt.Sprintf(" + %d * d%d.d", power, i)
		from += fmt.Sprintf(" CROSS JOIN %s d%d", digits, i)
	}
	family, subject, hash := "'f' || i", "'s' || (i / 10)", "zeroblob(32)"
	switch d {
	case sqlstore.PostgreSQL:
		hash = "decode(repeat('00', 32), 'hex')"
	case sqlstore.MySQL:
		family, subject, hash = "CONCAT('f', i)", "CONCAT('s', i DIV 10)", "UNHEX(REPEAT('00', 32))"
	}
	_, err := db.ExecContext(context.WithoutCancel(t.Context()), fmt.Sprintf(`INSERT INTO sallyport_refresh (family, hash, subject, client, scopes, amr, auth_time, until_time, expiry)
		SELECT %s, %s, %s, 'app', '', '', %d, %d, %d FROM (SELECT %s AS i FROM %s) numbers`, family, hash, subject,
		storeNow.UnixMicro(), storeNow.Add(time.Hour).UnixMicro(), storeNow.Add(24*time.Hour).UnixMicro(), number, from))
	require.NoError(t, err)
}

// However many others there are, a subject's logins are found by an index, and only they are locked.
func TestSQLStoreRevokeSubjectAmongMany(t *testing.T) {
	eachSQLStore(t, func(t *testing.T, c sqlstoreCase, db *sql.DB) {
		s := newSQLStore(t, db, c.dialect)
		require.NoError(t, s.Migrate(t.Context()))
		fillRefresh(t, db, c.dialect, 10_000)
		require.NoError(t, s.RevokeSubject(t.Context(), "s77", storeNow))
		var left int
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM sallyport_refresh").Scan(&left))
		assert.Equal(t, 10_000-10, left)
		for family, want := range map[string]error{"f769": nil, "f770": store.ErrUnknown, "f779": store.ErrUnknown, "f780": nil} {
			_, err := s.Lookup(t.Context(), family, storeNow)
			assert.ErrorIs(t, err, want, family)
		}
	})
}

// BenchmarkSQLStoreMillion is what a call takes at a million families of a hundred thousand subjects.
func BenchmarkSQLStoreMillion(b *testing.B) {
	const n = 1_000_000
	for name, c := range sqlstoreCases {
		db := c.open(b)
		s, err := sqlstore.New(sqlstore.Config{DB: db, Dialect: c.dialect})
		require.NoError(b, err)
		require.NoError(b, s.Migrate(b.Context()))
		fillRefresh(b, db, c.dialect, n)
		next := 0
		b.Run(name+"/revoke a subject", func(b *testing.B) {
			for b.Loop() {
				next++
				require.NoError(b, s.RevokeSubject(b.Context(), fmt.Sprint("s", next), storeNow))
			}
		})
		b.Run(name+"/look for a denial", func(b *testing.B) {
			for b.Loop() {
				if yes, err := s.Revoked(b.Context(), "alice", "session", "token", storeNow, storeNow); yes || err != nil {
					b.Fatal(yes, err)
				}
			}
		})
		b.Run(name+"/deny", func(b *testing.B) {
			for b.Loop() {
				next++
				require.NoError(b, s.DenyToken(b.Context(), fmt.Sprint(next), storeNow.Add(time.Hour), storeNow))
			}
		})
		b.Run(name+"/count", func(b *testing.B) {
			for b.Loop() {
				next++
				k := byte(next)
				require.NoError(b, s.Update(b.Context(), []throttle.Key{{0, k}, {1, k + 1}, {2, k + 2}, {3, k + 3}}, storeNow, func(c []throttle.Count) bool {
					c[0].Heat += time.Second
					return true
				}))
			}
		})
	}
}
