package auth

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/internal/problem"
)

// Requirement is what a principal must have beside being one: [Scopes], [MaxAge], [ACR].
type Requirement interface {
	// check returns the refusal, without headers, or nil. It is for a requirement without a fault.
	check(*Principal) *Error
	// add returns scopes with those that the requirement asks for.
	add(scopes []string) []string
	// fault returns what is wrong with the requirement itself.
	fault() error
}

// Scopes requires that the access token covers each of the scopes (RFC 6749, section 3.3). A name that no token can have makes a
// requirement that nobody meets: its refusal has status 500, because the program is wrong and not the client.
func Scopes(scopes ...string) Requirement {
	return scopeRequirement(slices.Clone(scopes))
}

type scopeRequirement []string

func (s scopeRequirement) check(p *Principal) *Error {
	for _, scope := range s {
		if !p.HasScope(scope) {
			return &Error{kind: ErrInsufficientScope, subject: p.id.Subject}
		}
	}
	return nil
}

func (s scopeRequirement) add(scopes []string) []string {
	scopes = slices.Clip(scopes) // appending makes a copy, since others hold the list
	for _, scope := range s {
		if validScope(scope) && !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

func (s scopeRequirement) fault() error {
	if !allFunc(s, validScope) {
		return errors.New("auth: a required scope has other characters than RFC 6749, section 3.3, allows: use printable ASCII without space, \" and \\")
	}
	return nil
}

// validScope says whether s is a scope-token of RFC 6749, section 3.3.
func validScope(s string) bool {
	return s != "" && len(s) <= maxName && quotable(s) && strings.IndexByte(s, ' ') < 0
}

// Handler returns next behind the Guard: only authenticated requests reach it.
func (g *Guard) Handler(next http.Handler) http.Handler { return g.RequireAll()(next) }

// Require returns a middleware that lets a request through if it is authenticated and its token covers all scopes. Nested, they add
// up: the challenge of each names the scopes of all, as far as [http.Handler] values with Unwrap lead to them.
//
// A handler that is built wrongly, with a scope that no token can have or with nil, answers 500 and says why by its method Err() error.
// rbac.Mux asks for it before it serves.
func (g *Guard) Require(scopes ...string) func(http.Handler) http.Handler {
	return g.RequireAll(Scopes(scopes...))
}

// RequireAll is [Guard.Require] for requirements of every kind:
//
//	mux.Handle("POST /password", guard.RequireAll(auth.Scopes("account"), auth.MaxAge(5*time.Minute))(change))
func (g *Guard) RequireAll(requirements ...Requirement) func(http.Handler) http.Handler {
	requirements = slices.Clone(requirements)
	return func(next http.Handler) http.Handler {
		h := &guarded{guard: g, next: next, requirements: requirements, err: all(requirements).fault()}
		if next == nil {
			h.err = errors.Join(h.err, errors.New("auth: the handler behind the Guard is nil: give one"))
		}
		for inner := next; inner != nil; {
			if scoped, ok := inner.(interface{ RequiredScopes() []string }); ok {
				h.inner = append(h.inner, scoped.RequiredScopes()...)
				break // it speaks for those below
			}
			wrapper, ok := inner.(interface{ Unwrap() http.Handler })
			if !ok {
				break
			}
			inner = wrapper.Unwrap()
		}
		return h
	}
}

// guarded is a handler behind a Guard.
type guarded struct {
	guard        *Guard
	next         http.Handler
	requirements []Requirement
	inner        []string // scopes that handlers below require
	err          error
}

func (h *guarded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	passed, err := r, refusal(errMisuse, "")
	if h.err != nil {
		err.detail = h.err.Error()
	} else {
		passed, err = h.guard.check(r, h.requirements, h.inner)
	}
	if err != nil {
		h.guard.record(r, err)
		problem.Refuse(w, r, err, h.guard.deny)
		return
	}
	h.guard.serve(h.next, w, passed)
}

// serve has next answer a request that got through.
func (g *Guard) serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	g.Vary(w)
	next.ServeHTTP(w, r)
}

// Unwrap returns the handler behind the Guard.
func (h *guarded) Unwrap() http.Handler { return h.next }

// RequiredScopes returns the scopes that a request needs to get through, those of guarded handlers below included.
func (h *guarded) RequiredScopes() []string {
	return scopeRequirement(h.inner).add(all(h.requirements).add(nil))
}

// Err returns what is wrong with the handler, or nil.
func (h *guarded) Err() error { return h.err }
