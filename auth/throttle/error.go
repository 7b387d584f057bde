package throttle

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

// Causes of an [Error], for errors.Is.
var (
	// ErrLimited means that there were too many attempts. Status 429 with Retry-After.
	ErrLimited = errors.New("throttle: too many attempts")
	// ErrUnavailable means that nobody could decide: the [Counters] did not answer, or the client has gone. Status 503 with
	// Retry-After.
	ErrUnavailable = errors.New("throttle: attempts cannot be counted at the moment")
)

// retryAfter is for [ErrUnavailable], in seconds.
const retryAfter = "5"

// Error is what [Throttle.Begin] returns. Neither of its texts contains anything of the request.
type Error struct {
	kind  error
	limit string        // what asks for the wait
	wait  time.Duration // of ErrLimited
	cause error         // of ErrUnavailable
}

// Error is for the log.
func (e *Error) Error() string {
	if e.limit == "" {
		return e.kind.Error()
	}
	return e.kind.Error() + " (limit: " + e.limit + ")"
}

// Is says whether target is the cause of e.
func (e *Error) Is(target error) bool { return target == e.kind }

// Unwrap returns what the [Counters] or the context said, or nil.
func (e *Error) Unwrap() error { return e.cause }

// HTTPStatus returns 429 (RFC 6585, section 4) for [ErrLimited] and 503 for [ErrUnavailable].
func (e *Error) HTTPStatus() int {
	if e.kind == ErrLimited {
		return http.StatusTooManyRequests
	}
	return http.StatusServiceUnavailable
}

// Header holds Retry-After in whole seconds, rounded up (RFC 9110, section 10.2.3).
func (e *Error) Header() http.Header {
	if e.kind != ErrLimited {
		return http.Header{"Retry-After": {retryAfter}}
	}
	seconds := (e.wait + time.Second - 1) / time.Second
	return http.Header{"Retry-After": {strconv.FormatInt(int64(seconds), 10)}}
}

// Public is the text for the client.
func (e *Error) Public() string {
	if e.kind == ErrLimited {
		return "Too many attempts to log in. Try again later."
	}
	return "The service is not available at the moment. Try again later."
}
