package oauth

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
)

const maxName = 255 // bytes of a user's name or a client_id

// identify sees to it that the request comes from the public client, as far as anybody can say so (RFC 6749, section 3.2.1). That one has
// nothing to authenticate with, so who tries to is another.
func (s *Service) identify(header http.Header, f form) *Error {
	id, attempts := f["client_id"], header["Authorization"]
	_, secret := f["client_secret"]
	if len(attempts) > 1 || len(attempts) == 1 && secret {
		return badRequest("The client authenticates in more than one way.") // section 2.3
	}
	if len(attempts) == 1 {
		name, ok := unauthenticated(attempts[0])
		switch {
		case !ok:
			return invalidClient(true, "no client authenticates by the header")
		case name != "" && id != "" && name != id:
			return badRequest("The client has two names.")
		case name != "" && name != s.client.ClientID:
			return invalidClient(true, "unknown client")
		}
	}
	switch {
	case secret:
		return invalidClient(false, "no client has a secret")
	case id != "" && id != s.client.ClientID:
		return invalidClient(false, "unknown client")
	}
	return nil
}

// unauthenticated returns the name in Basic credentials whose secret is empty, which is none (RFC 6749, section 2.3.1). Swagger UI
// sends such with an empty name, if its fields are left empty, and golang.org/x/oauth2 with the name of a client without a secret.
func unauthenticated(header string) (name string, ok bool) {
	scheme, credentials, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", false
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(credentials)
	if err != nil {
		return "", false
	}
	name, secret, found := strings.Cut(string(decoded), ":")
	if !found || secret != "" {
		return "", false
	}
	name, err = url.QueryUnescape(name) // encoded like a form, before base64
	return name, err == nil
}

// validClientID is narrower than RFC 6749, appendix A.1: a space is easily overlooked, and a colon ends the name in Basic credentials.
func validClientID(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == ':' {
			return false
		}
	}
	return s != "" && len(s) <= maxName
}
