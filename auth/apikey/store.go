package apikey

import (
	"context"
	"errors"
	"time"
)

// What a [Store] answers, for errors.Is. Every other error is a record that it does not take.
var (
	// ErrUnknown says that there is no such key, or none of that subject.
	ErrUnknown = errors.New("apikey: unknown key")
	// ErrExists says that there is another key of that name.
	ErrExists = errors.New("apikey: there is a key of that name")
	// ErrTooMany says that the subject has as many keys as it may.
	ErrTooMany = errors.New("apikey: the subject has too many keys")
	// ErrFull says that the store takes no more keys until one ends.
	ErrFull = errors.New("apikey: full")
	// ErrUnavailable says that the store could not answer, or that it is not known whether it did what it was asked for.
	ErrUnavailable = errors.New("apikey: unavailable")
)

// MaxKept is how many keys of a subject a store keeps, those included that have ended and were not swept yet. It bounds what
// List returns.
const MaxKept = 1000

// Store keeps the keys. apikeytest.StoreContract tests an implementation.
//
// Nothing that is lent to a method is kept, and nothing that is returned is shared. A change is durable, as far as the store is, and
// seen by every node before the method returns. Methods are safe for concurrent use. Errors contain no hash and no driver's text.
type Store interface {
	// Create adds a key, if the subject has fewer than most that are live at now, and fewer than [MaxKept] in all. Creations at
	// the same instant may be counted before each other, and pass together. The very key that is there already may be taken for
	// a second attempt at it, and is no error then. [ErrTooMany], [ErrExists], [ErrFull], [ErrUnavailable].
	Create(ctx context.Context, r Record, most int, now time.Time) error

	// Lookup returns the key, whether it has ended or not, and changes nothing. [ErrUnknown], [ErrUnavailable].
	Lookup(ctx context.Context, id string) (Record, error)

	// Touch puts LastUsed forward to now, never back. It is no error if there is no such key. [ErrUnavailable].
	Touch(ctx context.Context, id string, now time.Time) error

	// Revoke ends a key. If subject is not empty, the key of another is [ErrUnknown]. Revoked stays at the first revocation. A store
	// does it or answers with an error; a Touch or Create at the same time does not undo it. [ErrUnknown], [ErrUnavailable].
	Revoke(ctx context.Context, id, subject string, now time.Time) error

	// RevokeSubject ends all keys of a subject. It is no error if there are none. [ErrUnavailable].
	RevokeSubject(ctx context.Context, subject string, now time.Time) error

	// List returns the keys of a subject, the newest first, those that have ended included. [ErrUnavailable].
	List(ctx context.Context, subject string) ([]Record, error)
}
