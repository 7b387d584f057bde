package session

import (
	"context"
	"errors"
	"time"
)

// What a [Store] answers, for errors.Is. Every other error is a record that it does not take.
var (
	// ErrUnknown says that there is no such session, or none of that subject: it never was, or has ended.
	ErrUnknown = errors.New("session: unknown session")
	// ErrTooMany says that the subject has as many sessions as it may.
	ErrTooMany = errors.New("session: the subject has too many sessions")
	// ErrFull says that the store takes no more sessions until one ends.
	ErrFull = errors.New("session: full")
	// ErrUnavailable says that the store could not answer, or that it is not known whether it did what it was asked for.
	ErrUnavailable = errors.New("session: unavailable")
)

// Store keeps the sessions. sessiontest.StoreContract tests an implementation.
//
// Nothing that is lent to a method is kept, and nothing that is returned is shared. A change is durable, as far as the store is, and
// seen by every node before the method returns. Methods are safe for concurrent use. Errors contain no hash and no driver's text.
type Store interface {
	// Create adds a session, if the subject has fewer than most that are live at now. Those of the subject that are not are removed,
	// so that what a subject has is bounded. Creations at the same instant may be counted before each other, and pass together. A
	// session of the same ID or Hash makes it fail. [ErrTooMany], [ErrFull], [ErrUnavailable].
	Create(ctx context.Context, r Record, most int, now time.Time) error

	// Lookup returns the session, whether it is live or not, and changes nothing. [ErrUnknown], [ErrUnavailable].
	Lookup(ctx context.Context, hash Hash) (Record, error)

	// Touch puts Seen forward to now and Until to the given instant, or to Expiry if that is earlier, if Seen is still what it was. It
	// is one atomic step, so that of many at once one writes, and it never brings back a session that has ended. It is no error if it
	// changes nothing. [ErrUnavailable].
	Touch(ctx context.Context, hash Hash, seen, now, until time.Time) error

	// End removes a session. It is no error if there is none. [ErrUnavailable].
	End(ctx context.Context, hash Hash) error

	// EndID removes a session by its name. If subject is not empty, that of another is [ErrUnknown]. [ErrUnknown], [ErrUnavailable].
	EndID(ctx context.Context, id, subject string) error

	// EndSubject removes all sessions of a subject. It is no error if there are none. [ErrUnavailable].
	EndSubject(ctx context.Context, subject string) error

	// List returns the sessions of a subject that are live at now, the newest first, at most [MaxListed]. [ErrUnavailable].
	List(ctx context.Context, subject string, now time.Time) ([]Record, error)
}

// MaxListed bounds what a [Store] lists.
const MaxListed = 1000
