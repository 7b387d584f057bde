package sqlguard_test

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	. "github.com/sallyport-go/sallyport/sqlguard"
)

var everyDialect = []Dialect{PostgreSQL, MySQL, SQLite}

func TestText(t *testing.T) {
	for name, c := range map[string]struct {
		q    SQL
		text string
		args []any
	}{
		"constant":             {Q("SELECT 1"), "SELECT 1", nil},
		"empty":                {SQL{}, "", nil},
		"empty text":           {Q(""), "", nil},
		"values":               {Q("a = ? AND b = ?", 1, "x"), "a = $1 AND b = $2", []any{1, "x"}},
		"three values":         {Q("a = ? AND b = ? AND c = ?", 1, nil, []byte("x")), "a = $1 AND b = $2 AND c = $3", []any{1, nil, []byte("x")}},
		"literal":              {Q("a = '?' AND \"?\" = ? -- ?\n/* ? /* ? */ ? */ AND c = $$ ? $$", 1), "a = '?' AND \"?\" = $1 -- ?\n/* ? /* ? */ ? */ AND c = $$ ? $$", []any{1}},
		"operator":             {Q("data ?? ? AND data ??| ?", "k", "l"), "data ? $1 AND data ?| $2", []any{"k", "l"}},
		"cast":                 {Q("?::int", 1), "$1::int", []any{1}},
		"splice":               {Q("SELECT * FROM t ? LIMIT ?", Where(Q("a = ?", 1)), 2), "SELECT * FROM t WHERE a = $1 LIMIT $2", []any{1, 2}},
		"splice vanishes":      {Q("SELECT * FROM t ? LIMIT ?", Where(If(false, Q("a = ?", 1))), 2), "SELECT * FROM t  LIMIT $1", []any{2}},
		"and":                  {And(Q("a = 1 OR b = 2"), SQL{}, Q("c = ?", 3)), "(a = 1 OR b = 2) AND (c = $1)", []any{3}},
		"and of one":           {And(SQL{}, Q("a = ?", 3)), "a = $1", []any{3}},
		"or in and":            {And(Or(Q("a"), Q("b")), Q("c")), "((a) OR (b)) AND (c)", nil},
		"where":                {Where(Q("a"), Q("b")), "WHERE (a) AND (b)", nil},
		"where of nothing":     {Where(And(), Or(SQL{}), If(false, Q("a"))), "", nil},
		"join":                 {Q("SELECT ? FROM t", Join(Comma, Q("a"), SQL{}, Q("b"))), "SELECT a, b FROM t", nil},
		"join with space":      {Join(Space, Q("SELECT 1"), Q("FROM t")), "SELECT 1 FROM t", nil},
		"comment at the end":   {And(Q("a = 1 -- one"), Q("b")), "(a = 1 -- one\n) AND (b)", nil},
		"list":                 {Q("a in ( ? ) AND b = ?", []int64{1, 2, 3}, 4), "a in ( $1, $2, $3 ) AND b = $4", []any{int64(1), int64(2), int64(3), 4}},
		"subquery":             {Q("a IN (?)", Q("SELECT b FROM t WHERE c = ?", 1)), "a IN (SELECT b FROM t WHERE c = $1)", []any{1}},
		"In":                   {In("a", []string{"x", "y"}), "a IN ($1, $2)", []any{"x", "y"}},
		"In nothing":           {In("a", []string{}), "1 = 0", nil},
		"NotIn":                {NotIn("a", []int{7}), "a NOT IN ($1)", []any{7}},
		"NotIn nothing":        {NotIn[int]("a", nil), "1 = 1", nil},
		"valuer":               {Q("a = ?", sql.NullString{}), "a = $1", []any{sql.NullString{}}},
		"contains":             {Contains("a", `50%_!\x`), "a LIKE $1 ESCAPE '!'", []any{`%50!%!_!!\x%`}},
		"prefix":               {HasPrefix("a", "x"), "a LIKE $1 ESCAPE '!'", []any{"x%"}},
		"suffix":               {HasSuffix("a", "ü"), "a LIKE $1 ESCAPE '!'", []any{"%ü"}},
		"minus before a value": {Q("SELECT a-?", -1), "SELECT a- $1", []any{-1}},
		"minus before a minus": {Q("SELECT a-?", Q("-1")), "SELECT a- -1", nil},
		"between fragments":    {Q("SELECT (?)||?", Q("a"), Q("b")), "SELECT (a)|| b", nil},
		"after a fragment":     {Q("? ?||?", Q("SELECT"), Q("a"), 1), "SELECT a ||$1", []any{1}},
	} {
		t.Run(name, func(t *testing.T) {
			text, args, err := c.q.Text(PostgreSQL)
			require.NoError(t, err)
			assert.Equal(t, c.text, text)
			assert.Equal(t, len(c.args), len(args))
			for i := range args {
				assert.Equal(t, c.args[i], args[i])
			}
		})
	}
}

