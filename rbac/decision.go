package rbac

// Decision is the answer to a [Request]. The zero Decision is a denial.
type Decision struct {
	Effect Effect

	rule    *Rule
	via     string // the principal that led to the rule: the subject or a role that was vouched for
	subject string
	tenant  string
	policy  *policy
	reason  string   // if no rule decided
	unknown []string // the roles behind reasonNoRole
}

const (
	reasonNoRule = "no rule allows it"
	// reasonNoRole is the usual mistake behind it: the policy and the issuer of the token do not call a role by the same name.
	reasonNoRole = "no rule allows it, and the policy has no line about a role that was vouched for"
)

// Allowed says whether the subject may.
func (d Decision) Allowed() bool { return d.Effect == Allow }

// Rule returns the rule that decided. A denial for want of a rule has none.
func (d Decision) Rule() (Rule, bool) {
	if d.rule == nil {
		return Rule{}, false
	}
	return *d.rule, true
}

// Roles returns the chain from the subject to the name in the rule, both included: [alice role:editor role:viewer] if alice is
// an editor, editors are viewers, and the rule is about viewers. A role that the token vouched for follows the subject like one
// that the policy gave. It is nil if no rule decided.
func (d Decision) Roles() []string {
	if d.rule == nil {
		return nil
	}
	chain := d.policy.chain(d.via, d.rule.Subject, d.tenant)
	if d.via != d.subject {
		chain = append([]string{d.subject}, chain...)
	}
	return chain
}

// Reason says in a few words why, for the log and not for the client. It contains no value of the request.
func (d Decision) Reason() string {
	switch {
	case d.rule != nil && d.Effect == Allow:
		return d.rule.position().String() + " allows it"
	case d.rule != nil:
		return d.rule.position().String() + " denies it"
	case d.reason != "":
		return d.reason
	}
	return "nothing was decided"
}
