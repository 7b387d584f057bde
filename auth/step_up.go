package auth

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxAge requires that the subject proved who they are at most d ago ("auth_time"), from a second to a year, for what a stolen
// session must not reach: a change of password, a payment. Others get 401 with insufficient_user_authentication and max_age (RFC
// 9470, section 3), by which the client knows to ask for a new login. A principal without AuthTime does not meet it.
func MaxAge(d time.Duration) Requirement { return loginAge(d) }

type loginAge time.Duration

const longestAge = 365 * 24 * time.Hour

func (m loginAge) fault() error {
	if d := time.Duration(m); d < time.Second || d > longestAge {
		return fmt.Errorf("auth: MaxAge %v is not from 1s to %v: mend it", d, longestAge)
	}
	return nil
}

func (m loginAge) check(p *Principal) *Error {
	if p.id.AuthTime.IsZero() || time.Since(p.id.AuthTime) > time.Duration(m) {
		return &Error{kind: ErrInsufficientAuthentication, detail: "too long ago", subject: p.id.Subject}
	}
	return nil
}

func (m loginAge) param() string {
	return `max_age="` + strconv.FormatInt(int64(time.Duration(m)/time.Second), 10) + `"`
}

func (loginAge) add(scopes []string) []string { return scopes }

// ACR requires that the subject proved who they are by one of the given classes of authentication ("acr"; RFC 9470, section 3). The
// values are the issuer's, such as "urn:example:mfa", in the order of preference: visible ASCII without space, " and \.
func ACR(values ...string) Requirement { return acr(slices.Clone(values)) }

type acr []string

func (a acr) fault() error {
	if len(a) == 0 || len(a) > maxListed || !allFunc(a, validScope) {
		return fmt.Errorf(`auth: ACR has not 1 to %d values of visible ASCII without space, " and \: name those of the issuer`, maxListed)
	}
	return nil
}

func (a acr) check(p *Principal) *Error {
	if !slices.Contains(a, p.id.ACR) {
		return &Error{kind: ErrInsufficientAuthentication, detail: "of another class", subject: p.id.Subject}
	}
	return nil
}

func (a acr) param() string { return `acr_values="` + strings.Join(a, " ") + `"` }

func (acr) add(scopes []string) []string { return scopes }

// stepUp is a requirement that a new login can meet.
type stepUp interface{ param() string }

// stepUpParams returns the parameters of all of them, so that one login meets them together.
func stepUpParams(requirements []Requirement) []string {
	var params []string
	for _, q := range requirements {
		if s, ok := q.(stepUp); ok && q.fault() == nil {
			params = append(params, s.param())
		}
	}
	return params
}

// all is a list of requirements.
type all []Requirement

// fault also finds a kind of login that is asked for twice: a challenge must not name a parameter twice (RFC 6750, section 3).
func (a all) fault() error {
	var errs []error
	ages, classes := 0, 0
	for _, q := range a {
		switch q.(type) {
		case nil:
			errs = append(errs, errors.New("auth: a Requirement is nil: leave it out"))
			continue
		case loginAge:
			ages++
		case acr:
			classes++
		}
		errs = append(errs, q.fault())
	}
	if ages > 1 || classes > 1 {
		errs = append(errs, errors.New("auth: MaxAge or ACR is there twice: give the stricter one"))
	}
	return errors.Join(errs...)
}

func (a all) add(scopes []string) []string {
	for _, q := range a {
		if q != nil {
			scopes = q.add(scopes)
		}
	}
	return scopes
}
