package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/oauth"
)

var (
	webSecret, webHash = oauth.NewSecret()
	oldSecret, oldHash = oauth.NewSecret()
	apiSecret, apiHash = oauth.NewSecret()
	everyGrant         = []oauth.GrantType{oauth.GrantPassword, oauth.GrantRefreshToken, oauth.GrantClientCredentials}
	withClients        = func(c *oauth.Config) {
		c.ClientCredentials = &oauth.ClientCredentialsGrant{}
		c.Clients = []oauth.Client{
			{ID: "web", Secrets: []oauth.SecretHash{webHash, oldHash}, Grants: everyGrant, Scopes: []string{"notes:read", "jobs:run"}},
			{ID: "api", Secrets: []oauth.SecretHash{apiHash}, Introspect: true},
			{ID: "a+b", Secrets: []oauth.SecretHash{oauth.HashSecret("s%+ :é&=s")}, Grants: everyGrant, Scopes: []string{"jobs:run"}},
			{ID: "cli", Grants: []oauth.GrantType{oauth.GrantPassword}},
		}
	}
)

// basicAuth encodes as RFC 6749, section 2.3.1, says.
func basicAuth(id, secret string) string {
	return basic(url.QueryEscape(id) + ":" + url.QueryEscape(secret))
}

func (f *fixture) as(authorization, body string) reply {
	f.t.Helper()
	r := newRequest(f.t, body)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return f.send(r)
}

func TestClientAuthentication(t *testing.T) {
	f := newFixture(t, withClients)
	const grant = "grant_type=client_credentials"
	for name, c := range map[string]struct {
		authorization, body string
		status              int
		code                string
	}{
		"Basic":                           {basicAuth("web", webSecret), grant, 200, ""},
		"Basic with the older secret":     {basicAuth("web", oldSecret), grant, 200, ""},
		"Basic and the same name":         {basicAuth("web", webSecret), grant + "&client_id=web", 200, ""},
		"post":                            {"", grant + "&client_id=web&client_secret=" + webSecret, 200, ""},
		"Basic, encoded like a form":      {basicAuth("a+b", "s%+ :é&=s"), grant, 200, ""},
		"post, encoded like a form":       {"", grant + "&client_id=a%2Bb&client_secret=" + url.QueryEscape("s%+ :é&=s"), 200, ""},
		"Basic, wrong secret":             {basicAuth("web", apiSecret), grant, 401, "invalid_client"},
		"Basic, no secret":                {basicAuth("web", ""), grant, 401, "invalid_client"},
		"Basic, no name":                  {basicAuth("", webSecret), grant, 401, "invalid_client"},
		"Basic, unknown":                  {basicAuth("nobody", webSecret), grant, 401, "invalid_client"},
		"Basic, name in another case":     {basicAuth("WEB", webSecret), grant, 401, "invalid_client"},
		"Basic, secret of two lines":      {basicAuth("web", webSecret+"\n"), grant, 401, "invalid_client"},
		"Basic, not base64":               {"Basic ???", grant, 401, "invalid_client"},
		"Basic, no colon":                 {basic("web"), grant, 401, "invalid_client"},
		"Basic, broken escape":            {basic("web:%zz"), grant, 401, "invalid_client"},
		"Bearer":                          {"Bearer " + webSecret, grant, 401, "invalid_client"},
		"post, wrong secret":              {"", grant + "&client_id=web&client_secret=x", 400, "invalid_client"},
		"post, no secret":                 {"", grant + "&client_id=web", 400, "invalid_client"},
		"post, secret without a name":     {"", grant + "&client_secret=" + webSecret, 400, "invalid_client"},
		"post, secret of a public client": {"", grant + "&client_id=cli&client_secret=" + webSecret, 400, "invalid_client"},
		"Basic and post":                  {basicAuth("web", webSecret), grant + "&client_id=web&client_secret=" + webSecret, 400, "invalid_request"},
		"Basic and another name":          {basicAuth("web", webSecret), grant + "&client_id=api", 400, "invalid_request"},
		"a public client":                 {"", grant + "&client_id=cli", 400, "unauthorized_client"},
		"nobody":                          {"", grant, 400, "unauthorized_client"},
		"a client without the grant":      {basicAuth("api", apiSecret), grant, 400, "unauthorized_client"},
	} {
		t.Run(name, func(t *testing.T) {
			f.t = t
			a := f.as(c.authorization, c.body)
			assert.Equal(t, c.status, a.status, a.body)
			assert.Equal(t, c.code, a.Error)
			if c.status == 401 {
				assert.Equal(t, `Basic realm="oauth"`, a.header.Get("WWW-Authenticate"))
			} else {
				assert.Empty(t, a.header.Get("WWW-Authenticate"))
			}
			assert.NotContains(t, f.log.String(), webSecret)
		})
	}
}

