package bench

import (
	"context"
	"fmt"
	"net/http"

	"github.com/sallyport-go/sallyport/rbac"
)

// RBAC returns the races of package rbac.
func RBAC(size Size) ([]Race, func(), error) {
	var races []Race
	for _, rules := range size.Rules {
		p := newPolicy(rules)
		engine, err := rbac.New(rbac.Config{
			Source: rbac.Rules(p.lines()...), Subject: func(*http.Request) (string, bool) { return "", false },
		})
		if err != nil {
			return nil, nil, err
		}
		r := Race{Name: fmt.Sprintf("rbac: decide, %d rules and %d users", rules, 10*rules), MaxAllocs: -1}
		r.Ours = Task{Name: "sallyport", Do: p.ask(func(q question) (bool, error) {
			d, err := engine.Authorize(context.Background(), rbac.Request{Subject: q.subject, Object: q.object, Action: q.action})
			return d.Allowed(), err
		})}
		for _, peer := range []func(*policy) (Task, error){casbinEnforce, casbinCached} {
			t, err := peer(p)
			if err != nil {
				return nil, nil, err
			}
			r.Others = append(r.Others, t)
		}
		races = append(races, r)
	}
	return races, func() {}, nil
}

// policy is that of a program with many objects: a role may do one thing with one object, and each user has one role.
type policy struct {
	rules     []rule
	links     []link
	questions []question
}

type rule struct{ role, object, action string }

type link struct{ user, role string }

type question struct {
	subject, object, action string
	allowed                 bool
}

func newPolicy(rules int) *policy {
	p := &policy{}
	for i := range rules {
		p.rules = append(p.rules, rule{role(i), object(i), "read"})
	}
	for u := range 10 * rules {
		p.links = append(p.links, link{user(u), role(u % rules)})
	}
	for i := range 64 { // users from everywhere, and every second one may not
		u := i * 10 * rules / 64
		allowed := i%2 == 0
		q := question{subject: user(u), object: object(u % rules), action: "read", allowed: allowed}
		if !allowed {
			q.object = object((u + 1) % rules)
		}
		p.questions = append(p.questions, q)
	}
	return p
}

func role(i int) string   { return fmt.Sprintf("role:r%d", i) }
func object(i int) string { return fmt.Sprintf("object%d", i) }
func user(i int) string   { return fmt.Sprintf("user%d", i) }

// lines writes the policy as Casbin's CSV.
func (p *policy) lines() []string {
	var lines []string
	for _, r := range p.rules {
		lines = append(lines, fmt.Sprintf("p, %s, *, %s, %s, allow", r.role, r.object, r.action))
	}
	for _, l := range p.links {
		lines = append(lines, fmt.Sprintf("g, %s, %s, *", l.user, l.role))
	}
	return lines
}

// ask asks the questions in turn.
func (p *policy) ask(decide func(question) (bool, error)) func(int) error {
	at := 0
	return each(func() error {
		if at++; at >= len(p.questions) {
			at = 0
		}
		q := p.questions[at]
		allowed, err := decide(q)
		if err == nil && allowed != q.allowed {
			err = fmt.Errorf("%s on %s: %v", q.subject, q.object, allowed)
		}
		return err
	})
}
