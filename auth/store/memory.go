package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	defaultFamilies = 100_000
	maxFamilies     = 10_000_000
	// sweepEvery bounds how often Create looks through everything for families that have ended.
	sweepEvery = 10 * time.Second
)

// Config configures a [Memory]. The zero value is the recommended one.
type Config struct {
	// Families is how many may be there at once, at most 10,000,000. Zero means 100,000, which take some 50 MB. At the bound new
	// ones are refused with [ErrFull], within 10 s of an old one's end: ending somebody's login to make room would let
	// one user log out the others.
	Families int

	_ struct{} // keyed literals only: fields may be added later
}

// Memory is a store in the memory of this process. It is safe for concurrent use. Make one with [NewMemory].
type Memory struct {
	families int

	mu        sync.RWMutex
	byFamily  map[string]*Refresh
	bySubject map[string]map[string]struct{} // subject → its families
	swept     time.Time
}

// NewMemory returns an empty store, or all faults of c in one error.
func NewMemory(c Config) (*Memory, error) {
	if c.Families < 0 || c.Families > maxFamilies {
		return nil, fmt.Errorf("store: Config.Families %d is not from 0 (for %d) to %d", c.Families, defaultFamilies, maxFamilies)
	}
	if c.Families == 0 {
		c.Families = defaultFamilies
	}
	return &Memory{families: c.Families, byFamily: make(map[string]*Refresh), bySubject: make(map[string]map[string]struct{})}, nil
}

// errExists is not exported: names are random, so that nobody can do anything about it.
var errExists = errors.New("store: there is a family of that name")

// Create implements [RefreshTokens].
func (m *Memory) Create(_ context.Context, r Refresh, now time.Time) error {
	if err := r.Validate(); err != nil {
		return err
	}
	r = r.clone()
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.byFamily[r.Family]; ok {
		return errExists
	}
	m.sweep(now)
	if len(m.byFamily) >= m.families {
		return ErrFull
	}
	m.byFamily[r.Family] = &r
	if m.bySubject[r.Subject] == nil {
		m.bySubject[r.Subject] = make(map[string]struct{}, 1)
	}
	m.bySubject[r.Subject][r.Family] = struct{}{}
	return nil
}

// Lookup implements [RefreshTokens].
func (m *Memory) Lookup(_ context.Context, family string, now time.Time) (Refresh, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	r, ok := m.byFamily[family]
	switch {
	case !ok:
		return Refresh{}, ErrUnknown
	case !r.Live(now):
		return Refresh{}, ErrExpired
	}
	return r.clone(), nil
}

// Rotate implements [RefreshTokens].
func (m *Memory) Rotate(_ context.Context, family string, old, next Hash, until, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.byFamily[family]
	switch {
	case !ok:
		return ErrUnknown
	case r.Hash != old: // of hashes, so that the time it takes tells nothing about a token
		m.remove(r)
		return ErrReused
	case !r.Live(now):
		return ErrExpired
	}
	r.Hash, r.Until = next, until
	return nil
}

// RevokeFamily implements [RefreshTokens].
func (m *Memory) RevokeFamily(_ context.Context, family string, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r, ok := m.byFamily[family]; ok {
		m.remove(r)
	}
	return nil
}

// RevokeSubject implements [RefreshTokens].
func (m *Memory) RevokeSubject(_ context.Context, subject string, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for family := range m.bySubject[subject] {
		m.remove(m.byFamily[family])
	}
	return nil
}

// remove takes r out of both maps. The caller holds the lock.
func (m *Memory) remove(r *Refresh) {
	delete(m.byFamily, r.Family)
	families := m.bySubject[r.Subject]
	delete(families, r.Family)
	if len(families) == 0 {
		delete(m.bySubject, r.Subject)
	}
}

// sweep removes what has ended, if it has not done so lately; a clock that was set back counts as long ago.
func (m *Memory) sweep(now time.Time) {
	if since := now.Sub(m.swept); since >= 0 && since < sweepEvery {
		return
	}
	m.swept = now
	for _, r := range m.byFamily {
		if !r.Live(now) {
			m.remove(r)
		}
	}
}

// clone also gives the times the shape that every store returns: in UTC, to the microsecond.
func (r Refresh) clone() Refresh {
	r.Scopes, r.AMR = slices.Clone(r.Scopes), slices.Clone(r.AMR)
	r.AuthTime, r.Until, r.Expiry = micro(r.AuthTime), micro(r.Until), micro(r.Expiry)
	return r
}

func micro(t time.Time) time.Time { return time.UnixMicro(t.UnixMicro()).UTC() }
