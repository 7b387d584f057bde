package dbtest_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/apikey"
	"github.com/sallyport-go/sallyport/auth/apikey/apikeytest"
	"github.com/sallyport-go/sallyport/auth/apikey/sqlkeys"
)

type apikeyCase struct {
	dialect sqlkeys.Dialect
	open    func(testing.TB) *sql.DB
}

var apikeyCases = map[string]apikeyCase{
	"sqlite":   {sqlkeys.SQLite, openSQLite},
	"postgres": {sqlkeys.PostgreSQL, openPostgres},
	"mysql":    {sqlkeys.MySQL, openMySQL},
}

func newAPIKeyStore(t testing.TB, db *sql.DB, d sqlkeys.Dialect) *sqlkeys.Store {
	t.Helper()
	s, err := sqlkeys.New(sqlkeys.Config{DB: db, Dialect: d, Timeout: 30 * time.Second})
	require.NoError(t, err)
	return s
}

func eachAPIKeyStore(t *testing.T, test func(t *testing.T, c apikeyCase, db *sql.DB)) {
	for name, c := range apikeyCases {
		t.Run(name, func(t *testing.T) { test(t, c, c.open(t)) })
	}
}

func newAPIKeys(t testing.TB, s apikey.Store) *apikey.Keys {
	t.Helper()
	k, err := apikey.New(apikey.Config{Prefix: "acme", Store: s, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return k
}

var apikeyNow = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

func apikeyRecord(n int, subject string) apikey.Record {
	return apikey.Record{ID: fmt.Sprintf("%016d", n), Hash: sha256.Sum256(fmt.Append(nil, n)), Subject: subject,
		Created: apikeyNow, Expiry: apikeyNow.Add(time.Hour)}
}

func TestAPIKeyStoreKeepsTheContract(t *testing.T) {
	for name, c := range apikeyCases {
		t.Run(name, func(t *testing.T) {
			apikeytest.StoreContract(t, func(t *testing.T) []apikey.Store {
				db := c.open(t)
				a, b := newAPIKeyStore(t, db, c.dialect), newAPIKeyStore(t, db, c.dialect)
				require.NoError(t, a.Migrate(t.Context()))
				return []apikey.Store{a, b}
			})
		})
	}
}

func TestAPIKeyStoreMigrateManyAtOnce(t *testing.T) {
	eachAPIKeyStore(t, func(t *testing.T, c apikeyCase, db *sql.DB) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { assert.NoError(t, newAPIKeyStore(t, db, c.dialect).Migrate(t.Context())) })
		}
		wg.Wait()
		s := newAPIKeyStore(t, db, c.dialect)
		require.NoError(t, s.Create(t.Context(), apikeyRecord(0, "alice"), 10, apikeyNow))
		require.NoError(t, s.Migrate(t.Context()))
		_, err := s.Lookup(t.Context(), apikeyRecord(0, "").ID)
		assert.NoError(t, err, "a second migration keeps what is there")
	})
}

// Both packages may keep their tables in one database.
func TestAPIKeyStoreBesideRefreshTokens(t *testing.T) {
	for name, c := range apikeyCases {
		t.Run(name, func(t *testing.T) {
			db := c.open(t)
			var wg sync.WaitGroup
			wg.Go(func() { assert.NoError(t, newSQLStore(t, db, sqlstoreCases[name].dialect).Migrate(t.Context())) })
			wg.Go(func() { assert.NoError(t, newAPIKeyStore(t, db, c.dialect).Migrate(t.Context())) })
			wg.Wait()
			require.NoError(t, newAPIKeyStore(t, db, c.dialect).Create(t.Context(), apikeyRecord(0, "alice"), 10, apikeyNow))
			require.NoError(t, newSQLStore(t, db, sqlstoreCases[name].dialect).Create(t.Context(), storeRefresh("f", "alice"), storeNow))
		})
	}
}

func TestAPIKeyStoreWithoutSchemaIsUnavailable(t *testing.T) {
	eachAPIKeyStore(t, func(t *testing.T, c apikeyCase, db *sql.DB) {
		s := newAPIKeyStore(t, db, c.dialect)
		assert.ErrorIs(t, s.Create(t.Context(), apikeyRecord(0, "alice"), 10, apikeyNow), apikey.ErrUnavailable)
		_, err := s.Lookup(t.Context(), apikeyRecord(0, "").ID)
		assert.ErrorIs(t, err, apikey.ErrUnavailable)
		assert.ErrorIs(t, s.Revoke(t.Context(), apikeyRecord(0, "").ID, "", apikeyNow), apikey.ErrUnavailable)
	})
}

func TestAPIKeyStoreWrongDialectIsFoundAtStartUp(t *testing.T) {
	eachAPIKeyStore(t, func(t *testing.T, c apikeyCase, db *sql.DB) {
		for _, wrong := range apikeyCases {
			if wrong.dialect != c.dialect {
				assert.ErrorIs(t, newAPIKeyStore(t, db, wrong.dialect).Migrate(t.Context()), apikey.ErrUnavailable, wrong.dialect)
			}
		}
	})
}

