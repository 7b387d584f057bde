package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
)

// Basic returns an Authenticator for HTTP Basic (RFC 7617). The function decides about a name and a password, and follows the rules
// of Authenticator.Authenticate; a browser or machine sends them with each request, so that it has to limit how often it can be asked:
// auth/password and auth/throttle are made for that.
//
// Name and password are UTF-8 without control characters, as the challenge says, and take up to 4,096 bytes together as they are sent.
func Basic(verify func(ctx context.Context, name, password string) (*Principal, error)) Authenticator {
	return basic{verify}
}

type basic struct {
	verify func(ctx context.Context, name, password string) (*Principal, error)
}

const (
	schemeBasic = "Basic"
	maxBasic    = 4096
)

func (b basic) fault() error {
	if b.verify == nil {
		return errors.New("auth: Config.Authenticator is Basic(nil): give a function that decides about a name and a password")
	}
	return nil
}

func (basic) Schemes() []string { return []string{schemeBasic} }

// Presents says whether there are credentials of this scheme.
func (basic) Presents(r *http.Request) bool { return presents(r, schemeBasic) }

func (b basic) Authenticate(r *http.Request) (*Principal, error) {
	if err := b.fault(); err != nil {
		return nil, err
	}
	encoded, err := credentials(r, schemeBasic)
	if err != nil {
		return nil, err
	}
	name, password, ok := splitBasic(encoded)
	if !ok {
		return nil, refusal(ErrInvalidRequest, "the credentials are not base64 of a name, a colon and a password")
	}
	return b.verify(r.Context(), name, password)
}

func splitBasic(encoded string) (name, password string, ok bool) {
	if len(encoded) > maxBasic {
		return "", "", false
	}
	text, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || !plain(string(text), len(text)) {
		return "", "", false
	}
	return strings.Cut(string(text), ":")
}

// presents says whether r has an Authorization header for the scheme.
func presents(r *http.Request, scheme string) bool {
	for _, v := range r.Header["Authorization"] {
		if s, _, _ := strings.Cut(v, " "); strings.EqualFold(s, scheme) {
			return true
		}
	}
	return false
}

// credentials returns those of the Authorization header for the scheme, in one piece. The header may be there once.
func credentials(r *http.Request, scheme string) (string, error) {
	values := r.Header["Authorization"]
	switch len(values) {
	case 0:
		return "", refusal(ErrNoCredentials, "")
	case 1:
	default:
		return "", refusal(ErrInvalidRequest, "more than one Authorization header")
	}
	name, piece, found := strings.Cut(values[0], " ")
	if !strings.EqualFold(name, scheme) {
		return "", refusal(ErrNoCredentials, "another scheme") // not an attempt at ours
	}
	if !found || !token68(piece) {
		return "", refusal(ErrInvalidRequest, "the Authorization header is not one scheme, one space and one token68")
	}
	return piece, nil
}
