package password_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/password"
	"github.com/sallyport-go/sallyport/internal/problem"
)

func occupy(t *testing.T, h *password.Hasher, slots int) (release func()) {
	t.Helper()
	release, err := h.Acquire(t.Context(), slots)
	require.NoError(t, err)
	return release
}

func TestAttackFloodFillsOnlyTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := password.Cheap(2)
		release := occupy(t, h, 2)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 128)
		for range 128 {
			go func() {
				_, err := h.Verify(ctx, "pw", "")
				ended <- err
			}()
		}
		synctest.Wait()
		require.Equal(t, 128, h.Waiting())

		_, err := h.Verify(t.Context(), "pw", "")
		assert.ErrorIs(t, err, password.ErrBusy, "the queue is full")
		_, err = h.Hash(t.Context(), "pw")
		assert.ErrorIs(t, err, password.ErrBusy, "the queue is full")
		_, err = h.Verify(t.Context(), "pw", "unreadable")
		assert.ErrorIs(t, err, password.ErrBusy, "no answer without the work")

		cancel()
		for range 128 {
			err := <-ended
			assert.ErrorIs(t, err, password.ErrBusy)
			assert.ErrorIs(t, err, context.Canceled)
		}
		assert.Zero(t, h.Waiting(), "who goes away leaves no place behind")
		release()
		assert.Equal(t, 2, h.Free())
		_, err = h.Verify(t.Context(), "pw", "")
		assert.NoError(t, err)
	})
}

func TestWaitingEndsWithTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := password.Cheap(1)
		defer occupy(t, h, 1)()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		_, err := h.Verify(ctx, "pw", "")
		assert.Equal(t, 3*time.Second, time.Since(start))
		assert.ErrorIs(t, err, password.ErrBusy)
		assert.ErrorIs(t, err, context.DeadlineExceeded)

		_, err = h.Hash(ctx, "pw")
		assert.ErrorIs(t, err, password.ErrBusy, "a context that has ended waits for nothing")
		assert.Zero(t, h.Waiting())
	})
}

func TestBusyIsUnavailabilityAndNeverARefusal(t *testing.T) {
	h := password.Cheap(1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	res, err := h.Verify(ctx, "pw", "")
	assert.Equal(t, password.Result{}, res)
	w := httptest.NewRecorder()
	problem.Refuse(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/login", nil), err, nil)
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	seconds, err := strconv.Atoi(w.Header().Get("Retry-After"))
	require.NoError(t, err)
	assert.Positive(t, seconds)
}

func TestAttackDearStoredHashTakesTheRoomOfSeveral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(t, password.Config{Concurrency: 4})
		dear := phc("pw", 65536, 1, 1, 16, 32) // 64 MiB: four shares of 19
		release := occupy(t, h, 1)
		done := make(chan password.Result)
		verify := func(pw, encoded string) {
			res, err := h.Verify(t.Context(), pw, encoded)
			assert.NoError(t, err)
			done <- res
		}
		go verify("pw", dear)
		synctest.Wait()
		assert.Equal(t, 1, h.Waiting(), "three free shares are not enough")
		go verify("pw", "")
		synctest.Wait()
		assert.Equal(t, 2, h.Waiting(), "a small one does not overtake")
		release()
		assert.ElementsMatch(t, []password.Result{{OK: true, Rehash: true}, {}}, []password.Result{<-done, <-done})
		assert.Equal(t, 4, h.Free())
	})
}

func TestAttackManyLanesTakeTheRoomOfSeveral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(t, password.Config{Concurrency: 4})
		release := occupy(t, h, 1)
		done := make(chan password.Result)
		go func() {
			res, err := h.Verify(t.Context(), "pw", phc("pw", 64, 1, 4, 16, 32)) // little memory, four cores
			assert.NoError(t, err)
			done <- res
		}()
		synctest.Wait()
		assert.Equal(t, 1, h.Waiting(), "three free shares are not enough")
		release()
		assert.Equal(t, password.Result{OK: true, Rehash: true}, <-done)
	})
}

func TestWhoGoesAwayLetsTheNextIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := password.Cheap(2)
		defer occupy(t, h, 1)()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 2)
		go func() {
			_, err := h.Acquire(ctx, 2)
			done <- err
		}()
		synctest.Wait()
		go func() {
			_, err := h.Verify(t.Context(), "pw", "")
			done <- err
		}()
		synctest.Wait()
		require.Equal(t, 2, h.Waiting())
		cancel()
		assert.Len(t, []error{<-done, <-done}, 2)
		assert.Equal(t, 1, h.Free())
		assert.Zero(t, h.Waiting())
	})
}

func TestAttackHashBeyondTheWholeBudgetRunsAlone(t *testing.T) {
	h := newHasher(t, password.Config{Concurrency: 1})
	for range 2 {
		res, err := h.Verify(t.Context(), "pw", phc("pw", 65536, 1, 4, 16, 32))
		require.NoError(t, err)
		assert.True(t, res.OK)
		assert.Equal(t, 1, h.Free(), "the budget was given back")
	}
}

// However grants and departures race, no more than the budget is taken and all of it comes back.
func TestRaceOfGrantAndDeparture(t *testing.T) {
	const size = 3
	h := password.Cheap(size)
	var taken, most, granted atomic.Int64
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			slots := 1 + i%size
			for j := range 50 {
				ctx, cancel := context.WithCancel(t.Context())
				if j%2 == 0 {
					go cancel()
				}
				if release, err := h.Acquire(ctx, slots); err == nil {
					now := taken.Add(int64(slots))
					for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
					}
					granted.Add(1)
					runtime.Gosched()
					taken.Add(-int64(slots))
					release()
				}
				cancel()
			}
		})
	}
	wg.Wait()
	assert.Positive(t, granted.Load())
	assert.LessOrEqual(t, most.Load(), int64(size))
	assert.Equal(t, size, h.Free())
	assert.Zero(t, h.Waiting())
}

// It runs again in a process of its own, because what is measured is the most that a heap ever was.
func TestAttackMemoryExhaustionByParallelLogins(t *testing.T) {
	const child = "SALLYPORT_TEST_PARALLEL_LOGINS"
	if os.Getenv(child) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), child+"=1", "GOGC=100", "GOMEMLIMIT=off")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		_, peak, ok := strings.Cut(string(out), "peak MiB ")
		require.True(t, ok, string(out))
		t.Log("peak MiB", strings.Fields(peak)[0])
		return
	}
	h := newHasher(t, password.Config{Concurrency: 2})
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			_, err := h.Verify(t.Context(), "pw", "")
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Log("peak MiB", m.HeapSys>>20) // 64 × 19 MiB would be 1,216
	assert.Less(t, m.HeapSys>>20, uint64(160))
}
