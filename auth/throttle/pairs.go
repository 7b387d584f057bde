package throttle

import "time"

// pairs holds the spellings and networks that are familiar with each other. What is displaced is forgotten, which makes its
// owner a stranger. The set depends on the spelling only, so that one account that logs in from thousands of networks
// displaces its own, and those of the few accounts that it shares the set with.
type pairs struct {
	sets [][ways]remembered
	mask uint64
}

type remembered struct {
	tag   uint64
	until time.Duration
}

// newPairs needs a power of two.
func newPairs(sets int) pairs {
	return pairs{sets: make([][ways]remembered, sets), mask: uint64(sets - 1)}
}

func (p *pairs) has(inSet, tag uint64, now time.Duration) bool {
	for _, r := range p.sets[inSet&p.mask] {
		if r.tag == tag {
			return now < r.until
		}
	}
	return false
}

// put takes the pair's own slot, or else the one that ends first.
func (p *pairs) put(inSet, tag uint64, until time.Duration) {
	s := &p.sets[inSet&p.mask]
	best := 0
	for i := range s {
		if s[i].tag == tag {
			best = i
			break
		}
		if s[i].until < s[best].until {
			best = i
		}
	}
	s[best] = remembered{tag, until}
}
