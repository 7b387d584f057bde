package rbac

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// Effect is what a rule or a decision says. The zero Effect is [Deny].
type Effect uint8

// The effects.
const (
	Deny Effect = iota
	Allow
)

// String returns the word of the policy file: "allow" or "deny".
func (e Effect) String() string {
	if e == Allow {
		return "allow"
	}
	return "deny"
}

// Request asks whether a subject may act on an object. Subject, Object and Action are required: without one of them the
// answer is a denial, as it is for a value of more than 2,048 bytes or the value *.
type Request struct {
	Subject string
	// Roles are the roles that the subject's token vouches for, at most 100, with or without the prefix "role:".
	Roles []string
	// Tenant is empty for a request outside of any tenant, to which only rules for the tenant * apply.
	Tenant string
	Object string
	Action string
	_      struct{}
}

// Bounds of a request.
const (
	maxRoles = 100
	maxValue = 2048 // bytes; a policy can name no longer value
)

// rolePrefix marks the names that no subject can have.
const rolePrefix = "role:"

// decider answers from one policy. It is safe for concurrent use.
type decider interface {
	decide(context.Context, query) (verdict, error)
}

// query is a request of which only values that the policy names are left.
type query struct {
	principals             []string // the subject and its vouched roles
	unknown                []string // the vouched roles that no line is about
	tenant, object, action string
}

// verdict is the effect of a rule and the principal that the rule was reached from. Its zero value means that no rule applies.
type verdict struct {
	rule *Rule
	via  string
}

// Authorize decides. It writes nothing and logs nothing. An error is an [*Error] with the cause [ErrUnavailable]: it cannot
// decide, for example because ctx has ended. That is no pass and says nothing about the subject: answer 503.
func (e *Engine) Authorize(ctx context.Context, req Request) (Decision, error) {
	s := e.current.Load()
	if s == nil {
		return Decision{}, unavailable(errNotMade)
	}
	d, err := s.authorize(ctx, req)
	if err != nil {
		return Decision{}, unavailable(err)
	}
	return d, nil
}

var errNotMade = errors.New("the engine was not made by New")

func (s *snapshot) authorize(ctx context.Context, req Request) (Decision, error) {
	if err := ctx.Err(); err != nil {
		return Decision{}, err
	}
	if reason := s.policy.refuses(req); reason != "" {
		return Decision{reason: reason}, nil
	}
	q := s.policy.query(req)
	if len(q.principals) == 0 {
		return q.noRule(), nil
	}
	v, err := s.decider.decide(ctx, q)
	if err != nil {
		return Decision{}, err
	}
	if v.rule == nil {
		return q.noRule(), nil
	}
	return Decision{Effect: v.rule.Effect, rule: v.rule, via: v.via, subject: req.Subject, tenant: q.tenant, policy: s.policy}, nil
}

// noRule is the denial for want of a rule.
func (q query) noRule() Decision {
	if len(q.unknown) > 0 {
		return Decision{reason: reasonNoRole, unknown: q.unknown}
	}
	return Decision{reason: reasonNoRule}
}

// refuses returns why req is denied whatever the rules say, or "".
func (p *policy) refuses(req Request) string {
	switch {
	case req.Subject == "":
		return "the subject is empty"
	case req.Object == "" || req.Action == "":
		return "the object or the action is empty"
	case req.Subject == anything || req.Tenant == anything || req.Object == anything || req.Action == anything:
		return "the request holds the wildcard of the policy"
	case max(len(req.Subject), len(req.Tenant), len(req.Object), len(req.Action)) > maxValue:
		return "a value of the request is too long"
	case len(req.Roles) > maxRoles: // taking the first hundred could lose a role that denies
		return "the token vouches for too many roles"
	case strings.HasPrefix(req.Subject, rolePrefix) || p.roles[req.Subject]:
		return "the subject has the name of a role"
	}
	return ""
}

// query drops what no rule can name. It changes no decision, and it keeps names that a client made up away from Casbin, whose
// role manager stores a name while it looks it up.
func (p *policy) query(req Request) query {
	q := query{tenant: anything, object: req.Object, action: req.Action}
	if p.tenants[req.Tenant] {
		q.tenant = req.Tenant
	}
	if p.names[req.Subject] {
		q.principals = append(q.principals, req.Subject)
	}
	for _, name := range req.Roles {
		if !strings.HasPrefix(name, rolePrefix) {
			name = rolePrefix + name
		}
		switch {
		case name == rolePrefix: // no name at all, which no policy can have
		case !p.names[name]:
			q.unknown = append(q.unknown, name)
		case !slices.Contains(q.principals, name):
			q.principals = append(q.principals, name)
		}
	}
	return q
}
