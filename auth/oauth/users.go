package oauth

import (
	"context"
	"errors"
)

// ErrUnknownUser is what a [Users] answers for a name or a subject that nobody has.
var ErrUnknownUser = errors.New("oauth: unknown user")

// Users is the application's table of users. Any error other than [ErrUnknownUser] means that the table could not answer, and
// becomes a 503: nobody is refused because of it. Its text goes to the log.
type Users interface {
	// Lookup returns the user who logs in under name: 1 to 255 bytes of UTF-8 without control characters, as the client sent
	// it. Which names are the same, with regard to letter case for instance, is the application's decision.
	Lookup(ctx context.Context, name string) (User, error)
	// LookupSubject returns the user by the Subject of an earlier Lookup, to renew a login.
	LookupSubject(ctx context.Context, subject string) (User, error)
	// Upgrade replaces the stored hash old with hash, which is of the same password under today's parameters. If the stored one is
	// another by now, it must change nothing and return nil: the password was changed meanwhile.
	Upgrade(ctx context.Context, subject, old, hash string) error
}

// User is what the token endpoint has to know about somebody.
type User struct {
	// Subject identifies the user for ever ("sub"), 1 to 255 bytes: an id that is never given to somebody else, so neither the
	// login name nor an e-mail address. Required.
	Subject string
	// Hash is the stored hash, as password.Hasher made it. Empty for a user who has no password: none is the right one.
	Hash string
	// Scopes are the most that any client may do for the user (RFC 6749, section 3.3).
	Scopes []string
	// Roles are stated in the access token ("roles", RFC 9068, section 2.2.3.1). Leave them out where the service looks them up.
	Roles []string
	// Disabled users cannot log in, and their logins end at the next refresh.
	Disabled bool

	_ struct{} // keyed literals only: fields may be added later
}
