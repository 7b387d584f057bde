package password

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Lengths of NIST SP 800-63B-4, section 3.1.1.2, in Unicode code points.
const (
	minLengthAlone  = 15 // the password is all there is
	minLengthSecond = 8  // something else is asked for as well
	maxMinLength    = 64 // who is asked for more may have a password manager that makes less
	maxPolicyWords  = 64
)

// PolicyConfig configures a [Policy]. The zero value is the recommended one for logins with nothing but a password.
type PolicyConfig struct {
	// SecondFactor says that no login succeeds with the password alone, for any user: then 8 characters are enough.
	SecondFactor bool
	// MinLength is the shortest password, in Unicode code points, up to 64. Zero means 15, or 8 with SecondFactor; less is
	// refused.
	MinLength int
	// Words are what a stranger guesses first for every user, such as the names of the service and of its company, at most 64.
	Words []string
	// Breached says whether a password is known from a breach, for example by asking a list of them. It is asked last, gets
	// the password itself, and must not keep or log it. Its error refuses the password for now, with [ErrUnchecked]. Nil means
	// that no such list is asked; then NIST's "known compromised passwords" are the embedded ones alone.
	Breached func(ctx context.Context, password string) (bool, error)

	_ struct{} // keyed literals only: fields may be added later
}

// Policy says whether a password is good enough to be chosen, by NIST SP 800-63B-4, section 3.1.1.2: it has to be long, and not among
// those that are guessed first. No mixture of kinds of characters is asked for, and no change after a time. Make one with
// [NewPolicy]. It is safe for concurrent use.
//
// Use it where a password is chosen or changed, and never at login: what was accepted once has to go on working.
type Policy struct {
	minLength int
	words     []string // folded
	breached  func(context.Context, string) (bool, error)
}

// NewPolicy returns a Policy, or all faults of c in one error.
func NewPolicy(c PolicyConfig) (*Policy, error) {
	least := minLengthAlone
	if c.SecondFactor {
		least = minLengthSecond
	}
	if c.MinLength == 0 {
		c.MinLength = least
	}
	var faults []error
	if c.MinLength < least || c.MinLength > maxMinLength {
		faults = append(faults, fmt.Errorf("password: PolicyConfig.MinLength %d is not from %d to %d: bring it into that range, or leave it zero for %d",
			c.MinLength, least, maxMinLength, least))
	}
	if len(c.Words) > maxPolicyWords {
		faults = append(faults, fmt.Errorf("password: PolicyConfig.Words has %d words, more than %d: keep the names that users know",
			len(c.Words), maxPolicyWords))
	}
	for i, w := range c.Words {
		if len(contextWords(w)) == 0 {
			faults = append(faults, fmt.Errorf("password: PolicyConfig.Words[%d] has no part of %d to %d letters and digits: leave it out",
				i, minWord, maxWord))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return &Policy{minLength: c.MinLength, words: contextWords(c.Words...), breached: c.Breached}, nil
}

// Check returns nil for a password that may be chosen. Words are what a stranger guesses for this user: user name, e-mail
// address, display name. Each is taken whole and in its parts.
//
// The error is an [*Error]: [ErrPolicy] with all reasons at once (422), or [ErrUnchecked] if there is no other reason and
// [PolicyConfig.Breached] failed (503). Neither has anything of the password in it.
func (p *Policy) Check(ctx context.Context, pw string, words ...string) error {
	reasons := p.text(pw)
	if len(reasons) == 0 || reasons[0].Code == CodeTooShort {
		reasons = append(reasons, guessable(fold(pw), append(contextWords(words...), p.words...))...)
		breached, err := p.ask(ctx, pw)
		if breached {
			reasons = append(reasons, Reason{Code: CodeBreached, Text: "It is known from a breach of another service."})
		}
		if err != nil && len(reasons) == 0 {
			return &Error{cause: &uncheckedError{err}}
		}
	}
	if len(reasons) == 0 {
		return nil
	}
	return &Error{cause: ErrPolicy, reasons: reasons}
}

// text looks at the password as bytes and characters.
func (p *Policy) text(pw string) []Reason {
	least := cmp.Or(p.minLength, minLengthAlone) // the zero Policy is no weaker than that of the zero PolicyConfig
	switch {
	case len(pw) > MaxPassword:
		return []Reason{{Code: CodeTooLong, Text: "It has more than 1,024 bytes."}}
	case pw != "" && !acceptable(pw):
		return []Reason{{Code: CodeBadText, Text: "It has a NUL character or is not UTF-8 text."}}
	case utf8.RuneCountInString(pw) < least:
		return []Reason{{Code: CodeTooShort, MinLength: least, Text: fmt.Sprintf("It has fewer than %d characters.", least)}}
	}
	return nil
}

func (p *Policy) ask(ctx context.Context, pw string) (bool, error) {
	if p.breached == nil || pw == "" {
		return false, nil
	}
	return p.breached(ctx, pw)
}

// guessable compares the whole password, as NIST wants it, and no part of it.
func guessable(folded string, words []string) []Reason {
	var reasons []Reason
	unit := period(folded)
	if common(folded) || common(unit) {
		reasons = append(reasons, Reason{Code: CodeCommon, Text: "It is one of the most common passwords."})
	}
	if unit != folded && utf8.RuneCountInString(unit) <= 4 || sequence(folded) {
		reasons = append(reasons, Reason{Code: CodeRepetitive, Text: "It repeats a few characters, or counts them up or down."})
	}
	if onlyContext(folded, words) {
		reasons = append(reasons, Reason{Code: CodeContext, Text: "It is made of your name or address, or of the name of this service."})
	}
	return reasons
}

// uncheckedError keeps the text of a hook's error to itself, because it may quote what the hook was given.
type uncheckedError struct{ err error }

func (*uncheckedError) Error() string     { return ErrUnchecked.Error() }
func (u *uncheckedError) Unwrap() []error { return []error{ErrUnchecked, u.err} }

// joinTexts is for the client.
func joinTexts(reasons []Reason) string {
	var b strings.Builder
	b.WriteString("Choose another password.")
	for _, r := range reasons {
		b.WriteString(" ")
		b.WriteString(r.Text)
	}
	return b.String()
}
