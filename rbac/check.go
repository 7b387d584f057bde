package rbac

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/sallyport-go/sallyport/internal/event"
	"github.com/sallyport-go/sallyport/internal/problem"
)

// Check does what [Engine.Require] does before the handler, [Config.Authenticate] and the decision on the permission "object:action", raises
// the event of a refusal and writes no answer. The request that it returns is the one that Authenticate passed on; the error is an [*Error].
// An adapter for any framework is built on it:
//
//	func may(permission string) gin.HandlerFunc {
//		engine.Require(permission) // so that engine.Err finds one that is mistyped
//		return func(c *gin.Context) {
//			r, err := engine.Check(c.Request, permission)
//			if err != nil {
//				engine.Refuse(c.Writer, c.Request, err)
//				c.Abort()
//				return
//			}
//			c.Request = r
//		}
//	}
//
// Of what Authenticate answers, the status and the headers are kept for [Engine.Refuse], and the body is dropped; an answer that is no refusal, such
// as a redirect to a login, becomes 401. Headers that it sets on a request that it passes on are dropped too, and its work ends before the handler's
// begins: one that needs either, such as a session that renews its cookie, has to stand further out, with Authenticate nil.
func (e *Engine) Check(r *http.Request, permission string) (*http.Request, error) {
	if e == nil || e.current.Load() == nil {
		return nil, misbuilt(fmt.Errorf("rbac: Check(%q): %w", permission, errNotMade))
	}
	object, action, err := parsePermission(permission)
	if err != nil {
		return nil, e.misused(r, fmt.Errorf("Check(%q): %w", permission, err))
	}
	passed, refusal := e.authenticate(r)
	if refusal == nil {
		refusal = e.check(passed, object, action)
	}
	if refusal != nil {
		return nil, refusal
	}
	return passed, nil
}

// Refuse answers r with err, which is what [Engine.Check] returned, by way of [Config.Deny].
func (e *Engine) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	if e == nil {
		problem.Refuse(w, r, err, nil)
		return
	}
	problem.Refuse(w, r, err, e.cfg.Deny)
}

// misused is a fault of the program that is met only by a request.
func (e *Engine) misused(r *http.Request, fault error) *Error {
	err := misbuilt(fault)
	e.log.Request(r, slog.LevelError, event.AvailabilityFail, slog.Any("cause", err))
	return err
}

// newEntry puts Config.Authenticate before a handler that notes the request it is given. It is nil without Authenticate.
func newEntry(authenticate func(http.Handler) http.Handler) (http.Handler, error) {
	if authenticate == nil {
		return nil, nil
	}
	h := authenticate(http.HandlerFunc(notePassed))
	if isNil(h) {
		return nil, errNoEntry
	}
	if err := builtWrongly(h); err != nil {
		return nil, fmt.Errorf("Config.Authenticate returned a handler that was built wrongly: %w", err)
	}
	return h, nil
}

var errNoEntry = errors.New("Config.Authenticate returned no handler")

type passedKey struct{}

// notePassed is where Authenticate leads. The place to note the request in travels in the context, so that one handler serves all of them.
func notePassed(_ http.ResponseWriter, r *http.Request) {
	if place, ok := r.Context().Value(passedKey{}).(*atomic.Pointer[http.Request]); ok {
		place.Store(r)
	}
}

// authenticate returns the request that Authenticate passed on, or its refusal. Whatever it wrote is a refusal, even if it went on after it.
func (e *Engine) authenticate(r *http.Request) (*http.Request, *Error) {
	entry, err := e.entry()
	if err != nil {
		return nil, e.misused(r, fmt.Errorf("Check: %w", err))
	}
	if entry == nil {
		return r, nil
	}
	var place atomic.Pointer[http.Request]
	w := unwritten{header: http.Header{}}
	entry.ServeHTTP(&w, r.WithContext(context.WithValue(r.Context(), passedKey{}, &place)))
	if passed := place.Load(); passed != nil && w.status == 0 {
		return passed, nil
	}
	return nil, w.refusal()
}

// unwritten takes the answer of Authenticate without sending it.
type unwritten struct {
	header http.Header
	status int
}

func (w *unwritten) Header() http.Header { return w.header }

func (w *unwritten) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK { // before it come informational answers
		w.status = status
	}
}

func (w *unwritten) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return len(b), nil
}

// ofTheBody are headers that describe an answer whose body is dropped.
var ofTheBody = []string{
	"Content-Type", "Content-Length", "Content-Encoding", "Content-Disposition", "Content-Language", "Content-Range", "Etag", "Last-Modified",
	"Transfer-Encoding", "Trailer", "Location",
}

// refusal turns the answer into one of ours.
func (w *unwritten) refusal() *Error {
	for _, name := range ofTheBody {
		w.header.Del(name)
	}
	var err *Error
	switch {
	case w.status == http.StatusForbidden:
		err = denied()
	case w.status == http.StatusServiceUnavailable:
		err = unavailable(errRefused)
	case w.status == http.StatusUnauthorized, w.status < http.StatusBadRequest, w.status > 599:
		err = unauthenticated()
	default:
		err = &Error{status: w.status, public: "The request was not accepted.", cause: errRefused}
	}
	for name, values := range err.header { // what the answer must carry, unless it does
		if w.header[name] == nil {
			w.header[name] = values
		}
	}
	err.header = w.header
	return err
}

var errRefused = errors.New("Config.Authenticate refused the request")
