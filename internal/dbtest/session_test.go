package dbtest_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
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
	"github.com/sallyport-go/sallyport/auth/session"
	"github.com/sallyport-go/sallyport/auth/session/sessiontest"
	"github.com/sallyport-go/sallyport/auth/session/sqlsessions"
)

type sessionCase struct {
	dialect sqlsessions.Dialect
	open    func(testing.TB) *sql.DB
}

var sessionCases = map[string]sessionCase{
	"sqlite":   {sqlsessions.SQLite, openSQLite},
	"postgres": {sqlsessions.PostgreSQL, openPostgres},
	"mysql":    {sqlsessions.MySQL, openMySQL},
}

func newSessionStore(t testing.TB, db *sql.DB, d sqlsessions.Dialect) *sqlsessions.Store {
	t.Helper()
	s, err := sqlsessions.New(sqlsessions.Config{DB: db, Dialect: d, Timeout: 30 * time.Second})
	require.NoError(t, err)
	return s
}

func eachSessionStore(t *testing.T, test func(t *testing.T, c sessionCase, db *sql.DB)) {
	for name, c := range sessionCases {
		t.Run(name, func(t *testing.T) { test(t, c, c.open(t)) })
	}
}

var sessionNow = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

func sessionRecord(n int, subject string) session.Record {
	return session.Record{ID: fmt.Sprintf("%022d", n), Hash: sha256.Sum256(fmt.Append(nil, n)), Subject: subject,
		Created: sessionNow, Seen: sessionNow, Until: sessionNow.Add(time.Hour), Expiry: sessionNow.Add(24 * time.Hour)}
}

func newSessions(t testing.TB, s session.Store) *session.Sessions {
	t.Helper()
	sessions, err := session.New(session.Config{Store: s, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return sessions
}

func sessionRequest(t testing.TB, method, cookie string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "https://site.example/", nil)
	r.TLS = &tls.ConnectionState{}
	if cookie != "" {
		r.AddCookie(&http.Cookie{Name: "__Host-session", Value: cookie})
	}
	return r
}

func sessionLogin(t testing.TB, s *session.Sessions, subject, cookie string) string {
	t.Helper()
	w := httptest.NewRecorder()
	require.NoError(t, s.Login(w, sessionRequest(t, "POST", cookie), auth.Identity{Subject: subject}))
	return w.Result().Cookies()[0].Value
}

func TestSessionStoreKeepsTheContract(t *testing.T) {
	for name, c := range sessionCases {
		t.Run(name, func(t *testing.T) {
			sessiontest.StoreContract(t, func(t *testing.T) []session.Store {
				db := c.open(t)
				a, b := newSessionStore(t, db, c.dialect), newSessionStore(t, db, c.dialect)
				require.NoError(t, a.Migrate(t.Context()))
				return []session.Store{a, b}
			})
		})
	}
}

func TestSessionStoreMigrateManyAtOnce(t *testing.T) {
	eachSessionStore(t, func(t *testing.T, c sessionCase, db *sql.DB) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { assert.NoError(t, newSessionStore(t, db, c.dialect).Migrate(t.Context())) })
		}
		wg.Wait()
		s := newSessionStore(t, db, c.dialect)
		require.NoError(t, s.Create(t.Context(), sessionRecord(0, "alice"), 10, sessionNow))
		require.NoError(t, s.Migrate(t.Context()))
		_, err := s.Lookup(t.Context(), sessionRecord(0, "").Hash)
		assert.NoError(t, err, "a second migration keeps what is there")
	})
}

func TestSessionStoreMigrateLeavesNoLockBehind(t *testing.T) {
	eachSessionStore(t, func(t *testing.T, c sessionCase, db *sql.DB) {
		db.SetMaxOpenConns(1) // the next call gets the same connection
		s := newSessionStore(t, db, c.dialect)
		// The name is taken by something else, so that the first step fails.
		_, err := db.ExecContext(t.Context(), "CREATE VIEW sallyport_session AS SELECT 1 AS n")
		require.NoError(t, err)
		err = s.Migrate(t.Context())
		if c.dialect == sqlsessions.MySQL {
			// CREATE TABLE IF NOT EXISTS passes over a view; the store then does not work, which is all it can say.
			_, err = s.Lookup(t.Context(), sessionRecord(0, "").Hash)
			assert.ErrorIs(t, err, session.ErrUnavailable)
			return
		}
		require.ErrorIs(t, err, session.ErrUnavailable)
		_, err = db.ExecContext(t.Context(), "DROP VIEW sallyport_session")
		require.NoError(t, err)
		require.NoError(t, s.Migrate(t.Context()))
		require.NoError(t, s.Create(t.Context(), sessionRecord(0, "alice"), 10, sessionNow))
	})
}

func TestSessionStoreWrongDialectIsFoundAtStartUp(t *testing.T) {
	eachSessionStore(t, func(t *testing.T, c sessionCase, db *sql.DB) {
		for _, wrong := range sessionCases {
			if wrong.dialect != c.dialect {
				assert.ErrorIs(t, newSessionStore(t, db, wrong.dialect).Migrate(t.Context()), session.ErrUnavailable, wrong.dialect)
			}
		}
	})
}

func TestSessionStoreWithoutSchemaIs503(t *testing.T) {
	eachSessionStore(t, func(t *testing.T, c sessionCase, db *sql.DB) {
		sessions := newSessions(t, newSessionStore(t, db, c.dialect))
		w := httptest.NewRecorder()
		assert.ErrorIs(t, sessions.Login(w, sessionRequest(t, "POST", ""), auth.Identity{Subject: "alice"}), session.ErrUnavailable)
		assert.Empty(t, w.Header()["Set-Cookie"])
	})
}

