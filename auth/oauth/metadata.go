package oauth

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/internal/problem"
)

// metadata is RFC 8414, section 2. It lists what is turned on, and nothing else.
type metadata struct {
	Issuer                   string   `json:"issuer"`
	TokenEndpoint            string   `json:"token_endpoint"`
	RevocationEndpoint       string   `json:"revocation_endpoint"`
	IntrospectionEndpoint    string   `json:"introspection_endpoint,omitempty"`
	JWKSURI                  string   `json:"jwks_uri,omitempty"`
	Scopes                   []string `json:"scopes_supported,omitempty"`
	ResponseTypes            []string `json:"response_types_supported"` // required, and none: there is no authorization endpoint
	GrantTypes               []string `json:"grant_types_supported"`
	TokenAuthMethods         []string `json:"token_endpoint_auth_methods_supported"`
	RevocationAuthMethods    []string `json:"revocation_endpoint_auth_methods_supported"`
	IntrospectionAuthMethods []string `json:"introspection_endpoint_auth_methods_supported,omitempty"`
}

// Metadata returns the handler of the authorization server's metadata (RFC 8414). Clients may keep it for an hour. The URLs in it are
// those of [Config.Paths] at the origin of the issuer's name.
func (s *Service) Metadata() http.Handler { return metadataEndpoint(s.metadata) }

// metadataPath is the well-known path with the issuer's path behind it (section 3.1).
func (s *Service) metadataPath() string {
	u, _ := url.Parse(s.issuer.Name()) // which auth.NewIssuer has checked
	return "/.well-known/oauth-authorization-server" + strings.TrimSuffix(u.EscapedPath(), "/")
}

func (s *Service) newMetadata() ([]byte, error) {
	u, err := url.Parse(s.issuer.Name())
	if err != nil {
		return nil, err
	}
	origin := u.Scheme + "://" + u.Host
	m := metadata{
		Issuer: s.issuer.Name(), TokenEndpoint: origin + s.paths.Token, RevocationEndpoint: origin + s.paths.Revoke,
		ResponseTypes: []string{}, GrantTypes: []string{}, TokenAuthMethods: []string{},
	}
	var secrets []string
	if s.confidential() {
		secrets = []string{"client_secret_basic", "client_secret_post"}
		m.IntrospectionEndpoint, m.IntrospectionAuthMethods = origin+s.paths.Introspect, secrets
	}
	if _, ok := s.issuer.Keys().(*auth.KeyRing); ok {
		m.JWKSURI = origin + s.paths.JWKS
	}
	grants, scopes, public := map[GrantType]bool{}, map[string]bool{}, false
	for _, c := range s.clients {
		public = public || c.public()
		for _, g := range c.Grants {
			grants[g] = true
		}
		for _, scope := range c.Scopes {
			scopes[scope] = true
		}
	}
	for _, g := range []GrantType{GrantPassword, GrantRefreshToken, GrantClientCredentials} {
		if grants[g] {
			m.GrantTypes = append(m.GrantTypes, string(g))
		}
	}
	for scope := range scopes {
		m.Scopes = append(m.Scopes, scope)
	}
	slices.Sort(m.Scopes)
	if public {
		m.TokenAuthMethods = append(m.TokenAuthMethods, "none")
	}
	m.TokenAuthMethods = append(m.TokenAuthMethods, secrets...)
	m.RevocationAuthMethods = m.TokenAuthMethods
	return json.Marshal(m)
}

type metadataEndpoint []byte

func (text metadataEndpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		problem.Write(w, r, problem.Details{Status: http.StatusMethodNotAllowed, Detail: "The metadata can only be read."})
		return
	}
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", fmt.Sprint(len(text)))
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodHead {
		_, _ = w.Write(text) // a client that went away is not our error
	}
}
