package oauth

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/sallyport-go/sallyport/auth/throttle"
	"github.com/sallyport-go/sallyport/internal/event"
	"github.com/sallyport-go/sallyport/internal/problem"
)

// Error is a refusal of the token endpoint. Neither of its texts contains anything of the request.
type Error struct {
	status int
	code   string
	public string
	cause  error
	header http.Header

	event   event.Name // empty if somebody else has raised it
	subject string     // whom it concerns, if that was found out
}

// Code returns the error code of RFC 6749, section 5.2. That section has none for a service that fails: it is "temporarily_unavailable"
// with 503 and 429 and "server_error" with 500, the words that section 4.1.2.1 has for the authorization endpoint.
func (e *Error) Code() string { return e.code }

// Error returns the text for the log.
func (e *Error) Error() string { return "oauth: " + e.code + ": " + e.cause.Error() }

// Unwrap returns the cause, such as store.ErrReused or what a [Users] returned.
func (e *Error) Unwrap() error { return e.cause }

// HTTPStatus returns 400 as a rule (RFC 6749, section 5.2), 401 for a client that used the Authorization header, 405, 413 and 415 for a
// wrong method, a body that is too large or of another type, 429 after too many attempts to log in, 503 if the service cannot answer, and 500 if it fails otherwise.
func (e *Error) HTTPStatus() int { return e.status }

// Header returns a copy of the headers that the answer must carry: WWW-Authenticate, Allow or Retry-After.
func (e *Error) Header() http.Header { return e.header.Clone() }

// Public returns the text for the client, in the characters of an error_description (RFC 6749, section 5.2).
func (e *Error) Public() string { return e.public }

func invalidRequest(status int, public string) *Error {
	return &Error{status: status, code: "invalid_request", public: public, cause: errors.New(public), event: event.InputValidationFail}
}

func badRequest(public string) *Error { return invalidRequest(http.StatusBadRequest, public) }

func unsupportedGrant() *Error {
	return &Error{status: http.StatusBadRequest, code: "unsupported_grant_type", public: "The grant_type is not supported.",
		cause: errors.New("the grant is not known, or off"), event: event.InputValidationFail}
}

func unauthorizedClient(cause string) *Error {
	return &Error{status: http.StatusBadRequest, code: "unauthorized_client", public: "The client may not do this.",
		cause: errors.New(cause), event: event.AuthzFail}
}

// unsupportedTokenType is RFC 7009, section 2.2.1.
func unsupportedTokenType() *Error {
	return &Error{status: http.StatusBadRequest, code: "unsupported_token_type", public: "Access tokens cannot be revoked here. They end by themselves.",
		cause: errors.New("the issuer has no Revocations that can be written to"), event: event.InputValidationFail}
}

// invalidClient challenges only a client that used the header, as it must: a browser answers a challenge with a dialogue.
func invalidClient(header bool, cause string) *Error {
	e := &Error{status: http.StatusBadRequest, code: "invalid_client", public: "The client is unknown or cannot authenticate this way.",
		cause: errors.New(cause), event: event.AuthnTokenRefused}
	if header {
		e.status, e.header = http.StatusUnauthorized, http.Header{"Www-Authenticate": {`Basic realm="oauth"`}}
	}
	return e
}

// invalidGrant is one answer for everything that is wrong with a password or a refresh token.
func invalidGrant(name event.Name, cause error, subject string) *Error {
	return &Error{status: http.StatusBadRequest, code: "invalid_grant", public: "The credentials are not valid.",
		cause: cause, event: name, subject: subject}
}

func invalidScope(cause, subject string) *Error {
	return &Error{status: http.StatusBadRequest, code: "invalid_scope", public: "The scope is malformed, or more than can be granted.",
		cause: errors.New(cause), event: event.InputValidationFail, subject: subject}
}

const retryAfter = "5" // seconds (RFC 9110, section 10.2.3)

// limited is what the throttle said. It has raised the event already.
func limited(cause error) *Error {
	if !errors.Is(cause, throttle.ErrLimited) {
		e := unavailable(cause)
		e.event = ""
		return e
	}
	e := &Error{status: http.StatusTooManyRequests, code: "temporarily_unavailable", public: "Too many attempts to log in. Try again later.", cause: cause}
	if r, ok := errors.AsType[problem.Refusal](cause); ok {
		e.header = r.Header()
	}
	return e
}

// unavailable takes over the cause's own Retry-After.
func unavailable(cause error) *Error {
	e := &Error{status: http.StatusServiceUnavailable, code: "temporarily_unavailable", public: "The service cannot answer at the moment. Try again later.",
		cause: cause, header: http.Header{"Retry-After": {retryAfter}}, event: event.AvailabilityFail}
	if r, ok := errors.AsType[problem.Refusal](cause); ok && r.Header().Get("Retry-After") != "" {
		e.header.Set("Retry-After", r.Header().Get("Retry-After"))
	}
	return e
}

func serverError(cause error) *Error {
	return &Error{status: http.StatusInternalServerError, code: "server_error", public: "The request could not be served.",
		cause: cause, event: event.AvailabilityFail}
}

// deny writes the answer of RFC 6749, section 5.2.
func deny(w http.ResponseWriter, r *http.Request, err error) {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		e = serverError(err)
	}
	writeJSON(w, r, e.status, struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}{e.code, e.public})
}

func writeJSON(w http.ResponseWriter, r *http.Request, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil { // structs of strings and numbers always encode
		problem.Deny(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a client that went away is not our error
	}
}
