package authtest

import (
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/sallyport-go/sallyport/auth"
)

// DefaultAudience is what the tokens of an [Issuer] are for, unless it is made for others.
const DefaultAudience = "https://api.example"

// Issuer is a provider for tests: it has keys of its own, which end with the test, and serves them over HTTP on a loopback address
// together with its metadata, so that [auth.Discover] and [auth.NewRemoteKeys] find them. It also makes tokens that no issuer
// should. Its fields are not to be changed.
type Issuer struct {
	// Name is the issuer's name ("iss") and, unless it was made by [Issuer.As], the URL where it serves.
	Name string
	// Audience are the services that its tokens are for.
	Audience []string

	t      testing.TB
	url    string
	active key
	ring   *auth.KeyRing
}

// NewIssuer starts an issuer of tokens for the given services, or for [DefaultAudience]. It ends with the test.
func NewIssuer(t testing.TB, audience ...string) *Issuer {
	t.Helper()
	if len(audience) == 0 {
		audience = []string{DefaultAudience}
	}
	i := &Issuer{Audience: slices.Clone(audience), t: t, active: key{kidES, "ES256", mustEC(elliptic.P256())}}
	i.ring = ring(t, i.active, key{kidRS, "RS256", rsaKey()}, key{kidES3, "ES384", p384()}, key{kidPS, "PS256", pssKey()})
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	i.Name, i.url = server.URL, server.URL
	mux.Handle("/jwks.json", i.ring.JWKS())
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": i.url, "jwks_uri": i.JWKS()}) // a client that went away
	})
	return i
}

// As returns an issuer with the same keys under another name, for a service that knows its own issuer by a fixed one.
func (i *Issuer) As(name string, audience ...string) *Issuer {
	other := *i
	other.Name, other.Audience = name, slices.Clone(audience)
	return &other
}

// JWKS is the URL of the public keys.
func (i *Issuer) JWKS() string { return i.url + "/jwks.json" }

// Keys are the keys, for [auth.VerifierConfig] and [auth.IssuerConfig] of the service under test.
func (i *Issuer) Keys() *auth.KeyRing { return i.ring }

// Verifier returns a verifier for the issuer's tokens.
func (i *Issuer) Verifier() *auth.Verifier {
	i.t.Helper()
	v, err := auth.NewVerifier(auth.VerifierConfig{Issuer: i.Name, Audience: i.Audience, Keys: i.ring})
	if err != nil {
		i.t.Fatalf("authtest: %v", err)
	}
	return v
}

// Token returns a good token, valid for ten minutes. Without a Client it is that of "test".
func (i *Issuer) Token(g auth.Grant) string { return i.Forge(g, nil) }

// Forge returns a token of which change may have made anything, signed rightly whatever it says. The maps become the JOSE header and
// the claims:
//
//	token := issuer.Forge(grant, func(header, claims map[string]any) { claims["exp"] = 0 })
func (i *Issuer) Forge(g auth.Grant, change func(header, claims map[string]any)) string {
	if g.Client == "" {
		g.Client = "test"
	}
	f := i.forge(g)
	if change != nil {
		change(f.header, f.claims)
	}
	return f.token()
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}
