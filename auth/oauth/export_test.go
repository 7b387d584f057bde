package oauth

// ParseRefreshToken returns the token's other spelling, which must be the same, the name of its login and its successor.
func ParseRefreshToken(s string) (again, family, next string, ok bool) {
	t, ok := parseRefreshToken(s)
	if !ok {
		return "", "", "", false
	}
	return t.encode(), t.family(), t.next().encode(), true
}

// NewRefreshToken returns a token of a login that no store knows.
func NewRefreshToken() string { return newRefreshToken().encode() }

// ParseForm returns the parameters of a body.
func ParseForm(body string) (map[string]string, error) {
	f, refused := parseForm(body)
	if refused != nil {
		return nil, refused
	}
	return f, nil
}

// ParseScope returns the scopes of a parameter.
var ParseScope = parseScope
