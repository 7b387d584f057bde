package sqlguard_test

import (
	"context"
	"database/sql/driver"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sallyport-go/sallyport/sqlguard"
)

// rewriter has the method by which pgx lets an argument replace the statement.
type rewriter struct{}

func (rewriter) RewriteQuery(context.Context, any, string, []any) (string, []any, error) {
	return "DROP TABLE users", nil, nil
}

// valueToo is a value by itself, which does not keep pgx from asking it.
type valueToo struct{ rewriter }

func (valueToo) Value() (driver.Value, error) { return "x", nil }

func TestAttackArgumentThatRewritesTheStatement(t *testing.T) {
	for _, q := range []sqlguard.SQL{
		sqlguard.Q("SELECT 1 WHERE ? = 1", rewriter{}), sqlguard.Q("SELECT 1 WHERE ? = 1", &rewriter{}), sqlguard.Q("SELECT 1 WHERE ? = 1", valueToo{}),
		sqlguard.Q("SELECT 1 WHERE a IN (?)", []rewriter{{}}), sqlguard.Q("SELECT 1 WHERE a IN (?)", []any{1, rewriter{}}),
		sqlguard.Q("SELECT 1 WHERE ?", sqlguard.In("a", []rewriter{{}})), sqlguard.Q("SELECT 1 WHERE ?", sqlguard.In("a", []any{rewriter{}})),
	} {
		_, _, err := q.Text(sqlguard.PostgreSQL)
		assert.ErrorIs(t, err, sqlguard.ErrSQL)
	}
}
