package sqlguard_test

import (
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	. "github.com/sallyport-go/sallyport/sqlguard"
)

type ownString string

// holds checks that In binds the values as they are, in their own type.
func holds[T any](t *testing.T, value func(int) T) {
	t.Helper()
	for _, n := range []int{1, 2, 9, 10, 15, 16, 17, 32, 33, 101} {
		values := make([]T, n)
		want := make([]any, n)
		for i := range values {
			values[i] = value(i)
			want[i] = values[i]
		}
		for _, d := range []Dialect{PostgreSQL, SQLite} {
			placeholders := make([]string, n)
			for i := range placeholders {
				placeholders[i] = "?"
				if d == PostgreSQL {
					placeholders[i] = fmt.Sprint("$", i+2)
				}
			}
			text, args, err := Q("a = ? AND ?", "x", In("b", values)).Text(d)
			require.NoError(t, err)
			assert.Equal(t, d == PostgreSQL, strings.HasPrefix(text, "a = $1"))
			assert.Contains(t, text, "(b IN ("+strings.Join(placeholders, ", ")+"))")
			assert.Equal(t, want, args[1:])
		}
	}
}

func TestListsHoldValuesOfEveryType(t *testing.T) {
	number := 7
	holds(t, func(i int) int { return i + 300 })
	holds(t, func(i int) uint8 { return uint8(i) })
	holds(t, func(i int) string { return fmt.Sprint("x", i) })
	holds(t, func(i int) ownString { return ownString(fmt.Sprint("x", i)) })
	holds(t, func(i int) []byte { return []byte{byte(i)} })
	holds(t, func(i int) [16]byte { return [16]byte{byte(i)} })
	holds(t, func(i int) *int { return &number })
	holds(t, func(i int) sql.NullString { return sql.NullString{String: fmt.Sprint(i), Valid: true} })
	holds(t, func(i int) fmt.Stringer { return PostgreSQL })
	holds(t, func(i int) any {
		if i%2 == 0 {
			return "x"
		}
		return i
	})
}

// What one statement binds is nothing that another can change.
func TestListIsTheSameEachTime(t *testing.T) {
	q := In("a", []string{"x", "y"})
	_, first, err := q.Text(SQLite)
	require.NoError(t, err)
	first[0] = "changed"
	_, second, err := q.Text(SQLite)
	require.NoError(t, err)
	assert.Equal(t, []any{"x", "y"}, second)
}

func TestTextsAreRememberedByManyAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 300 {
				s := fmt.Sprintf("SELECT %d WHERE a = ?", i)
				for _, d := range []Dialect{PostgreSQL, MySQL, SQLite} {
					text, _, err := TextOf(s, 1).Text(d)
					assert.NoError(t, err)
					assert.True(t, strings.HasPrefix(text, s[:len(s)-1]))
				}
				_, _, err := Q("SELECT 1 WHERE a = ?").Text(SQLite)
				assert.Error(t, err)
			}
		})
	}
	wg.Wait()
	assert.LessOrEqual(t, MemoSize(), MaxMemo)
}
