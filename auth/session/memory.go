package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	defaultSessions = 100_000
	maxSessions     = 10_000_000
	// sweepEvery bounds how often Create looks through everything for sessions that have ended.
	sweepEvery = 10 * time.Second
)

// errExists is not exported: names are random, so that nobody can do anything about it.
var errExists = errors.New("session: there is a session of that name")

// MemoryConfig configures a [Memory]. The zero value is the recommended one.
type MemoryConfig struct {
	// Sessions is how many may be there at once, at most 10,000,000. Zero means 100,000, which take some 100 MB. At the bound, sessions
	// that have ended make room, and logins are refused with [ErrFull] if there are none: ending a live one to make room would
	// let one user log out the others.
	Sessions int

	_ struct{} // keyed literals only: fields may be added later
}

// Memory is a [Store] in the memory of this process, which forgets its sessions when it ends. It is safe for concurrent use. Make
// one with [NewMemory].
type Memory struct {
	sessions int

	mu        sync.RWMutex
	byHash    map[Hash]*Record
	byID      map[string]*Record
	bySubject map[string]map[Hash]*Record
	swept     time.Time
}

// NewMemory returns an empty store, or the fault of c.
func NewMemory(c MemoryConfig) (*Memory, error) {
	if c.Sessions < 0 || c.Sessions > maxSessions {
		return nil, fmt.Errorf("session: MemoryConfig.Sessions %d is not from 0 (for %d) to %d: bring it into that range", c.Sessions, defaultSessions, maxSessions)
	}
	if c.Sessions == 0 {
		c.Sessions = defaultSessions
	}
	return &Memory{sessions: c.Sessions, byHash: make(map[Hash]*Record), byID: make(map[string]*Record), bySubject: make(map[string]map[Hash]*Record)}, nil
}

// Create implements [Store]. It counts exactly.
func (m *Memory) Create(_ context.Context, r Record, most int, now time.Time) error {
	if err := r.Validate(); err != nil {
		return err
	}
	r = r.clone()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, own := range m.bySubject[r.Subject] {
		if !own.Live(now) {
			m.remove(own)
		}
	}
	if m.byHash[r.Hash] != nil || m.byID[r.ID] != nil {
		return errExists
	}
	if len(m.bySubject[r.Subject]) >= most {
		return ErrTooMany
	}
	if len(m.byHash) >= m.sessions {
		m.makeRoom(now)
	}
	if len(m.byHash) >= m.sessions {
		return ErrFull
	}
	m.byHash[r.Hash], m.byID[r.ID] = &r, &r
	if m.bySubject[r.Subject] == nil {
		m.bySubject[r.Subject] = make(map[Hash]*Record, 1)
	}
	m.bySubject[r.Subject][r.Hash] = &r
	return nil
}

// Lookup implements [Store].
func (m *Memory) Lookup(_ context.Context, hash Hash) (Record, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	r, ok := m.byHash[hash] // of a hash, so that the time it takes tells nothing about a cookie
	if !ok {
		return Record{}, ErrUnknown
	}
	return r.clone(), nil
}

// Touch implements [Store].
func (m *Memory) Touch(_ context.Context, hash Hash, seen, now, until time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.byHash[hash]
	if !ok || !r.Seen.Equal(micro(seen)) {
		return nil
	}
	r.Seen, r.Until = micro(now), micro(until)
	if r.Until.After(r.Expiry) {
		r.Until = r.Expiry
	}
	return nil
}

// End implements [Store].
func (m *Memory) End(_ context.Context, hash Hash) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r, ok := m.byHash[hash]; ok {
		m.remove(r)
	}
	return nil
}

// EndID implements [Store].
func (m *Memory) EndID(_ context.Context, id, subject string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.byID[id]
	if !ok || subject != "" && subject != r.Subject {
		return ErrUnknown
	}
	m.remove(r)
	return nil
}

// EndSubject implements [Store].
func (m *Memory) EndSubject(_ context.Context, subject string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.bySubject[subject] {
		m.remove(r)
	}
	return nil
}

// List implements [Store].
func (m *Memory) List(_ context.Context, subject string, now time.Time) ([]Record, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var records []Record
	for _, r := range m.bySubject[subject] {
		if r.Live(now) {
			records = append(records, r.clone())
		}
	}
	slices.SortFunc(records, func(a, b Record) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID))
	})
	return records[:min(len(records), MaxListed)], nil
}

// remove takes r out of all maps. The caller holds the lock.
func (m *Memory) remove(r *Record) {
	delete(m.byHash, r.Hash)
	delete(m.byID, r.ID)
	own := m.bySubject[r.Subject]
	delete(own, r.Hash)
	if len(own) == 0 {
		delete(m.bySubject, r.Subject)
	}
}

// makeRoom removes what has ended, if it has not done so lately; a clock that was set back counts as long ago.
func (m *Memory) makeRoom(now time.Time) {
	if since := now.Sub(m.swept); since >= 0 && since < sweepEvery {
		return
	}
	m.swept = now
	for _, r := range m.byHash {
		if !r.Live(now) {
			m.remove(r)
		}
	}
}
