package rbac

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// anything is the tenant, object and action that stands for all of them.
const anything = "*"

// Rule is one p line of a policy.
type Rule struct {
	Subject string // a subject or a role
	Tenant  string // "*" for every tenant
	Object  string // "*" for every object
	Action  string // "*" for every action
	Effect  Effect

	File string // as named to the [Source]; "rules" for [Rules], "adapter" for [Adapter]
	Line int    // the line of the file, the argument of Rules or the row of the adapter; the first is 1
}

// String returns the rule as its policy has it, with its place before it.
func (r Rule) String() string {
	return r.position().String() + ": p, " + strings.Join(r.row(), ", ")
}

func (r Rule) position() position { return position{r.File, r.Line} }

// row is the rule as Casbin holds it.
func (r Rule) row() []string {
	return []string{r.Subject, r.Tenant, r.Object, r.Action, r.Effect.String()}
}

func (r Rule) grants(object, action string) bool {
	return r.Effect == Allow && (r.Object == anything || r.Object == object) && (r.Action == anything || r.Action == action)
}

// link is one g line.
type link struct {
	member, role, tenant string
	at                   position
}

func (l link) row() []string { return []string{l.member, l.role, l.tenant} }

type position struct {
	file string
	line int
}

func (p position) String() string { return p.file + ":" + strconv.Itoa(p.line) }

// policy is a checked policy and what is looked up in it. It is never changed.
type policy struct {
	rules []Rule
	links []link

	names   map[string]bool                // every subject and role of any line
	roles   map[string]bool                // every name that a line gives to somebody
	tenants map[string]bool                // every tenant of any line
	up      map[string]map[string][]string // tenant, member: roles
}

// allows says whether any rule allows action on object to anybody.
func (p *policy) allows(object, action string) bool {
	return slices.ContainsFunc(p.rules, func(r Rule) bool { return r.grants(object, action) })
}

func newPolicy(rules []Rule, links []link) *policy {
	p := &policy{rules: rules, links: links, names: map[string]bool{}, roles: map[string]bool{}, tenants: map[string]bool{},
		up: map[string]map[string][]string{}}
	for _, r := range rules {
		p.names[r.Subject], p.tenants[r.Tenant] = true, true
	}
	for _, l := range links {
		p.names[l.member], p.names[l.role], p.roles[l.role], p.tenants[l.tenant] = true, true, true, true
		if p.up[l.tenant] == nil {
			p.up[l.tenant] = map[string][]string{}
		}
		p.up[l.tenant][l.member] = append(p.up[l.tenant][l.member], l.role)
	}
	return p
}

// Bounds of a policy.
const (
	maxLines  = 1_000_000
	maxFaults = 50 // of which one report tells
)

// draft collects the lines of a policy and their faults.
type draft struct {
	rules  []Rule
	links  []link
	seen   map[string]position
	faults []error
	more   int // faults beyond maxFaults
}

func (d *draft) fault(err error) {
	if len(d.faults) >= maxFaults {
		d.more++
		return
	}
	d.faults = append(d.faults, err)
}

func (d *draft) faultAt(at position, format string, args ...any) {
	d.fault(fmt.Errorf("rbac: %v: "+format, append([]any{at}, args...)...))
}

// full says, once, that there are too many lines to go on.
func (d *draft) full(at position) bool {
	if len(d.seen) < maxLines {
		return false
	}
	d.faultAt(at, "the policy has more than %d lines", maxLines)
	return true
}

