package bench_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/internal/bench"
)

// A peer that did not check what ours checks would be compared unfairly.
func TestPeersVerifyWhatOursVerifies(t *testing.T) {
	for _, alg := range []string{"ES256", "EdDSA", "RS256", "HS256"} {
		tasks, err := bench.Verifying(alg)
		require.NoError(t, err)
		for _, f := range bench.Faults {
			require.NotEmpty(t, tasks[f])
			for _, task := range tasks[f] {
				err := task.Do(1)
				if f == bench.NoFault {
					assert.NoError(t, err, "%s: %s", alg, task.Name)
				} else {
					assert.Error(t, err, "%s: %s: %s", alg, task.Name, f)
				}
			}
		}
	}
}

func TestPeersDecodeWhatOursDecodes(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		good bool
	}{
		"reference":     {bench.OrderBody, true},
		"unknown name":  {strings.Replace(bench.OrderBody, `"age"`, `"x":1,"age"`, 1), false},
		"broken rule":   {strings.Replace(bench.OrderBody, `"pro"`, `"gold"`, 1), false},
		"broken inside": {strings.Replace(bench.OrderBody, `"30111"`, `"3011"`, 1), false},
		"missing":       {strings.Replace(bench.OrderBody, `"name":"Ann Example",`, ``, 1), false},
		"wrong type":    {strings.Replace(bench.OrderBody, `42`, `"42"`, 1), false},
		"no JSON":       {bench.OrderBody[1:], false},
	} {
		t.Run(name, func(t *testing.T) {
			decoded, err := bench.Decode(c.body)
			require.NoError(t, err)
			ours := decoded["sallyport"].Value
			assert.Equal(t, c.good, !reflect.ValueOf(ours).IsZero())
			for name, d := range decoded {
				if c.good {
					assert.NoError(t, d.Err, name)
					assert.Equal(t, ours, d.Value, name)
				} else {
					assert.Error(t, d.Err, name)
				}
			}
		})
	}
}

func TestPeersAskWhatOursAsks(t *testing.T) {
	asked, err := bench.Ask(t.Context(), 1_300)
	require.NoError(t, err)
	require.Len(t, asked, 4)
	ours, byHand := asked["sallyport"], asked["database/sql, by hand"]
	assert.Equal(t, byHand.Text, ours.Text)
	assert.Equal(t, "tea at 17", ours.Title)
	assert.Equal(t, 25, reflect.ValueOf(ours.Found).Len())
	for name, a := range asked {
		assert.Equal(t, ours.Args, a.Args, name)
		assert.Equal(t, ours.Found, a.Found, name)
		assert.Equal(t, ours.Title, a.Title, name)
	}
}
