package password

import "context"

// Cheap returns a Hasher with parameters that New refuses, so that a test can hash thousands of times.
func Cheap(concurrency int) *Hasher {
	return newHasher(params{memory: 8, time: 1, lanes: 1}, concurrency)
}

// CheapInsecure is Cheap with InsecureTruncate72.
func CheapInsecure(concurrency int) *Hasher {
	h := Cheap(concurrency)
	h.truncate = true
	return h
}

// Reencode parses a stored hash and writes it again.
func Reencode(encoded string) (again string, memory, time uint32, ok bool) {
	h, ok := parse(encoded)
	if !ok {
		return "", 0, 0, false
	}
	return h.encode(), h.cost().memory, h.cost().time, true
}

// MissingWork is what a hash of these parameters is topped up with, and the work of both in KiB × passes.
func MissingWork(memory, time, todayMemory, todayTime uint32) (topUpMemory uint32, total uint64) {
	p := params{memory: memory, time: time, lanes: 1}
	h := newHasher(params{memory: todayMemory, time: todayTime, lanes: 1}, 1)
	rest, ok := h.params.forGap(h.gap(argon2id{params: p}))
	if !ok {
		return 0, p.work()
	}
	return rest.memory, p.work() + rest.work()
}

// Waiting is the number of callers in the queue.
func (h *Hasher) Waiting() int {
	h.budget.mu.Lock()
	defer h.budget.mu.Unlock()
	return len(h.budget.queue)
}

// Free is the number of slots that nobody has.
func (h *Hasher) Free() int {
	h.budget.mu.Lock()
	defer h.budget.mu.Unlock()
	return h.budget.free
}

// Acquire waits for slots as a hash does.
func (h *Hasher) Acquire(ctx context.Context, slots int) (release func(), err error) {
	if err := h.budget.acquire(ctx, slots); err != nil {
		return nil, err
	}
	return func() { h.budget.release(slots) }, nil
}

// Takes sets the work of a class of stored hashes, in KiB × passes, in place of a measurement.
func (h *Hasher) Takes(encoded string, work uint64) {
	stored, ok := parse(encoded)
	if !ok {
		panic("not a stored hash")
	}
	h.pace.mu.Lock()
	defer h.pace.mu.Unlock()
	h.pace.known[stored.class()] = work
}

// Classes is the number of classes whose work is known.
func (h *Hasher) Classes() int {
	h.pace.mu.Lock()
	defer h.pace.mu.Unlock()
	return len(h.pace.known)
}

// Slots is the share of the budget that a stored hash takes.
func (h *Hasher) Slots(encoded string) int {
	stored, ok := parse(encoded)
	if !ok {
		return 0
	}
	return h.slots(stored.cost())
}

// Least is the work of every Verify, in KiB × passes.
func (h *Hasher) Least() uint64 { return h.least }

// Period is the shortest text that gives s when it is repeated.
var Period = period

// Iterations is how many iterations of PBKDF2 are spent for work.
func (h *Hasher) Iterations(work uint64) uint32 { return h.pace.iterations(work, h.params) }
