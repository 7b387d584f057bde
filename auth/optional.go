package auth

import (
	"net/http"

	"github.com/sallyport-go/sallyport/internal/problem"
)

// Optional returns next behind the Guard for a route that anybody may use and that knows its users: a request without credentials
// passes, and [FromContext] finds nobody, whatever was in its context before. Wrong credentials are refused as everywhere.
// Answers vary by who asks, and so they carry Vary: Authorization.
func (g *Guard) Optional(next http.Handler) http.Handler {
	return &optional{g.RequireAll()(next).(*guarded)}
}

// optional is a handler that does not insist.
type optional struct{ *guarded }

func (h *optional) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Authorization")
	if h.err != nil {
		h.guarded.ServeHTTP(w, r)
		return
	}
	passed, err := h.guard.check(r, nil, nil)
	switch {
	case err == nil:
		h.guard.serve(h.next, w, passed)
	case err.kind == ErrNoCredentials:
		h.guard.serve(h.next, w, r.WithContext(NewContext(r.Context(), nil)))
	default:
		h.guard.record(r, err)
		problem.Refuse(w, r, err, h.guard.deny)
	}
}
