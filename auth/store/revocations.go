package store

import (
	"context"
	"errors"
	"time"
)

// Leeway is how much longer than asked for a denial is kept, because a verifier may forgive a clock that much (auth.VerifierConfig
// allows no more), and would otherwise take a token again shortly before it ends.
const Leeway = 2 * time.Minute

// Revocations denies access tokens that are valid by themselves. Its first method is auth.Revocations, for a verifier; the others
// are for whoever revokes. authtest.RevocationsContract tests an implementation.
//
// A denial holds on every node when the method returns, and until the time given, which is when the last token that it is for ends by
// itself. After that and [Leeway] the store may forget it. Denying again never shortens or narrows what was denied. Names are compared
// byte by byte, may have any length and bytes, and may not be empty.
type Revocations interface {
	// Revoked says whether the token called id, or the login called session, or what the subject was issued when issued or before, has been
	// denied. An empty id or session is not asked about. The error says that it could not find out: [ErrUnavailable].
	Revoked(ctx context.Context, subject, session, id string, issued, now time.Time) (bool, error)

	// DenyToken denies the one token of that "jti". [ErrFull], [ErrUnavailable].
	DenyToken(ctx context.Context, id string, until, now time.Time) error

	// DenySession denies all tokens of that "sid", also those that are yet to be issued. auth/oauth gives tokens the name of their
	// refresh family for a sid. To end a login, deny its session first and revoke its family then: whichever fails, do both
	// again. [ErrFull], [ErrUnavailable].
	DenySession(ctx context.Context, session string, until, now time.Time) error

	// DenyBefore denies all tokens of the subject whose "iat" is notBefore or earlier. Both count in whole seconds, as iat
	// does: what was issued later in the second of notBefore is denied too, so that whoever logs the subject in again right away
	// waits that second out. [ErrFull], [ErrUnavailable].
	DenyBefore(ctx context.Context, subject string, notBefore, until, now time.Time) error
}

var (
	errNoName = errors.New("store: a denial has no name: give the token's jti, its sid or its subject")
	errNoEnd  = errors.New("store: a denial's until is zero: give the time at which the token ends")
)

// CheckDenial reports what a store does not take as a denial, without the name. Stores call it in each of the three methods.
func CheckDenial(name string, until time.Time) error {
	switch {
	case name == "":
		return errNoName
	case until.IsZero():
		return errNoEnd
	}
	return nil
}
