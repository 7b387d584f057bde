package sqlguard_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "github.com/sallyport-go/sallyport/sqlguard"
)

// The reference query: five conditions, an IN of 50, an ORDER BY.
type filter struct {
	owner, state, search string
	since                int64
	ids                  []int64
	sort                 string
}

func reference() filter {
	f := filter{owner: "alice", state: "open", search: "tea%", since: 1_700_000_000, sort: "-created,title"}
	for i := range 50 {
		f.ids = append(f.ids, int64(i+1000))
	}
	return f
}

func buildQ(f *filter) (string, []any, error) {
	order, err := sortable.Sort(f.sort, "n.id")
	if err != nil {
		return "", nil, err
	}
	return Q("SELECT n.id, n.title, n.body, n.created_at FROM notes n ? ? LIMIT 50",
		Where(
			Q("n.owner = ?", f.owner),
			Q("n.state = ?", f.state),
			Q("n.created_at >= ?", f.since),
			Contains("n.title", f.search),
			In("n.id", f.ids),
		), order).Text(PostgreSQL)
}

// buildByHand is the least that does the same, its order checked by a switch.
func buildByHand(f *filter) (string, []any) {
	buf := make([]byte, 0, 768)
	args := make([]any, 0, 4+len(f.ids))
	bind := func(v any) {
		args = append(args, v)
		buf = append(buf, '$')
		buf = strconv.AppendInt(buf, int64(len(args)), 10)
	}
	buf = append(buf, "SELECT n.id, n.title, n.body, n.created_at FROM notes n WHERE (n.owner = "...)
	bind(f.owner)
	buf = append(buf, ") AND (n.state = "...)
	bind(f.state)
	buf = append(buf, ") AND (n.created_at >= "...)
	bind(f.since)
	buf = append(buf, ") AND (n.title LIKE "...)
	pattern := make([]byte, 0, len(f.search)+8)
	pattern = append(pattern, '%')
	for i := range len(f.search) {
		if c := f.search[i]; c == '%' || c == '_' || c == '!' {
			pattern = append(pattern, '!')
		}
		pattern = append(pattern, f.search[i])
	}
	bind(string(append(pattern, '%')))
	buf = append(buf, " ESCAPE '!') AND (n.id IN ("...)
	for i, id := range f.ids {
		if i > 0 {
			buf = append(buf, ", "...)
		}
		bind(id)
	}
	buf = append(buf, ")) ORDER BY "...)
	switch f.sort {
	case "-created,title":
		buf = append(buf, "n.created_at DESC, lower(n.title), n.id"...)
	}
	buf = append(buf, " LIMIT 50"...)
	return string(buf), args
}

func TestReferenceQueriesAreTheSame(t *testing.T) {
	f := reference()
	text, args, err := buildQ(&f)
	require.NoError(t, err)
	handText, handArgs := buildByHand(&f)
	require.Equal(t, handText, text)
	require.Equal(t, handArgs, args)
}

func BenchmarkBuild(b *testing.B) {
	f := reference()
	b.Run("sqlguard", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := buildQ(&f); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("by hand", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = buildByHand(&f)
		}
	})
}

// BenchmarkRatio takes turns, a few runs each, and compares the best turns: on a machine that does other things as well, only
// these tell about the code. What the garbage collector costs is seen in the bytes of BenchmarkBuild.
func BenchmarkRatio(b *testing.B) {
	f := reference()
	turn := func(build func()) time.Duration {
		start := time.Now()
		for range 20 {
			build()
		}
		return time.Since(start)
	}
	ours, byHand := time.Hour, time.Hour
	for b.Loop() {
		ours = min(ours, turn(func() { _, _, _ = buildQ(&f) }))
		byHand = min(byHand, turn(func() { _, _ = buildByHand(&f) }))
	}
	b.ReportMetric(float64(ours)/20, "sqlguard-ns")
	b.ReportMetric(float64(byHand)/20, "hand-ns")
	b.ReportMetric(float64(ours)/float64(byHand), "ratio")
}
