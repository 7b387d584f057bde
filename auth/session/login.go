package session

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/internal/event"
)

// Login makes a session and gives it to the browser, once the user has proved who they are. Call it before the answer is begun. The
// session that r came with is ended, whoever's it was: its id may be known to somebody else.
//
// The identity's Issuer is empty or that of the [Config], Session and TokenID are empty, and AuthTime is now if it is zero. An Expiry
// shortens the session. Scopes and Roles stay as they are until the session ends; package rbac asks anew each time.
//
// The error is an [*Error]: [ErrInsecure], [ErrIdentity], [ErrInvalidRequest], [ErrCrossOrigin], [ErrTooMany], [ErrFull],
// [ErrUnavailable]. After it the browser has no session that works: the old one may be ended, and no other is given.
func (s *Sessions) Login(w http.ResponseWriter, r *http.Request, id auth.Identity) error {
	old, err := s.admit(r)
	if err != nil {
		return s.failed(r, err)
	}
	if !s.https(r) {
		return s.failed(r, &Error{kind: ErrInsecure})
	}
	token := draw(32)
	rec, err := s.record(r, id, token)
	if err != nil {
		return s.failed(r, err)
	}
	ctx := r.Context()
	if hash, ok := s.parse(old); ok {
		if err := s.store.End(ctx, hash); err != nil {
			return s.failed(r, fault(err))
		}
	}
	if err := s.store.Create(ctx, rec, s.perSubject, rec.Created); err != nil {
		return s.failed(r, fault(err))
	}
	s.setCookie(w, token)
	s.log.Request(r, slog.LevelInfo, event.SessionCreated, slog.String("subject", rec.Subject), slog.String("session", rec.ID))
	return nil
}

// Logout ends the session that r came with, and takes the cookie away. It is no error if there is none. The error is an [*Error]:
// [ErrInvalidRequest], [ErrCrossOrigin], [ErrUnavailable]. After it the browser keeps the cookie, so that the user can try again: without
// it, nothing could end the session before its time.
func (s *Sessions) Logout(w http.ResponseWriter, r *http.Request) error {
	value, refusal := s.admit(r)
	if refusal != nil {
		return s.failed(r, refusal)
	}
	if hash, ok := s.parse(value); ok {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), logoutTimeout) // who hangs up wants it all the same
		defer cancel()
		rec, err := s.store.Lookup(ctx, hash)
		if err == nil {
			err = s.store.End(ctx, hash)
		}
		switch {
		case errors.Is(err, ErrUnknown):
		case err != nil:
			return s.failed(r, fault(err))
		default:
			s.log.Request(r, slog.LevelInfo, event.SessionExpired, slog.String("subject", rec.Subject), slog.String("session", rec.ID), slog.String("reason", "logout"))
		}
	}
	if value != "" {
		s.setCookie(w, "")
	}
	return nil
}

const (
	logoutTimeout = 10 * time.Second
	authLeeway    = 30 * time.Second // for the clock of whoever proved it
)

// admit returns the cookie's value, if the request may do something about sessions.
func (s *Sessions) admit(r *http.Request) (value string, err *Error) {
	if s.fromOther(r) {
		return "", &Error{kind: ErrCrossOrigin}
	}
	return s.token(r)
}

// record returns what is kept of the session whose cookie is token.
func (s *Sessions) record(r *http.Request, id auth.Identity, token string) (Record, *Error) {
	now := time.Now()
	if id.AuthTime.IsZero() {
		id.AuthTime = now
	}
	hash, _ := s.parse(token)
	rec := Record{
		ID: draw(16), Hash: hash, Subject: id.Subject, Client: id.Client, Scopes: id.Scopes, Roles: id.Roles, ACR: id.ACR, AMR: id.AMR,
		AuthTime: id.AuthTime, UserAgent: clip(r.UserAgent(), maxAgent), Created: now, Seen: now, Until: now.Add(s.idle), Expiry: now.Add(s.absolute),
	}.clone()
	var errs []error
	if id.Issuer != "" && id.Issuer != s.issuer {
		errs = append(errs, errors.New("session: Identity.Issuer is another than Config.Issuer: give the subject that the user has here"))
	}
	if id.Session != "" || id.TokenID != "" {
		errs = append(errs, errors.New("session: Identity.Session or TokenID is there: leave them empty, every login makes a session of its own"))
	}
	if id.AuthTime.After(now.Add(authLeeway)) { // it would be fresh for ever
		errs = append(errs, errors.New("session: Identity.AuthTime is in the future: give the instant of the login, or nothing"))
	}
	if !id.Expiry.IsZero() {
		if !id.Expiry.After(now) {
			errs = append(errs, errors.New("session: Identity.Expiry is past: leave it zero for Config.Absolute"))
		} else if id.Expiry.Before(rec.Expiry) {
			rec.Expiry = micro(id.Expiry)
		}
	}
	if rec.Until.After(rec.Expiry) {
		rec.Until = rec.Expiry
	}
	if _, err := auth.NewPrincipal(s.identity(rec)); err != nil {
		errs = append(errs, err)
	}
	errs = append(errs, rec.Validate())
	if err := errors.Join(errs...); err != nil {
		return Record{}, &Error{kind: ErrIdentity, cause: err}
	}
	return rec, nil
}

// failed raises the event of what was refused.
func (s *Sessions) failed(r *http.Request, err *Error) error {
	name, level := event.AvailabilityFail, slog.LevelError
	switch err.kind {
	case ErrCrossOrigin:
		name, level = event.AuthzFail, slog.LevelWarn
	case ErrInvalidRequest:
		name, level = event.AuthnTokenRefused, slog.LevelWarn
	case ErrTooMany:
		name, level = event.AuthnLoginFail, slog.LevelWarn
	}
	s.log.Request(r, level, name, slog.String("kind", "session"), slog.String("reason", err.Error()))
	return err
}
