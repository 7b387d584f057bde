package oauth

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sallyport-go/sallyport/auth/password"
	"github.com/sallyport-go/sallyport/auth/store"
	"github.com/sallyport-go/sallyport/internal/event"
)

// passwordGrant is RFC 6749, section 4.3.
func (s *Service) passwordGrant(q request) (*answer, *Error) {
	name, pw := q.form["username"], q.form["password"]
	if name == "" || pw == "" {
		return nil, badRequest("The parameter username or password is missing.")
	}
	u, refused := s.authenticate(q, name, pw)
	if refused != nil {
		return nil, refused
	}
	scopes, ok := grantable(q.scopes, q.limits(u)...)
	if !ok {
		return nil, invalidScope("nothing of the scope is grantable", u.Subject)
	}
	a, refused := s.begin(q, u, scopes)
	if refused != nil {
		return nil, refused
	}
	overtaken, err := s.overtaken(q, u)
	switch {
	case err != nil:
		return nil, unavailable(err)
	case overtaken:
		return s.beginAgain(q, u, scopes, a)
	}
	return a, nil
}

// overtaken says whether all that the user had was revoked while the login was under way: a password was changed, say, between the look-up
// and now. Whoever revokes later than this finds the login and ends it.
func (s *Service) overtaken(q request, u User) (bool, error) {
	r := s.issuer.Revocations()
	if r == nil {
		return false, nil
	}
	return r.Revoked(q.Context(), u.Subject, "", "", q.now, time.Now())
}

// beginAgain is for a login that was overtaken. The password was right then; it still is if the stored hash is the same.
func (s *Service) beginAgain(q request, u User, scopes []string, a *answer) (*answer, *Error) {
	if token, ok := parseRefreshToken(a.RefreshToken); ok {
		if err := s.endLogin(q.Context(), token.family(), u.Subject, q.now); err != nil {
			return nil, unavailable(err)
		}
	}
	next := q.now.Truncate(time.Second).Add(time.Second) // revocations count in whole seconds
	timer := time.NewTimer(time.Until(next))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-q.Context().Done():
		return nil, unavailable(context.Cause(q.Context()))
	}
	q.now = time.Now()
	again, err := s.users.LookupSubject(q.Context(), u.Subject)
	switch {
	case errors.Is(err, ErrUnknownUser), err == nil && (again.Disabled || again.Hash != u.Hash):
		return nil, invalidGrant(event.AuthnLoginFail, errors.New("the user was changed while logging in"), u.Subject)
	case err != nil:
		return nil, unavailable(err)
	}
	a, refused := s.begin(q, again, scopes)
	if refused != nil {
		return nil, refused
	}
	if overtaken, err := s.overtaken(q, u); err != nil || overtaken {
		return nil, unavailable(errors.Join(err, errors.New("the user is being logged out everywhere")))
	}
	return a, nil
}

// authenticate does the same for every name and every password until the hash has been made. Who was refused, and why, is for the log;
// the name is not, since people type their password into the wrong field.
//
// An attempt counts as a failure unless it is told otherwise.
func (s *Service) authenticate(q request, name, pw string) (User, *Error) {
	attempt, err := s.limiter.Begin(q.Request, name)
	if err != nil {
		return User{}, limited(err)
	}
	u, decided, refused := s.compare(q, name, pw)
	switch {
	case refused == nil:
		attempt.Succeeded(q.Context())
	case !decided:
		attempt.Undecided(q.Context())
	}
	return u, refused
}

// compare looks the user up and compares the password. Decided says whether the refusal is a no.
func (s *Service) compare(q request, name, pw string) (_ User, decided bool, _ *Error) {
	u, err := s.lookup(q.Context(), name)
	unknown := errors.Is(err, ErrUnknownUser)
	if unknown {
		u = User{}
	} else if err != nil {
		return User{}, false, unavailable(err)
	}
	if refused := s.notAClient(u); refused != nil { // before the password, which the answer must not depend on
		return User{}, false, refused
	}
	result, err := s.hasher.Verify(q.Context(), pw, u.Hash)
	fail := func(reason string) (User, bool, *Error) {
		return User{}, true, invalidGrant(event.AuthnLoginFail, errors.New(reason), u.Subject)
	}
	switch {
	case errors.Is(err, password.ErrEncoding): // to fail in another way would tell that the user exists
		return fail("the stored hash cannot be read")
	case err != nil:
		return User{}, false, unavailable(err)
	case unknown:
		return fail("unknown user")
	case !result.OK:
		return fail("wrong password")
	case u.Disabled:
		return fail("the user is disabled")
	}
	if result.Rehash {
		s.upgrade(q, u, pw)
	}
	return u, true, nil
}

// lookup asks the application only for what can be a name.
func (s *Service) lookup(ctx context.Context, name string) (User, error) {
	if len(name) > maxName || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return User{}, ErrUnknownUser
	}
	return s.users.Lookup(ctx, name)
}

// upgrade brings the stored hash up to today's parameters. The user is in, whether it succeeds or not.
func (s *Service) upgrade(q request, u User, pw string) {
	hash, err := s.hasher.Hash(q.Context(), pw)
	if err == nil {
		err = s.users.Upgrade(q.Context(), u.Subject, u.Hash, hash)
	}
	if err != nil {
		s.log.Request(q.Request, slog.LevelError, event.AvailabilityFail,
			slog.String("reason", "oauth: the stored hash was not upgraded: "+err.Error()), slog.String("subject", u.Subject))
	}
}

// begin starts a login. Nothing leaves before the store has it.
func (s *Service) begin(q request, u User, scopes []string) (*answer, *Error) {
	if refused := s.notAClient(u); refused != nil {
		return nil, refused
	}
	l := login{authTime: q.now, amr: []string{"pwd"}} // RFC 8176, section 2
	if s.refresh.Store == nil || !q.client.may(GrantRefreshToken) {
		a, refused := s.issue(q, u, scopes, l)
		if refused == nil {
			s.welcome(q, u, l)
		}
		return a, refused
	}
	token := newRefreshToken()
	l.session = token.family()
	family := store.Refresh{
		Family: l.session, Hash: token.hash(), Subject: u.Subject, Client: q.client.ID, Scopes: scopes,
		AuthTime: l.authTime, AMR: l.amr, Until: q.now.Add(s.refresh.Idle), Expiry: q.now.Add(s.refresh.Lifetime),
	}
	if err := family.Validate(); err != nil {
		return nil, serverError(err)
	}
	a, refused := s.issue(q, u, scopes, l)
	if refused != nil {
		return nil, refused
	}
	if err := s.refresh.Store.Create(q.Context(), family, q.now); err != nil {
		return nil, unavailable(err)
	}
	a.RefreshToken = token.encode()
	s.welcome(q, u, l)
	return a, nil
}

func (s *Service) welcome(q request, u User, l login) {
	s.log.Request(q.Request, slog.LevelInfo, event.AuthnLoginSuccess, slog.String("subject", u.Subject),
		slog.String("client", q.client.ID), slog.String("session", l.session))
}
