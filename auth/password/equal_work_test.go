package password_test

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/password"
)

// filler is of the class in which what is less than a pass of Argon2id is spent.
const filler = "$pbkdf2-sha256$i=20000$" + salt + "$" + key

// What is allocated stands for Argon2id's work, which tops up the other schemes: these allocate next to nothing.
func allocatedMiB(t *testing.T, h *password.Hasher, pw, encoded string) float64 {
	t.Helper()
	var err error
	allocated := bytesAllocated(func() { _, err = h.Verify(t.Context(), pw, encoded) })
	require.NoError(t, err)
	return math.Round(float64(allocated) / (1 << 20))
}

func TestAttackCheapHashOfAnotherSchemeIsNotToldByItsWork(t *testing.T) {
	h := newHasher(t, password.Config{}) // 19456 KiB in two passes
	cheap := foreign["bcrypt 2b"]
	h.Takes(filler, 2000)
	for _, c := range []struct {
		work uint64
		want float64 // MiB: as many passes of 19 as fit, and the rest without memory
	}{{0, 19}, {9728, 19}, {19457, 0}, {2 * 19456, 0}, {400_000, 0}} {
		h.Takes(cheap, c.work)
		for _, pw := range []string{"wrong", staple, "\x00", strings.Repeat("x", 73)} {
			assert.InDelta(t, c.want, allocatedMiB(t, h, pw, cheap), 0.6, "work %d, %.9q", c.work, pw)
		}
	}
}

// What is less than a pass of Argon2id is spent in PBKDF2, by its measured price: here 10 iterations for each unit.
func TestRestOfTheWorkIsSpentWithoutMemory(t *testing.T) {
	h := newHasher(t, password.Config{})
	h.Takes(filler, 2000)
	for work, want := range map[uint64]uint32{0: 0, 1: 10, 19455: 194_550, 1 << 40: 5_000_000} {
		assert.Equal(t, want, h.Iterations(work))
	}
}

func TestWorkOfAnotherSchemeIsMeasuredOnce(t *testing.T) {
	h := newHasher(t, password.Config{})
	var wg sync.WaitGroup
	for range 8 { // all want it at once
		wg.Go(func() {
			_, err := h.Verify(t.Context(), "pw", foreign["bcrypt 2b"])
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	assert.Equal(t, 2, h.Classes(), "and PBKDF2, which fills up")
	_, err := h.Verify(t.Context(), "pw", foreign["Django bcrypt"]) // of the same cost
	require.NoError(t, err)
	assert.Equal(t, 2, h.Classes())
	_, err = h.Verify(t.Context(), "pw", foreign["htpasswd, cost 5"])
	require.NoError(t, err)
	assert.Equal(t, 3, h.Classes())
}

func TestAttackManyClassesAreNotRememberedForEver(t *testing.T) {
	h := password.Cheap(1)
	for i := range 200 {
		_, err := h.Verify(t.Context(), "pw", fmt.Sprintf("$pbkdf2-sha256$i=%d$%s$%s", i+1, salt, key))
		require.NoError(t, err)
		require.LessOrEqual(t, h.Classes(), 64)
	}
	assert.Positive(t, h.Classes())
}

// With a decoy that is dearer than today's parameters, nobody costs less than it.
func TestDecoyRaisesTheWorkOfEverybody(t *testing.T) {
	dear := phc("pw", 38912, 2, 1, 16, 32) // twice the work, in 38 MiB
	h := newHasher(t, password.Config{Decoy: dear})
	assert.Equal(t, uint64(2*2*19456), h.Least())
	ours, err := h.Hash(t.Context(), "pw")
	require.NoError(t, err)
	h.Takes(foreign["bcrypt 2b"], 2*19456)
	h.Takes(filler, 2000)

	assert.InDelta(t, 38, allocatedMiB(t, h, "wrong", ""), 1, "unknown")
	assert.InDelta(t, 38, allocatedMiB(t, h, "wrong", dear), 1, "the same")
	assert.InDelta(t, 38, allocatedMiB(t, h, "wrong", ours), 1, "today's, and as much again in two passes of 19")
	assert.InDelta(t, 19, allocatedMiB(t, h, "wrong", foreign["bcrypt 2b"]), 1, "half of it, and two passes of 19")

	res, err := h.Verify(t.Context(), "pw", "")
	require.NoError(t, err)
	assert.False(t, res.OK, "nobody matches the decoy")
	res, err = h.Verify(t.Context(), "pw", ours)
	require.NoError(t, err)
	assert.Equal(t, password.Result{OK: true}, res)
}

func TestDecoyOfAnotherSchemeIsMeasuredAtTheStart(t *testing.T) {
	h := newHasher(t, password.Config{Decoy: foreign["htpasswd, cost 10"]})
	assert.Equal(t, 1, h.Classes())
	assert.GreaterOrEqual(t, h.Least(), uint64(2*19456))
	for _, pw := range []string{staple, "", "wrong"} {
		res, err := h.Verify(t.Context(), pw, "")
		require.NoError(t, err)
		assert.Equal(t, password.Result{}, res)
	}
	h = newHasher(t, password.Config{Decoy: foreign["bcrypt 2a"]}) // cheaper than today's
	assert.Equal(t, uint64(2*19456), h.Least())
	assert.InDelta(t, 19, allocatedMiB(t, h, "wrong", phc("pw", 19456, 2, 1, 16, 32)), 1)

	_, err := password.New(password.Config{Decoy: "canary"})
	require.EqualError(t, err, "password: Config.Decoy is not a stored hash that Verify reads: take one from the user table, or leave it empty")
}
