package oauth

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/auth/store"
	"github.com/sallyport-go/sallyport/internal/event"
)

// refreshGrant is RFC 6749, section 6. The token is used up by the last step, when all else has been found right.
func (s *Service) refreshGrant(q request) (*answer, *Error) {
	if q.form["refresh_token"] == "" {
		return nil, badRequest("The parameter refresh_token is missing.")
	}
	token, ok := parseRefreshToken(q.form["refresh_token"])
	if !ok {
		return nil, invalidGrant(event.AuthnTokenRefused, errors.New("not a refresh token"), "")
	}
	family, err := s.refresh.Store.Lookup(q.Context(), token.family(), q.now)
	if err != nil {
		return nil, refusedToken(err, "")
	}
	if family.Client != q.client.ID {
		return nil, invalidGrant(event.AuthnTokenRefused, errors.New("the token is another client's"), family.Subject)
	}
	var next refreshToken
	inForce := family.Hash == token.hash() // of hashes, so that the time it takes tells nothing about a token
	if !inForce {
		var refused *Error
		if next, refused = s.repeated(q, family, token); refused != nil {
			return nil, refused
		}
	}
	u, refused := s.stillThere(q, family.Subject)
	if refused != nil {
		return nil, refused
	}
	// More than was granted is refused as a whole. What user or client have lost since is left out.
	if slices.ContainsFunc(q.scopes, func(scope string) bool { return !slices.Contains(family.Scopes, scope) }) {
		return nil, invalidScope("the scope is wider than the login's", u.Subject)
	}
	scopes, ok := grantable(q.scopes, append([][]string{family.Scopes}, q.limits(u)...)...)
	if !ok {
		return nil, invalidScope("nothing of the scope is grantable any more", u.Subject)
	}
	a, refused := s.issue(q, u, scopes, login{family.Family, family.AuthTime, family.AMR})
	if refused != nil {
		return nil, refused
	}
	// The next token has the scope of this one, not the narrower one of this answer (section 6).
	if inForce {
		if next, _, err = s.rotate(q, family, token); err != nil {
			return nil, refusedToken(err, family.Subject)
		}
	}
	a.RefreshToken = next.encode()
	return a, nil
}

// rotate puts a new token in force, in the place of the old one, and returns it, or the one that another request with the old one has
// just put there. It may wait until after the login's end, which holds all the same.
func (s *Service) rotate(q request, family store.Refresh, old refreshToken) (next refreshToken, repeated bool, err error) {
	next = old.next()
	until := q.now.Add(s.refresh.Idle)
	if s.refresh.Grace == 0 {
		return next, false, s.refresh.Store.Rotate(q.Context(), family.Family, old.hash(), next.hash(), until, q.now)
	}
	sealed, err := s.refresh.Store.(store.GraceTokens).RotateGrace(q.Context(), store.Rotation{
		Family: family.Family, Old: old.hash(), Next: next.hash(), Until: until,
		Sealed: next.seal(old), GraceUntil: q.now.Add(s.refresh.Grace),
	}, q.now)
	if errors.Is(err, store.ErrRepeated) {
		next, err = old.open(sealed)
		return next, true, err
	}
	return next, false, err
}

// repeated is for a token that is not in force. Within the grace period it returns the successor. Else it lets the store refuse to rotate,
// which ends the login in the same step, even for a thief who hangs up.
func (s *Service) repeated(q request, family store.Refresh, token refreshToken) (refreshToken, *Error) {
	next, repeated, err := s.rotate(q, family, token)
	switch {
	case err != nil:
		return next, refusedToken(err, family.Subject)
	case !repeated:
		return next, serverError(errors.New("the store has put a token in the place of one that was not in force"))
	}
	return next, nil
}

// stillThere returns the user as of now. Who is gone or disabled loses all logins.
func (s *Service) stillThere(q request, subject string) (User, *Error) {
	u, err := s.users.LookupSubject(q.Context(), subject)
	switch {
	case errors.Is(err, ErrUnknownUser), err == nil && u.Disabled:
	case err != nil:
		return User{}, unavailable(err)
	case u.Subject != subject:
		return User{}, serverError(errors.New("Users.LookupSubject returned another user"))
	default:
		return u, s.notAClient(u)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(q.Context()), 10*time.Second)
	defer cancel()
	if err := s.RevokeSubject(ctx, subject); err != nil {
		return User{}, unavailable(err)
	}
	return User{}, invalidGrant(event.AuthnTokenRefused, errors.New("the user is gone or disabled"), subject)
}

// refusedToken turns what the store said into a refusal.
func refusedToken(err error, subject string) *Error {
	switch {
	case errors.Is(err, store.ErrReused):
		return invalidGrant(event.AuthnTokenReuse, err, subject)
	case errors.Is(err, store.ErrExpired):
		return invalidGrant(event.SessionUseAfterExpire, err, subject)
	case errors.Is(err, store.ErrUnknown):
		return invalidGrant(event.AuthnTokenRefused, err, subject)
	}
	return unavailable(err)
}
