package oauth

import (
	"slices"
	"strings"
)

// maxScopes is the most that one request, client or token has.
const maxScopes = 100

// parseScope reads the parameter "scope": scope-tokens with one space between (RFC 6749, section 3.3). Repeated ones count once.
func parseScope(s string) (scopes []string, ok bool) {
	if s == "" {
		return nil, true
	}
	for scope := range strings.SplitSeq(s, " ") {
		if slices.Contains(scopes, scope) {
			continue
		}
		if !validScope(scope) || len(scopes) == maxScopes {
			return nil, false
		}
		scopes = append(scopes, scope)
	}
	return scopes, true
}

// validScope says whether s is a scope-token of RFC 6749, section 3.3.
func validScope(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return s != "" && len(s) <= maxName
}

// grantable returns what is wanted and in each of the limits, in the order of the wanting. To want nothing is to want all of the
// first limit; only who wants something can get too little.
func grantable(wanted []string, limits ...[]string) (granted []string, ok bool) {
	from := wanted
	if len(wanted) == 0 {
		from = limits[0]
	}
	for _, scope := range from {
		within := func(limit []string) bool { return slices.Contains(limit, scope) }
		if !slices.Contains(granted, scope) && !slices.ContainsFunc(limits, func(limit []string) bool { return !within(limit) }) {
			granted = append(granted, scope)
		}
	}
	return granted, len(granted) > 0 || len(wanted) == 0
}

// limits are those that hold at any time. A client without a list of its own has the user's.
func (q request) limits(u User) [][]string {
	if len(q.client.Scopes) == 0 {
		return [][]string{u.Scopes}
	}
	return [][]string{u.Scopes, q.client.Scopes}
}
