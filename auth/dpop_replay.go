package auth

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// maxReplays bounds the proofs in memory: 4,000 requests in a second for a minute, in about 40 MiB.
	maxReplays = 1 << 18
	// holderShare is how many parts of it one client may have at most: 250 requests in a second for a minute.
	holderShare = 16
)

// errReplaysFull is what refuses requests then: to forget a proof would let it be used again.
var errReplaysFull = errors.New("auth: more proofs are in use than fit into memory: give DPoPConfig.Replays, or shorten Window")

// replays remembers proofs in the memory of a process.
type replays struct {
	mu    sync.Mutex
	until map[[32]byte]time.Time
	held  map[string]int // by holder
	// queue holds the proofs in the order of their coming, which is nearly that of their end: they are made just before they are sent.
	queue []usedProof
	limit int
}

type usedProof struct {
	key    [32]byte
	holder string
}

func newReplays(limit int) *replays {
	return &replays{until: map[[32]byte]time.Time{}, held: map[string]int{}, limit: limit}
}

func (s *replays) Use(_ context.Context, holder string, key [32]byte, until, now time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) > 0 && !now.Before(s.until[s.queue[0].key]) {
		s.forget(s.queue[0])
		s.queue = s.queue[1:]
	}
	if _, used := s.until[key]; used {
		return false, nil
	}
	if len(s.queue) >= s.limit || s.held[holder] >= max(s.limit/holderShare, 1) {
		return false, errReplaysFull
	}
	s.until[key] = until
	s.held[holder]++
	s.queue = append(s.queue, usedProof{key, holder})
	return true, nil
}

func (s *replays) forget(p usedProof) {
	delete(s.until, p.key)
	if s.held[p.holder]--; s.held[p.holder] == 0 {
		delete(s.held, p.holder)
	}
}