// A key that is good must stay good for its client while the database is away.
func TestAPIKeyStoreGoesAwayAndComesBack(t *testing.T) {
	eachAPIKeyStore(t, func(t *testing.T, c apikeyCase, db *sql.DB) {
		s := newAPIKeyStore(t, db, c.dialect)
		require.NoError(t, s.Migrate(t.Context()))
		k := newAPIKeys(t, s)
		key, record, err := k.Create(t.Context(), apikey.Grant{Subject: "alice", Scopes: []string{"a"}})
		require.NoError(t, err)
		guard, err := auth.New(auth.Config{Authenticator: k, Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		ask := func(ctx context.Context) int {
			r := httptest.NewRequestWithContext(ctx, "GET", "/", nil)
			r.Header.Set("X-API-Key", key.Reveal())
			w := httptest.NewRecorder()
			guard.Require("a")(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
			return w.Code
		}
		assert.Equal(t, http.StatusOK, ask(t.Context()))
		list, err := k.List(t.Context(), "alice")
		require.NoError(t, err)
		require.Len(t, list, 1)
		assert.False(t, list[0].LastUsed.IsZero())

		gone, cancel := context.WithCancel(t.Context())
		cancel()
		assert.Equal(t, http.StatusServiceUnavailable, ask(gone))
		assert.ErrorIs(t, k.Revoke(gone, record.ID), apikey.ErrUnavailable)
		assert.Equal(t, http.StatusOK, ask(t.Context()))

		require.NoError(t, k.RevokeOwn(t.Context(), "alice", record.ID))
		assert.Equal(t, http.StatusUnauthorized, ask(t.Context()))
		require.NoError(t, db.Close())
		assert.Equal(t, http.StatusServiceUnavailable, ask(t.Context()))
	})
}

func TestAPIKeyStoreTimeoutBoundsADatabaseThatHangs(t *testing.T) {
	eachAPIKeyStore(t, func(t *testing.T, c apikeyCase, db *sql.DB) {
		db.SetMaxOpenConns(1)
		s, err := sqlkeys.New(sqlkeys.Config{DB: db, Dialect: c.dialect, Timeout: 200 * time.Millisecond})
		require.NoError(t, err)
		conn, err := db.Conn(t.Context()) // the only one: everybody else waits
		require.NoError(t, err)
		_, err = s.Lookup(t.Context(), apikeyRecord(0, "").ID)
		assert.ErrorIs(t, err, apikey.ErrUnavailable)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, conn.Close())
	})
}

// More go than one step of a sweep takes.
func TestAPIKeyStoreSweepsByTheThousand(t *testing.T) {
	eachAPIKeyStore(t, func(t *testing.T, c apikeyCase, db *sql.DB) {
		s := newAPIKeyStore(t, db, c.dialect)
		require.NoError(t, s.Migrate(t.Context()))
		r := apikeyRecord(0, "alice")
		r.ID = "abcdefghijk00000"
		require.NoError(t, s.Create(t.Context(), r, 10, apikeyNow))
		for _, letter := range "abcdefghijk" { // each step doubles the rows
			_, err := db.ExecContext(t.Context(), fmt.Sprintf(`INSERT INTO sallyport_apikey
				SELECT REPLACE(id, '%c', '1'), hash, subject, name, scopes, created, expiry, last_used, revoked_time, end_time
				FROM sallyport_apikey WHERE id LIKE '%%%c%%'`, letter, letter))
			require.NoError(t, err)
		}
		other := apikeyRecord(1, "bob")
		other.Expiry = r.Expiry.Add(time.Microsecond)
		require.NoError(t, s.Create(t.Context(), other, 10, apikeyNow))
		n, err := s.Sweep(t.Context(), r.Expiry)
		require.NoError(t, err)
		assert.Equal(t, int64(2048), n)
		var left int
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM sallyport_apikey").Scan(&left))
		assert.Equal(t, 1, left)
		_, err = s.Lookup(t.Context(), other.ID)
		assert.NoError(t, err)
	})
}

// BenchmarkAPIKeyAuthenticate is what a request costs with a store that is asked each time; raw is a round trip to the same database.
func BenchmarkAPIKeyAuthenticate(b *testing.B) {
	for name, c := range apikeyCases {
		b.Run(name, func(b *testing.B) {
			db := c.open(b)
			s := newAPIKeyStore(b, db, c.dialect)
			require.NoError(b, s.Migrate(b.Context()))
			k := newAPIKeys(b, s)
			key, _, err := k.Create(b.Context(), apikey.Grant{Subject: "alice", Scopes: []string{"a"}})
			require.NoError(b, err)
			text := key.Reveal()
			b.Run("verify", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := k.Verify(b.Context(), text); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("raw", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					var one int
					if err := db.QueryRowContext(b.Context(), "SELECT 1 FROM sallyport_apikey").Scan(&one); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
