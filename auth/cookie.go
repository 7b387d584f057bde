package auth

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// CookieConfig configures [Cookie]. Name and Verifier are required.
type CookieConfig struct {
	// Name is that of the cookie. It begins with "__Host-", so that browsers keep it to this host, to HTTPS and to the whole of the
	// site (RFC 6265bis, section 4.1.3.2).
	Name string
	// Verifier verifies the token in it.
	Verifier TokenVerifier
	// TrustedOrigins may send requests that change something, such as "https://app.example", beside the service's own origin.
	TrustedOrigins []string

	_ struct{} // keyed literals only: fields may be added later
}

// Cookie returns an Authenticator that reads a token from a cookie. Browsers send cookies by themselves, also when another site asks
// them to, so [http.CrossOriginProtection] comes with it: a request with the cookie that is not GET, HEAD or OPTIONS and comes from
// another origin is refused with 403, and so is the opening of a WebSocket. Handlers must therefore change nothing on GET.
//
// Set the cookie with Secure, HttpOnly, Path "/" and SameSite=Lax. An empty one counts as none. Answers that passed [Guard.Handler]
// or [Guard.Require] are marked Cache-Control: private, unless the handler says otherwise.
func Cookie(c CookieConfig) Authenticator {
	a := cookie{name: c.Name, verifier: c.Verifier, origins: http.NewCrossOriginProtection()}
	if !strings.HasPrefix(c.Name, "__Host-") || !isToken(c.Name) || len(c.Name) > maxRealm || c.Name == "__Host-" {
		a.err = fmt.Errorf("auth: CookieConfig.Name is not __Host- and a token of RFC 9110, up to %d bytes in all: take a name such as __Host-token", maxRealm)
	}
	if missing(c.Verifier) {
		a.err = errors.Join(a.err, errors.New("auth: CookieConfig.Verifier is nil: give a verifier, such as issuer.Verifier()"))
	}
	for _, origin := range c.TrustedOrigins {
		if err := a.origins.AddTrustedOrigin(origin); err != nil {
			a.err = errors.Join(a.err, fmt.Errorf("auth: CookieConfig.TrustedOrigins: %w: give scheme and host, such as https://app.example", err))
		}
	}
	return a
}

type cookie struct {
	name     string
	verifier TokenVerifier
	origins  *http.CrossOriginProtection
	err      error
}

func (c cookie) fault() error    { return c.err }
func (cookie) Schemes() []string { return []string{schemeBearer} }
func (cookie) Vary() []string    { return []string{"Cookie"} }

// Presents says whether the cookie is there.
func (c cookie) Presents(r *http.Request) bool {
	values, _ := c.values(r)
	return len(values) > 0
}

// values returns those of all cookies of the name that are not empty, and whether the name is written as browsers write it. net/http reads a
// name with a space before the "=" as the one without, but a browser does not take such a name for one with the prefix, so that a
// sibling of the site could plant it. Values are taken as they are, without another spelling in quotation marks.
func (c cookie) values(r *http.Request) (values []string, strict bool) {
	strict = true
	for _, line := range r.Header["Cookie"] {
		for part := range strings.SplitSeq(line, ";") {
			name, value, _ := strings.Cut(part, "=")
			if strings.TrimSpace(name) != c.name || value == "" {
				continue
			}
			values = append(values, value)
			strict = strict && strings.TrimPrefix(name, " ") == c.name // one space follows the semicolon (RFC 6265, section 4.2.1)
		}
	}
	return values, strict
}

func (c cookie) Authenticate(r *http.Request) (*Principal, error) {
	if c.err != nil {
		return nil, c.err
	}
	found, strict := c.values(r)
	switch {
	case len(found) == 0:
		return nil, refusal(ErrNoCredentials, "")
	case len(found) > 1 || !strict: // somebody has planted one, and which is ours cannot be told
		return nil, refusal(ErrInvalidRequest, "more than one cookie of that name")
	}
	// Check compares hosts. A page of this host over plain HTTP, which anybody on the way can write, is another origin.
	checked := r
	if r.Header["Upgrade"] != nil && r.Method == http.MethodGet { // opens a channel for requests that nobody looks at again
		copied := *r
		copied.Method = http.MethodPost
		checked = &copied
	}
	if err := c.origins.Check(checked); err != nil || r.TLS != nil && mayChange(r) && strings.HasPrefix(r.Header.Get("Origin"), "http:") {
		return nil, refusal(ErrCrossOrigin, "")
	}
	return verifyFrom(r, c.verifier, found[0])
}

// mayChange says whether r may change something.
func mayChange(r *http.Request) bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodOptions || r.Header["Upgrade"] != nil
}
