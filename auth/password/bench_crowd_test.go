package password_test

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/auth/password"
)

const crowd, each = 64, 3

// BenchmarkCrowd is 64 clients at once that log in three times, inside the budget and as bare hashes, in turn in one run: how many
// logins a second, the most memory that the process had of the system beyond what it began with, and both as ratios.
func BenchmarkCrowd(b *testing.B) {
	h := newHasher(b, password.Config{})
	encoded, err := h.Hash(b.Context(), "pw")
	if err != nil {
		b.Fatal(err)
	}
	var within, without arm
	for b.Loop() {
		within.run(func() { _, _ = h.Verify(b.Context(), "pw", encoded) })
		without.run(bare)
	}
	b.ReportMetric(within.rate(), "logins/s")
	b.ReportMetric(without.rate(), "bare-logins/s")
	b.ReportMetric(within.rate()/without.rate(), "throughput-ratio")
	b.ReportMetric(float64(within.peak>>20), "peak-MiB")
	b.ReportMetric(float64(without.peak>>20), "bare-peak-MiB")
	b.ReportMetric(float64(without.peak)/float64(within.peak), "memory-ratio")
}

// arm is one side of a comparison.
type arm struct {
	logins int
	took   time.Duration
	peak   uint64 // bytes
}

func (a *arm) rate() float64 { return float64(a.logins) / a.took.Seconds() }

func (a *arm) run(login func()) {
	debug.FreeOSMemory()
	before := resident()
	stop, peak := make(chan struct{}), make(chan uint64)
	go func() {
		most := uint64(0)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				most = max(most, resident())
			case <-stop:
				peak <- max(most, resident())
				return
			}
		}
	}()
	start := time.Now()
	var wg sync.WaitGroup
	for range crowd {
		wg.Go(func() {
			for range each {
				login()
			}
		})
	}
	wg.Wait()
	a.took += time.Since(start)
	a.logins += crowd * each
	close(stop)
	a.peak = max(a.peak, <-peak-before)
	runtime.GC()
}

// resident is what the Go runtime holds of the system's memory.
func resident() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() - s[1].Value.Uint64()
}
