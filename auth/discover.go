package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

// DiscoverConfig configures [Discover]. Issuer is required.
type DiscoverConfig struct {
	// Issuer is the provider by the name that its tokens carry ("iss"), under the rules of VerifierConfig.Issuer.
	Issuer string
	// Keys says how the metadata and later the keys are fetched. Its URL must be empty, since the metadata has it.
	Keys RemoteKeysConfig

	_ struct{} // keyed literals only: fields may be added later
}

// The documents that an issuer may publish, the first one first. The standards put them at different places where the issuer has a path.
const (
	oauthMetadata  = "/.well-known/oauth-authorization-server" // before the path (RFC 8414, section 3.1)
	openidMetadata = "/.well-known/openid-configuration"       // behind it (OpenID Connect Discovery, section 4.1)
)

// Discover returns the keys of an issuer, whose URL it reads from the issuer's metadata: that of RFC 8414 or, failing that, of OpenID
// Connect Discovery. The keys themselves are fetched when they are first needed.
//
// The metadata must call the issuer by the very name that was configured (RFC 8414, section 3.3), and the URL of the keys must be https
// unless the issuer is http itself. That URL may be on another host, as with some large providers.
//
// The error joins what was wrong with either document. It is [ErrUnavailable] if the provider could not be reached or failed, which
// may be worth another attempt. Each document takes five seconds at most. A service that has to start while the provider is down uses
// [NewRemoteKeys], which needs the URL.
func Discover(ctx context.Context, c DiscoverConfig) (*RemoteKeys, error) {
	errs := []error{checkIssuer("DiscoverConfig.Issuer", c.Issuer), c.Keys.check()}
	if c.Keys.URL != "" {
		errs = append(errs, errors.New("auth: DiscoverConfig.Keys.URL is set: leave it empty, or use NewRemoteKeys"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	origin, path, err := splitIssuer(c.Issuer)
	if err != nil {
		return nil, err
	}
	client := strictClient(c.Keys.Client)
	found, err := readMetadata(ctx, client, origin+oauthMetadata+path, c.Issuer)
	if err == nil {
		c.Keys.URL = found
		return NewRemoteKeys(c.Keys)
	}
	err = fmt.Errorf("auth: %s: %w", oauthMetadata, err)
	found, again := readMetadata(ctx, client, origin+path+openidMetadata, c.Issuer)
	if again != nil {
		return nil, errors.Join(err, fmt.Errorf("auth: %s: %w", openidMetadata, again))
	}
	c.Keys.URL = found
	return NewRemoteKeys(c.Keys)
}

// splitIssuer cuts an issuer before its path, and the path before a slash at its end, which neither standard keeps.
func splitIssuer(issuer string) (origin, path string, err error) {
	u, err := url.Parse(issuer)
	if err != nil {
		return "", "", errors.New("auth: DiscoverConfig.Issuer is not a URL")
	}
	return u.Scheme + "://" + u.Host, strings.TrimSuffix(u.EscapedPath(), "/"), nil
}

// readMetadata returns the URL of the keys of the issuer.
func readMetadata(ctx context.Context, client *http.Client, from, issuer string) (string, error) {
	text, _, err := fetch(ctx, client, from, "application/json") // a must in both standards
	if err != nil {
		return "", err
	}
	return parseMetadata(text, issuer)
}

// parseMetadata returns the URL of the keys, if text is the metadata of the issuer.
func parseMetadata(text, issuer string) (string, error) {
	members, ok := jose.ParseObject(strings.Trim(text, " \t\r\n"), nil)
	if !ok {
		return "", errors.New("the metadata is not a JSON object, or has a name twice")
	}
	var name, keys string
	for _, m := range members {
		switch m.Name {
		case "issuer":
			name, _ = m.Value.Text()
		case "jwks_uri":
			keys, _ = m.Value.Text()
		}
	}
	if name != issuer {
		return "", errors.New("the metadata names another issuer: copy the name from there into DiscoverConfig.Issuer, byte by byte, if it is the one that you mean")
	}
	if keys == "" {
		return "", errors.New("the metadata has no jwks_uri")
	}
	if err := checkRemoteURL("jwks_uri", keys); err != nil {
		return "", errors.New("the jwks_uri of the metadata is not a URL with https, or has a user or a fragment")
	}
	if strings.HasPrefix(issuer, "https:") && !strings.HasPrefix(keys, "https:") { // loopback is no reason to leave TLS
		return "", errors.New("the jwks_uri of the metadata is not https, although the issuer is")
	}
	return keys, nil
}
