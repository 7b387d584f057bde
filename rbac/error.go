package rbac

import (
	"errors"
	"net/http"
	"strings"
)

// Causes of refusals.
var (
	// ErrUnauthenticated means that nobody is known to have sent the request.
	ErrUnauthenticated = errors.New("nobody is authenticated")
	// ErrDenied means that the subject may not.
	ErrDenied = errors.New("permission denied")
	// ErrUnavailable means that no decision could be taken. It says nothing about the subject.
	ErrUnavailable = errors.New("no decision could be taken")
)

// Error is a refusal. Its text is for the log; only Public may leave the process.
type Error struct {
	status int
	public string
	header http.Header
	cause  error
}

// Error returns the cause, which contains no value of the request.
func (e *Error) Error() string { return "rbac: " + e.cause.Error() }

// Unwrap returns the cause: [ErrUnauthenticated], [ErrDenied], [ErrUnavailable] joined with what failed, or the fault of a
// handler. A request that matches no route has a cause of no name: tell it by HTTPStatus.
func (e *Error) Unwrap() error { return e.cause }

// HTTPStatus is 401, 403, 404, 405, 500 (a handler that was built wrongly) or 503; from [Engine.Check], also another status from 400 to 599 that
// Config.Authenticate refused the request with.
func (e *Error) HTTPStatus() int { return e.status }

// Header holds WWW-Authenticate for 401, Allow for 405 and Retry-After for 503; after a refusal by Config.Authenticate in [Engine.Check], what it
// set. It may be nil.
func (e *Error) Header() http.Header { return e.header }

// Public is the text for the client. It tells neither the reason nor anything about the policy.
func (e *Error) Public() string { return e.public }

// unauthenticated carries a challenge because a 401 without one is malformed (RFC 9110, section 15.5.2). Bearer without
// parameters is what RFC 6750, section 3.1, asks for when a request carries no credentials. Config.Authenticate writes its own.
func unauthenticated() *Error {
	return &Error{status: http.StatusUnauthorized, public: "Authentication is required.",
		header: http.Header{"Www-Authenticate": {"Bearer"}}, cause: ErrUnauthenticated}
}

func denied() *Error {
	return &Error{status: http.StatusForbidden, public: "You do not have permission to do this.", cause: ErrDenied}
}

func unavailable(cause error) *Error {
	return &Error{status: http.StatusServiceUnavailable, public: "The request cannot be authorized at the moment.",
		header: http.Header{"Retry-After": {"5"}}, cause: undecided{cause}}
}

func notFound() *Error {
	return &Error{status: http.StatusNotFound, public: "There is nothing here.", cause: errors.New("no route matches")}
}

func methodNotAllowed(allow []string) *Error {
	return &Error{status: http.StatusMethodNotAllowed, public: "This method is not allowed here.",
		header: http.Header{"Allow": {strings.Join(allow, ", ")}}, cause: errors.New("no route has this method")}
}

func misbuilt(fault error) *Error {
	return &Error{status: http.StatusInternalServerError, public: "The request could not be served.", cause: fault}
}

// undecided puts ErrUnavailable before what failed.
type undecided struct{ cause error }

func (u undecided) Error() string   { return ErrUnavailable.Error() + ": " + u.cause.Error() }
func (u undecided) Unwrap() []error { return []error{ErrUnavailable, u.cause} }
