package rbac

import (
	"slices"
	"strings"
)

// maxDepth is how many steps Casbin's role manager follows. Beyond it, it would answer no without a word.
const maxDepth = 10

// checkRoles finds roles that inherit from themselves and chains longer than maxDepth, in each tenant. The links of a tenant are
// its own and those of the tenant *.
func (p *policy) checkRoles(d *draft) {
	own := map[string][]link{}
	var tenants []string // in the order of the lines
	for _, l := range p.links {
		if own[l.tenant] == nil && l.tenant != anything {
			tenants = append(tenants, l.tenant)
		}
		own[l.tenant] = append(own[l.tenant], l)
	}
	shared := p.up[anything]
	up := climber{edges: []map[string][]string{shared}}
	if !p.checkChains(d, anything, own[anything], &up, &climber{}) {
		return // the same circle would be found in every tenant
	}
	down := climber{edges: []map[string][]string{reversed(shared)}}
	for _, tenant := range tenants {
		// What is new in a tenant passes through one of its own links, and before the first of them through shared ones.
		up := climber{edges: []map[string][]string{shared, p.up[tenant]}}
		p.checkChains(d, tenant, own[tenant], &up, &down)
	}
}

// checkChains reports the first fault of a tenant: in the chains that begin with one of its links, and what leads to them.
func (p *policy) checkChains(d *draft, tenant string, own []link, up, down *climber) bool {
	for _, l := range own {
		steps := up.longest(l.member)
		if up.circle != nil {
			d.faultAt(p.linkAt(up.circle, tenant), "roles inherit in a circle: %s (tenant %s)", strings.Join(up.circle, ", "), tenant)
			return false
		}
		if steps += down.longest(l.member); steps > maxDepth {
			d.faultAt(l.at, "a chain of %d steps passes here, and no more than %d are followed (tenant %s)", steps, maxDepth, tenant)
			return false
		}
	}
	return true
}

// linkAt finds the line that takes the first step of a circle.
func (p *policy) linkAt(circle []string, tenant string) position {
	i := slices.IndexFunc(p.links, func(l link) bool {
		return l.member == circle[0] && l.role == circle[1] && (l.tenant == tenant || l.tenant == anything)
	})
	return p.links[i].at
}

func reversed(up map[string][]string) map[string][]string {
	down := make(map[string][]string, len(up))
	for member, roles := range up {
		for _, role := range roles {
			down[role] = append(down[role], member)
		}
	}
	return down
}

// climber measures chains in the union of its edges.
type climber struct {
	edges  []map[string][]string
	known  map[string]int
	path   []string
	circle []string // the first that was met, its first name repeated at the end
}

// longest returns the length of the longest chain from name, in steps.
func (c *climber) longest(name string) int {
	if steps, ok := c.known[name]; ok {
		return steps
	}
	if c.known == nil {
		c.known = map[string]int{}
	}
	c.known[name] = onPath
	c.path = append(c.path, name)
	steps := 0
	for _, edges := range c.edges {
		for _, next := range edges[name] {
			n := c.longest(next)
			if n == onPath && c.circle == nil {
				c.circle = append(slices.Clone(c.path[slices.Index(c.path, next):]), next)
			}
			if c.circle != nil {
				return 0
			}
			steps = max(steps, n+1)
		}
	}
	c.path = c.path[:len(c.path)-1]
	c.known[name] = steps
	return steps
}

// onPath stands for the length of a chain that is being measured. Meeting it again closes a circle.
const onPath = -1

// chain returns the shortest way from a name to a role, both included. The hierarchy has no circle, and no way is longer than
// maxDepth.
func (p *policy) chain(from, to, tenant string) []string {
	edges := []map[string][]string{p.up[anything]}
	if tenant != anything {
		edges = append(edges, p.up[tenant])
	}
	cameFrom := map[string]string{from: from}
	queue := []string{from}
	for len(queue) > 0 && queue[0] != to {
		name := queue[0]
		queue = queue[1:]
		for _, e := range edges {
			for _, next := range e[name] {
				if _, seen := cameFrom[next]; !seen {
					cameFrom[next] = name
					queue = append(queue, next)
				}
			}
		}
	}
	if len(queue) == 0 {
		return nil
	}
	chain := []string{to}
	for name := to; name != from; {
		name = cameFrom[name]
		chain = append(chain, name)
	}
	slices.Reverse(chain)
	return chain
}
