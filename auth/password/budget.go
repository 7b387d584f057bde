package password

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// waitersPerSlot bounds the queue. With the default parameters the last in it waits for about a second.
const waitersPerSlot = 64

// budget lets a number of slots be in use at once and makes the rest wait in the order of their coming, so that a request
// for many slots is not passed by small ones for ever.
type budget struct {
	size int

	mu    sync.Mutex
	free  int
	queue []*waiter
}

type waiter struct {
	slots int
	ready chan struct{} // closed once the slots are the waiter's
}

func newBudget(size int) *budget { return &budget{size: size, free: size} }

// acquire takes slots, at most all there are. The error is ErrBusy, with the context's cause if that was the reason.
func (b *budget) acquire(ctx context.Context, slots int) error {
	slots = min(slots, b.size)
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ErrBusy, context.Cause(ctx))
	}
	w, err := b.enter(slots)
	if err != nil || w == nil {
		return err
	}
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
		b.leave(w)
		return fmt.Errorf("%w: %w", ErrBusy, context.Cause(ctx))
	}
}

// enter takes the slots at once, with a nil waiter, or queues.
func (b *budget) enter(slots int) (*waiter, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) == 0 && b.free >= slots {
		b.free -= slots
		return nil, nil
	}
	if len(b.queue) >= b.size*waitersPerSlot {
		return nil, ErrBusy
	}
	w := &waiter{slots: slots, ready: make(chan struct{})}
	b.queue = append(b.queue, w)
	return w, nil
}

// leave takes w out of the queue, or gives back what it was granted in the same moment.
func (b *budget) leave(w *waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.queue, w); i >= 0 {
		b.queue = slices.Delete(b.queue, i, i+1)
	} else {
		b.free += w.slots
	}
	b.grant()
}

func (b *budget) release(slots int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free += min(slots, b.size)
	b.grant()
}

func (b *budget) grant() {
	n := 0
	for ; n < len(b.queue) && b.queue[n].slots <= b.free; n++ {
		b.free -= b.queue[n].slots
		close(b.queue[n].ready)
	}
	b.queue = slices.Delete(b.queue, 0, n)
}
