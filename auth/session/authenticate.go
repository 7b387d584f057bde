package session

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/internal/event"
)

// scheme is what a 401 names, which must name one (RFC 9110, section 11.6.1). None is registered for cookies; browsers pass over
// one that they do not know, and ask the user for nothing.
const scheme = "Session"

// touchTimeout is how long a request waits for the time of its session to be written.
const touchTimeout = time.Second

// Schemes implements [auth.Authenticator]: the challenge is Session with the realm.
func (*Sessions) Schemes() []string { return []string{scheme} }

// Presents says whether the cookie is there and not empty. [auth.First] asks it.
func (s *Sessions) Presents(r *http.Request) bool {
	found, _ := s.cookies(r)
	return slices.ContainsFunc(found, func(value string) bool { return value != "" })
}

// Authenticate implements [auth.Authenticator]. The principal's Session is [Record.ID].
func (s *Sessions) Authenticate(r *http.Request) (*auth.Principal, error) {
	value, repeated := s.token(r)
	switch {
	case repeated != nil:
		return nil, &refused{kind: auth.ErrInvalidRequest, detail: "more than one cookie of that name, or one with spaces around it"}
	case value == "":
		return nil, auth.ErrNoCredentials
	case s.fromOther(r):
		return nil, &refused{kind: auth.ErrCrossOrigin, detail: "the request comes from another origin"}
	}
	hash, ok := s.parse(value)
	if !ok {
		return nil, &refused{kind: auth.ErrInvalidCredentials, detail: "not of the form of a session"}
	}
	rec, err := s.store.Lookup(r.Context(), hash)
	switch {
	case errors.Is(err, ErrUnknown):
		return nil, &refused{kind: auth.ErrInvalidCredentials, detail: "unknown session, or ended"}
	case err != nil:
		return nil, &unavailable{cause: err}
	}
	now := time.Now()
	if !s.live(rec, now) {
		s.log.Request(r, slog.LevelInfo, event.SessionUseAfterExpire, slog.String("subject", rec.Subject), slog.String("session", rec.ID))
		return nil, &refused{kind: auth.ErrExpired, detail: "the session has expired"}
	}
	p, err := auth.NewPrincipal(s.identity(rec))
	if err != nil { // the store returned what it does not take
		return nil, &unavailable{cause: err}
	}
	s.touch(r.Context(), rec, now)
	return p, nil
}

// live also goes by today's Config, so that times which were shortened hold for the sessions that are there.
func (s *Sessions) live(rec Record, now time.Time) bool {
	return rec.Live(now) && now.Before(rec.Expiry) && now.Before(rec.Seen.Add(s.idle)) && now.Before(rec.Created.Add(s.absolute))
}

func (s *Sessions) identity(rec Record) auth.Identity {
	return auth.Identity{Issuer: s.issuer, Subject: rec.Subject, Client: rec.Client, Session: rec.ID, Scopes: rec.Scopes, Roles: rec.Roles,
		AuthTime: rec.AuthTime, Expiry: rec.Expiry, ACR: rec.ACR, AMR: rec.AMR}
}

// touch records that a session was used. It comes after the decision and cannot change it. The write is part of the request, so
// that there is no queue to fill; one that takes more than a second is given up.
func (s *Sessions) touch(ctx context.Context, rec Record, now time.Time) {
	if now.Sub(rec.Seen) < s.idle/idleParts {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), touchTimeout) // it was used, whether the browser waits or not
	defer cancel()
	if err := s.store.Touch(ctx, rec.Hash, rec.Seen, now, now.Add(s.idle)); err != nil {
		s.log.Emit(ctx, slog.LevelWarn, event.AvailabilityFail, slog.String("kind", "session"), slog.String("reason", "the use of a session was not recorded"),
			slog.String("cause", err.Error()), slog.String("session", rec.ID))
	}
}

// refused is a session that is not accepted, for a Guard.
type refused struct {
	kind   error // one of auth
	detail string
}

func (e *refused) Error() string { return "session: " + e.detail }
func (e *refused) Unwrap() error { return e.kind }

// unavailable is a decision that could not be made. It does not unwrap to what the store said, in which a Guard could find a reason to
// answer 401.
type unavailable struct{ cause error }

func (e *unavailable) Error() string { return "session: the store: " + e.cause.Error() }
func (e *unavailable) Is(target error) bool {
	return target == ErrUnavailable || target == auth.ErrUnavailable
}
