package rbac

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"

	"github.com/sallyport-go/sallyport/internal/event"
)

// Require returns middleware for one route of any router: [Config.Authenticate], then the decision on the permission
// "object:action", then the handler. Prefer [Mux], which also finds the route that has no Require.
//
// It does not panic on a malformed permission or a nil handler. Such a handler answers 500, and its method Err() error says why. All such
// faults, and permissions that no rule allows, are told by [Engine.Err]: call it before the server starts.
func (e *Engine) Require(permission string) func(http.Handler) http.Handler {
	if e != nil {
		e.asked.permission(permission)
	}
	return func(next http.Handler) http.Handler {
		g := e.guard(permission, next)
		if _, _, err := parsePermission(permission); e != nil && err == nil && g.err != nil {
			e.asked.fault(g.err)
		}
		return g
	}
}

func (e *Engine) guard(permission string, next http.Handler) *guarded {
	g := &guarded{engine: e, permission: permission, next: next}
	if e == nil || e.current.Load() == nil {
		g.err = fmt.Errorf("rbac: Require(%q): %w", permission, errNotMade)
		return g
	}
	var err error
	if g.object, g.action, err = parsePermission(permission); err != nil {
		g.err = fmt.Errorf("rbac: Require(%q): %w", permission, err)
		return g
	}
	if isNil(next) {
		g.err = fmt.Errorf("rbac: Require(%q): the handler is nil", permission)
		return g
	}
	g.entry = &decision{g}
	if e.cfg.Authenticate != nil {
		g.entry = e.cfg.Authenticate(g.entry)
	}
	if isNil(g.entry) {
		g.err = fmt.Errorf("rbac: Require(%q): %w", permission, errNoEntry)
	} else if err := builtWrongly(g.entry); err != nil {
		g.err = fmt.Errorf("rbac: Require(%q): Config.Authenticate returned a handler that was built wrongly: %w", permission, err)
	}
	return g
}

// guarded is a handler behind a decision.
type guarded struct {
	engine         *Engine
	permission     string
	object, action string
	entry          http.Handler // authentication, which leads to the decision
	next           http.Handler
	err            error
}

// Err says why the handler was built wrongly, or is nil.
func (g *guarded) Err() error { return g.err }

// Permission is "object:action".
func (g *guarded) Permission() string { return g.permission }

// Unwrap returns the handler that is guarded.
func (g *guarded) Unwrap() http.Handler { return g.next }

func (g *guarded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.err != nil {
		g.engine.refuse(w, r, misbuilt(g.err))
		return
	}
	g.entry.ServeHTTP(w, r)
}

// decision is the door between authentication and the handler. The chain through authentication ends here: what is behind the
// door is found by the Unwrap of guarded, also where Authenticate returns a handler that does not unwrap.
type decision struct{ g *guarded }

func (d *decision) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := d.g.engine.check(r, d.g.object, d.g.action); err != nil {
		d.g.engine.refuse(w, r, err)
		return
	}
	d.g.next.ServeHTTP(w, r)
}

// check decides on r and raises the events. Nil means allowed.
func (e *Engine) check(r *http.Request, object, action string) *Error {
	subject, known := e.cfg.Subject(r)
	if !known {
		e.logDenial(r, Request{Object: object, Action: action}, Decision{reason: "nobody is authenticated"})
		return unauthenticated()
	}
	req := Request{Subject: subject, Object: object, Action: action}
	if e.cfg.Roles != nil {
		req.Roles = e.cfg.Roles(r)
	}
	if e.cfg.Tenant != nil {
		tenant, known := e.cfg.Tenant(r)
		if !known {
			e.logDenial(r, req, Decision{reason: "the request names no tenant"})
			return denied()
		}
		req.Tenant = tenant
	}
	d, err := e.current.Load().authorize(r.Context(), req)
	if err != nil {
		refusal := unavailable(err)
		if !errors.Is(err, context.Canceled) { // that is a client that went away
			e.log.Request(r, slog.LevelError, event.AvailabilityFail, slog.Any("cause", refusal))
		}
		return refusal
	}
	if !d.Allowed() {
		e.logDenial(r, req, d)
		return denied()
	}
	return nil
}

func (e *Engine) logDenial(r *http.Request, req Request, d Decision) {
	attrs := []slog.Attr{slog.String("subject", req.Subject), slog.String("tenant", req.Tenant),
		slog.String("permission", req.Object+":"+req.Action), slog.String("reason", d.Reason())}
	if len(d.unknown) > 0 {
		attrs = append(attrs, slog.String("roles_not_in_policy", strings.Join(d.unknown, " ")))
	}
	e.log.Request(r, slog.LevelWarn, event.AuthzFail, attrs...)
}

// isNil also finds the nil pointer or function inside of an interface.
func isNil(h http.Handler) bool {
	if h == nil {
		return true
	}
	switch v := reflect.ValueOf(h); v.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Slice, reflect.Chan:
		return v.IsNil()
	}
	return false
}

// maxChain bounds how far a chain of handlers is followed: one could unwrap to itself.
const maxChain = 100

// builtWrongly looks through the chain of h for a handler whose Err() error is not nil.
func builtWrongly(h http.Handler) error {
	for range maxChain {
		if isNil(h) {
			return nil
		}
		if f, ok := h.(interface{ Err() error }); ok {
			if err := f.Err(); err != nil {
				return err
			}
		}
		u, ok := h.(interface{ Unwrap() http.Handler })
		if !ok {
			return nil
		}
		h = u.Unwrap()
	}
	return fmt.Errorf("rbac: a handler does not end after %d calls of Unwrap", maxChain)
}
