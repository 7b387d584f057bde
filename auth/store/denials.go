package store

import (
	"context"
	"hash/maphash"
	"math"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"
)

// forever is a "not before" that no token is issued after.
const forever = math.MaxInt64

// denials are what a Memory denies. Reading takes no lock, since it is part of each request.
type denials struct {
	tokens, sessions, subjects denied
	most                       int
}

func newDenials(most int) *denials { return &denials{most: most} }

// Revoked implements [Revocations]. It never fails.
func (m *Memory) Revoked(_ context.Context, subject, session, id string, issued, now time.Time) (bool, error) {
	d := m.denials
	tokens, sessions, subjects := d.tokens.table.Load(), d.sessions.table.Load(), d.subjects.table.Load()
	if tokens == nil && sessions == nil && subjects == nil {
		return false, nil // as most of the time
	}
	at, instant := issued.Unix(), now.UnixMicro()
	return tokens.has(id, at, instant) || sessions.has(session, at, instant) || subjects.has(subject, at, instant), nil
}

// DenyToken implements [Revocations].
func (m *Memory) DenyToken(_ context.Context, id string, until, now time.Time) error {
	return m.denials.tokens.add(id, forever, until, now, m.denials.most)
}

// DenySession implements [Revocations].
func (m *Memory) DenySession(_ context.Context, session string, until, now time.Time) error {
	return m.denials.sessions.add(session, forever, until, now, m.denials.most)
}

// DenyBefore implements [Revocations].
func (m *Memory) DenyBefore(_ context.Context, subject string, notBefore, until, now time.Time) error {
	return m.denials.subjects.add(subject, notBefore.Unix(), until, now, m.denials.most)
}

// denied is a set of names. It is a hash table of lists, which are replaced and never changed, so that a reader who has found
// the head of one sees it as a whole. Writers take turns.
type denied struct {
	table atomic.Pointer[deniedTable] // nil while nothing was ever denied

	mu    sync.Mutex
	count int
	swept time.Time
}

type deniedTable struct {
	seed  maphash.Seed // so that nobody can choose names that share a list
	heads []atomic.Pointer[denial]
}

// denial is one name. The times are immutable as the rest is.
type denial struct {
	next   *denial
	name   string
	before int64 // tokens issued in this second of Unix time or earlier are denied
	until  int64 // in microseconds of Unix time
}

// has asks about a token that was issued in that second, at an instant in microseconds.
func (t *deniedTable) has(name string, issued, now int64) bool {
	if t == nil || name == "" {
		return false
	}
	for e := t.head(name).Load(); e != nil; e = e.next {
		if e.name == name {
			return issued <= e.before && now < e.until
		}
	}
	return false
}

func (t *deniedTable) head(name string) *atomic.Pointer[denial] {
	return &t.heads[maphash.String(t.seed, name)&uint64(len(t.heads)-1)]
}

// newDeniedTable has as many lists as it will hold names, rounded up to a power of two.
func newDeniedTable(names int) *deniedTable {
	return &deniedTable{seed: maphash.MakeSeed(), heads: make([]atomic.Pointer[denial], 1<<bits.Len(uint(max(names, 64)-1)))}
}

// add denies the name, or denies more of it, if there are fewer than most.
func (d *denied) add(name string, before int64, until, now time.Time, most int) error {
	if err := CheckDenial(name, until); err != nil {
		return err
	}
	e := &denial{name: name, before: before, until: until.Add(Leeway).UnixMicro()}
	if now.UnixMicro() >= e.until {
		return nil // the tokens have ended
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if since := now.Sub(d.swept); since < 0 || since >= sweepEvery { // a clock that was set back counts as long ago
		d.swept = now
		d.rebuild(now)
	}
	if t := d.table.Load(); t == nil || d.count >= len(t.heads) {
		d.rebuild(now)
	}
	return d.put(e, most)
}

// put puts e into its list, in the place of a denial of the same name.
func (d *denied) put(e *denial, most int) error {
	head := d.table.Load().head(e.name)
	var rest *denial
	known := false
	for old := head.Load(); old != nil; old = old.next {
		if old.name != e.name {
			rest = &denial{rest, old.name, old.before, old.until}
			continue
		}
		known = true
		e.before, e.until = max(e.before, old.before), max(e.until, old.until)
	}
	if !known {
		if d.count >= most {
			return ErrFull
		}
		d.count++
	}
	e.next = rest
	head.Store(e)
	return nil
}

// rebuild makes a table of what has not ended, with room for as much again.
func (d *denied) rebuild(now time.Time) {
	var live []*denial
	if old := d.table.Load(); old != nil {
		live = make([]*denial, 0, d.count)
		for i := range old.heads {
			for e := old.heads[i].Load(); e != nil; e = e.next {
				if now.UnixMicro() < e.until {
					live = append(live, e)
				}
			}
		}
	}
	d.count = len(live)
	if d.count == 0 && d.table.Load() == nil {
		d.table.Store(newDeniedTable(0))
		return
	}
	t := newDeniedTable(2 * d.count)
	for _, e := range live {
		head := t.head(e.name)
		head.Store(&denial{head.Load(), e.name, e.before, e.until})
	}
	d.table.Store(t)
}
