package password_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/password"
)

func TestNewAcceptsEachOfOWASPsRows(t *testing.T) {
	for time, memory := range map[uint32]uint32{1: 47104, 2: 19456, 3: 12288, 4: 9216, 5: 7168, 6: 7168, 32: 7168} {
		_, err := password.New(password.Config{Memory: memory, Time: time})
		assert.NoError(t, err, "m=%d t=%d", memory, time)
		_, err = password.New(password.Config{Memory: memory - 1, Time: time})
		assert.ErrorContains(t, err, "weaker than OWASP's minimum", "m=%d t=%d", memory-1, time)
	}
}

func TestNewReportsAllFaults(t *testing.T) {
	for name, c := range map[string]struct {
		config password.Config
		want   []string
	}{
		"too much of everything": {password.Config{Memory: 300_000, Time: 33, Parallelism: 17, Concurrency: -1}, []string{
			"password: Config.Memory 300000 KiB is more than 262144: lower it, or leave it zero for 19456",
			"password: Config.Time 33 is more than 32 passes: lower it and raise Memory, or leave it zero for 2",
			"password: Config.Parallelism 17 is more than 16 lanes: lower it, or leave it zero for 1",
			"password: Config.Concurrency -1 is not from 1 to 1024, nor 0 for GOMAXPROCS: bring it into that range",
		}},
		"as much as the types hold": {password.Config{Memory: 1<<32 - 1, Time: 1<<32 - 1, Parallelism: 255, Concurrency: 1025}, []string{
			"password: Config.Memory 4294967295 KiB is more than 262144: lower it, or leave it zero for 19456",
			"password: Config.Time 4294967295 is more than 32 passes: lower it and raise Memory, or leave it zero for 2",
			"password: Config.Parallelism 255 is more than 16 lanes: lower it, or leave it zero for 1",
			"password: Config.Concurrency 1025 is not from 1 to 1024, nor 0 for GOMAXPROCS: bring it into that range",
		}},
		"product": {password.Config{Memory: 262144, Time: 5}, []string{
			"password: Config.Memory 262144 KiB with Time 5 is more than 1048576 in product: lower one of them",
		}},
		"weak": {password.Config{Memory: 8, Time: 1, Concurrency: 1024}, []string{
			"password: Config.Memory 8 KiB with Time 1 is weaker than OWASP's minimum: raise it to 47104 KiB, or leave both zero",
		}},
		"the default Memory with one pass": {password.Config{Time: 1}, []string{
			"password: Config.Memory 19456 KiB with Time 1 is weaker than OWASP's minimum: raise it to 47104 KiB, or leave both zero",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := password.New(c.config)
			require.Error(t, err)
			assert.Nil(t, h)
			assert.Equal(t, c.want, strings.Split(err.Error(), "\n"))
		})
	}
}

func TestLargestConfigIsUsable(t *testing.T) {
	h := newHasher(t, password.Config{Memory: 262144, Time: 1, Parallelism: 16, Concurrency: 1})
	encoded, err := h.Hash(t.Context(), "pw")
	require.NoError(t, err)
	assert.LessOrEqual(t, len(encoded), 100)
	res, err := h.Verify(t.Context(), "pw", encoded)
	require.NoError(t, err)
	assert.Equal(t, password.Result{OK: true}, res, "what New accepts, Verify reads")
}
