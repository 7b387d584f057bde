package oauth

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/internal/event"
	"github.com/sallyport-go/sallyport/internal/problem"
)

// Token returns the token endpoint (RFC 6749, section 3.2). It takes a form of up to 16 KiB by POST, and answers JSON that is not to be
// stored.
func (s *Service) Token() http.Handler { return formEndpoint{s, s.exchange} }

// formEndpoint takes a form from a client, and answers JSON that is not to be stored.
type formEndpoint struct {
	service *Service
	decide  func(request) (any, *Error) // nil without an error is an empty answer
}

// ServeHTTP takes the time once, so that all of a request happens at the same instant.
func (e formEndpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	noStore(w)
	now := time.Now()
	f, refused := readForm(w, r)
	var c *Client
	if refused == nil {
		c, refused = e.service.identify(r.Header, f)
	}
	var a any
	if refused == nil {
		a, refused = e.decide(request{r, f, c, nil, now})
	}
	e.service.respond(w, r, a, refused)
}

func noStore(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache") // section 5.1
}

func (s *Service) respond(w http.ResponseWriter, r *http.Request, a any, refused *Error) {
	switch {
	case refused != nil:
		s.refuse(w, r, refused)
	case a == nil:
		w.WriteHeader(http.StatusOK)
	default:
		writeJSON(w, r, http.StatusOK, a)
	}
}

// answer is the body of RFC 6749, section 5.1. It always tells the scope, which is often not the one asked for.
type answer struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"` // seconds
	RefreshToken string `json:"refresh_token,omitempty"`
	Scope        string `json:"scope,omitempty"`
}

// request is a well-formed request of a client.
type request struct {
	*http.Request
	form   form
	client *Client
	scopes []string // asked for; none means all
	now    time.Time
}

func (s *Service) exchange(q request) (any, *Error) {
	name := GrantType(q.form["grant_type"])
	grant := s.grants[name]
	switch {
	case name == "":
		return nil, badRequest("The parameter grant_type is missing.")
	case grant == nil:
		return nil, unsupportedGrant()
	case !q.client.may(name):
		return nil, unauthorizedClient("the client may not use this grant")
	}
	var ok bool
	if q.scopes, ok = parseScope(q.form["scope"]); !ok {
		return nil, invalidScope("the scope is malformed", "")
	}
	a, refused := grant(q)
	if refused != nil {
		return nil, refused
	}
	return a, nil
}

// login is what outlives the access token.
type login struct {
	session  string
	authTime time.Time
	amr      []string
}

// issue signs an access token for u. The refresh token is the caller's to add, once the store has it.
func (s *Service) issue(q request, u User, scopes []string, l login) (*answer, *Error) {
	if l.authTime.After(q.now) { // by the clock of another node
		l.authTime = q.now
	}
	t, err := s.issuer.Issue(q.Context(), auth.Grant{Subject: u.Subject, Client: q.client.ID, Session: l.session,
		Scopes: scopes, Roles: u.Roles, AuthTime: l.authTime, AMR: l.amr})
	switch {
	case errors.Is(err, auth.ErrUnavailable):
		return nil, unavailable(err)
	case errors.Is(err, auth.ErrRevoked):
		return nil, invalidGrant(event.AuthnTokenRefused, err, u.Subject)
	case err != nil: // such as a user with a scope that is none
		return nil, serverError(err)
	}
	return &answer{AccessToken: t.Value, TokenType: "Bearer", ExpiresIn: int64(t.Expiry.Sub(q.now) / time.Second),
		Scope: strings.Join(scopes, " ")}, nil
}

// refuse logs the refusal and answers it.
func (s *Service) refuse(w http.ResponseWriter, r *http.Request, e *Error) {
	level := slog.LevelWarn
	switch {
	case e.event == event.InputValidationFail, e.event == event.SessionUseAfterExpire,
		e.event == event.AvailabilityFail && r.Context().Err() != nil: // the client hung up, which is no alarm
		level = slog.LevelInfo
	case e.event == event.AvailabilityFail, e.event == event.AuthnTokenReuse:
		level = slog.LevelError
	}
	attrs := []slog.Attr{slog.String("reason", e.Error())}
	if e.subject != "" {
		attrs = append(attrs, slog.String("subject", e.subject))
	}
	if e.event != "" {
		s.log.Request(r, level, e.event, attrs...)
	}
	answer := s.deny
	if answer == nil {
		answer = deny
	}
	problem.Refuse(w, r, e, answer)
}
