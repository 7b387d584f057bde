package rbac

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	casbin "github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	casbinrbac "github.com/casbin/casbin/v2/rbac"
)

//go:embed model.conf
var modelText string

// casbinDecider answers from a private Casbin enforcer. Enforcing on an enforcer that is never modified is safe for concurrent
// use: it reads the model, a sync.Map of compiled matchers and the role manager, which locks.
type casbinDecider struct {
	enforcer *casbin.Enforcer
	rules    map[string]*Rule // by Casbin's row
}

func newCasbin(p *policy) (*casbinDecider, error) {
	m, err := model.NewModelFromString(modelText)
	if err != nil {
		return nil, fmt.Errorf("rbac: the model: %w", err)
	}
	c := &casbinDecider{rules: make(map[string]*Rule, len(p.rules))}
	for i := range p.rules {
		row := p.rules[i].row()
		c.rules[strings.Join(row, ",")] = &p.rules[i] // no value contains a comma
		err = errors.Join(err, m.AddPolicy("p", "p", row))
	}
	for _, l := range p.links {
		err = errors.Join(err, m.AddPolicy("g", "g", l.row()))
	}
	if err != nil {
		return nil, fmt.Errorf("rbac: Casbin refuses the policy: %w", err)
	}
	if c.enforcer, err = casbin.NewEnforcer(m); err != nil {
		return nil, fmt.Errorf("rbac: Casbin refuses the policy: %w", err)
	}
	if err := c.enforcer.BuildRoleLinks(); err != nil {
		return nil, fmt.Errorf("rbac: Casbin refuses the roles: %w", err)
	}
	c.replaceG(p)
	return c, nil
}

// replaceG takes over the function g from Casbin, which remembers every pair of names that it was ever asked about, and asks the
// same role manager. In a tenant for which no line gives a role, the roles are those of the tenant *, and asking there spares
// the role manager a copy of all these roles.
func (c *casbinDecider) replaceG(p *policy) {
	var manager casbinrbac.RoleManager = c.enforcer.GetRoleManager()
	c.enforcer.GetModel()["g"]["g"].RM = nil
	c.enforcer.AddFunction("g", func(args ...any) (any, error) {
		if len(args) != 3 {
			return nil, errors.New("g takes a name, a role and a tenant")
		}
		name, ok1 := args[0].(string)
		role, ok2 := args[1].(string)
		tenant, ok3 := args[2].(string)
		if !ok1 || !ok2 || !ok3 {
			return nil, errors.New("g takes texts")
		}
		if len(p.up[tenant]) == 0 {
			tenant = anything
		}
		return manager.HasLink(name, role, tenant)
	})
}

// decide asks for each principal in turn. A rule denies the subject if it denies one of them, so the first denial ends it.
func (c *casbinDecider) decide(ctx context.Context, q query) (verdict, error) {
	var v verdict
	for _, principal := range q.principals {
		if err := ctx.Err(); err != nil {
			return verdict{}, err
		}
		allowed, row, err := c.enforcer.EnforceEx(principal, q.tenant, q.object, q.action)
		if err != nil {
			return verdict{}, fmt.Errorf("casbin: %w", err)
		}
		if len(row) == 0 && !allowed {
			continue // no rule is about this principal
		}
		rule := c.rules[strings.Join(row, ",")]
		if rule == nil || (rule.Effect == Allow) != allowed {
			return verdict{}, errors.New("casbin: the answer does not agree with its rule")
		}
		if rule.Effect == Deny {
			return verdict{rule: rule, via: principal}, nil
		}
		if v.rule == nil {
			v = verdict{rule: rule, via: principal}
		}
	}
	return v, nil
}
