package dbtest_test

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDatabasesAreFresh(t *testing.T) {
	for name, open := range map[string]func(testing.TB) *sql.DB{"sqlite": openSQLite, "postgres": openPostgres, "mysql": openMySQL} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // the second must not see the first one's table
				db := open(t)
				_, err := db.ExecContext(t.Context(), "CREATE TABLE fresh (n BIGINT)")
				require.NoError(t, err)
				var n int
				require.NoError(t, db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM fresh").Scan(&n))
				assert.Zero(t, n)
			}
		})
	}
}