// add checks one line, of which fields is everything between the commas.
func (d *draft) add(at position, fields []string) {
	faults := len(d.faults) + d.more
	switch {
	case fields[0] == "p" && len(fields) == 6:
		d.addRule(at, fields)
	case fields[0] == "p":
		d.faultAt(at, "a p line has 6 fields and this has %d: p, subject or role, tenant (* for every), object, action, allow or deny", len(fields))
	case fields[0] == "g" && len(fields) == 4:
		d.addLink(at, fields)
	case fields[0] == "g":
		d.faultAt(at, "a g line has 4 fields and this has %d: g, subject or role, role, tenant (* for every)", len(fields))
	default:
		d.faultAt(at, "a line begins with p or g, then a comma%s", lacking(fields))
	}
	if faults != len(d.faults)+d.more {
		return
	}
	if d.seen == nil {
		d.seen = map[string]position{}
	}
	key := strings.Join(fields, ",")
	if first, ok := d.seen[key]; ok {
		d.faultAt(at, "repeats %v: remove one, or who removes the other thinks the permission gone", first)
		return
	}
	d.seen[key] = at
}

// lacking guesses, by the width of a line of another kind, what to put before it.
func lacking(fields []string) string {
	last := strings.TrimRight(fields[len(fields)-1], " ")
	switch {
	case len(fields) == 5 && (last == "allow" || last == "deny"):
		return `: put "p, " before this one, or make it a comment with #`
	case len(fields) == 3:
		return `: put "g, " before this one if it gives a role, or make it a comment with #`
	}
	return `: "p, subject or role, tenant (* for every), object, action, allow or deny" or "g, subject or role, role, tenant (* for every)"`
}

func (d *draft) addRule(at position, fields []string) {
	r := Rule{Subject: fields[1], Tenant: fields[2], Object: fields[3], Action: fields[4], File: at.file, Line: at.line}
	switch fields[5] {
	case "allow":
		r.Effect = Allow
	case "deny":
	default:
		d.faultAt(at, "the effect is neither allow nor deny")
	}
	d.checkName(at, "subject", r.Subject)
	d.checkValue(at, "tenant", r.Tenant)
	d.checkValue(at, "object", r.Object)
	d.checkValue(at, "action", r.Action)
	d.rules = append(d.rules, r)
}

func (d *draft) addLink(at position, fields []string) {
	l := link{member: fields[1], role: fields[2], tenant: fields[3], at: at}
	d.checkName(at, "member", l.member)
	d.checkName(at, "role", l.role)
	d.checkValue(at, "tenant", l.tenant)
	d.links = append(d.links, l)
}

// checkName checks a subject or a role. A * would look like everybody and mean nobody.
func (d *draft) checkName(at position, what, s string) {
	switch s {
	case anything:
		d.faultAt(at, "the %s is *, which stands for every tenant, object or action but for no name", what)
	case rolePrefix:
		d.faultAt(at, "the %s has nothing after %s", what, rolePrefix)
	default:
		d.checkValue(at, what, s)
	}
}

// checkValue checks what could be read as another value than it is.
func (d *draft) checkValue(at position, what, s string) {
	switch {
	case s == anything:
	case s == "":
		d.faultAt(at, "the %s is empty", what)
	case len(s) > maxValue:
		d.faultAt(at, "the %s has more than %d bytes", what, maxValue)
	case s[0] == ' ' || s[len(s)-1] == ' ':
		d.faultAt(at, "the %s ends in a space, which Casbin would take as part of it", what)
	case strings.Contains(s, "*"):
		d.faultAt(at, "the %s has a * beside other characters: a * stands alone, for all of them", what)
	case !plain(s):
		d.faultAt(at, "the %s has a character that is not plain: no control or invisible character, quote, comma or #", what)
	}
}

// policy checks the lines together.
func (d *draft) policy() (*policy, error) {
	p := newPolicy(d.rules, d.links)
	if len(d.faults) == 0 {
		if len(p.rules) == 0 {
			d.fault(errors.New("rbac: the policy has no p line: nobody could do anything"))
		}
		p.checkRoles(d)
	}
	if d.more > 0 {
		d.faults = append(d.faults, fmt.Errorf("rbac: and %d more faults in the policy", d.more))
	}
	if len(d.faults) > 0 {
		return nil, errors.Join(d.faults...)
	}
	return p, nil
}