func TestTwoAuthorizationHeadersAreRefused(t *testing.T) {
	f := newFixture(t, withClients)
	r := newRequest(t, "grant_type=client_credentials")
	r.Header["Authorization"] = []string{basicAuth("web", webSecret), basicAuth("web", webSecret)}
	a := f.send(r)
	assert.Equal(t, 400, a.status)
	assert.Equal(t, "invalid_request", a.Error)
}

func TestClientCredentials(t *testing.T) {
	f := newFixture(t, withClients)
	a := f.as(basicAuth("web", webSecret), "grant_type=client_credentials")
	assert.Empty(t, a.RefreshToken, "RFC 6749, section 4.4.3")
	assert.Equal(t, "notes:read jobs:run", a.Scope)
	p := f.principal(a)
	assert.Equal(t, "client:web", p.Subject(), "RFC 9700, section 4.15: no user's subject")
	assert.Equal(t, "web", p.Client())
	assert.True(t, p.AuthTime().IsZero(), "nobody has proved who they are")

	a = f.as(basicAuth("web", webSecret), "grant_type=client_credentials&scope=jobs:run")
	assert.Equal(t, "jobs:run", a.Scope)
	a = f.as(basicAuth("web", webSecret), "grant_type=client_credentials&scope=admin")
	assert.Equal(t, "invalid_scope", a.Error)

	f = newFixture(t)
	a = f.form("grant_type", "client_credentials")
	assert.Equal(t, "unsupported_grant_type", a.Error, "off unless configured")
}

func TestAUserWithTheSubjectOfAClientGetsNoToken(t *testing.T) {
	f := newFixture(t, withClients)
	f.users.change("alice", func(u *oauth.User) { u.Subject = "client:web" })
	a := f.form("grant_type", "password", "username", "alice", "password", alicePW)
	assert.Equal(t, 500, a.status)
	assert.Empty(t, a.AccessToken)
	assert.Equal(t, 500, f.form("grant_type", "password", "username", "alice", "password", "wrong").status, "which says nothing of the password")
}

func TestPasswordGrantOfAConfidentialClient(t *testing.T) {
	f := newFixture(t, withClients)
	login := f.as(basicAuth("web", webSecret), loginForm)
	require.Equal(t, 200, login.status)
	assert.Equal(t, "notes:read", login.Scope, "what user and client both have")
	assert.Equal(t, "web", f.principal(login).Client())

	refresh := "grant_type=refresh_token&refresh_token=" + login.RefreshToken
	assert.Equal(t, "invalid_client", f.as("", refresh+"&client_id=web").Error, "without the secret")
	assert.Equal(t, "invalid_grant", f.as("", refresh).Error, "the token of another client")
	a := f.as(basicAuth("web", oldSecret), refresh)
	assert.Equal(t, 200, a.status, "and nothing of that has ended the login")

	a = f.as("", loginForm+"&client_id=cli")
	assert.Equal(t, 200, a.status)
	assert.Empty(t, a.RefreshToken, "a client without that grant")
}

