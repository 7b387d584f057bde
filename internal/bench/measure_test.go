package bench_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/internal/bench"
)

var quick = bench.Effort{Rounds: 3, Turn: 500 * time.Microsecond}

var sink []byte

func TestTargetIsMet(t *testing.T) {
	for name, c := range map[string]struct {
		target bench.Target
		ratio  float64
		met    bool
		text   string
	}{
		"none":                      {bench.Target{}, 7, true, "7.000 ×"},
		"at most, below":            {bench.Target{AtMost: 1.05}, 1.05, true, "1.050 ×"},
		"at most, above":            {bench.Target{AtMost: 1.05}, 1.06, false, "1.060 ×"},
		"at least, far faster":      {bench.Target{AtLeast: 300}, 1.0 / 400, true, "400 × faster"},
		"at least, not fast enough": {bench.Target{AtLeast: 300}, 1.0 / 200, false, "200 × faster"},
		"slower by far":             {bench.Target{}, 1809.492, true, "1.81e+03 ×"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.met, c.target.Met(c.ratio))
			assert.Equal(t, c.text, c.target.Text(c.ratio))
		})
	}
}

// The work of the other is three hundred times ours, sixty times what is asserted, and ours allocates once: a race must see both, and who misses a target.
func TestRaceFindsRatiosAndAllocations(t *testing.T) {
	work := func(times int) func(int) error {
		return func(n int) error {
			for range n {
				sink = make([]byte, 100)
				for range times {
					for i := range sink {
						sink[i] += byte(i)
					}
				}
			}
			return nil
		}
	}
	r := bench.Race{
		Name: "test: work", MaxAllocs: 1,
		Ours:   bench.Task{Name: "ours", Do: work(1)},
		Others: []bench.Task{{Name: "other", Do: work(300), Target: bench.Target{AtLeast: 5}}},
	}
	result, err := r.Run(quick)
	require.NoError(t, err)
	assert.Equal(t, 1, result.Ours.Allocs)
	assert.Less(t, result.Others[0].Ratio, 0.2)
	assert.False(t, result.Missed())

	var report strings.Builder
	require.NoError(t, result.Write(&report))
	assert.Regexp(t, `(?s)^test: work\n  ours .*1 allocs .*≤ 1 allocs +met\n  other .*× faster .*≥ 5 × faster +met\n$`, report.String())

	r.MaxAllocs = 0
	result, err = r.Run(quick)
	require.NoError(t, err)
	assert.True(t, result.Missed(), "an allocation too many")

	r.MaxAllocs, r.Others[0].Target = -1, bench.Target{AtLeast: 1e6}
	result, err = r.Run(quick)
	require.NoError(t, err)
	assert.True(t, result.Missed(), "not fast enough")
	report.Reset()
	require.NoError(t, result.Write(&report))
	assert.Contains(t, report.String(), "MISSED")
}

func TestRaceEndsWithTheErrorOfATask(t *testing.T) {
	broken := errors.New("broken")
	_, err := bench.Race{Name: "test", Ours: bench.Task{Name: "ours", Do: func(int) error { return broken }}}.Run(quick)
	require.ErrorIs(t, err, broken)
	assert.EqualError(t, err, "test: ours: broken")
}
