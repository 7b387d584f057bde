package trusted_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/sqlguard"
	"github.com/sallyport-go/sallyport/sqlguard/trusted"
)

func TestTrustedTextIsHeldToTheRulesOfFragments(t *testing.T) {
	for _, c := range []struct {
		q    sqlguard.SQL
		want string
	}{
		{trusted.SQL("SELECT 1", " "), "no reason"},
		{trusted.SQL("SELECT 1; DROP TABLE t", "shipped"), "semicolon"},
		{trusted.SQL("SELECT ?", "shipped"), "1 placeholders and 0"},
		{trusted.SQL("SELECT 'x", "shipped"), "not closed"},
		{sqlguard.And(sqlguard.Q("a"), trusted.SQL("b", "")), "no reason"},
	} {
		_, _, err := c.q.Text(sqlguard.PostgreSQL)
		require.ErrorIs(t, err, sqlguard.ErrSQL)
		assert.Contains(t, err.Error(), c.want)
	}
}

func TestTrustedTextJoinsOthers(t *testing.T) {
	table := strings.Join([]string{"tenant", "7"}, "_")
	q := sqlguard.Q("SELECT a FROM ? WHERE b = ?", trusted.SQL(table, "made from a number"), 1)
	text, args, err := q.Text(sqlguard.PostgreSQL)
	require.NoError(t, err)
	assert.Equal(t, "SELECT a FROM tenant_7 WHERE b = $1", text)
	assert.Equal(t, []any{1}, args)
}

func TestEmptyTrustedTextVanishes(t *testing.T) {
	text, _, err := trusted.SQL("", "nothing to do").Text(sqlguard.SQLite)
	require.NoError(t, err)
	assert.Empty(t, text)
}

func ExampleSQL() {
	report := strings.ToUpper("select count(*) from notes where owner = ?") // as if read from a file beside the program
	text, args, err := trusted.SQL(report, "report text shipped in the image", "alice").Text(sqlguard.PostgreSQL)
	fmt.Println(text, args, err)
	// Output: SELECT COUNT(*) FROM NOTES WHERE OWNER = $1 [alice] <nil>
}
