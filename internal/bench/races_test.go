package bench_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/internal/bench"
)

// Every task of every race does its work, which for each is an error if the answer is not the right one.
func TestTasksAgree(t *testing.T) {
	for _, h := range bench.Houses() {
		t.Run(h.Name, func(t *testing.T) {
			races, done, err := h.Build(bench.Size{Tokens: 20, Rules: []int{10}, Rows: 1_300})
			require.NoError(t, err)
			defer done()
			require.NotEmpty(t, races)
			times := 8
			if h.Name == "rbac" {
				times = 64 // each question once
			}
			for _, r := range races {
				require.NotEmpty(t, r.Others, r.Name)
				for _, task := range append([]bench.Task{r.Ours}, r.Others...) {
					assert.NoError(t, task.Do(times), "%s: %s", r.Name, task.Name)
				}
			}
		})
	}
}