// Two nodes share a database: what is done on one is so on the other.
func TestSessionsOnTwoNodes(t *testing.T) {
	eachSessionStore(t, func(t *testing.T, c sessionCase, db *sql.DB) {
		store := newSessionStore(t, db, c.dialect)
		require.NoError(t, store.Migrate(t.Context()))
		a, b := newSessions(t, store), newSessions(t, newSessionStore(t, db, c.dialect))
		first := sessionLogin(t, a, "alice", "")
		p, err := b.Authenticate(sessionRequest(t, "GET", first))
		require.NoError(t, err)
		assert.Equal(t, "alice", p.Subject())

		second := sessionLogin(t, b, "alice", first)
		_, err = a.Authenticate(sessionRequest(t, "GET", first))
		assert.ErrorIs(t, err, auth.ErrInvalidCredentials)
		_, err = a.Authenticate(sessionRequest(t, "GET", second))
		assert.NoError(t, err)
		require.NoError(t, a.Logout(httptest.NewRecorder(), sessionRequest(t, "POST", second)))
		_, err = b.Authenticate(sessionRequest(t, "GET", second))
		assert.ErrorIs(t, err, auth.ErrInvalidCredentials)
	})
}

func TestSessionsParallelLoginsOnTwoNodes(t *testing.T) {
	eachSessionStore(t, func(t *testing.T, c sessionCase, db *sql.DB) {
		store := newSessionStore(t, db, c.dialect)
		require.NoError(t, store.Migrate(t.Context()))
		nodes := []*session.Sessions{newSessions(t, store), newSessions(t, newSessionStore(t, db, c.dialect))}
		old := sessionLogin(t, nodes[0], "alice", "")
		var wg sync.WaitGroup
		for i := range 32 {
			wg.Go(func() {
				w := httptest.NewRecorder()
				if assert.NoError(t, nodes[i%2].Login(w, sessionRequest(t, "POST", old), auth.Identity{Subject: "alice"})) {
					_, err := nodes[(i+1)%2].Authenticate(sessionRequest(t, "GET", w.Result().Cookies()[0].Value))
					assert.NoError(t, err)
				}
			})
		}
		wg.Wait()
		_, err := nodes[1].Authenticate(sessionRequest(t, "GET", old))
		assert.ErrorIs(t, err, auth.ErrInvalidCredentials)
		list, err := nodes[0].List(t.Context(), "alice")
		require.NoError(t, err)
		assert.Len(t, list, 32)
	})
}

func TestSessionStoreGoesAwayAndComesBack(t *testing.T) {
	eachSessionStore(t, func(t *testing.T, c sessionCase, db *sql.DB) {
		s := newSessionStore(t, db, c.dialect)
		require.NoError(t, s.Migrate(t.Context()))
		sessions := newSessions(t, s)
		guard, err := auth.New(auth.Config{Authenticator: sessions, Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		h := guard.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		cookie := sessionLogin(t, sessions, "alice", "")
		status := func(ctx context.Context) int {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, sessionRequest(t, "GET", cookie).WithContext(ctx))
			return w.Code
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		assert.Equal(t, http.StatusServiceUnavailable, status(gone))
		assert.Equal(t, http.StatusOK, status(t.Context()))
		require.NoError(t, db.Close())
		assert.Equal(t, http.StatusServiceUnavailable, status(t.Context()))
		assert.ErrorIs(t, sessions.Logout(httptest.NewRecorder(), sessionRequest(t, "POST", cookie)), session.ErrUnavailable)
	})
}

func TestSessionStoreTimeoutBoundsADatabaseThatHangs(t *testing.T) {
	eachSessionStore(t, func(t *testing.T, c sessionCase, db *sql.DB) {
		db.SetMaxOpenConns(1)
		s, err := sqlsessions.New(sqlsessions.Config{DB: db, Dialect: c.dialect, Timeout: 200 * time.Millisecond})
		require.NoError(t, err)
		conn, err := db.Conn(t.Context()) // the only one: everybody else waits
		require.NoError(t, err)
		_, err = s.Lookup(t.Context(), sessionRecord(0, "").Hash)
		assert.ErrorIs(t, err, session.ErrUnavailable)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, conn.Close())
	})
}

func TestSessionStoreSweep(t *testing.T) {
	eachSessionStore(t, func(t *testing.T, c sessionCase, db *sql.DB) {
		s := newSessionStore(t, db, c.dialect)
		require.NoError(t, s.Migrate(t.Context()))
		for n := range 30 {
			r := sessionRecord(n, fmt.Sprint(n))
			r.Until = sessionNow.Add(time.Duration(n+1) * time.Minute)
			require.NoError(t, s.Create(t.Context(), r, 10, sessionNow))
		}
		n, err := s.Sweep(t.Context(), sessionNow.Add(10*time.Minute))
		require.NoError(t, err)
		assert.Equal(t, int64(10), n)
		var left int
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM sallyport_session").Scan(&left))
		assert.Equal(t, 20, left)
	})
}

// BenchmarkSessionStoreLookup is what each request asks of the database.
func BenchmarkSessionStoreLookup(b *testing.B) {
	for name, c := range sessionCases {
		b.Run(name, func(b *testing.B) {
			s := newSessionStore(b, c.open(b), c.dialect)
			require.NoError(b, s.Migrate(b.Context()))
			r := sessionRecord(0, "alice")
			require.NoError(b, s.Create(b.Context(), r, 10, sessionNow))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Lookup(b.Context(), r.Hash); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
