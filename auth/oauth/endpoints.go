package oauth

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"

	"github.com/sallyport-go/sallyport/auth"
)

// Paths are where the endpoints are, each beginning with a slash. Empty means what is written behind.
type Paths struct {
	Token      string // /token
	Login      string // /login
	Revoke     string // /revoke
	Introspect string // /introspect
	JWKS       string // /.well-known/jwks.json

	_ struct{} // keyed literals only: fields may be added later
}

func (p Paths) withDefaults() Paths {
	for _, f := range []struct {
		path  *string
		value string
	}{{&p.Token, "/token"}, {&p.Login, "/login"}, {&p.Revoke, "/revoke"}, {&p.Introspect, "/introspect"}, {&p.JWKS, "/.well-known/jwks.json"}} {
		if *f.path == "" {
			*f.path = f.value
		}
	}
	return p
}

func (p Paths) faults() (errs []error) {
	seen := map[string]bool{}
	for _, f := range []struct{ field, path string }{
		{"Token", p.Token}, {"Login", p.Login}, {"Revoke", p.Revoke}, {"Introspect", p.Introspect}, {"JWKS", p.JWKS},
	} {
		if !strings.HasPrefix(f.path, "/") || strings.ContainsAny(f.path, "{}?# \"") || !printable(f.path) || len(f.path) > maxName {
			errs = append(errs, fmt.Errorf("oauth: Config.Paths.%s is not a path that begins with a slash, of up to %d plain characters: give one such as /token", f.field, maxName))
		}
		if seen[f.path] {
			errs = append(errs, fmt.Errorf("oauth: Config.Paths.%s is that of another endpoint: give each its own", f.field))
		}
		seen[f.path] = true
	}
	return errs
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// Endpoints returns the patterns and handlers of all endpoints that the configuration turns on, and of the metadata that tells clients
// about them. They are public routes: each decides itself who may use it.
//
//	for pattern, handler := range tokens.Endpoints() {
//		mux.Public(pattern, handler) // mux.Handle of net/http
//	}
//
// The JSON login is not among them; see [Service.Login].
func (s *Service) Endpoints() iter.Seq2[string, http.Handler] {
	return func(yield func(string, http.Handler) bool) {
		for _, e := range s.endpoints() {
			if !yield(e.pattern, e.handler) {
				return
			}
		}
	}
}

type endpoint struct {
	pattern string
	handler http.Handler
}

func (s *Service) endpoints() []endpoint {
	list := []endpoint{
		{"POST " + s.paths.Token, s.Token()},
		{"POST " + s.paths.Revoke, s.Revoke()},
		{"GET " + s.metadataPath(), s.Metadata()},
	}
	if s.confidential() {
		list = append(list, endpoint{"POST " + s.paths.Introspect, s.Introspect()})
	}
	if ring, ok := s.issuer.Keys().(*auth.KeyRing); ok {
		list = append(list, endpoint{"GET " + s.paths.JWKS, ring.JWKS()})
	}
	return list
}

func (s *Service) confidential() bool {
	for _, c := range s.clients {
		if !c.public() {
			return true
		}
	}
	return false
}

var errNoGrant = errors.New("oauth: Config.Password and Config.ClientCredentials are nil, so that nobody gets a token: give a PasswordGrant or a ClientCredentialsGrant")
