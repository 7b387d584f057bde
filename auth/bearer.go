package auth

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

// Authenticator finds out who sent a request. Implement it for a login of your own, with [NewPrincipal] for its result.
//
// It may have two more methods. Presents(*http.Request) bool says whether a request carries credentials for it, so that [First] finds
// those that carry several. Vary() []string names the request headers beside Authorization that carry them: then answers are marked
// Cache-Control: private, unless the handler says otherwise, and Vary with those names. One that wraps another has
// Unwrap() Authenticator, so that these are found.
type Authenticator interface {
	// Authenticate returns the principal. The error is or wraps [ErrNoCredentials] if the request carries none of the kind that it
	// reads, [ErrInvalidCredentials] if they are wrong, and [ErrInvalidRequest] if they are malformed or repeated. Any other
	// error means that it could not decide, which is answered with 503; its text goes to the log, so that it must not hold credentials.
	Authenticate(r *http.Request) (*Principal, error)
	// Schemes names the authentication schemes for the challenge of a 401, such as "Bearer" (RFC 9110, section 11.6.1).
	Schemes() []string
}

// TokenVerifier turns a token into a principal, as [*Verifier] does.
type TokenVerifier interface {
	// Verify returns the principal. The error follows the rules of Authenticator.Authenticate.
	Verify(ctx context.Context, token string) (*Principal, error)
}

// Bearer returns an Authenticator that reads the Authorization header (RFC 6750, section 2.1) and no other place: a token in a
// URL ends in logs and histories. The header may be there once.
//
// A token that is bound to a client certificate ("cnf" with "x5t#S256", RFC 8705, section 3) is accepted over a connection with
// that certificate only, and one that is bound in another way not at all; see [DPoP].
func Bearer(v TokenVerifier) Authenticator { return bearer{v} }

type bearer struct{ verifier TokenVerifier }

func (bearer) Schemes() []string { return []string{schemeBearer} }

func (b bearer) fault() error {
	if missing(b.verifier) {
		return errors.New("auth: Config.Authenticator is Bearer(nil): give it a verifier, such as issuer.Verifier()")
	}
	return nil
}

// Presents says whether there are credentials of this scheme.
func (bearer) Presents(r *http.Request) bool { return presents(r, schemeBearer) }

func (b bearer) Authenticate(r *http.Request) (*Principal, error) {
	if err := b.fault(); err != nil {
		return nil, err
	}
	token, err := credentials(r, schemeBearer)
	if err != nil {
		return nil, err
	}
	return verifyFrom(r, b.verifier, token)
}

// verifyFrom verifies a token that r carries as it is.
func verifyFrom(r *http.Request, v TokenVerifier, token string) (*Principal, error) {
	if v, ok := v.(boundVerifier); ok {
		return v.verifyFor(r.Context(), token, (*tlsPeer)(r))
	}
	return v.Verify(r.Context(), token)
}

// token68 is the form of credentials in one piece (RFC 9110, section 11.2).
func token68(s string) bool {
	text := strings.TrimRight(s, "=")
	for i := range len(text) {
		c := text[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~+/", c) >= 0) {
			return false
		}
	}
	return text != ""
}

// missing says whether there is no verifier.
func missing(v TokenVerifier) bool {
	switch v := v.(type) {
	case nil:
		return true
	case *Verifier:
		return v == nil
	case *Issuers:
		return v == nil
	case *Introspector:
		return v == nil
	}
	return false
}
