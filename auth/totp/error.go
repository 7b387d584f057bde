package totp

import (
	"errors"
	"net/http"
)

// Causes of an [*Error], for errors.Is.
var (
	// ErrCode means that the code is wrong, or no code. Status 403.
	ErrCode = errors.New("totp: wrong code")
	// ErrUsed means that the code is right and was used before, or one after it was. Status 403.
	ErrUsed = errors.New("totp: the code was used before")
	// ErrSealed means that a sealed secret cannot be opened: it is another subject's, was altered, or was sealed with a key that is
	// not in [Config.SealKeys]. Status 503, since the user can do nothing about it and nobody knows whether the code is right.
	ErrSealed = errors.New("totp: the sealed secret cannot be opened")
	// ErrUnavailable means that [Steps] or [Recovery] could not answer. Status 503 with Retry-After.
	ErrUnavailable = errors.New("totp: codes cannot be checked at the moment")
	// ErrFull is what [Memory] answers when it has no room. It becomes ErrUnavailable.
	ErrFull = errors.New("totp: full")

	// errMisuse is a call that the program should not have made. Status 500.
	errMisuse = errors.New("totp: misuse")
)

// retryAfter is in seconds (RFC 9110, section 10.2.3).
const retryAfter = "5"

// Error is a refusal. Its texts contain neither a code nor a secret, nor anything of the request.
type Error struct {
	kind   error
	detail string // for the log
	cause  error
}

func refusal(kind error, detail string) *Error { return &Error{kind: kind, detail: detail} }

// Error is for the log.
func (e *Error) Error() string {
	s := e.kind.Error()
	if e.detail != "" {
		s += ": " + e.detail
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Is says whether target is the cause of e.
func (e *Error) Is(target error) bool { return target == e.kind }

// Unwrap returns what a store said, or nil.
func (e *Error) Unwrap() error { return e.cause }

// HTTPStatus returns 403, 500 or 503. It is not 401, which would have to name a scheme of authentication (RFC 9110, section 11.6.1).
func (e *Error) HTTPStatus() int {
	switch e.kind {
	case ErrCode, ErrUsed:
		return http.StatusForbidden
	case errMisuse:
		return http.StatusInternalServerError
	}
	return http.StatusServiceUnavailable
}

// Header holds Retry-After for [ErrUnavailable].
func (e *Error) Header() http.Header {
	if e.kind == ErrUnavailable {
		return http.Header{"Retry-After": {retryAfter}}
	}
	return nil
}

// Public is the text for the client. It is the same for a wrong code and for one that was used.
func (e *Error) Public() string {
	switch e.kind {
	case ErrCode, ErrUsed:
		return "The code is not valid. Wait for the next one."
	case errMisuse:
		return "The request could not be served."
	}
	return "The service is not available at the moment. Try again later."
}
