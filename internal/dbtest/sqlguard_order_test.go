package dbtest_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/sqlguard"
)

// rewriter is a pgx.QueryRewriter, which pgx lets replace the statement if it is the first argument.
type rewriter struct{}

func (rewriter) RewriteQuery(context.Context, *pgx.Conn, string, []any) (string, []any, error) {
	return "SELECT 'rewritten' AS x", nil, nil
}

func TestArgumentsDoNotOrderTheDriver(t *testing.T) {
	pool := openPostgres(t)
	var x string
	require.NoError(t, pool.QueryRowContext(t.Context(), "SELECT 'kept' AS x WHERE $1 = 1", rewriter{}).Scan(&x))
	require.Equal(t, "rewritten", x, "without sqlguard it does")

	db, err := sqlguard.New(sqlguard.Config{DB: pool, Dialect: sqlguard.PostgreSQL})
	require.NoError(t, err)
	type row struct {
		X string `db:"x"`
	}
	for _, arg := range []any{rewriter{}, pgx.NamedArgs{"a": 1}, pgx.StrictNamedArgs{}, pgx.QueryExecModeSimpleProtocol, pgx.QueryResultFormats{1}} {
		rows, err := sqlguard.All[row](t.Context(), db, sqlguard.Q("SELECT 'kept' AS x WHERE ? = 1", arg))
		assert.ErrorIs(t, err, sqlguard.ErrSQL, "%T", arg)
		assert.Empty(t, rows)
	}
}
