package apikey

import (
	"errors"
	"net/http"
)

// ErrGrant says that a [Grant] cannot be made a key of.
var ErrGrant = errors.New("apikey: the grant is not sound")

// retryAfter is in seconds (RFC 9110, section 10.2.3).
const retryAfter = "5"

// Error is what the methods of [Keys] that create, list and revoke return. Its texts hold neither a key nor input. What
// [Keys.Authenticate] and [Keys.Verify] return is for an [auth.Guard], which answers it.
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

// Unwrap returns what the [Store] said, or the faults of the [Grant].
func (e *Error) Unwrap() error { return e.cause }

// HTTPStatus returns 404 for [ErrUnknown], 409 for [ErrTooMany], 422 for [ErrGrant], and 503 for [ErrFull] and [ErrUnavailable].
func (e *Error) HTTPStatus() int {
	switch e.kind {
	case ErrUnknown:
		return http.StatusNotFound
	case ErrTooMany:
		return http.StatusConflict
	case ErrGrant:
		return http.StatusUnprocessableEntity
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
	case ErrUnknown:
		return "There is no such key."
	case ErrTooMany:
		return "There are too many keys. Revoke one that is not used."
	case ErrGrant:
		return "No key can have this name, these scopes or this lifetime."
	}
	return "The service is not available at the moment. Try again later."
}
