package oauth

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/store"
	"github.com/sallyport-go/sallyport/internal/event"
)

// Revoke returns the revocation endpoint (RFC 7009). The client that a token was issued to ends it: a refresh token with its whole login
// and, if the issuer has Revocations that can be written to, the access tokens of that login; an access token by itself, if the issuer has
// such. A token that is unknown, has ended or is malformed is as good as revoked, and answered with 200. One of another client is refused.
func (s *Service) Revoke() http.Handler { return formEndpoint{s, s.revoke} }

func (s *Service) revoke(q request) (any, *Error) {
	text := q.form["token"]
	if text == "" {
		return nil, badRequest("The parameter token is missing.")
	}
	if token, ok := parseRefreshToken(text); ok {
		return nil, s.revokeLogin(q, token)
	}
	p, err := s.issuer.Verifier().Verify(q.Context(), text)
	switch {
	case errors.Is(err, auth.ErrUnavailable):
		return nil, unavailable(err)
	case err != nil:
		return nil, nil
	case p.Client() != q.client.ID:
		return nil, unauthorizedClient("the token is another client's")
	case s.denials == nil:
		return nil, unsupportedTokenType()
	}
	err = s.denials.DenyToken(q.Context(), p.TokenID(), p.Expiry(), q.now)
	if err := s.orSubject(q.Context(), err, p.Subject()); err != nil {
		return nil, unavailable(err)
	}
	s.revoked(q.Context(), p.Subject(), "by the client: a token")
	return nil, nil
}

// revokeLogin denies the access tokens first: if the second step fails, the client still has the refresh token to ask again with.
func (s *Service) revokeLogin(q request, token refreshToken) *Error {
	if s.refresh.Store == nil {
		return nil
	}
	family, err := s.refresh.Store.Lookup(q.Context(), token.family(), q.now)
	switch {
	case errors.Is(err, store.ErrUnknown), errors.Is(err, store.ErrExpired):
		return nil
	case err != nil:
		return unavailable(err)
	case family.Client != q.client.ID:
		return unauthorizedClient("the token is another client's")
	}
	if err := s.endLogin(q.Context(), family.Family, family.Subject, q.now); err != nil {
		return unavailable(err)
	}
	s.revoked(q.Context(), family.Subject, "by the client: a login")
	return nil
}

// maxTokenLife is the longest that auth.IssuerConfig.TTL can be: other nodes and earlier starts may have another than ours.
const maxTokenLife = time.Hour

// orSubject denies all tokens of the subject if the store is full of single ones: somebody who fills it by revoking loses the tokens of one
// subject, and keeps nobody from revoking.
func (s *Service) orSubject(ctx context.Context, err error, subject string) error {
	if !errors.Is(err, store.ErrFull) {
		return err
	}
	return s.denyBefore(ctx, subject)
}

// endLogin ends a refresh family and the access tokens that came from it.
func (s *Service) endLogin(ctx context.Context, family, subject string, now time.Time) error {
	if s.denials != nil {
		err := s.denials.DenySession(ctx, family, now.Add(maxTokenLife), now)
		if err := s.orSubject(ctx, err, subject); err != nil {
			return err
		}
	}
	return s.refresh.Store.RevokeFamily(ctx, family, now)
}

func (s *Service) revoked(ctx context.Context, subject, reason string) {
	s.log.Emit(ctx, slog.LevelInfo, event.AuthnTokenRevoked, slog.String("subject", subject), slog.String("reason", reason))
}

// RevokeSubject logs the subject out everywhere: after a change of password, when a user is disabled, or on demand. It ends all refresh
// tokens and, if the issuer has Revocations that can be written to, every access token that was issued until now; else those that are out
// live until they expire. Call it after the change is in your table of users, so that who logs in meanwhile does so under the new one.
func (s *Service) RevokeSubject(ctx context.Context, subject string) error {
	// Before the refresh tokens, so that a login under way sees it; and after them, for what was refreshed until they were gone.
	if err := s.denyBefore(ctx, subject); err != nil {
		return err
	}
	if s.refresh.Store != nil {
		if err := s.refresh.Store.RevokeSubject(ctx, subject, time.Now()); err != nil {
			return err
		}
		if err := s.denyBefore(ctx, subject); err != nil {
			return err
		}
	}
	s.revoked(ctx, subject, "everywhere")
	return nil
}

// denyBefore denies all access tokens that the subject was issued until now.
func (s *Service) denyBefore(ctx context.Context, subject string) error {
	if s.denials == nil {
		return nil
	}
	now := time.Now()
	return s.denials.DenyBefore(ctx, subject, now, now.Add(maxTokenLife), now)
}

// ownSubject returns the subject as this issuer names it, without a prefix that auth.Issuers may have given to it.
func (s *Service) ownSubject(p *auth.Principal) (string, bool) {
	var c struct {
		Issuer  string `json:"iss"`
		Subject string `json:"sub"`
	}
	if err := p.Claims(&c); err != nil || c.Issuer != s.issuer.Name() {
		return "", false
	}
	return c.Subject, c.Subject != ""
}

// LogoutEverywhere returns a handler that does [Service.RevokeSubject] for the principal of the request and answers 204. The principal must
// have come by a token of this service's issuer: others, such as sessions, API keys and users of a partner, get 403, because their
// subject need not be the same person. Put it behind an [auth.Guard]:
//
//	mux.Handle("POST /logout-everywhere", guard.Handler(tokens.LogoutEverywhere()))
func (s *Service) LogoutEverywhere() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		p, ok := auth.FromContext(r.Context())
		switch {
		case r.Method != http.MethodPost: // no link and no picture must log anybody out
			e := invalidRequest(http.StatusMethodNotAllowed, "The method must be POST.")
			e.header = http.Header{"Allow": {http.MethodPost}}
			s.refuse(w, r, e)
		case !ok:
			s.refuse(w, r, serverError(errors.New("LogoutEverywhere is not behind a Guard")))
		default:
			subject, own := s.ownSubject(p)
			if !own {
				e := unauthorizedClient("the principal did not come by a token of this issuer")
				e.status = http.StatusForbidden
				s.refuse(w, r, e)
				return
			}
			if err := s.RevokeSubject(r.Context(), subject); err != nil {
				s.refuse(w, r, unavailable(err))
				return
			}
			w.WriteHeader(http.StatusNoContent)
		}
	})
}
