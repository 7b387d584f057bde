package password

import "context"

// Cheap returns a Hasher with parameters that New refuses, so that a test can hash thousands of times.
func Cheap(concurrency int) *Hasher {
	return newHasher(params{memory: 8, time: 1, lanes: 1}, concurrency)
}

// Reencode parses a stored hash and writes it again.
func Reencode(encoded string) (again string, memory, time uint32, ok bool) {
	h, ok := parse(encoded)
	if !ok {
		return "", 0, 0, false
	}
	return h.(argon2id).encode(), h.cost().memory, h.cost().time, true
}

// MissingWork is what a hash of these parameters is topped up with, and the work of both in KiB × passes.
func MissingWork(memory, time, todayMemory, todayTime uint32) (topUpMemory uint32, total uint64) {
	p := params{memory: memory, time: time, lanes: 1}
	rest, ok := p.missing(params{memory: todayMemory, time: todayTime, lanes: 1})
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
