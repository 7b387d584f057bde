package password

import (
	"sync"
	"time"
)

const (
	maxClasses   = 64 // of stored hashes: a user table has a few
	paceRounds   = 9
	paceFewest   = 5                      // of a busy machine, where one or two say little
	paceLongest  = 700 * time.Millisecond // after which no further round begins
	paceRuns     = 64                     // at most, of a cheap scheme in a round
	paceUnneeded = 8                      // a class that takes so many times today's work needs no second measurement
)

// pace knows what hashes of other schemes cost, in KiB × passes of Argon2id. It measures a class when it is first met and
// keeps what it found: then the work for a class is always the same, however busy the machine is, and no clock decides
// when an answer is given.
type pace struct {
	mu    sync.Mutex
	known map[string]uint64
}

// work returns what h costs. Others who ask meanwhile wait for the measurement instead of disturbing it.
func (p *pace) work(h hash, today params) uint64 {
	if c := h.cost(); c.time > 0 {
		return c.work()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	class := h.class()
	work, ok := p.known[class]
	if !ok {
		work = measure(h, today)
		if len(p.known) >= maxClasses {
			clear(p.known)
		}
		p.known[class] = work
	}
	return work
}

// What is less than a pass of Argon2id is spent in PBKDF2, which needs no memory.
const (
	fillerID         = "pbkdf2-sha256"
	fillerIterations = 20_000 // of the measurement
)

// iterations returns how many iterations of PBKDF2 cost as much as work.
func (p *pace) iterations(work uint64, today params) uint32 {
	filler := pbkdf2Hash{id: fillerID, iterations: fillerIterations, salt: make([]byte, saltLen), key: make([]byte, keyLen)}
	return uint32(min(work*fillerIterations/max(p.work(filler, today), 1), maxIterations))
}

// measure compares the shortest of several runs of both, taken in turn. A scheme that is cheaper is run over and over for about
// as long as today's: on a busy machine a short run gets through undisturbed and a long one never does, so that unlike lengths
// would make it look cheaper still.
func measure(h hash, today params) uint64 {
	var theirs, ours time.Duration
	runs := 1
	start := time.Now()
	for round := range paceRounds {
		o := elapsed(func() { today.key("", make([]byte, saltLen), keyLen) })
		if round == 0 {
			once := elapsed(func() { _, _ = h.match("") })
			runs = int(min(max(o/max(once, 1), 1), paceRuns))
		}
		t := elapsed(func() {
			for range runs {
				_, _ = h.match("")
			}
		})
		if round == 0 {
			theirs, ours = t, o
		}
		theirs, ours = min(theirs, t), min(ours, o)
		if theirs > paceUnneeded*ours || round+1 >= paceFewest && time.Since(start) > paceLongest {
			break
		}
	}
	if ours <= 0 {
		return today.work() // a clock that stands still
	}
	return uint64(float64(today.work()) * float64(theirs) / float64(ours) / float64(runs))
}

func elapsed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}
