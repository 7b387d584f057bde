package rbac

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Mux collects routes, each with a permission or declared public, and builds one handler of them. Patterns are those of
// [http.ServeMux]: "[METHOD ][HOST]/[PATH]". Make one with [Engine.Mux].
type Mux struct {
	engine *Engine

	mu     sync.Mutex
	routes []*route
	built  bool
	faults []error // of registrations after Build
}

// Mux returns an empty Mux, which decides by e.
func (e *Engine) Mux() *Mux { return &Mux{engine: e} }

// Handle registers h for the requests that match the pattern, behind [Config.Authenticate] and the decision on the permission
// "object:action". Like Public it reports nothing; [Mux.Build] does.
func (m *Mux) Handle(pattern, permission string, h http.Handler) {
	m.add(&route{pattern: pattern, handler: m.engine.guard(permission, h)})
}

// Public registers h for the requests that match the pattern, whoever sends them. They are not authenticated.
func (m *Mux) Public(pattern string, h http.Handler) {
	m.add(&route{pattern: pattern, handler: h})
}

func (m *Mux) add(rt *route) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.built {
		m.faults = append(m.faults, fmt.Errorf("rbac: route %q came after Build and is not served", rt.pattern))
		return
	}
	m.routes = append(m.routes, rt)
}

// Routes yields each pattern with its handler, in the order of registration. The chain of the handler of a route that is not
// public begins with one that has the method Permission() string; the rest is found by Unwrap() http.Handler.
func (m *Mux) Routes() iter.Seq2[string, http.Handler] {
	m.mu.Lock()
	routes := slices.Clone(m.routes)
	m.mu.Unlock()
	return func(yield func(string, http.Handler) bool) {
		for _, rt := range routes {
			if !yield(rt.pattern, rt.handler) {
				return
			}
		}
	}
}

// Build returns the handler, or every fault of every route: a malformed pattern, one that conflicts with another or is for
// CONNECT, a missing or malformed permission, one that no rule of the policy allows to anybody, a nil handler, a handler in the
// chain whose Err() error says that it was built wrongly. To register no route is a fault too. A route that comes after Build is
// not served, and a second Build is a fault that names it.
//
// The handler serves what was registered and nothing else. A request that matches no route is 404; one that matches but for the
// method is 405. Both are answered through Config.Deny. HEAD counts as GET. A pattern without a method takes GET, HEAD, POST, PUT,
// PATCH, DELETE and OPTIONS; any other method takes a pattern that names it.
//
// Where http.ServeMux redirects, from "/a/../b" to "/b" and from "/tree" to "/tree/", the answer is 404: a redirect would be
// written before any decision. Register "/tree" beside "/tree/" where both are wanted. A path with an escaped slash, backslash or dot
// segment is 404 too where it matches a pattern that ends in "/" or "...}": the handler of a tree reads the path by itself, and
// would find another one in it than the one that was decided about.
func (m *Mux) Build() (http.Handler, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.built {
		return nil, errors.Join(append([]error{errors.New("rbac: Build was called before: make another Mux")}, m.faults...)...)
	}
	m.built = true
	if m.engine == nil || m.engine.current.Load() == nil {
		return nil, fmt.Errorf("rbac: Build: %w", errNotMade)
	}
	if len(m.routes) == 0 {
		return nil, errors.New("rbac: Build without a route: register them first")
	}
	var faults []error
	s := &server{engine: m.engine, mux: http.NewServeMux(), routes: m.Routes}
	for _, rt := range m.routes {
		for _, err := range []error{rt.fault(m.engine), s.register(rt)} {
			if err != nil {
				faults = append(faults, fmt.Errorf("rbac: route %q: %w", rt.pattern, err))
			}
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return s, nil
}

// route is the only kind of handler in the ServeMux of a server.
type route struct {
	pattern string
	method  string // of the pattern, "" if it names none
	handler http.Handler
}

func (rt *route) ServeHTTP(w http.ResponseWriter, r *http.Request) { rt.handler.ServeHTTP(w, r) }

// fault returns what is wrong with a route by itself.
func (rt *route) fault(e *Engine) error {
	if g, ok := rt.handler.(*guarded); ok && g.engine == e {
		return rt.guardFault(e, g)
	}
	if isNil(rt.handler) {
		return errors.New("the handler is nil")
	}
	return wrapBuiltWrongly(builtWrongly(rt.handler))
}

func (rt *route) guardFault(e *Engine, g *guarded) error {
	object, action, err := parsePermission(g.permission)
	if g.permission == "" {
		return errors.New(`it has no permission: name one as "object:action", or register the route with Public`)
	}
	if err != nil {
		return err
	}
	if isNil(g.next) {
		return errors.New("the handler is nil")
	}
	if !e.current.Load().policy.allows(object, action) {
		return fmt.Errorf("no rule of the policy allows %q to anybody: add one, or correct the permission", g.permission)
	}
	return wrapBuiltWrongly(builtWrongly(g))
}

func wrapBuiltWrongly(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the handler was built wrongly: %w", err)
}

// registeredAt is what ServeMux says about the caller, which is always this file.
var registeredAt = regexp.MustCompile(` \(registered at [^)]*\)`)

// register turns the panic of ServeMux about a pattern into an error.
func (s *server) register(rt *route) (err error) {
	if end := strings.IndexAny(rt.pattern, " \t"); end > 0 {
		rt.method = rt.pattern[:end]
	}
	if rt.method == http.MethodConnect {
		return errors.New("CONNECT names a host and no path to decide on (RFC 9110, section 9.3.6)")
	}
	defer func() {
		if p := recover(); p != nil {
			err = errors.New(registeredAt.ReplaceAllString(fmt.Sprint(p), ""))
		}
	}()
	s.mux.Handle(rt.pattern, rt)
	if rt.method != "" && !slices.Contains(s.methods, rt.method) {
		s.methods = append(s.methods, rt.method)
	}
	return nil
}
