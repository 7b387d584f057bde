package password

import (
	"errors"
	"net/http"
)

// Causes of an [Error], for errors.Is.
var (
	// ErrBusy says that the budget had no room, or that the context ended while waiting for it. Try again.
	ErrBusy = errors.New("password: no room to hash")
	// ErrEncoding says that a stored hash cannot be read: not a PHC string, an unknown scheme, or parameters out of bounds.
	ErrEncoding = errors.New("password: the stored hash cannot be read")
	// ErrPassword says that no hash is made of this password: it is empty, over [MaxPassword] bytes, has a NUL or is not UTF-8.
	ErrPassword = errors.New("password: not 1 to 1024 bytes of UTF-8 without NUL")
)

// Error is what the methods of [Hasher] return. Neither of its texts contains anything of a password or a hash.
type Error struct{ cause error }

// Error is for the log.
func (e *Error) Error() string { return e.cause.Error() }

// Unwrap returns the cause: one of the sentinels, or an error that wraps one.
func (e *Error) Unwrap() error { return e.cause }

// HTTPStatus is 503 for [ErrBusy], 422 for [ErrPassword] and 500 for [ErrEncoding].
func (e *Error) HTTPStatus() int {
	switch {
	case errors.Is(e.cause, ErrBusy):
		return http.StatusServiceUnavailable
	case errors.Is(e.cause, ErrPassword):
		return http.StatusUnprocessableEntity
	default:
		return http.StatusInternalServerError
	}
}

// Header holds Retry-After, in seconds, for [ErrBusy].
func (e *Error) Header() http.Header {
	if errors.Is(e.cause, ErrBusy) {
		return http.Header{"Retry-After": {"1"}}
	}
	return nil
}

// Public is the text for the client.
func (e *Error) Public() string {
	switch {
	case errors.Is(e.cause, ErrBusy):
		return "The service is busy. Try again shortly."
	case errors.Is(e.cause, ErrPassword):
		return "A password has 1 to 1,024 bytes of UTF-8 text without NUL."
	default:
		return "The request could not be served."
	}
}
