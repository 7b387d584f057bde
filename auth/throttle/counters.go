package throttle

import (
	"context"
	"time"
)

// Counters is where a [Throttle] counts. It is for sharing counts between processes; they must have the same limits.
//
// All methods are safe for concurrent use, on all nodes at once. An error means that it could not be done: the login is
// answered with 503. Nodes whose clocks differ see pauses longer or shorter by that difference, up to the longest pause.
type Counters interface {
	// Update reads the counts of the keys at the instant now and calls change with them, in the order of the keys. If change
	// returns true, Update replaces the counts by what change has made of them. All of it is one atomic step: no other Update of
	// one of the keys comes between. There are 1 to 5 keys, none twice, in any order. Update may call change several times, if it has to
	// begin anew, with what it then reads; change does nothing but look at the counts and replace them.
	//
	// A key that is unknown has the zero Count. Both durations of a Count are measured from now, so what is to be kept is the
	// instant at which each is over, to the millisecond or finer and rounded up, and only until both are over.
	Update(ctx context.Context, keys []Key, now time.Time, change func([]Count) bool) error

	// Familiar says whether the pair was remembered until a later instant than now. It may have been forgotten early, but a
	// pair must never be familiar that was not remembered.
	Familiar(ctx context.Context, account, network Key, now time.Time) (bool, error)

	// Remember makes the pair familiar until the given instant. It may forget another pair of the account to make room.
	Remember(ctx context.Context, account, network Key, until, now time.Time) error
}

// Key names what is counted. It is opaque: the SHA-256 of it, with the kind in place of the first byte. The same
// name and network have the same Key on every node and after a restart. Who reads the keys can test names for their presence.
type Key [32]byte

// Count is what is remembered of the failures of one key.
type Count struct {
	// Heat is the time in which all failures will be forgotten.
	Heat time.Duration
	// Wait is the time before which there may be no other attempt.
	Wait time.Duration
}
