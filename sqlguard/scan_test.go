package sqlguard_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	. "github.com/sallyport-go/sallyport/sqlguard"
	"github.com/sallyport-go/sallyport/sqlguard/trusted"
)

// answering returns a DB that answers every query with these rows.
func answering(t testing.TB, config Config, columns []string, rows ...[]driver.Value) *DB {
	t.Helper()
	db, _, _ := newDB(t, config, func(context.Context, string, []driver.NamedValue) (*table, error) {
		return &table{columns: columns, rows: rows}, nil
	})
	return db
}

type stamps struct {
	Created time.Time  `db:"created"`
	Due     *time.Time `db:"due"`
}

type note struct {
	stamps
	ID      int64          `db:"id"`
	Title   string         `db:"title"`
	Body    sql.NullString `db:"body"`
	Data    []byte         `db:"data"`
	Cached  int            `db:"-"`
	private int
}

var noteColumns = []string{"title", "id", "due", "body", "created", "data"}

func TestAllScansStructs(t *testing.T) {
	now := time.Now()
	data := []byte("x")
	db := answering(t, Config{}, noteColumns,
		[]driver.Value{"a", int64(1), now, "text", now, data}, []driver.Value{"b", int64(2), nil, nil, now, nil})
	notes, err := All[note](t.Context(), db, Q("SELECT"))
	require.NoError(t, err)
	assert.Equal(t, []note{
		{stamps: stamps{now, &now}, ID: 1, Title: "a", Body: sql.NullString{String: "text", Valid: true}, Data: []byte("x")},
		{stamps: stamps{now, nil}, ID: 2, Title: "b"},
	}, notes)
	data[0] = 'y'
	assert.Equal(t, []byte("x"), notes[0].Data, "rows own their bytes")
	assert.Zero(t, notes[0].private)
}

func TestScalars(t *testing.T) {
	one, err := One[int](t.Context(), answering(t, Config{}, []string{"count(*)"}, []driver.Value{int64(7)}), Q("SELECT"))
	require.NoError(t, err)
	assert.Equal(t, 7, one)
	null, err := One[*string](t.Context(), answering(t, Config{}, []string{"a"}, []driver.Value{nil}), Q("SELECT"))
	require.NoError(t, err)
	assert.Nil(t, null)
	now := time.Now()
	at, err := One[time.Time](t.Context(), answering(t, Config{}, []string{"a"}, []driver.Value{now}), Q("SELECT"))
	require.NoError(t, err)
	assert.Equal(t, now, at)
	maybe, err := All[sql.Null[string]](t.Context(), answering(t, Config{}, []string{"a"}, []driver.Value{"x"}, []driver.Value{nil}), Q("SELECT"))
	require.NoError(t, err)
	assert.Equal(t, []sql.Null[string]{{V: "x", Valid: true}, {}}, maybe)
}

// A Scanner that keeps something must not see the row before.
type keeping struct{ seen []string }

func (k *keeping) Scan(v any) error {
	k.seen = append(k.seen, fmt.Sprint(v))
	return nil
}

func TestRowsDoNotLeakIntoEachOther(t *testing.T) {
	rows, err := All[keeping](t.Context(), answering(t, Config{}, []string{"a"}, []driver.Value{"x"}, []driver.Value{"y"}), Q("SELECT"))
	require.NoError(t, err)
	assert.Equal(t, []keeping{{[]string{"x"}}, {[]string{"y"}}}, rows)
}

func TestOne(t *testing.T) {
	_, err := One[int](t.Context(), answering(t, Config{}, []string{"a"}), Q("SELECT"))
	assert.ErrorIs(t, err, ErrNoRows)
	assert.ErrorIs(t, err, sql.ErrNoRows)
	got, err := One[int](t.Context(), answering(t, Config{}, []string{"a"}, []driver.Value{int64(1)}, []driver.Value{int64(2)}), Q("SELECT"))
	assert.ErrorIs(t, err, ErrTooManyRows)
	assert.Zero(t, got)
}

func TestRowCapIsAnErrorNotATruncation(t *testing.T) {
	three := [][]driver.Value{{int64(1)}, {int64(2)}, {int64(3)}}
	rows, err := All[int](t.Context(), answering(t, Config{MaxRows: 2}, []string{"a"}, three...), Q("SELECT"))
	assert.ErrorIs(t, err, ErrTooManyRows)
	assert.Nil(t, rows)
	for _, most := range []int{3, -1} {
		rows, err = All[int](t.Context(), answering(t, Config{MaxRows: most}, []string{"a"}, three...), Q("SELECT"))
		require.NoError(t, err)
		assert.Equal(t, []int{1, 2, 3}, rows)
	}
	sum := 0
	require.NoError(t, Each(t.Context(), answering(t, Config{MaxRows: 2}, []string{"a"}, three...), Q("SELECT"), func(n int) error { sum += n; return nil }))
	assert.Equal(t, 6, sum)
}

func TestEachStopsAtAnError(t *testing.T) {
	mine := errors.New("mine")
	ran := 0
	err := Each(t.Context(), answering(t, Config{}, []string{"a"}, []driver.Value{int64(1)}, []driver.Value{int64(2)}), Q("SELECT"), func(int) error {
		ran++
		return mine
	})
	assert.Equal(t, mine, err)
	assert.Equal(t, 1, ran)
}

func TestErrorBetweenRowsIsNoShortResult(t *testing.T) {
	db, _, log := newDB(t, Config{}, func(context.Context, string, []driver.NamedValue) (*table, error) {
		return &table{columns: []string{"a"}, rows: [][]driver.Value{{int64(1)}}, err: stateError("57P01")}, nil
	})
	rows, err := All[int](t.Context(), db, Q("SELECT"))
	assert.ErrorIs(t, err, ErrUnavailable)
	assert.Nil(t, rows)
	assert.Contains(t, log.String(), `"rows":1`)
}

