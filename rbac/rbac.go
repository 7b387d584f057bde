// Package rbac decides whether a subject may act on an object, and sees to it that no route is served without that decision.
//
// Build one [Engine] at start-up and register every route with the permission that it asks for, or as public:
//
//	engine, err := rbac.New(rbac.Config{
//		Source:       rbac.File("policy.csv"),
//		Authenticate: guard.Handler,
//		Subject:      auth.Subject,
//		Roles:        auth.Roles,
//	})
//	…
//	mux := engine.Mux()
//	mux.Handle("GET /notes", "notes:read", listNotes)
//	mux.Public("GET /healthz", health)
//	handler, err := mux.Build() // a route without a permission is an error here
//
// On another router, [Engine.Require] guards a route and [Engine.Err], called before the server starts, finds the permission that is mistyped;
// a framework with middleware of its own form, such as gin, asks [Engine.Check], which writes nothing:
//
//	r := chi.NewRouter()
//	r.With(engine.Require("notes:read")).Get("/notes", listNotes)
//	if err := engine.Err(); err != nil { … }
//	server.ListenAndServe()
//
// The policy is a Casbin CSV file. A p line says what a subject or role may do, a g line gives a role to a subject or to
// another role:
//
//	# who,           tenant, object, action, effect
//	p, role:viewer,  *,      notes,  read,   allow
//	p, role:editor,  *,      notes,  write,  allow
//	# member,        role,        tenant
//	g, role:editor,  role:viewer, *
//	g, alice,        role:editor, *
//
// The tenant * means every tenant, and is what a program without tenants writes on each line. The object * means every
// object and the action * every action. No other use of * is accepted. Casbin reads the same file with the model text in
// model.conf and comes to the same decisions.
//
// # Security model
//
// Nothing is allowed that no rule allows, and a rule that denies wins over every rule that allows. The zero [Decision] is a
// denial. An error of [Engine.Authorize] means that nobody could decide; it is answered with 503 and never passes.
//
// A [Mux] decides on the route pattern that matched, never on the text of the URL, so that router and policy cannot read a URL
// differently. Only a registered route ever runs: nothing is redirected, and what matches no route is 404 or 405.
//
// A name that begins with "role:" is a role and every other name a person. A subject named like a role is denied, and a role
// that a token vouches for is looked up as "role:" and the name, so that neither kind of claim can take the place of the other.
// A policy that names roles without the prefix works, but only its own g lines give these roles.
//
// A policy is checked as a whole before it is used: the width, the characters and the effect of each line, repeated lines, roles
// that inherit from themselves, chains of more than 10 roles. A fault leaves the program at start-up without an engine and at
// [Engine.Reload] with the last good policy.
//
// What is left to the caller: that [Config.Subject] names who was authenticated; that [Config.Tenant] names a tenant which is the
// one that the handler works on; and the question whether this object is theirs, which a permission on a route does not answer
// (OWASP API Security Top 10 2023, API1: Broken Object Level Authorization).
package rbac

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/sallyport-go/sallyport/internal/event"
)

// Config configures an [Engine]. Source and Subject are required.
type Config struct {
	// Source is where the policy comes from: [File], [Files], [Rules] or [Adapter].
	Source Source
	// Subject names who sent the request, or says that nobody is known. It is called after Authenticate.
	Subject func(*http.Request) (string, bool)
	// Authenticate wraps the decision on each route that is not public. It runs after the match, writes the 401 with its
	// challenge itself, and passes on the requests of which Subject can name the sender. Nil means that this happened further out.
	Authenticate func(http.Handler) http.Handler
	// Roles names the roles that the request's token vouches for, at most 100. The role "editor" is "role:editor" in the
	// policy. One that no line is about gives nothing, and the event of a denial names it as roles_not_in_policy. Nil means that
	// only the policy gives roles.
	Roles func(*http.Request) []string
	// Tenant names the tenant that the request is for. An empty name and true stand for a request outside of any tenant,
	// to which only rules for the tenant * apply; false denies the request. Nil means that the program has no tenants.
	Tenant func(*http.Request) (string, bool)

	// Deny answers the requests that are refused, with an [*Error] whose headers are set already. Nil means
	// application/problem+json (RFC 9457).
	Deny func(http.ResponseWriter, *http.Request, error)
	// Logger receives the security events. Nil means slog.Default at the time of each event.
	Logger *slog.Logger
	// ClientAddr names the client's address in events. Nil means the address of the connection.
	ClientAddr func(*http.Request) netip.Addr

	_ struct{}
}

// Engine decides by one policy at a time. It is safe for concurrent use. Make one with [New].
type Engine struct {
	cfg     Config
	log     *event.Log
	current atomic.Pointer[snapshot]
	reload  sync.Mutex                   // one Reload at a time, so that an older policy never replaces a newer one
	asked   asked                        // by Require
	entry   func() (http.Handler, error) // see newEntry
}

// snapshot is one policy and what answers from it. It is never changed.
type snapshot struct {
	policy  *policy
	decider decider
}

// New loads and checks the policy. All faults, of the configuration and of the policy, are reported together.
func New(cfg Config) (*Engine, error) {
	var errs []error
	if cfg.Subject == nil {
		errs = append(errs, errors.New("rbac: Config.Subject is nil: name the function that says who sent a request, such as auth.Subject"))
	}
	if cfg.Source == nil {
		errs = append(errs, errors.New("rbac: Config.Source is nil: name the policy, such as rbac.File(\"policy.csv\")"))
	} else if s, err := load(context.Background(), cfg.Source); err != nil {
		errs = append(errs, err)
	} else if len(errs) == 0 {
		e := &Engine{cfg: cfg, log: event.New(cfg.Logger, cfg.ClientAddr)}
		e.entry = sync.OnceValues(func() (http.Handler, error) { return newEntry(cfg.Authenticate) })
		e.current.Store(s)
		return e, nil
	}
	return nil, errors.Join(errs...)
}

func load(ctx context.Context, source Source) (*snapshot, error) {
	var d draft
	source.load(ctx, &d)
	p, err := d.policy()
	if err != nil {
		return nil, err
	}
	c, err := newCasbin(p)
	if err != nil {
		return nil, err
	}
	return &snapshot{policy: p, decider: c}, nil
}

// Reload reads the source again and, if the policy has no fault, decides by it from the next decision on. Otherwise the last good
// policy stays in force and the faults are returned. Both ways raise the event authz_change.
func (e *Engine) Reload(ctx context.Context) error {
	if e.current.Load() == nil {
		return unavailable(errNotMade)
	}
	e.reload.Lock()
	defer e.reload.Unlock()
	s, err := load(ctx, e.cfg.Source)
	if err != nil {
		e.log.Emit(ctx, slog.LevelError, event.AuthzChange, slog.String("outcome", "refused, the last good policy stays"), slog.Any("cause", err))
		return err
	}
	e.current.Store(s)
	e.log.Emit(ctx, slog.LevelInfo, event.AuthzChange, slog.String("outcome", "loaded"),
		slog.Int("rules", len(s.policy.rules)), slog.Int("roles_given", len(s.policy.links)))
	return nil
}
