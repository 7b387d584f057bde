package throttle

import "time"

// ways is how many keys have slots in one set.
const ways = 8

// until is a Count as instants: when all heat, and when the wait, will be over.
type until struct{ heat, wait time.Duration }

// heldUntil gives what is over already the instant zero, so that it is the first to be displaced.
func heldUntil(now time.Duration, c Count) until {
	var u until
	if c.Heat > 0 {
		u.heat = now + c.Heat
	}
	if c.Wait > 0 {
		u.wait = now + c.Wait
	}
	return u
}

func (u until) at(now time.Duration) Count {
	return Count{Heat: max(u.heat-now, 0), Wait: max(u.wait-now, 0)}
}

func (u until) or(v until) until { return until{max(u.heat, v.heat), max(u.wait, v.wait)} }

// table holds counts in sets of a fixed number of slots.
//
// When a set is full, the key with the least heat loses its slot, and its count becomes part of the set's floor. Whoever has no slot
// counts from the floor on. So a count may come out too high but never too low: a key that was displaced and comes back
// finds at least what it left. It is the idea of Space-Saving (Metwally, Agrawal and El Abbadi, 2005), which works with
// instants because they do not change by themselves as counts that decay do.
type table struct {
	sets []set
	mask uint64
}

type set struct {
	slots [ways]slot
	floor until
}

type slot struct {
	tag   uint64 // the key's hash, or 0
	until until
}

// newTable needs a power of two.
func newTable(sets int) table { return table{sets: make([]set, sets), mask: uint64(sets - 1)} }

func (t *table) get(tag uint64) until {
	s := &t.sets[tag&t.mask]
	if i := s.find(tag); i >= 0 {
		return s.slots[i].until
	}
	return s.floor
}

func (t *table) set(tag uint64, u until) {
	s := &t.sets[tag&t.mask]
	i := s.find(tag)
	if i < 0 {
		i = s.coolest()
		s.floor = s.floor.or(s.slots[i].until)
	}
	s.slots[i] = slot{tag, u}
}

func (s *set) find(tag uint64) int {
	for i := range s.slots {
		if s.slots[i].tag == tag {
			return i
		}
	}
	return -1
}

// coolest prefers a free slot. All instants are positive, so it has the least heat.
func (s *set) coolest() int {
	least := 0
	for i := range s.slots {
		if s.slots[i].until.heat < s.slots[least].until.heat {
			least = i
		}
	}
	return least
}
