package event

import (
	"sync"
	"time"
)

// How many events of one name pass.
const (
	Burst     = 100
	PerSecond = 20
)

// maxNames bounds the buckets. Names are constants of the program, so it is never reached in honest use; names
// beyond it share one bucket.
const maxNames = 64

// limit is one token bucket a name.
type limit struct {
	mu      sync.Mutex
	buckets map[Name]*bucket
}

type bucket struct {
	tokens  float64
	last    time.Time
	dropped uint64
}

// take says whether an event may pass and, if so, how many of its name were dropped since the last that did.
func (l *limit) take(name Name) (dropped uint64, pass bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	b := l.bucket(name, now)
	b.tokens = min(Burst, b.tokens+now.Sub(b.last).Seconds()*PerSecond)
	b.last = now
	if b.tokens < 1 {
		b.dropped++
		return 0, false
	}
	b.tokens--
	dropped, b.dropped = b.dropped, 0
	return dropped, true
}

func (l *limit) bucket(name Name, now time.Time) *bucket {
	if b, ok := l.buckets[name]; ok {
		return b
	}
	if l.buckets == nil {
		l.buckets = make(map[Name]*bucket)
	}
	if len(l.buckets) >= maxNames {
		name = ""
		if b, ok := l.buckets[name]; ok {
			return b
		}
	}
	b := &bucket{tokens: Burst, last: now}
	l.buckets[name] = b
	return b
}
