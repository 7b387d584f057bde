package tlsutil

import (
	"errors"
	"net/http"
)

var (
	// ErrHost is the cause of a refusal of a host that is not in the list.
	ErrHost = errors.New("host is not served here")
	// ErrPlainHTTP is the cause of a refusal of plain HTTP where only HTTPS will do.
	ErrPlainHTTP = errors.New("plain HTTP")
)

// Error is a request refused by [Hosts] or [Redirect]. errors.Is finds [ErrHost] or [ErrPlainHTTP] in it.
type Error struct {
	cause  error
	status int
	public string
}

// What the two kinds of refusal say. They hold nothing of a request, so that one value serves all.
var (
	// RFC 9110, section 15.5.20: the client may try again on another connection.
	refusedHost = &Error{ErrHost, http.StatusMisdirectedRequest, "This server does not answer for the requested host."}
	// A redirect would make the client send the body a second time and hide that the first went in the clear.
	refusedPlain = &Error{ErrPlainHTTP, http.StatusForbidden,
		"Only GET and HEAD are redirected to HTTPS. This request travelled unencrypted: send it over HTTPS, and replace any secret that was in it."}
)

// Error returns the text for the log.
func (e *Error) Error() string { return "tlsutil: " + e.cause.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// HTTPStatus returns 421 or 403.
func (e *Error) HTTPStatus() int { return e.status }

// Header returns nil: neither refusal needs a header.
func (e *Error) Header() http.Header { return nil }

// Public returns the text for the client.
func (e *Error) Public() string { return e.public }