func TestPlaceholdersOfTheDialect(t *testing.T) {
	for d, want := range map[Dialect]string{PostgreSQL: "a = $1 AND b IN ($2, $3)", MySQL: "a = ? AND b IN (?, ?)", SQLite: "a = ? AND b IN (?, ?)"} {
		text, args, err := Q("a = ? AND ?", 1, In("b", []int{2, 3})).Text(d)
		require.NoError(t, err)
		// A condition beside AND is set in brackets.
		assert.Equal(t, strings.Replace(strings.Replace(want, "b IN", "(b IN", 1)+")", "))", "))", 1), text, d)
		assert.Equal(t, []any{1, 2, 3}, args)
	}
}

func TestTenantConditionCannotBeBypassedByPrecedence(t *testing.T) {
	either := Q("public = 1 OR owner = ?", "eve")
	for name, q := range map[string]SQL{
		"after AND":  Q("tenant = ? AND ?", 7, either),
		"before AND": Q("? AND tenant = 7", either),
		"after NOT":  Q("NOT ?", either),
		"in And":     And(either, Q("tenant = 7")),
		"in Where":   Where(Q("tenant = 7"), either),
	} {
		t.Run(name, func(t *testing.T) {
			text, _, err := q.Text(SQLite)
			require.NoError(t, err)
			assert.Contains(t, text, "(public = 1 OR owner = ?)")
		})
	}
}

func TestFaults(t *testing.T) {
	one := Q("a")
	for name, c := range map[string]struct {
		q    SQL
		want string
	}{
		"too few":               {Q("a = ? AND b = ?", 1), "2 placeholders and 1 arguments"},
		"too many":              {Q("a = ?", 1, 2), "1 placeholders and 2 arguments"},
		"values for nothing":    {Q("", 1), "empty text"},
		"stacked statement":     {Q("SELECT 1; DROP TABLE t"), "semicolon"},
		"semicolon at the end":  {Q("SELECT 1;"), "semicolon"},
		"open literal":          {Q("a = 'x"), "not closed"},
		"open comment":          {Q("a = 1 /* x"), "not closed"},
		"open bracket":          {Q("(a = 1"), "does not close"},
		"bracket of another":    {Q("a = 1) OR (1 = 1"), "did not open"},
		"own parameter":         {Q("a = $1"), "own notation"},
		"escape string":         {Q(`a = E'x'`), "server setting"},
		"NUL":                   {Q("a = '\x00'"), "NUL"},
		"not UTF-8":             {Q("a = '\xff'"), "UTF-8"},
		"? touches a word":      {Q("SELECT?", 1), "touches"},
		"word touches ?":        {Q("SELECT a FROM t WHERE ?AND b", one), "touches"},
		"? touches a number":    {Q("a = ?1", 1), "touches"},
		"slice":                 {Q("a = ?", []int{1}), "does not stand alone"},
		"slice for ANY":         {Q("a = ANY(?)", []int{1}), "does not stand alone"},
		"slice among others":    {Q("a IN (?, 2)", []int{1}), "does not stand alone"},
		"empty slice":           {Q("a IN (?)", []int{}), "empty slice"},
		"slice with a nil":      {Q("a IN (?)", []any{1, nil}), "nil"},
		"slice of fragments":    {Q("a IN (?)", []SQL{one}), "Join"},
		"In with a nil":         {In("a", []*int{nil}), "nil"},
		"NotIn with a nil":      {NotIn("a", []any{nil}), "nil"},
		"In of fragments":       {In("a", []SQL{one}), "Join"},
		"In of nowhere":         {In(" ", []int{1}), "column is empty"},
		"In of a placeholder":   {In("?", []int{1}), "1 placeholders and 0"},
		"named":                 {Q("a = ?", sql.Named("a", 1)), "named"},
		"named in a list":       {Q("a IN (?)", []any{sql.Named("a", 1)}), "named"},
		"out":                   {Q("a = ?", sql.Out{}), "named"},
		"pointer":               {Q("?", &one), "pointer"},
		"nothing beside AND":    {Q("a = 1 AND ?", SQL{}), "empty fragment"},
		"separator":             {Join(7, one, one), "separator"},
		"fault within":          {Where(one, Or(one, In("a", []any{nil}))), "nil"},
		"text of a like column": {Contains("a; b", "x"), "semicolon"},
	} {
		t.Run(name, func(t *testing.T) {
			text, args, err := c.q.Text(PostgreSQL)
			require.ErrorIs(t, err, ErrSQL)
			assert.Contains(t, err.Error(), c.want)
			assert.Empty(t, text)
			assert.Nil(t, args)
		})
	}
}

