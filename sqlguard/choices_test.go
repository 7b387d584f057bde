package sqlguard_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	. "github.com/sallyport-go/sallyport/sqlguard"
)

var sortable = Choices{
	"created": "n.created_at", "title": "lower(n.title)", "id": "n.id", "a": "a", "b": "b", "c": "c", "d": "d", "e": "e", "f": "f", "g": "g",
}

func TestSort(t *testing.T) {
	for name, c := range map[string]struct {
		spec string
		want string
	}{
		"one":                    {"created", "ORDER BY n.created_at, n.id"},
		"descending":             {"-created,title", "ORDER BY n.created_at DESC, lower(n.title), n.id"},
		"has the tie-breaker":    {"-id", "ORDER BY n.id DESC"},
		"only the tie-breaker":   {"", "ORDER BY n.id"},
		"as many as are allowed": {"a,b,c,d,e,f,g,-id", "ORDER BY a, b, c, d, e, f, g, n.id DESC"},
	} {
		t.Run(name, func(t *testing.T) {
			order, err := sortable.Sort(c.spec, "n.id")
			require.NoError(t, err)
			text, args, err := order.Text(MySQL)
			require.NoError(t, err)
			assert.Equal(t, c.want, text)
			assert.Empty(t, args)
		})
	}
}

func TestSortKeepsTheDirectionOfTheTieBreaker(t *testing.T) {
	for spec, want := range map[string]string{"": "ORDER BY n.id DESC", "title": "ORDER BY lower(n.title), n.id DESC", "id": "ORDER BY n.id"} {
		order, err := sortable.Sort(spec, "n.id DESC")
		require.NoError(t, err)
		text, _, err := order.Text(SQLite)
		require.NoError(t, err)
		assert.Equal(t, want, text)
	}
}

func TestSortOfNothingVanishes(t *testing.T) {
	order, err := sortable.Sort("")
	require.NoError(t, err)
	text, _, err := order.Text(SQLite)
	require.NoError(t, err)
	assert.Empty(t, text)
}

func TestInjectionByNameIsRefused(t *testing.T) {
	for _, name := range []string{
		"n.created_at", "created;", "created DESC", "CREATED", " created", "created ", "created\x00", "(SELECT 1)", "1", "id)--", "--id", "+id", "-", "\"id\"", "ıd",
	} {
		_, err := sortable.Pick(name)
		assert.ErrorIs(t, err, ErrChoice, name)
		for _, spec := range []string{name, "-" + name, "title," + name, name + ",title"} {
			_, err := sortable.Sort(spec, "n.id")
			require.ErrorIs(t, err, ErrChoice, spec)
			assert.NotContains(t, err.Error(), name+",", "refusals echo nothing")
			e, ok := errors.AsType[*Error](err)
			require.True(t, ok)
			assert.Equal(t, http.StatusBadRequest, e.HTTPStatus())
		}
	}
}

func TestSortIsBounded(t *testing.T) {
	for name, spec := range map[string]string{
		"too many":        "a,b,c,d,e,f,g,id,title",
		"too long":        strings.Repeat("a", 1<<20),
		"only commas":     strings.Repeat(",", 1<<20),
		"twice":           "a,a",
		"twice, reversed": "a,-a",
		"empty key":       "a,,b",
		"ends in a comma": "a,",
	} {
		_, err := sortable.Sort(spec)
		assert.ErrorIs(t, err, ErrChoice, name)
	}
}

func TestEmptyOrNilChoicesOfferNothing(t *testing.T) {
	_, err := Choices(nil).Pick("a")
	assert.ErrorIs(t, err, ErrChoice)
	_, err = Choices{"a": ""}.Pick("a")
	assert.ErrorIs(t, err, ErrSQL)
}

func TestChoiceTakesNoValues(t *testing.T) {
	q, err := Choices{"a": "a = ?"}.Pick("a")
	require.NoError(t, err)
	_, _, err = Q("SELECT ?", q).Text(SQLite)
	assert.ErrorIs(t, err, ErrSQL)
	order, err := Choices{"a": "a); DROP TABLE t"}.Sort("-a")
	require.NoError(t, err)
	_, _, err = order.Text(SQLite)
	assert.ErrorIs(t, err, ErrSQL)
}
