package session

import (
	"errors"
	"net/http"

	"github.com/sallyport-go/sallyport/internal/problem"
)

// Handler returns next, without the requests that another site made the browser send: those that are not GET, HEAD or OPTIONS, or
// open a WebSocket, and come from another origin, with a session or without. It does not ask who is there; an [auth.Guard] does.
//
// It tells caches that answers depend on the cookie, and that those to requests with a session are private, unless next says otherwise.
// Put it around the whole site.
func (s *Sessions) Handler(next http.Handler) http.Handler {
	h := &protected{sessions: s, next: next}
	if next == nil {
		h.err = errors.New("session: the handler inside Handler is nil: give one")
	}
	return h
}

// protected is a handler that other sites do not reach.
type protected struct {
	sessions *Sessions
	next     http.Handler
	err      error
}

func (h *protected) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s, header := h.sessions, w.Header()
	header.Add("Vary", "Cookie")
	if header["Cache-Control"] == nil && s.Presents(r) {
		header.Set("Cache-Control", "private") // shared caches know that of the Authorization header only (RFC 9111, section 3.5)
	}
	switch {
	case h.err != nil:
		problem.Refuse(w, r, s.failed(r, &Error{kind: errMisuse, cause: h.err}), s.deny)
	case s.fromOther(r):
		problem.Refuse(w, r, s.failed(r, &Error{kind: ErrCrossOrigin}), s.deny)
	default:
		h.next.ServeHTTP(w, r)
	}
}

// Unwrap returns the handler inside.
func (h *protected) Unwrap() http.Handler { return h.next }

// Err returns what is wrong with the handler, or nil.
func (h *protected) Err() error { return h.err }
