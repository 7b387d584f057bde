package session

import (
	"errors"
	"net/http"
)

// Causes of an [*Error] beside those of a [Store], for errors.Is.
var (
	// ErrInvalidRequest means that there are two cookies of the name, or one with spaces around it. Status 400.
	ErrInvalidRequest = errors.New("session: more than one cookie of that name, or one with spaces around it")
	// ErrCrossOrigin means that a browser sent the request because another site asked it to. Status 403.
	ErrCrossOrigin = errors.New("session: the request comes from another origin")
	// ErrInsecure means that the client did not come by HTTPS, by what [Config.HTTPS] says. Status 500: the service is set up wrongly.
	ErrInsecure = errors.New("session: no cookie is set without HTTPS")
	// ErrIdentity means that Login was given an identity that it cannot keep. Status 500: the program is wrong.
	ErrIdentity = errors.New("session: the identity is not sound")

	// errMisuse is a handler that was built wrongly. Status 500.
	errMisuse = errors.New("session: the handler is built wrongly")
)

// retryAfter is in seconds (RFC 9110, section 10.2.3).
const retryAfter = "5"

// Error is what the methods of [Sessions] return, but Authenticate, whose errors are for an [auth.Guard]. Its texts contain nothing of the
// request.
type Error struct {
	kind  error
	cause error
}

// fault turns what a store said into the kind of error that the caller can do something about.
func fault(err error) *Error {
	for _, kind := range []error{ErrUnavailable, ErrUnknown, ErrTooMany, ErrFull} {
		if errors.Is(err, kind) {
			return &Error{kind: kind, cause: err}
		}
	}
	return &Error{kind: ErrUnavailable, cause: err} // it did not say that it was done
}

// Error is for the log.
func (e *Error) Error() string {
	if e.cause == nil || e.cause == e.kind {
		return e.kind.Error()
	}
	return e.kind.Error() + ": " + e.cause.Error()
}

// Is says whether target is the cause of e.
func (e *Error) Is(target error) bool { return target == e.kind }

// Unwrap returns what the [Store] said, or the faults of the identity, or nil.
func (e *Error) Unwrap() error { return e.cause }

// HTTPStatus returns 400, 403, 404 for [ErrUnknown], 409 for [ErrTooMany], 500, or 503 for [ErrFull] and [ErrUnavailable].
func (e *Error) HTTPStatus() int {
	switch e.kind {
	case ErrInvalidRequest:
		return http.StatusBadRequest
	case ErrCrossOrigin:
		return http.StatusForbidden
	case ErrUnknown:
		return http.StatusNotFound
	case ErrTooMany:
		return http.StatusConflict
	case ErrInsecure, ErrIdentity, errMisuse:
		return http.StatusInternalServerError
	}
	return http.StatusServiceUnavailable
}

// Header holds Retry-After with status 503.
func (e *Error) Header() http.Header {
	if e.HTTPStatus() == http.StatusServiceUnavailable {
		return http.Header{"Retry-After": {retryAfter}}
	}
	return nil
}

// Public is the text for the client.
func (e *Error) Public() string {
	switch e.kind {
	case ErrInvalidRequest:
		return "The request has more than one session."
	case ErrCrossOrigin:
		return "The request comes from another origin."
	case ErrUnknown:
		return "There is no such session."
	case ErrTooMany:
		return "There are too many sessions. End one that is not used."
	case ErrInsecure, ErrIdentity, errMisuse:
		return "The request could not be served."
	}
	return "The service is not available at the moment. Try again later."
}