func TestFaultsOfADialect(t *testing.T) {
	for name, c := range map[string]struct {
		d Dialect
		q SQL
	}{
		"executable comment":        {MySQL, Q("SELECT 1 /*!50000 , 2 */")},
		"MariaDB's":                 {MySQL, Q("SELECT 1 /*M! , 2 */")},
		"comment by one server":     {MySQL, Q("SELECT 5--1")},
		"dashes at the end":         {MySQL, Q("SELECT 5 --")},
		"quote after a backslash":   {MySQL, Q(`a = 'x\' OR 1=1 -- '`)},
		"double quotes likewise":    {MySQL, Q(`a = "x\" OR 1=1 -- "`)},
		"literal ?? in MySQL":       {MySQL, Q("a ?? 'b'")},
		"literal ?? in SQLite":      {SQLite, Q("a ?? 'b'")},
		"named in SQLite":           {SQLite, Q("a = :a")},
		"at sign in SQLite":         {SQLite, Q("a = @a")},
		"dollar in SQLite":          {SQLite, Q("a = $a")},
		"numbered in SQLite":        {SQLite, Q("a = ?1", 1)},
		"dollar quote in SQLite":    {SQLite, Q("a = $$ ' $$")},
		"open dollar quote":         {PostgreSQL, Q("a = $x$ b $y$")},
		"unknown dialect":           {0, Q("SELECT 1")},
		"another unknown dialect":   {9, Q("SELECT 1")},
		"PostgreSQL's dollar alone": {PostgreSQL, Q("a $ b")},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := c.q.Text(c.d)
			assert.ErrorIs(t, err, ErrSQL)
		})
	}
}

func TestNestingIsBounded(t *testing.T) {
	q := Q("a")
	for range 5000 {
		q = Q("(?)", q)
	}
	_, _, err := q.Text(SQLite)
	require.ErrorIs(t, err, ErrSQL)
	assert.Contains(t, err.Error(), "too deep")
}

func TestTextIsBounded(t *testing.T) {
	q := Q("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	for range 15 {
		q = Join(Comma, q, q)
	}
	_, _, err := q.Text(SQLite)
	require.ErrorIs(t, err, ErrSQL)
	assert.Contains(t, err.Error(), "longer than")
}

func TestTooManyValues(t *testing.T) {
	for d, most := range map[Dialect]int{PostgreSQL: 65_535, MySQL: 65_535, SQLite: 32_766} {
		_, args, err := In("a", make([]int, most)).Text(d)
		require.NoError(t, err, d)
		assert.Len(t, args, most)
		_, _, err = In("a", make([]int, most+1)).Text(d)
		require.ErrorIs(t, err, ErrTooLarge, d)
		_, _, err = Q("a IN (?)", make([]int, most+1)).Text(d)
		require.ErrorIs(t, err, ErrTooLarge, d)
	}
}

