package throttle

import (
	"fmt"
	"time"
)

const (
	maxFree  = 10_000
	minFirst = time.Millisecond
	minMost  = time.Second
	maxMost  = 24 * time.Hour
)

// Limit says how failures slow down what comes after them. Fields that are zero have the default of the [Config] field that
// the Limit is for.
type Limit struct {
	// Free is how many failures no pause follows, from 1 to 10,000.
	Free int
	// First is the pause after them, from 1 ms to Most. Each failure doubles it.
	First time.Duration
	// Most is the longest pause, from 1 s to 24 h, and also the time in which one failure is forgotten.
	Most time.Duration

	_ struct{} // keyed literals only: fields may be added later
}

// or fills the zero fields of l from d.
func (l Limit) or(d Limit) Limit {
	if l.Free == 0 {
		l.Free = d.Free
	}
	if l.First == 0 {
		l.First = d.First
	}
	if l.Most == 0 {
		l.Most = d.Most
	}
	return l
}

// ofSite is the limit of a /48, in which 65,536 networks lie that are often one customer's, and seldom many.
func (l Limit) ofSite() Limit {
	l.Free *= 8
	l.Most = max(l.Most/8, l.First)
	return l
}

func (l Limit) faults(field string, perDay int64) []error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("throttle: Config."+field+format, args...))
	}
	if l.Free < 1 || l.Free > maxFree {
		fault(".Free %d is not from 1 to %d: bring it into that range, or leave it zero", l.Free, maxFree)
	}
	if l.Most < minMost || l.Most > maxMost {
		fault(".Most %v is not from %v to %v: bring it into that range, or leave it zero", l.Most, minMost, maxMost)
	}
	if l.First < minFirst || l.First > l.Most {
		fault(".First %v is not from %v to Most, which is %v: bring it into that range, or leave it zero", l.First, minFirst, l.Most)
	}
	if len(faults) == 0 && l.perDay() > perDay {
		fault(" allows %d failures in 24 h, which is more than %d: lower Free or raise Most", l.perDay(), perDay)
	}
	return faults
}

// doublings is how often First is doubled before it reaches Most. Thanks to the bounds it is less than 28.
func (l Limit) doublings() int {
	n := 0
	for p := l.First; p < l.Most; p *= 2 {
		n++
	}
	return n
}

// highest is a level that no count passes: one more than that at which the pause is Most, since from there on a level is
// forgotten for each that is added, and one for the attempt that is being held.
func (l Limit) highest() int { return l.Free + l.doublings() + 2 }

// perDay bounds the failures in any 24 hours, however they are spread: the levels that there are, and those that are
// forgotten meanwhile.
func (l Limit) perDay() int64 {
	return int64(l.highest()) + int64((24*time.Hour+l.Most-1)/l.Most)
}

// pause is what must follow the n-th failure that is remembered.
func (l Limit) pause(n int) time.Duration {
	switch doubled := n - l.Free; {
	case doubled < 0:
		return 0
	case doubled >= l.doublings():
		return l.Most
	default:
		return l.First << doubled
	}
}

// sane brings a count into the range that this limit can have made. It is out of range when the clock was set back, or when
// another node has other limits; nobody is to wait for longer than the longest pause because of that.
func (l Limit) sane(c Count, hold time.Duration) Count {
	c.Heat = min(max(c.Heat, 0), time.Duration(l.highest())*l.Most)
	c.Wait = min(max(c.Wait, 0), hold+l.Most)
	return c
}

// add counts a failure.
func (l Limit) add(c Count) (after Count) {
	level := int((c.Heat+l.Most-1)/l.Most) + 1
	return Count{Heat: c.Heat + l.Most, Wait: c.Wait + l.pause(level)}
}

// takeBack undoes what turned before into after, of which time has used up some since, in now. What is older is used up
// first; so what others have added remains.
func takeBack(now, before, after Count, since time.Duration) Count {
	rest := func(now, before, after time.Duration) time.Duration {
		usedUp := min(max(since-before, 0), after-before)
		return max(now-(after-before-usedUp), 0)
	}
	return Count{Heat: rest(now.Heat, before.Heat, after.Heat), Wait: rest(now.Wait, before.Wait, after.Wait)}
}
