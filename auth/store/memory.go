package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	defaultFamilies = 100_000
	maxPerSubject   = 1000 // families, so that no one user fills the store
	maxFamilies     = 10_000_000
	defaultDenials  = 100_000
	maxDenials      = 10_000_000
	// sweepEvery bounds how often what adds something looks through everything for what has ended.
	sweepEvery = 10 * time.Second
)

// Config configures a [Memory]. The zero value is the recommended one.
type Config struct {
	// Families is how many may be there at once, at most 10,000,000. Zero means 100,000, which take some 50 MB. At the bound new
	// ones are refused with [ErrFull], within 10 s of an old one's end: ending somebody's login to make room would let
	// one user log out the others. Of one subject there are 1,000 at most.
	Families int
	// Denials is how many tokens may be denied at once, and as many sessions, and as many subjects, at most 10,000,000. Zero means
	// 100,000, which take some 10 MB of each. At the bound new ones are refused with [ErrFull], within 10 s of an old one's end, and none
	// is forgotten. If a token or a session is refused so, deny by subject: nobody uses up that room without as many accounts.
	Denials int

	_ struct{} // keyed literals only: fields may be added later
}

// Memory is a store in the memory of this process. It is safe for concurrent use. Make one with [NewMemory].
type Memory struct {
	families int
	denials  *denials

	mu        sync.RWMutex
	byFamily  map[string]*family
	bySubject map[string]map[string]struct{} // subject → its families
	graces    []pendingGrace                 // in the order of their coming, which is nearly that of their end
	swept     time.Time
}

var (
	_ GraceTokens = (*Memory)(nil)
	_ Revocations = (*Memory)(nil)
)

type family struct {
	Refresh
	grace grace
}

// pendingGrace is for erasing what a family keeps sealed.
type pendingGrace struct {
	family string
	token  Hash // the sealed one
	until  time.Time
}

// NewMemory returns an empty store, or all faults of c in one error.
func NewMemory(c Config) (*Memory, error) {
	var errs []error
	if c.Families < 0 || c.Families > maxFamilies {
		errs = append(errs, fmt.Errorf("store: Config.Families %d is not from 0 (for %d) to %d", c.Families, defaultFamilies, maxFamilies))
	}
	if c.Denials < 0 || c.Denials > maxDenials {
		errs = append(errs, fmt.Errorf("store: Config.Denials %d is not from 0 (for %d) to %d", c.Denials, defaultDenials, maxDenials))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Memory{
		families: cmp.Or(c.Families, defaultFamilies), denials: newDenials(cmp.Or(c.Denials, defaultDenials)),
		byFamily: make(map[string]*family), bySubject: make(map[string]map[string]struct{}),
	}, nil
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
	m.erase(now)
	m.sweep(now)
	if len(m.byFamily) >= m.families || len(m.bySubject[r.Subject]) >= maxPerSubject {
		return ErrFull
	}
	m.byFamily[r.Family] = &family{Refresh: r}
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
	return r.Refresh.clone(), nil
}

// Rotate implements [RefreshTokens].
func (m *Memory) Rotate(_ context.Context, family string, old, next Hash, until, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rotate(Rotation{Family: family, Old: old, Next: next, Until: until}, now)
}

// RotateGrace implements [GraceTokens].
func (m *Memory) RotateGrace(_ context.Context, r Rotation, now time.Time) ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if f, ok := m.byFamily[r.Family]; ok && f.Live(now) && f.grace.answers(r.Old, now) {
		return bytes.Clone(f.grace.sealed), ErrRepeated
	}
	return nil, m.rotate(r, now)
}

// rotate is one step under the lock of the caller.
func (m *Memory) rotate(r Rotation, now time.Time) error {
	m.erase(now)
	f, ok := m.byFamily[r.Family]
	switch {
	case !ok:
		return ErrUnknown
	case f.Hash != r.Old: // of hashes, so that the time it takes tells nothing about a token
		m.remove(f)
		return ErrReused
	case !f.Live(now):
		return ErrExpired
	}
	f.Hash, f.Until, f.grace = r.Next, micro(r.Until), r.grace()
	if len(f.grace.sealed) > 0 {
		m.graces = append(m.graces, pendingGrace{r.Family, r.Next, f.grace.until})
	}
	return nil
}

// erase drops what was sealed for graces that are over.
func (m *Memory) erase(now time.Time) {
	for len(m.graces) > 0 && !now.Before(m.graces[0].until) {
		g := m.graces[0]
		m.graces = m.graces[1:]
		if f, ok := m.byFamily[g.family]; ok && f.Hash == g.token {
			f.grace = grace{}
		}
	}
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
func (m *Memory) remove(r *family) {
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
	m.graces = slices.DeleteFunc(m.graces, func(g pendingGrace) bool { // behind one that a clock ahead has put there
		f, ok := m.byFamily[g.family]
		if ok && f.Hash == g.token && !now.Before(g.until) {
			f.grace = grace{}
		}
		return !ok || f.Hash != g.token || !now.Before(g.until)
	})
}

// clone also gives the times the shape that every store returns: in UTC, to the microsecond.
func (r Refresh) clone() Refresh {
	r.Scopes, r.AMR = slices.Clone(r.Scopes), slices.Clone(r.AMR)
	r.AuthTime, r.Until, r.Expiry = micro(r.AuthTime), micro(r.Until), micro(r.Expiry)
	return r
}

func micro(t time.Time) time.Time { return time.UnixMicro(t.UnixMicro()).UTC() }
