package auth_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

// The shapes are those of the providers' documentation: Keycloak 26, Entra ID access tokens of version 2.0, Auth0 with its own token
// profile, an Okta custom authorization server, a Cognito user pool.
func providerClaims(now int64) map[auth.Profile]struct{ header, claims map[string]any } {
	type m = map[string]any
	return map[auth.Profile]struct{ header, claims map[string]any }{
		auth.ProfileKeycloak: {m{"typ": "JWT"}, m{
			"exp": now + 300, "iat": now, "auth_time": now, "jti": "onrtac:7f0e", "iss": "https://id.example/realms/acme", "aud": []string{testAudience, "account"},
			"sub": "b0c1", "typ": "Bearer", "azp": "web", "sid": "f1d2", "acr": "1", "allowed-origins": []string{"https://app.example"},
			"realm_access": m{"roles": []string{"offline_access"}}, "scope": "openid profile email", "email_verified": true, "preferred_username": "alice",
		}},
		auth.ProfileEntra: {m{"typ": "JWT"}, m{
			"aud": testAudience, "iss": "https://login.microsoftonline.com/72f9/v2.0", "iat": now, "nbf": now, "exp": now + 4000, "aio": "AXQA", "azp": "web",
			"azpacr": "0", "name": "Alice", "oid": "6908", "preferred_username": "alice@example.com", "rh": "I", "scp": "notes.read notes.write",
			"sub": "HKZ", "tid": "72f9", "uti": "fqiB", "ver": "2.0", "roles": []string{"editor"},
		}},
		auth.ProfileAuth0: {m{"typ": "JWT"}, m{
			"iss": "https://acme.eu.auth0.com/", "sub": "auth0|5f7c", "aud": []string{testAudience, "https://acme.eu.auth0.com/userinfo"}, "iat": now,
			"exp": now + 86400, "azp": "web", "scope": "openid notes:read", "permissions": []string{"notes:read"},
		}},
		auth.ProfileOkta: {m{}, m{
			"ver": 1, "jti": "AT.0mP4", "iss": "https://acme.okta.com/oauth2/default", "aud": testAudience, "iat": now, "exp": now + 3600, "cid": "web",
			"uid": "00u1", "scp": []string{"openid", "notes:read"}, "auth_time": now, "sub": "alice@example.com",
		}},
		auth.ProfileCognito: {m{}, m{
			"sub": "aaaa", "iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_x", "version": 2, "client_id": testAudience, "origin_jti": "o",
			"event_id": "e", "token_use": "access", "scope": "notes/read", "auth_time": now, "exp": now + 3600, "iat": now, "jti": "j", "username": "alice",
		}},
	}
}

func TestProfilesTakeTheTokensOfTheirProvider(t *testing.T) {
	k := testKey{"k", "RS256", rsaKey()}
	keys := ring(t, k)
	for profile, c := range providerClaims(time.Now().Unix()) {
		v, err := auth.NewVerifier(auth.VerifierConfig{Issuer: c.claims["iss"].(string), Audience: []string{testAudience}, Keys: keys, Profile: profile})
		require.NoError(t, err)
		strict, err := auth.NewVerifier(auth.VerifierConfig{Issuer: c.claims["iss"].(string), Audience: []string{testAudience}, Keys: keys})
		require.NoError(t, err)

		f := newForge(t, k)
		f.claims = c.claims
		f.header = map[string]any{"alg": "RS256", "kid": "k"}
		for name, value := range c.header {
			f.header[name] = value
		}
		token := f.token()
		for range 2 { // the second time from the cache
			p, err := v.Verify(t.Context(), token)
			require.NoError(t, err, "profile %d", profile)
			assert.Equal(t, c.claims["sub"], p.Subject())
			assert.NotEmpty(t, p.Client())
			assert.NotEmpty(t, p.Scopes(), "profile %d", profile)
		}
		_, err = strict.Verify(t.Context(), token)
		assert.ErrorIs(t, err, auth.ErrType, "without the profile")
	}
}

