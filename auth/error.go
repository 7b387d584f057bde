package auth

import (
	"errors"
	"net/http"
)

// The causes of an [*Error], for errors.Is.
var (
	// ErrNoCredentials means that the request carries none. Status 401.
	ErrNoCredentials = errors.New("auth: no credentials")
	// ErrInvalidRequest means that the credentials are not well-formed, or are there more than once. Status 400.
	ErrInvalidRequest = errors.New("auth: malformed or repeated credentials")
	// ErrInvalidCredentials means that the credentials are wrong. It is for authenticators of your own. Status 401.
	ErrInvalidCredentials = errors.New("auth: the credentials are wrong")

	// What follows is wrong with a token. Status 401.

	ErrMalformed   = errors.New("auth: the token is not a well-formed JWT")
	ErrAlgorithm   = errors.New("auth: the token's algorithm is not that of the key")
	ErrUnknownKey  = errors.New("auth: the token names no key that is known")
	ErrSignature   = errors.New("auth: the token's signature is not valid")
	ErrType        = errors.New("auth: the token is of another type")
	ErrIssuer      = errors.New("auth: the token is from another issuer")
	ErrAudience    = errors.New("auth: the token is for another audience")
	ErrExpired     = errors.New("auth: the token has expired")
	ErrNotYetValid = errors.New("auth: the token is not valid yet")
	ErrBinding     = errors.New("auth: the sender has not proved to hold the key that the token is bound to")
	ErrProof       = errors.New("auth: the DPoP proof is missing or not valid")
	ErrRevoked     = errors.New("auth: the token was revoked")
	ErrClaims      = errors.New("auth: a claim of the token is missing or of the wrong form")

	// ErrInsufficientScope means that the principal lacks a scope. Status 403.
	ErrInsufficientScope = errors.New("auth: a scope is missing")
	// ErrInsufficientAuthentication means that the principal proved who they are too long ago, or too weakly (RFC 9470). Status 401.
	ErrInsufficientAuthentication = errors.New("auth: the authentication is too old or too weak")
	// ErrCrossOrigin means that a browser sent a cookie because another site asked it to. Status 403.
	ErrCrossOrigin = errors.New("auth: the request comes from another origin")
	// ErrUnavailable means that nobody could decide. Status 503 with Retry-After.
	ErrUnavailable = errors.New("auth: credentials cannot be checked at the moment")

	// errNonce asks for a proof with the nonce of the service. Status 401.
	errNonce = errors.New("auth: the DPoP proof has no nonce of this service that is still good")
	// errMisuse is a handler that was built wrongly. Status 500.
	errMisuse = errors.New("auth: the handler is built wrongly")
)

// tokenFaults are answered with invalid_token (RFC 6750, section 3.1).
var tokenFaults = []error{ErrInvalidCredentials, ErrMalformed, ErrAlgorithm, ErrUnknownKey, ErrSignature, ErrType, ErrIssuer, ErrAudience,
	ErrExpired, ErrNotYetValid, ErrBinding, ErrProof, errNonce, ErrRevoked, ErrClaims}

// Error is a refusal. Neither of its texts contains anything of the request.
type Error struct {
	kind    error
	detail  string // for the log
	cause   error
	nonce   string // for the client's next proof, if not empty
	subject string // whom it concerns, if that was found out
	header  http.Header
}

func refusal(kind error, detail string) *Error { return &Error{kind: kind, detail: detail} }

// Error returns the text for the log.
func (e *Error) Error() string {
	s := e.kind.Error()
	if e.detail != "" {
		s += ": " + e.detail
	}
	return s
}

// Is says whether target is the cause of e.
func (e *Error) Is(target error) bool { return target == e.kind }

// Unwrap returns what an authenticator or a source of keys said, or nil.
func (e *Error) Unwrap() error { return e.cause }

// HTTPStatus returns 400, 401, 403, 500 or 503.
func (e *Error) HTTPStatus() int {
	switch e.kind {
	case ErrInvalidRequest:
		return http.StatusBadRequest
	case ErrInsufficientScope, ErrCrossOrigin:
		return http.StatusForbidden
	case ErrUnavailable:
		return http.StatusServiceUnavailable
	case errMisuse:
		return http.StatusInternalServerError
	}
	return http.StatusUnauthorized
}

// Header returns a copy of the headers that the answer must carry: WWW-Authenticate or Retry-After.
func (e *Error) Header() http.Header { return e.header.Clone() }

// Public returns the text for the client.
func (e *Error) Public() string {
	switch e.kind {
	case ErrNoCredentials:
		return "The request needs credentials."
	case ErrInvalidRequest:
		return "The credentials of the request are malformed or repeated."
	case ErrInsufficientScope:
		return "The access token does not cover this request."
	case ErrInsufficientAuthentication:
		return "The request needs a more recent or a stronger login."
	case ErrCrossOrigin:
		return "The request comes from another origin."
	case ErrUnavailable:
		return "The service is not available at the moment. Try again later."
	case errMisuse:
		return "The request could not be served."
	}
	return "The access token is not valid."
}
