package session

import (
	"net/http"
	"strings"
)

// token returns the value of the cookie. There is none if it is absent or empty, and it is refused if there are two.
func (s *Sessions) token(r *http.Request) (value string, err *Error) {
	found, strict := s.cookies(r)
	switch {
	case len(found) == 0:
		return "", nil
	case len(found) == 1 && strict:
		return found[0], nil
	}
	return "", &Error{kind: ErrInvalidRequest} // somebody has planted one, and which is ours cannot be told
}

// cookies returns the values of all cookies of the name, and whether the name is written as browsers write it. net/http reads a name
// with spaces around it as the one without, but a browser that lets such a name in does not take it for one with the prefix, so
// that a sibling of the site could plant it. Values are taken as they are, without another spelling in quotation marks.
func (s *Sessions) cookies(r *http.Request) (values []string, strict bool) {
	strict = true
	for _, line := range r.Header["Cookie"] {
		for part := range strings.SplitSeq(line, ";") {
			name, value, _ := strings.Cut(part, "=")
			if strings.TrimSpace(name) != s.name {
				continue
			}
			values = append(values, value)
			strict = strict && strings.TrimPrefix(name, " ") == s.name // one space follows the semicolon (RFC 6265, section 4.2.1)
		}
	}
	return values, strict
}

// setCookie gives the browser a session, or takes it away if the value is empty. Of several in one answer the last one holds
// (RFC 6265, section 4.1.1, allows one of a name).
func (s *Sessions) setCookie(w http.ResponseWriter, value string) {
	c := &http.Cookie{Name: s.name, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if value == "" {
		c.MaxAge = -1
	}
	h := w.Header()
	var others []string
	for _, line := range h["Set-Cookie"] {
		if !strings.HasPrefix(line, s.name+"=") {
			others = append(others, line)
		}
	}
	h["Set-Cookie"] = append(others, c.String())
	h.Set("Cache-Control", "no-store") // a cache that kept it would hand the session out
}

// Forget takes the cookie away from the browser, and ends nothing. It is for [auth.Config.Deny], when the session that the
// browser names is not there any more.
func (s *Sessions) Forget(w http.ResponseWriter) { s.setCookie(w, "") }

// fromOther says whether another site may have made the browser send r.
func (s *Sessions) fromOther(r *http.Request) bool {
	if r.Header["Upgrade"] != nil && r.Method == http.MethodGet { // opens a channel for requests that nobody looks at again
		copied := *r
		copied.Method = http.MethodPost
		r = &copied
	}
	return s.origins.Check(r) != nil
}
