package validate

import (
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/internal/event"
	"github.com/sallyport-go/sallyport/internal/problem"
)

// refuser answers errors and logs them.
type refuser struct {
	deny   func(http.ResponseWriter, *http.Request, error)
	logger *slog.Logger
	events *event.Log
}

func newRefuser(c Config) refuser {
	return refuser{deny: c.Deny, logger: c.Logger, events: event.New(c.Logger, c.ClientAddr)}
}

// Refuse answers err with Config.Deny. An error of any package that has HTTPStatus() int and Public() string, and perhaps
// Header() http.Header, decides about its own status and text; every other is answered with 500 and no text of its own.
//
// An *[Error] of a client is logged as input_validation_fail with its codes; what is answered with 500 or more is logged as an
// error. Of other errors 401 and 403 are logged as authz_fail, and 400 and 422 as input_validation_fail, with the text of Error.
func (t *Type[T]) Refuse(w http.ResponseWriter, r *http.Request, err error) { t.refuse(w, r, err) }

// outward is an error that may be shown to the client.
type outward interface {
	error
	HTTPStatus() int
	Public() string
}

// headerless lends an outward error a Header method.
type headerless struct {
	outward
	err error // as it was returned
}

func (headerless) Header() http.Header { return nil }
func (h headerless) Unwrap() error     { return h.err }

func (f refuser) refuse(w http.ResponseWriter, r *http.Request, err error) {
	out, ok := errors.AsType[outward](err)
	switch e, ours := errors.AsType[*Error](err); {
	case !ok || out.HTTPStatus() >= http.StatusInternalServerError || out.HTTPStatus() < http.StatusBadRequest:
		f.logFailure(r, err)
	case ours:
		f.events.Request(r, slog.LevelWarn, event.InputValidationFail,
			slog.Int("status", out.HTTPStatus()), slog.String("codes", codes(e.Violations)))
	default:
		f.logRefusal(r, out)
	}
	if _, complete := out.(problem.Refusal); ok && !complete {
		err = headerless{out, err}
	}
	problem.Refuse(w, r, err, f.deny)
}

// codes lists each code once.
func codes(violations []Violation) string {
	var list []string
	for _, v := range violations {
		if !slices.Contains(list, v.Code) {
			list = append(list, v.Code)
		}
	}
	return strings.Join(list, " ")
}

// logRefusal raises the event of what a handler has refused by an error of its own: who may not do something to this very thing, such as the
// note of somebody else, and input that only the handler could judge. What is not found, or conflicts, is no event.
func (f refuser) logRefusal(r *http.Request, out outward) {
	name := event.AuthzFail
	switch out.HTTPStatus() {
	case http.StatusUnauthorized, http.StatusForbidden:
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		name = event.InputValidationFail
	default:
		return
	}
	f.events.Request(r, slog.LevelWarn, name, slog.Int("status", out.HTTPStatus()), slog.String("reason", out.Error()))
}

// logFailure logs what is the server's own fault.
func (f refuser) logFailure(r *http.Request, err error) {
	logger := f.logger
	if logger == nil {
		logger = slog.Default()
	}
	logger.LogAttrs(r.Context(), slog.LevelError, "validate: a request failed",
		slog.String("method", r.Method), slog.String("route", r.Pattern), slog.String("error", event.Clean(err.Error())))
}
