package bench

import (
	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
)

// casbinModel is that of Casbin's documentation for roles, with a rule's effect. It has no tenants, since nobody asks for one here, and is
// the faster for it.
const casbinModel = `
[request_definition]
r = sub, obj, act

[policy_definition]
p = sub, obj, act, eft

[role_definition]
g = _, _

[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))

[matchers]
m = r.obj == p.obj && r.act == p.act && g(r.sub, p.sub)
`

// casbinEnforce is Enforce of github.com/casbin/casbin/v2 with the same policy, called directly.
func casbinEnforce(p *policy) (Task, error) {
	m, err := p.model()
	if err != nil {
		return Task{}, err
	}
	e, err := casbin.NewEnforcer(m)
	if err != nil {
		return Task{}, err
	}
	if err := e.BuildRoleLinks(); err != nil {
		return Task{}, err
	}
	return Task{Name: "casbin, Enforce", Do: p.ask(func(q question) (bool, error) {
		return e.Enforce(q.subject, q.object, q.action)
	})}, nil
}

func (p *policy) model() (model.Model, error) {
	m, err := model.NewModelFromString(casbinModel)
	if err != nil {
		return nil, err
	}
	var rules, links [][]string
	for _, r := range p.rules {
		rules = append(rules, []string{r.role, r.object, r.action, "allow"})
	}
	for _, l := range p.links {
		links = append(links, []string{l.user, l.role})
	}
	if err := m.AddPolicies("p", "p", rules); err != nil {
		return nil, err
	}
	return m, m.AddPolicies("g", "g", links)
}