func TestHugeListIsNotCopied(t *testing.T) {
	huge := make([]byte, 100<<20)
	allocated := testing.AllocsPerRun(1, func() {
		_, _, err := And(Q("a"), In("a", huge), NotIn("b", huge)).Text(PostgreSQL)
		require.ErrorIs(t, err, ErrTooLarge)
	})
	assert.Less(t, allocated, 50.0)
}

func TestValuesOfAnSQLDoNotEndInALog(t *testing.T) {
	assert.Equal(t, "sqlguard.SQL sqlguard.SQL", fmt.Sprintf("%v %+v", Q("secret = ?", "hunter2"), Q("secret = ?", "hunter2")))
}

func TestNULInAPatternIsRefused(t *testing.T) {
	_, _, err := Contains("a", "x\x00y").Text(SQLite)
	assert.ErrorIs(t, err, ErrValue)
}

func TestFragmentsAreImmutable(t *testing.T) {
	args := []any{1, 2, 3}
	q := Q("a = ? AND b = ? AND c = ?", args...)
	ids := []int{1, 2}
	in := In("a", ids)
	parts := []SQL{Q("a"), Q("b")}
	and := And(parts...)
	args[0], ids[0], parts[0] = "changed", 9, Q("DROP TABLE t")

	_, got, err := q.Text(SQLite)
	require.NoError(t, err)
	assert.Equal(t, []any{1, 2, 3}, got)
	_, got, err = in.Text(SQLite)
	require.NoError(t, err)
	assert.Equal(t, []any{1, 2}, got)
	text, _, err := and.Text(SQLite)
	require.NoError(t, err)
	assert.Equal(t, "(a) AND (b)", text)
}

// What takes itself in at each level doubles in size each time, beyond any number, and still is refused and not a panic.
func TestFragmentsThatDoubleAreRefused(t *testing.T) {
	and, taken := Q("a = ?", 1), Q("SELECT ?", 1)
	for range 200 {
		and = And(and, and)
		taken = Q("?, ?, ?", taken, taken, 1)
	}
	for _, q := range []SQL{and, taken} {
		_, _, err := q.Text(SQLite)
		require.Error(t, err)
		assert.True(t, errors.Is(err, ErrTooLarge) || errors.Is(err, ErrSQL))
	}
}

func TestFaultsHoldNoValues(t *testing.T) {
	for _, q := range []SQL{
		Q("notes = ? AND x", "hunter2", 1), Q("notes; ?", "hunter2"), Q("notes ?", []string{"hunter2"}),
		Q("notes IN (?)", []any{"hunter2", nil}), Contains("notes", "hunter2\x00"),
	} {
		_, _, err := q.Text(PostgreSQL)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "hunter2")
	}
}

func TestValuesAreLeftAlone(t *testing.T) {
	now := time.Now()
	id := [16]byte{1}
	_, args, err := Q("? ? ? ? ?", now, &now, id, uint8(3), map[string]int{"a": 1}).Text(PostgreSQL)
	require.NoError(t, err)
	assert.Equal(t, []any{now, &now, id, uint8(3), map[string]int{"a": 1}}, args)
}

func TestMemoIsBoundedAgainstTextsMadeAtRunTime(t *testing.T) {
	for i := range MaxMemo + 1000 {
		q := TextOf("SELECT " + strings.Repeat("a", i%100+1) + strings.Repeat("b", i/100+1))
		_, _, err := q.Text(SQLite)
		require.NoError(t, err)
	}
	assert.LessOrEqual(t, MemoSize(), MaxMemo)
	text, _, err := Q("SELECT 'still served'").Text(MySQL)
	require.NoError(t, err)
	assert.Equal(t, "SELECT 'still served'", text)
}

func TestMemoIsNotFooledByAnotherTextInTheSamePlace(t *testing.T) {
	whole := strings.Clone("a = ? AND b = ?")
	for _, s := range []string{whole, whole[:5], whole} {
		q := TextOf(s, []any{1, 2}[:strings.Count(s, "?")]...)
		text, _, err := q.Text(SQLite)
		require.NoError(t, err)
		assert.Equal(t, s, text)
	}
}
