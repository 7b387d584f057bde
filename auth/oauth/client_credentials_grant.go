package oauth

import (
	"errors"
	"log/slog"
	"strings"

	"github.com/sallyport-go/sallyport/internal/event"
)

// ClientCredentialsGrant lets confidential clients get tokens for themselves (RFC 6749, section 4.4).
type ClientCredentialsGrant struct {
	// SubjectPrefix begins the subject of such a token, before the client's id, so that no client can have the subject of a user (RFC 9700,
	// section 4.15): 1 to 32 bytes of printable ASCII without space. Empty means "client:". A user whose Subject begins with it gets no token.
	SubjectPrefix string

	_ struct{} // keyed literals only: fields may be added later
}

const (
	defaultSubjectPrefix = "client:"
	maxSubjectPrefix     = 32
)

func (g ClientCredentialsGrant) faults() []error {
	for i := range len(g.SubjectPrefix) {
		if c := g.SubjectPrefix[i]; c <= ' ' || c > '~' || i >= maxSubjectPrefix {
			return []error{errors.New("oauth: Config.ClientCredentials.SubjectPrefix is not 1 to 32 bytes of printable ASCII without space: leave it empty for the default")}
		}
	}
	return nil
}

// clientCredentialsGrant issues no refresh token (section 4.4.3): the client can come back.
func (s *Service) clientCredentialsGrant(q request) (*answer, *Error) {
	scopes, ok := grantable(q.scopes, q.client.Scopes)
	if !ok {
		return nil, invalidScope("nothing of the scope is grantable", "")
	}
	subject := s.machines + q.client.ID
	a, refused := s.issue(q, User{Subject: subject}, scopes, login{})
	if refused == nil {
		s.log.Request(q.Request, slog.LevelInfo, event.AuthnLoginSuccess, slog.String("subject", subject), slog.String("client", q.client.ID))
	}
	return a, refused
}

// notAClient refuses a user whose subject a client's token could have.
func (s *Service) notAClient(u User) *Error {
	if s.machines != "" && strings.HasPrefix(u.Subject, s.machines) {
		return serverError(errors.New("the Subject of a user begins with Config.ClientCredentials.SubjectPrefix: choose another prefix"))
	}
	return nil
}
