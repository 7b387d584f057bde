package throttle

import (
	"net/netip"
	"time"
)

// Fold is what counts of a name.
var Fold = fold

// NewMemory returns counters in memory with the given number of sets of eight, the familiar pairs included.
func NewMemory(sets int) Counters {
	m := newMemory(minNames)
	for kind := range m.tables {
		m.tables[kind] = newTable(sets)
	}
	m.pairs = newPairs(sets)
	return m
}

// AccountKey is the key of a name's count.
func AccountKey(name string) Key { return newVisitor(netip.Addr{}, name).account }

// PairKeys is what NewMemory takes to remember a pair by.
func PairKeys(name, network string) (spelling, net Key) {
	return newKey(7, netip.Prefix{}, name), newKey(7, netip.Prefix{}, network)
}

// Default returns the limits of the zero Config, for a familiar pair, a pair, an account, a network and a site.
func Default() [5]Limit {
	t, _ := New(Config{})
	return t.limits
}

// PerDay is the bound that New compares with.
func (l Limit) PerDay() int64 { return l.perDay() }

// Add counts a failure.
func (l Limit) Add(c Count) Count { return l.add(c) }

// Sane is what an attempt sees of a count.
func (l Limit) Sane(c Count, hold time.Duration) Count { return l.sane(c, hold) }

// TakeBack undoes an Add.
var TakeBack = takeBack