func TestClientFaultsAreReportedTogether(t *testing.T) {
	for want, client := range map[string]oauth.Client{
		"Config.Clients[0].ID is not":                                     {ID: "a b", Grants: everyGrant[:1]},
		"Config.Clients[0].ID is that of another":                         {ID: "app", Grants: everyGrant[:1]},
		"Config.Clients[0].Secrets has more than 4":                       {ID: "a", Grants: everyGrant[:1], Secrets: make([]oauth.SecretHash, 5)},
		"or one of nothing":                                               {ID: "a", Grants: everyGrant[:1], Secrets: []oauth.SecretHash{oauth.HashSecret("")}},
		"Config.Clients[0].Scopes has":                                    {ID: "a", Grants: everyGrant[:1], Scopes: []string{"a b"}},
		`Config.Clients[0].Grants has "client_credentials", which is off`: {ID: "a", Grants: everyGrant, Secrets: []oauth.SecretHash{webHash}},
		`Config.Clients[0].Grants has "implicit"`:                         {ID: "a", Grants: []oauth.GrantType{"implicit"}},
		"has no secret":                                                   {ID: "a", Introspect: true},
		"has no Grants":                                                   {ID: "a"},
	} {
		_, err := oauth.New(config(t, func(c *oauth.Config) { c.Clients = []oauth.Client{client} }))
		assert.ErrorContains(t, err, want)
	}
	_, err := oauth.New(config(t, func(c *oauth.Config) { c.Clients = make([]oauth.Client, 10_001) }))
	assert.ErrorContains(t, err, "more than 10000")
	_, err = oauth.New(config(t, func(c *oauth.Config) {
		c.ClientCredentials = &oauth.ClientCredentialsGrant{SubjectPrefix: strings.Repeat("x", 33)}
	}))
	assert.ErrorContains(t, err, "Config.ClientCredentials.SubjectPrefix")
	_, err = oauth.New(config(t, func(c *oauth.Config) {
		c.Paths = oauth.Paths{Token: "token", Revoke: "/a", Introspect: "/a", JWKS: "/{x}"}
	}))
	for _, want := range []string{"Paths.Token is not", "Paths.Introspect is that of another", "Paths.JWKS is not"} {
		assert.ErrorContains(t, err, want)
	}
}

func TestMetadataOfRFC8414(t *testing.T) {
	f := newFixture(t, withClients)
	w := httptest.NewRecorder()
	f.service.Metadata().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
	assert.JSONEq(t, `{
		"issuer": "https://api.example",
		"token_endpoint": "https://api.example/token",
		"revocation_endpoint": "https://api.example/revoke",
		"introspection_endpoint": "https://api.example/introspect",
		"jwks_uri": "https://api.example/.well-known/jwks.json",
		"scopes_supported": ["jobs:run", "notes:read"],
		"response_types_supported": [],
		"grant_types_supported": ["password", "refresh_token", "client_credentials"],
		"token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
		"revocation_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
		"introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"]
	}`, w.Body.String())
	w = httptest.NewRecorder()
	f.service.Metadata().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "POST", "/", nil))
	assert.Equal(t, 405, w.Code)

	machines, err := oauth.New(config(t, func(c *oauth.Config) {
		c.Password, c.Refresh, c.Users, c.Hasher = nil, nil, nil, nil
		c.ClientCredentials = &oauth.ClientCredentialsGrant{}
		c.Clients = []oauth.Client{{ID: "web", Secrets: []oauth.SecretHash{webHash}, Grants: []oauth.GrantType{oauth.GrantClientCredentials}}}
		c.Paths.Token = "/oauth2/token"
	}))
	require.NoError(t, err)
	w = httptest.NewRecorder()
	machines.Metadata().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	assert.NotContains(t, w.Body.String(), "password", "RFC 9700, section 2.4: nobody is told about what is off")
	assert.Contains(t, w.Body.String(), `"token_endpoint":"https://api.example/oauth2/token"`)
}

func TestEndpointsAreWhereTheMetadataSays(t *testing.T) {
	f := newFixture(t, withClients)
	mux := http.NewServeMux()
	var patterns []string
	for pattern, handler := range f.service.Endpoints() {
		patterns = append(patterns, pattern)
		mux.Handle(pattern, handler)
	}
	assert.ElementsMatch(t, []string{"POST /token", "POST /revoke", "POST /introspect", "GET /.well-known/jwks.json", "GET /.well-known/oauth-authorization-server"}, patterns)
	r := newRequest(t, "grant_type=client_credentials")
	r.SetBasicAuth("web", webSecret)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	assert.Equal(t, 200, w.Code)
}
