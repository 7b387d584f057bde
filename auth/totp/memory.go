package totp

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"
)

const (
	defaultSubjects = 100_000
	maxSubjects     = 10_000_000
	// memorable is how many steps after a code's own its use is remembered: 5 minutes, when the widest drift allows it for one and a half.
	memorable = 10
)

// MemoryConfig configures a [Memory]. The zero value is the recommended one.
type MemoryConfig struct {
	// Subjects is how many may have used a code within the last 5 minutes, at most 10,000,000. Zero means 100,000, which take some
	// 15 MB. At the bound further codes are refused with [ErrFull], which becomes a 503: to forget one would let it be used again.
	Subjects int

	_ struct{} // keyed literals only: fields may be added later
}

// Memory is a [Steps] in the memory of this process. Behind several processes a code could be used once in each, and after a
// restart once more within its time: keep the steps in the database there. It is safe for concurrent use. Make one with [NewMemory].
type Memory struct {
	subjects int

	mu   sync.Mutex
	last map[string]int64
	// forgotten is the latest step that was forgotten of anybody. No step up to it is taken from now on, so that no clock
	// which is set back makes a code good again.
	forgotten int64
	swept     int64 // the step of the last sweep
}

// NewMemory returns an empty store, or the fault of c.
func NewMemory(c MemoryConfig) (*Memory, error) {
	if c.Subjects < 0 || c.Subjects > maxSubjects {
		return nil, fmt.Errorf("totp: MemoryConfig.Subjects %d is not from 0 (for %d) to %d: bring it into that range", c.Subjects, defaultSubjects, maxSubjects)
	}
	if c.Subjects == 0 {
		c.Subjects = defaultSubjects
	}
	return &Memory{subjects: c.Subjects, last: make(map[string]int64), forgotten: math.MinInt64, swept: math.MinInt64}, nil
}

// Use implements [Steps].
func (m *Memory) Use(_ context.Context, subject string, step int64, now time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep(stepAt(now))
	last, known := m.last[subject]
	switch {
	case step <= m.forgotten || known && step <= last:
		return false, nil
	case !known && len(m.last) >= m.subjects:
		return false, ErrFull
	}
	m.last[subject] = step
	return true, nil
}

// sweep forgets the steps that are long past, once a step. The caller holds the lock.
func (m *Memory) sweep(current int64) {
	if current == m.swept {
		return
	}
	m.swept = current
	for subject, step := range m.last {
		if step < current-memorable {
			delete(m.last, subject)
			m.forgotten = max(m.forgotten, step)
		}
	}
}
