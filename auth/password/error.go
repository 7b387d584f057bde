package password

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// Causes of an [Error], for errors.Is.
var (
	// ErrBusy says that the budget had no room, or that the context ended while waiting for it. Try again.
	ErrBusy = errors.New("password: no room to hash")
	// ErrEncoding says that a stored hash cannot be read: not a PHC string, an unknown scheme, or parameters out of bounds.
	ErrEncoding = errors.New("password: the stored hash cannot be read")
	// ErrPepper says that a stored hash has a pepper that is not in [Config.Peppers]. It is also an [ErrEncoding].
	ErrPepper = fmt.Errorf("%w: its pepper is not configured", ErrEncoding)
	// ErrPassword says that no hash is made of this password: it is empty, over [MaxPassword] bytes, has a NUL or is not UTF-8.
	ErrPassword = errors.New("password: not 1 to 1024 bytes of UTF-8 without NUL")
	// ErrPolicy says that a password is not good enough; [Error.Reasons] says why.
	ErrPolicy = errors.New("password: refused by the policy")
	// ErrUnchecked says that [PolicyConfig.Breached] failed: whether the password is good enough could not be decided. Its own
	// error is among the causes, but not in the text, because it may quote the password: log it in the hook, with care.
	ErrUnchecked = errors.New("password: the list of breached passwords could not be asked")
)

// Error is what the methods of [Hasher] and [Policy] return. None of its texts contains anything of a password or a hash.
type Error struct {
	cause   error
	reasons []Reason // for ErrPolicy
}

// Error is for the log. It names the codes of the reasons.
func (e *Error) Error() string {
	text := e.cause.Error()
	for i, r := range e.reasons {
		text += [...]string{": ", ", "}[min(i, 1)] + string(r.Code)
	}
	return text
}

// Reasons says why a password was refused, for [ErrPolicy]; else it is empty.
func (e *Error) Reasons() []Reason { return slices.Clone(e.reasons) }

// Errors returns the reasons for the member "errors" of a problem response, or nil.
func (e *Error) Errors() any {
	if len(e.reasons) == 0 {
		return nil
	}
	return e.Reasons()
}

// Unwrap returns the cause: one of the sentinels, or an error that wraps one.
func (e *Error) Unwrap() error { return e.cause }

// HTTPStatus is 503 for [ErrBusy] and [ErrUnchecked], 422 for [ErrPassword] and [ErrPolicy], and 500 for [ErrEncoding].
func (e *Error) HTTPStatus() int {
	switch {
	case e.unavailable():
		return http.StatusServiceUnavailable
	case errors.Is(e.cause, ErrPassword), errors.Is(e.cause, ErrPolicy):
		return http.StatusUnprocessableEntity
	default:
		return http.StatusInternalServerError
	}
}

func (e *Error) unavailable() bool {
	return errors.Is(e.cause, ErrBusy) || errors.Is(e.cause, ErrUnchecked)
}

// Header holds Retry-After, in seconds, for [ErrBusy] and [ErrUnchecked].
func (e *Error) Header() http.Header {
	if e.unavailable() {
		return http.Header{"Retry-After": {"1"}}
	}
	return nil
}

// Public is the text for the client.
func (e *Error) Public() string {
	switch {
	case errors.Is(e.cause, ErrPolicy):
		return joinTexts(e.reasons)
	case e.unavailable():
		return "The service is busy. Try again shortly."
	case errors.Is(e.cause, ErrPassword):
		return "A password has 1 to 1,024 bytes of UTF-8 text without NUL."
	default:
		return "The request could not be served."
	}
}
