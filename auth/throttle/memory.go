package throttle

import (
	"context"
	"hash/maphash"
	"math/bits"
	"sync"
	"time"
)

// memory counts in the memory of this process. Its size is fixed.
type memory struct {
	seed  maphash.Seed // so that nobody outside can choose names that share a set
	epoch time.Time    // with a monotonic reading, which setting the clock does not move

	mu     sync.Mutex
	tables [kinds]table // apart, because their counts are of different limits, and strangers cannot fill the familiar one
	pairs  pairs
}

func newMemory(names int) *memory {
	sets := 1 << bits.Len(uint(names-1)) / ways
	m := &memory{seed: maphash.MakeSeed(), epoch: time.Now(), pairs: newPairs(sets)}
	for kind := range m.tables {
		m.tables[kind] = newTable(sets)
	}
	return m
}

// hash is never zero, which marks a free slot. Two keys with the same hash would be one.
func (m *memory) hash(k Key) uint64 { return max(maphash.Bytes(m.seed, k[:]), 1) }

// hashPair returns what picks the set, and what tells the pair from others in it.
func (m *memory) hashPair(account, network Key) (inSet, tag uint64) {
	return m.hash(account), max(maphash.Bytes(m.seed, append(account[:], network[:]...)), 1)
}

func (m *memory) instant(now time.Time) time.Duration { return now.Sub(m.epoch) }

// Update implements [Counters].
func (m *memory) Update(_ context.Context, keys []Key, now time.Time, change func([]Count) bool) error {
	at := m.instant(now)
	var tags [kinds]uint64
	var before, after [kinds]Count
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, k := range keys {
		tags[i] = m.hash(k)
		before[i] = m.tables[k[0]].get(tags[i]).at(at)
	}
	after = before
	if !change(after[:len(keys)]) {
		return nil
	}
	for i, k := range keys {
		if after[i] != before[i] { // else it would displace somebody for nothing
			m.tables[k[0]].set(tags[i], heldUntil(at, after[i]))
		}
	}
	return nil
}

// Familiar implements [Counters].
func (m *memory) Familiar(_ context.Context, account, network Key, now time.Time) (bool, error) {
	inSet, tag := m.hashPair(account, network)
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.pairs.has(inSet, tag, m.instant(now)), nil
}

// Remember implements [Counters].
func (m *memory) Remember(_ context.Context, account, network Key, until, _ time.Time) error {
	inSet, tag := m.hashPair(account, network)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pairs.put(inSet, tag, m.instant(until))
	return nil
}
