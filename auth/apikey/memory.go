package apikey

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	defaultKeys = 100_000
	maxKeys     = 10_000_000
	// sweepEvery bounds how often Create looks through everything for keys that have ended.
	sweepEvery = 10 * time.Second
)

// MemoryConfig configures a [Memory]. The zero value is the recommended one.
type MemoryConfig struct {
	// Keys is how many may be there at once, at most 10,000,000. Zero means 100,000, which take some 60 MB. At the bound, keys that
	// have ended make room, and new ones are refused with [ErrFull] if there are none.
	Keys int

	_ struct{} // keyed literals only: fields may be added later
}

// Memory is a [Store] in the memory of this process, which forgets its keys when it ends. It is safe for concurrent use. Make one
// with [NewMemory].
type Memory struct {
	keys int

	mu        sync.RWMutex
	byID      map[string]*Record
	bySubject map[string]map[string]*Record // subject → id → key
	swept     time.Time
}

// NewMemory returns an empty store, or the fault of c.
func NewMemory(c MemoryConfig) (*Memory, error) {
	if c.Keys < 0 || c.Keys > maxKeys {
		return nil, fmt.Errorf("apikey: MemoryConfig.Keys %d is not from 0 (for %d) to %d: bring it into that range", c.Keys, defaultKeys, maxKeys)
	}
	if c.Keys == 0 {
		c.Keys = defaultKeys
	}
	return &Memory{keys: c.Keys, byID: make(map[string]*Record), bySubject: make(map[string]map[string]*Record)}, nil
}

// Create implements [Store]. It counts exactly.
func (m *Memory) Create(_ context.Context, r Record, most int, now time.Time) error {
	if err := r.Validate(); err != nil {
		return err
	}
	r = r.clone()
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.byID[r.ID]; ok {
		return ErrExists
	}
	live := 0
	for _, own := range m.bySubject[r.Subject] {
		if own.Live(now) {
			live++
		}
	}
	if live >= most || len(m.bySubject[r.Subject]) >= MaxKept {
		return ErrTooMany
	}
	if len(m.byID) >= m.keys {
		m.makeRoom(now)
	}
	if len(m.byID) >= m.keys {
		return ErrFull
	}
	m.byID[r.ID] = &r
	if m.bySubject[r.Subject] == nil {
		m.bySubject[r.Subject] = make(map[string]*Record, 1)
	}
	m.bySubject[r.Subject][r.ID] = &r
	return nil
}

// Lookup implements [Store].
func (m *Memory) Lookup(_ context.Context, id string) (Record, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	r, ok := m.byID[id]
	if !ok {
		return Record{}, ErrUnknown
	}
	return r.clone(), nil
}

// Touch implements [Store].
func (m *Memory) Touch(_ context.Context, id string, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r, ok := m.byID[id]; ok && r.LastUsed.Before(now) {
		r.LastUsed = now
	}
	return nil
}

// Revoke implements [Store].
func (m *Memory) Revoke(_ context.Context, id, subject string, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.byID[id]
	if !ok || subject != "" && subject != r.Subject {
		return ErrUnknown
	}
	r.revoke(now)
	return nil
}

// RevokeSubject implements [Store].
func (m *Memory) RevokeSubject(_ context.Context, subject string, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.bySubject[subject] {
		r.revoke(now)
	}
	return nil
}

func (r *Record) revoke(now time.Time) {
	if r.Revoked.IsZero() {
		r.Revoked = now
	}
}

// List implements [Store].
func (m *Memory) List(_ context.Context, subject string) ([]Record, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var records []Record
	for _, r := range m.bySubject[subject] {
		records = append(records, r.clone())
	}
	slices.SortFunc(records, func(a, b Record) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID))
	})
	return records, nil
}

// Sweep forgets the keys that ended before the given instant, and returns how many. Until then their owners see them in the list.
func (m *Memory) Sweep(_ context.Context, before time.Time) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sweep(before), nil
}

// makeRoom sweeps, if it has not done so lately; a clock that was set back counts as long ago.
func (m *Memory) makeRoom(now time.Time) {
	if since := now.Sub(m.swept); since >= 0 && since < sweepEvery {
		return
	}
	m.swept = now
	m.sweep(now)
}

func (m *Memory) sweep(before time.Time) (n int64) {
	for id, r := range m.byID {
		if r.Ended().After(before) {
			continue
		}
		n++
		delete(m.byID, id)
		delete(m.bySubject[r.Subject], id)
		if len(m.bySubject[r.Subject]) == 0 {
			delete(m.bySubject, r.Subject)
		}
	}
	return n
}
