package auth

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/sallyport-go/sallyport/internal/problem"
)

// ResourceMetadataConfig configures [ResourceMetadata]. Resource is required.
type ResourceMetadataConfig struct {
	// Resource is the identifier of what is protected: the https URL that clients use, without fragment. Plain http is accepted for
	// loopback hosts. It is also a good name for the audience of tokens.
	Resource string
	// AuthorizationServers are the issuers whose tokens are accepted, up to 100.
	AuthorizationServers []string
	// Scopes are those worth asking for, up to 100.
	Scopes []string
	// Name is for people, Documentation an https URL.
	Name, Documentation string

	_ struct{} // keyed literals only: fields may be added later
}

// ResourceMetadata tells clients which authorization servers issue tokens for a resource (RFC 9728). It is a handler; register it at
// its [ResourceMetadata.Path], as a public route, and give it to [Config.Metadata].
type ResourceMetadata struct {
	path, url string
	text      []byte
}

// NewResourceMetadata returns the metadata, or all faults of the Config.
func NewResourceMetadata(c ResourceMetadataConfig) (*ResourceMetadata, error) {
	u, err := url.Parse(c.Resource)
	errs := []error{checkIssuer("ResourceMetadataConfig.Resource", c.Resource)}
	if err == nil && (!quotable(c.Resource) || strings.HasSuffix(u.Path, "/") && u.Path != "/") {
		errs = append(errs, errors.New(`auth: ResourceMetadataConfig.Resource ends in a slash, or has other characters than printable ASCII without " and \: give the URL in its plain form`))
	}
	if len(c.AuthorizationServers) > maxListed {
		errs = append(errs, fmt.Errorf("auth: ResourceMetadataConfig.AuthorizationServers has more than %d: leave some out", maxListed))
	}
	for _, s := range c.AuthorizationServers {
		if err := checkIssuer("ResourceMetadataConfig.AuthorizationServers", s); err != nil {
			errs = append(errs, err)
			break
		}
	}
	if len(c.Scopes) > maxListed || !allFunc(c.Scopes, validScope) {
		errs = append(errs, fmt.Errorf("auth: ResourceMetadataConfig.Scopes has more than %d, or one with other characters than RFC 6749, section 3.3, allows: mend them", maxListed))
	}
	if !plain(c.Name, maxName) {
		errs = append(errs, fmt.Errorf("auth: ResourceMetadataConfig.Name is longer than %d bytes or has control characters: shorten or clean it", maxName))
	}
	if c.Documentation != "" {
		errs = append(errs, checkIssuer("ResourceMetadataConfig.Documentation", c.Documentation))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	m := &ResourceMetadata{path: "/.well-known/oauth-protected-resource" + strings.TrimSuffix(u.EscapedPath(), "/")}
	m.url = u.Scheme + "://" + u.Host + m.path
	m.text, err = json.Marshal(struct {
		Resource string   `json:"resource"`
		Servers  []string `json:"authorization_servers,omitempty"`
		Scopes   []string `json:"scopes_supported,omitempty"`
		Methods  []string `json:"bearer_methods_supported"`
		Name     string   `json:"resource_name,omitempty"`
		Docs     string   `json:"resource_documentation,omitempty"`
	}{c.Resource, slices.Clone(c.AuthorizationServers), slices.Clone(c.Scopes), []string{"header"}, c.Name, c.Documentation})
	return m, err
}

// Path is where the metadata is to be served: /.well-known/oauth-protected-resource and the path of the resource (RFC 9728, section 3.1).
func (m *ResourceMetadata) Path() string { return m.path }

// URL is where clients find the metadata.
func (m *ResourceMetadata) URL() string { return m.url }

// ServeHTTP answers GET and HEAD. Clients may keep the answer for an hour.
func (m *ResourceMetadata) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		problem.Write(w, r, problem.Details{Status: http.StatusMethodNotAllowed, Detail: "The metadata can only be read."})
		return
	}
	header.Set("Cache-Control", "public, max-age=3600")
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", fmt.Sprint(len(m.text)))
	header.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodHead {
		_, _ = w.Write(m.text) // a client that went away is not our error
	}
}