func TestProfilesRefuseWhatElseTheirProviderIssues(t *testing.T) {
	k := testKey{"k", "RS256", rsaKey()}
	keys := ring(t, k)
	all := func() map[auth.Profile]struct{ header, claims map[string]any } {
		return providerClaims(time.Now().Unix())
	}
	for _, c := range []struct {
		name    string
		profile auth.Profile
		change  func(claims map[string]any)
		want    error
	}{
		{"Keycloak ID token", auth.ProfileKeycloak, func(c map[string]any) { c["typ"] = "ID" }, auth.ErrType},
		{"Keycloak refresh token", auth.ProfileKeycloak, func(c map[string]any) { c["typ"] = "Refresh" }, auth.ErrType},
		{"Keycloak, no typ", auth.ProfileKeycloak, func(c map[string]any) { delete(c, "typ") }, auth.ErrType},
		{"Keycloak, typ a list", auth.ProfileKeycloak, func(c map[string]any) { c["typ"] = []string{"Bearer"} }, auth.ErrType},
		{"Keycloak, no client", auth.ProfileKeycloak, func(c map[string]any) { delete(c, "azp") }, auth.ErrClaims},
		{"Entra ID token", auth.ProfileEntra, func(c map[string]any) { delete(c, "azp") }, auth.ErrType},
		{"Entra, version 1.0", auth.ProfileEntra, func(c map[string]any) { c["ver"] = "1.0" }, auth.ErrType},
		{"Entra, no uti", auth.ProfileEntra, func(c map[string]any) { delete(c, "uti") }, auth.ErrClaims},
		{"Entra, scp a number", auth.ProfileEntra, func(c map[string]any) { c["scp"] = 1 }, auth.ErrClaims},
		{"Auth0 ID token", auth.ProfileAuth0, func(c map[string]any) { c["nonce"] = "n" }, auth.ErrType},
		{"Auth0 ID token of a code", auth.ProfileAuth0, func(c map[string]any) { c["at_hash"] = "n" }, auth.ErrType},
		{"Auth0, for the client", auth.ProfileAuth0, func(c map[string]any) { c["aud"] = "web" }, auth.ErrAudience},
		{"Okta ID token", auth.ProfileOkta, func(c map[string]any) { delete(c, "cid") }, auth.ErrType},
		{"Okta, scp with a space", auth.ProfileOkta, func(c map[string]any) { c["scp"] = []string{"a b"} }, auth.ErrClaims},
		{"Cognito ID token", auth.ProfileCognito, func(c map[string]any) { c["token_use"], c["aud"] = "id", testAudience }, auth.ErrType},
		{"Cognito, no token_use", auth.ProfileCognito, func(c map[string]any) { delete(c, "token_use") }, auth.ErrType},
		{"Cognito, another client", auth.ProfileCognito, func(c map[string]any) { c["client_id"] = "other" }, auth.ErrAudience},
		{"Cognito, another audience", auth.ProfileCognito, func(c map[string]any) { c["aud"] = "https://other.example" }, auth.ErrAudience},
		{"Cognito, neither", auth.ProfileCognito, func(c map[string]any) { delete(c, "client_id") }, auth.ErrClaims},
	} {
		t.Run(c.name, func(t *testing.T) {
			shape := all()[c.profile]
			v, err := auth.NewVerifier(auth.VerifierConfig{Issuer: shape.claims["iss"].(string), Audience: []string{testAudience}, Keys: keys, Profile: c.profile})
			require.NoError(t, err)
			f := newForge(t, k)
			f.header["typ"] = "JWT"
			f.claims = shape.claims
			c.change(f.claims)
			_, err = v.Verify(t.Context(), f.token())
			assert.ErrorIs(t, err, c.want)
		})
	}
}

func TestAnotherExplicitType(t *testing.T) {
	k := testKey{"k", "ES256", p256()}
	config := auth.VerifierConfig{Issuer: testIssuer, Audience: []string{testAudience}, Keys: ring(t, k), Type: "offer+jwt"}
	v, err := auth.NewVerifier(config)
	require.NoError(t, err)
	for typ, want := range map[string]error{
		"offer+jwt": nil, "application/offer+jwt": nil, "OFFER+JWT": nil, "Application/Offer+jwt": nil,
		"at+jwt": auth.ErrType, "JWT": auth.ErrType, "": auth.ErrType, "application/": auth.ErrType, "application/application/offer+jwt": auth.ErrType,
	} {
		f := newForge(t, k)
		f.header["typ"] = typ
		_, err := v.Verify(t.Context(), f.token())
		assert.ErrorIs(t, err, want, typ)
	}
	f := newForge(t, k)
	delete(f.header, "typ")
	_, err = v.Verify(t.Context(), f.token())
	assert.ErrorIs(t, err, auth.ErrType)

	config.Type, config.InsecureAnyType = "", true
	v, err = auth.NewVerifier(config)
	require.NoError(t, err)
	_, err = v.Verify(t.Context(), f.token())
	assert.NoError(t, err, "as its name says")

	for _, typ := range []string{"JWT", "jwt", "a b", "offer+jwt;v=1"} {
		config.Type = typ
		_, err = auth.NewVerifier(config)
		assert.ErrorContains(t, err, "VerifierConfig.Type", typ)
		assert.ErrorContains(t, err, "InsecureAnyType", typ)
	}
	_, err = auth.NewVerifier(auth.VerifierConfig{Issuer: testIssuer, Audience: []string{testAudience}, Keys: ring(t, k), Profile: 99})
	assert.ErrorContains(t, err, "VerifierConfig.Profile")
}
