package bench

import "github.com/casbin/casbin/v2"

// casbinCached is Casbin's enforcer that remembers its decisions, and that many may ask at once. All questions of the race have been
// asked before, which is its best case. A policy that changes elsewhere does not reach what it remembers.
func casbinCached(p *policy) (Task, error) {
	m, err := p.model()
	if err != nil {
		return Task{}, err
	}
	e, err := casbin.NewSyncedCachedEnforcer(m)
	if err != nil {
		return Task{}, err
	}
	if err := e.BuildRoleLinks(); err != nil {
		return Task{}, err
	}
	do := p.ask(func(q question) (bool, error) { return e.Enforce(q.subject, q.object, q.action) })
	return Task{Name: "casbin, decisions remembered", Do: do}, do(len(p.questions))
}
