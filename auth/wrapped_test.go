package auth_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/store"
)

// wrapping is an Authenticator that looks at what another one found.
type wrapping struct{ auth.Authenticator }

func (w wrapping) Unwrap() auth.Authenticator { return w.Authenticator }

func TestAnAuthenticatorInsideAnotherIsSeen(t *testing.T) {
	g := newGuard(t, auth.Config{Authenticator: auth.First(wrapping{hostCookie(named(t))}, wrapping{auth.Bearer(named(t))})})
	r := request(t, "Bearer alice")
	r.Header.Set("Cookie", "__Host-token=mallory")
	assert.Equal(t, 400, serve(g.Handler(whoami), r).Code, "credentials of two kinds")
	r.Header.Del("Authorization")
	w := serve(g.Handler(whoami), r)
	assert.Equal(t, "private", w.Header().Get("Cache-Control"))
	assert.Equal(t, "Cookie", w.Header().Get("Vary"))
}

type nobody struct{}

func (nobody) Schemes() []string                                   { return nil }
func (nobody) Authenticate(*http.Request) (*auth.Principal, error) { return &auth.Principal{}, nil }

func TestAPrincipalWithoutASubjectIsNobody(t *testing.T) {
	assert.Equal(t, 503, serve(newGuard(t, auth.Config{Authenticator: nobody{}}).Handler(whoami), request(t)).Code)
}

// What an issuer revokes it names by its own subjects, whatever prefix a service gives to them.
func TestRevocationOfAnIssuerWithAPrefix(t *testing.T) {
	m, err := store.NewMemory(store.Config{})
	require.NoError(t, err)
	i := revocableIssuer(t, m)
	issuers, err := auth.NewIssuers(auth.IssuersConfig{Issuers: []auth.TrustedIssuer{{Verifier: i.Verifier(), Prefix: "own:"}}})
	require.NoError(t, err)
	token, err := i.Issue(t.Context(), auth.Grant{Subject: "u-1", Client: "web"})
	require.NoError(t, err)
	p, err := issuers.Verify(t.Context(), token.Value)
	require.NoError(t, err)
	require.Equal(t, "own:u-1", p.Subject())
	require.NoError(t, m.DenyBefore(t.Context(), "u-1", p.IssuedAt(), p.Expiry(), p.IssuedAt()))
	_, err = issuers.Verify(t.Context(), token.Value)
	assert.ErrorIs(t, err, auth.ErrRevoked)
}

func TestProfilesWantTheClaimThatMarksAccessTokens(t *testing.T) {
	k := testKey{"k", "RS256", rsaKey()}
	keys := ring(t, k)
	now := int64(0)
	for _, c := range []struct {
		profile auth.Profile
		change  func(claims map[string]any)
		want    error
	}{
		{auth.ProfileOkta, func(c map[string]any) { delete(c, "cid"); c["client_id"] = "web" }, auth.ErrType},
		{auth.ProfileOkta, func(c map[string]any) { c["nonce"] = "n" }, auth.ErrType},
		{auth.ProfileEntra, func(c map[string]any) { delete(c, "azp"); c["client_id"] = "web" }, auth.ErrType},
		{auth.ProfileEntra, func(c map[string]any) { c["at_hash"] = "n" }, auth.ErrType},
		{auth.ProfileKeycloak, func(c map[string]any) { c["typ"] = "DPoP" }, auth.ErrBinding},
	} {
		now = newForge(t, k).claims["iat"].(int64)
		shape := providerClaims(now)[c.profile]
		v, err := auth.NewVerifier(auth.VerifierConfig{Issuer: shape.claims["iss"].(string), Audience: []string{testAudience}, Keys: keys, Profile: c.profile})
		require.NoError(t, err)
		f := newForge(t, k)
		f.header["typ"], f.claims = "JWT", shape.claims
		c.change(f.claims)
		_, err = v.Verify(t.Context(), f.token())
		assert.ErrorIs(t, err, c.want, "profile %d", c.profile)
	}
}
