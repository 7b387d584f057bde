package oauth

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
)

// identify finds out which client sends the request (RFC 6749, sections 2.3 and 3.2.1): a confidential one by its secret, in the header or
// the form, a public one by its name, and the public client of the password grant by saying nothing.
func (s *Service) identify(header http.Header, f form) (*Client, *Error) {
	id, attempts := f["client_id"], header["Authorization"]
	secret, post := f["client_secret"]
	if len(attempts) > 1 || len(attempts) == 1 && post {
		return nil, badRequest("The client authenticates in more than one way.") // section 2.3
	}
	byHeader := len(attempts) == 1
	if byHeader {
		name, password, ok := basicCredentials(attempts[0])
		switch {
		case !ok:
			return nil, invalidClient(true, "the header holds no credentials of a client")
		case name != "" && id != "" && name != id:
			return nil, badRequest("The client has two names.")
		case name != "":
			id = name
		}
		secret = password
	}
	if id == "" && secret == "" {
		id = s.public
	}
	c := s.clients[id]
	if c == nil {
		(&Client{Secrets: make([]SecretHash, 1)}).knows(secret) // as much work as for one that is known
		return nil, invalidClient(byHeader, "unknown client")
	}
	switch {
	case c.public() && secret != "":
		return nil, invalidClient(byHeader, "a public client has no secret")
	case !c.public() && secret == "":
		return nil, invalidClient(byHeader, "the client did not authenticate")
	case !c.public() && !c.knows(secret):
		return nil, invalidClient(byHeader, "wrong secret")
	}
	return c, nil
}

// basicCredentials reads a name and a secret, each encoded like a form before base64 (RFC 6749, section 2.3.1). An empty secret is none.
// Swagger UI sends such with an empty name, if its fields are left empty, and golang.org/x/oauth2 with the name of a client without a secret.
func basicCredentials(header string) (name, secret string, ok bool) {
	scheme, credentials, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(credentials)
	if err != nil {
		return "", "", false
	}
	name, secret, ok = strings.Cut(string(decoded), ":")
	if !ok {
		return "", "", false
	}
	name, errName := url.QueryUnescape(name)
	secret, errSecret := url.QueryUnescape(secret)
	return name, secret, errName == nil && errSecret == nil && (name != "" || secret == "")
}
