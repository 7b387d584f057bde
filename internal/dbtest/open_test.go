package dbtest_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	"modernc.org/sqlite"
)

// Where the servers are. Each is a DSN of its driver, for a user who may create schemas or databases.
const (
	envPostgres = "SALLYPORT_TEST_POSTGRES" // of pgx, such as postgres://root@127.0.0.1:5432/test?sslmode=disable
	envMySQL    = "SALLYPORT_TEST_MYSQL"    // of go-sql-driver/mysql, such as root@tcp(127.0.0.1:3306)/test
)

// maxConns keeps a test with many goroutines below the servers' limits of connections.
const maxConns = 16

// openSQLite opens an empty database in a file, set up as a server would have it.
func openSQLite(t testing.TB) *sql.DB { return open(t, sqliteConnector(t)) }

// openPostgres opens an empty schema, which is dropped when the test ends.
func openPostgres(t testing.TB) *sql.DB { return open(t, postgresConnector(t)) }

// openMySQL opens an empty database, which is dropped when the test ends.
func openMySQL(t testing.TB) *sql.DB { return open(t, mysqlConnector(t)) }

// open is apart from the connectors, so that a test can put another connector around one of them.
func open(t testing.TB, c driver.Connector) *sql.DB {
	t.Helper()
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	t.Cleanup(func() { _ = db.Close() })
	require.NoError(t, db.PingContext(t.Context()))
	return db
}

func sqliteConnector(t testing.TB) driver.Connector {
	t.Helper()
	query := url.Values{
		"_pragma": {"busy_timeout(20000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"},
		"_txlock": {"immediate"}, // a transaction that reads first must not fail when it comes to write
	}
	file := url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(t.TempDir(), "test.db")), RawQuery: query.Encode()}
	return dsnConnector{driver: &sqlite.Driver{}, dsn: file.String()}
}

func postgresConnector(t testing.TB) driver.Connector {
	t.Helper()
	config, err := pgx.ParseConfig(server(t, envPostgres))
	require.NoError(t, err)
	name := freshName()
	admin(t, stdlib.GetConnector(*config), "CREATE SCHEMA "+name, "DROP SCHEMA "+name+" CASCADE")
	config.RuntimeParams["search_path"] = name
	return stdlib.GetConnector(*config)
}

func mysqlConnector(t testing.TB) driver.Connector {
	t.Helper()
	config, err := mysql.ParseDSN(server(t, envMySQL))
	require.NoError(t, err)
	connector, err := mysql.NewConnector(config)
	require.NoError(t, err)
	name := freshName()
	admin(t, connector, "CREATE DATABASE "+name, "DROP DATABASE "+name)
	config.DBName = name
	connector, err = mysql.NewConnector(config)
	require.NoError(t, err)
	return connector
}

func server(t testing.TB, variable string) string {
	t.Helper()
	dsn := os.Getenv(variable)
	if dsn == "" {
		t.Skipf("%s is not set", variable)
	}
	return dsn
}

// admin runs create now and drop after the test's own connections have been closed.
func admin(t testing.TB, c driver.Connector, create, drop string) {
	t.Helper()
	db := sql.OpenDB(c)
	_, err := db.ExecContext(t.Context(), create)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := db.ExecContext(context.WithoutCancel(t.Context()), drop)
		if err != nil {
			t.Errorf("drop: %v", err)
		}
		_ = db.Close()
	})
}

func freshName() string { return "sallyport_" + strings.ToLower(rand.Text()) }

// dsnConnector is a connector for a driver that has none.
type dsnConnector struct {
	driver driver.Driver
	dsn    string
}

func (c dsnConnector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c dsnConnector) Driver() driver.Driver                        { return c.driver }