type (
	untagged   struct{ ID int }
	unexported struct {
		id int `db:"id"`
	}
	twice struct {
		A int `db:"a"`
		B int `db:"a"`
	}
	nothing struct{}
	raw     struct {
		A sql.RawBytes `db:"a"`
	}
	embedded struct {
		*stamps
		A int `db:"a"`
	}
	ab struct {
		A int    `db:"a"`
		B string `db:"b"`
	}
)

func TestMisfitsAreErrors(t *testing.T) {
	_ = unexported{id: 1}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"unknown column":    {scanInto[ab](t, "a", "b", "titel"), `column 3 "titel" has no field in sqlguard_test.ab`},
		"column of no name": {scanInto[ab](t, "a", "b", "'hunter2'"), "column 3 has no field"},
		"column with space": {scanInto[ab](t, "a", "b", "hunter2 x"), "column 3 has no field"},
		"column of digits":  {scanInto[ab](t, "a", "b", "4hunter2"), "column 3 has no field"},
		"long column":       {scanInto[ab](t, "a", "b", "hunter2"+strings.Repeat("x", 58)), "column 3 has no field"},
		"missing column":    {scanInto[ab](t, "a"), `sqlguard_test.ab.B has no column: select "b"`},
		"column twice":      {scanInto[ab](t, "a", "b", "a"), `column 3 "a" goes to sqlguard_test.ab.A`},
		"case of a column":  {scanInto[ab](t, "A", "b"), `column 1 "A" has no field`},
		"untagged":          {scanInto[untagged](t, "ID"), "untagged.ID has no tag"},
		"not exported":      {scanInto[unexported](t, "id"), "unexported.id is not exported"},
		"tag twice":         {scanInto[twice](t, "a"), "twice.B has the same column"},
		"no fields":         {scanInto[nothing](t, "a"), "no field with a tag"},
		"raw bytes":         {scanInto[raw](t, "a"), "RawBytes"},
		"raw bytes alone":   {scanInto[sql.RawBytes](t, "a"), "RawBytes"},
		"embedded pointer":  {scanInto[embedded](t, "a"), "embedded.stamps"},
		"pointer":           {scanInto[*ab](t, "a"), "use the struct"},
		"scalar of columns": {scanInto[int](t, "a", "b"), "2 columns"},
		"NULL":              {scanInto[int](t, "a"), `column 1 "a" does not fit int: a column that can be NULL needs a pointer or a sql.Null [statement `},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, c.err, ErrScan)
			assert.Contains(t, c.err.Error(), c.want)
			assert.NotContains(t, c.err.Error(), "hunter2")
		})
	}
}

func scanInto[T any](t *testing.T, columns ...string) error {
	_, err := All[T](t.Context(), answering(t, Config{}, columns, make([]driver.Value, len(columns))), Q("SELECT"))
	return err
}

func TestValueThatDoesNotFitIsNotQuoted(t *testing.T) {
	db := answering(t, Config{}, []string{"a", "b"}, []driver.Value{"hunter2", "x"})
	_, err := All[ab](t.Context(), db, Q("SELECT"))
	require.ErrorIs(t, err, ErrScan)
	assert.Contains(t, err.Error(), `column 1 "a" does not fit sqlguard_test.ab.A, int`)
	assert.NotContains(t, err.Error(), "hunter2")
}

// MySQL calls a column by its value, and a driver may have put the value into the text.
func TestColumnThatIsNamedByAValueIsNotNamed(t *testing.T) {
	column := "hunter2"
	db, _, log := newDB(t, Config{Dialect: MySQL}, func(context.Context, string, []driver.NamedValue) (*table, error) {
		return &table{columns: []string{"a", "b", column}}, nil
	})
	_, err := All[ab](t.Context(), db, Q("SELECT a, b, ? FROM t", "hunter2"))
	require.ErrorIs(t, err, ErrScan)
	assert.Contains(t, err.Error(), "column 3 has no field")
	assert.NotContains(t, err.Error()+log.String(), "hunter2")

	_, err = All[ab](t.Context(), db, trusted.SQL("SELECT a, b, 'hunter2' FROM t", "a test"))
	require.ErrorIs(t, err, ErrScan)
	assert.NotContains(t, err.Error()+log.String(), "hunter2")

	for _, q := range []SQL{Q("SELECT * FROM t"), Q("SELECT a, b, c AS Titel FROM t WHERE a = ?", 1)} {
		column = "titel"
		_, err = All[ab](t.Context(), db, q)
		assert.ErrorContains(t, err, `column 3 "titel" has no field`)
	}
}

func TestManyListsOfColumnsAreServed(t *testing.T) {
	columns := []string{"a", "b"}
	db, _, _ := newDB(t, Config{}, func(context.Context, string, []driver.NamedValue) (*table, error) {
		return &table{columns: columns, rows: [][]driver.Value{make([]driver.Value, len(columns))}}, nil
	})
	type wide struct {
		A, B, C, D *int
	}
	_, err := All[wide](t.Context(), db, Q("SELECT"))
	require.ErrorIs(t, err, ErrScan)
	type four struct {
		A *int `db:"a"`
		B *int `db:"b"`
		C *int `db:"c"`
		D *int `db:"d"`
	}
	for i := range 24 { // all orders of four columns, more than are remembered
		rest := []string{"a", "b", "c", "d"}
		columns = nil
		for n := 4; n > 0; n-- {
			k := i % n
			i /= n
			columns = append(columns, rest[k])
			rest = append(rest[:k:k], rest[k+1:]...)
		}
		_, err := All[four](t.Context(), db, Q("SELECT"))
		require.NoError(t, err)
	}
}
