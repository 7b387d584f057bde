package rbac

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// maxAsked is how many permissions are remembered. A program has a few; one that calls Require for each request must not fill the memory.
const maxAsked = 10_000

// asked is what Require was called with.
type asked struct {
	mu          sync.Mutex
	permissions map[string]bool
	full        bool
	faults      []error // beyond the permissions
	more        int
}

func (a *asked) permission(permission string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.permissions[permission]:
	case len(a.permissions) >= maxAsked:
		a.full = true
	case a.permissions == nil:
		a.permissions = map[string]bool{permission: true}
	default:
		a.permissions[permission] = true
	}
}

func (a *asked) fault(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.faults) >= maxFaults {
		a.more++
		return
	}
	a.faults = append(a.faults, err)
}

// Err returns what is wrong with all calls of [Engine.Require] so far: a malformed permission, one that no rule of the present policy allows to
// anybody, a nil handler, an Authenticate that was built wrongly. A router other than [Mux] cannot say it, so call Err when the routes are
// registered, before the server starts:
//
//	r := chi.NewRouter()
//	r.With(engine.Require("notes:read")).Get("/notes", listNotes)
//	if err := engine.Err(); err != nil {
//		log.Fatal(err)
//	}
//
// A route that has no Require is not found by it: see [Mux].
func (e *Engine) Err() error {
	if e == nil || e.current.Load() == nil {
		return fmt.Errorf("rbac: Err: %w", errNotMade)
	}
	policy := e.current.Load().policy
	a := &e.asked
	a.mu.Lock()
	defer a.mu.Unlock()
	var d draft // which bounds the report
	for _, permission := range slices.Sorted(maps.Keys(a.permissions)) {
		object, action, err := parsePermission(permission)
		if err == nil && !policy.allows(object, action) {
			err = errors.New("no rule of the policy allows it to anybody: add one, or correct the permission")
		}
		if err != nil {
			d.fault(fmt.Errorf("rbac: Require(%q): %w", permission, err))
		}
	}
	for _, err := range a.faults {
		d.fault(err)
	}
	if d.more += a.more; d.more > 0 {
		d.faults = append(d.faults, fmt.Errorf("rbac: and %d more faults of Require", d.more))
	}
	if a.full {
		d.faults = append(d.faults, fmt.Errorf("rbac: Require was called with more than %d permissions: call it when the program starts, not for a request", maxAsked))
	}
	return errors.Join(d.faults...)
}
