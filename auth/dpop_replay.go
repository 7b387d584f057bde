package auth

import (
	"context"
	"errors"
	"sync"
	"time"
)

// maxReplays bounds the proofs in memory: 4,000 requests in a second for a minute, in about 30 MiB.
const maxReplays = 1 << 18

// errReplaysFull is what refuses requests then: to forget a proof would let it be used again.
var errReplaysFull = errors.New("auth: more proofs are in use than fit into memory: give DPoPConfig.Replays, or shorten Window")

// replays remembers proofs in the memory of a process.
type replays struct {
	mu    sync.Mutex
	until map[[32]byte]time.Time
	// queue holds the keys in the order of their coming, which is nearly that of their end: proofs are made just before they are sent.
	queue [][32]byte
	limit int
}

func newReplays(limit int) *replays {
	return &replays{until: map[[32]byte]time.Time{}, limit: limit}
}

func (s *replays) Use(_ context.Context, key [32]byte, until, now time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) > 0 && !now.Before(s.until[s.queue[0]]) {
		delete(s.until, s.queue[0])
		s.queue = s.queue[1:]
	}
	if _, used := s.until[key]; used {
		return false, nil
	}
	if len(s.queue) >= s.limit {
		return false, errReplaysFull
	}
	s.until[key] = until
	s.queue = append(s.queue, key)
	return true, nil
}
