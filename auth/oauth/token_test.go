package oauth_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/oauth"
)

const loginForm = "grant_type=password&username=alice&password=correct+horse+battery+staple"

func TestMalformedRequestIsRefused(t *testing.T) {
	f := newFixture(t)
	for name, c := range map[string]struct {
		method, contentType, body string
		status                    int
		code                      string
	}{
		"GET":                     {"GET", "application/x-www-form-urlencoded", loginForm, 405, "invalid_request"},
		"HEAD":                    {"HEAD", "application/x-www-form-urlencoded", "", 405, ""},
		"PUT":                     {"PUT", "application/x-www-form-urlencoded", loginForm, 405, "invalid_request"},
		"OPTIONS":                 {"OPTIONS", "", "", 405, "invalid_request"},
		"no content type":         {"POST", "", loginForm, 400, "invalid_request"},
		"JSON":                    {"POST", "application/json", `{"grant_type":"password"}`, 400, "invalid_request"},
		"multipart":               {"POST", "multipart/form-data; boundary=x", "--x--", 400, "invalid_request"},
		"another charset":         {"POST", "application/x-www-form-urlencoded; charset=utf-16", loginForm, 400, "invalid_request"},
		"empty":                   {"POST", "application/x-www-form-urlencoded", "", 400, "invalid_request"},
		"too large":               {"POST", "application/x-www-form-urlencoded", loginForm + "&x=" + strings.Repeat("x", 16<<10), 413, "invalid_request"},
		"bad escape":              {"POST", "application/x-www-form-urlencoded", loginForm + "&x=%zz", 400, "invalid_request"},
		"semicolons":              {"POST", "application/x-www-form-urlencoded", "grant_type=password;username=alice", 400, "invalid_request"},
		"repeated parameter":      {"POST", "application/x-www-form-urlencoded", loginForm + "&username=bob", 400, "invalid_request"},
		"repeated, once empty":    {"POST", "application/x-www-form-urlencoded", loginForm + "&scope=&scope=", 400, "invalid_request"},
		"repeated unknown":        {"POST", "application/x-www-form-urlencoded", loginForm + "&x=1&x=1", 400, "invalid_request"},
		"empty is omitted":        {"POST", "application/x-www-form-urlencoded", "grant_type=&username=alice&password=x", 400, "invalid_request"},
		"no name":                 {"POST", "application/x-www-form-urlencoded", "grant_type=password&password=x", 400, "invalid_request"},
		"empty password":          {"POST", "application/x-www-form-urlencoded", "grant_type=password&username=alice&password=", 400, "invalid_request"},
		"no refresh token":        {"POST", "application/x-www-form-urlencoded", "grant_type=refresh_token", 400, "invalid_request"},
		"unknown grant":           {"POST", "application/x-www-form-urlencoded", "grant_type=authorization_code&code=x", 400, "unsupported_grant_type"},
		"grant in another case":   {"POST", "application/x-www-form-urlencoded", "grant_type=PASSWORD&username=alice&password=x", 400, "unsupported_grant_type"},
		"malformed scope":         {"POST", "application/x-www-form-urlencoded", loginForm + "&scope=a++b", 400, "invalid_scope"},
		"scope with quote":        {"POST", "application/x-www-form-urlencoded", loginForm + "&scope=%22", 400, "invalid_scope"},
		"scope with line break":   {"POST", "application/x-www-form-urlencoded", loginForm + "&scope=a%0Ab", 400, "invalid_scope"},
		"malformed refresh token": {"POST", "application/x-www-form-urlencoded", "grant_type=refresh_token&refresh_token=x", 400, "invalid_grant"},
	} {
		t.Run(name, func(t *testing.T) {
			f.t = t
			r := httptest.NewRequestWithContext(t.Context(), c.method, "/token", strings.NewReader(c.body))
			if c.contentType != "" {
				r.Header.Set("Content-Type", c.contentType)
			}
			a := f.send(r)
			assert.Equal(t, c.status, a.status)
			assert.Equal(t, c.code, a.Error)
			assert.Equal(t, c.status == 405, a.header.Get("Allow") == "POST")
			for i := range len(a.Description) { // RFC 6749, section 5.2
				b := a.Description[i]
				assert.True(t, b >= ' ' && b <= '~' && b != '"' && b != '\\')
			}
		})
	}
}

func TestSecretsInTheQueryAreNotRead(t *testing.T) {
	f := newFixture(t)
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/token?"+loginForm, strings.NewReader(""))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	assert.Equal(t, "invalid_request", f.send(r).Error)

	r = httptest.NewRequestWithContext(t.Context(), "POST", "/token?username=bob&grant_type=x", strings.NewReader(loginForm))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	assert.Equal(t, 200, f.send(r).status, "and do not repeat what is in the body")
}

func TestCompressedOrBrokenBodyIsRefused(t *testing.T) {
	f := newFixture(t)
	r := newRequest(t, loginForm)
	r.Header.Set("Content-Encoding", "gzip")
	assert.Equal(t, "invalid_request", f.send(r).Error)
	r = newRequest(t, loginForm)
	r.Header.Add("Content-Type", "text/plain")
	assert.Equal(t, "invalid_request", f.send(r).Error)
	r = newRequest(t, "")
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader(loginForm), failing{}))
	assert.Equal(t, "invalid_request", f.send(r).Error)
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the line is cut") }

func basic(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }

func TestClientIdentification(t *testing.T) {
	f := newFixture(t, func(c *oauth.Config) { c.Password.ClientID = "my+app" })
	for name, c := range map[string]struct {
		authorization []string
		more          string
		status        int
		code          string
	}{
		"none":                                 {nil, "", 200, ""},
		"its name":                             {nil, "&client_id=my%2Bapp", 200, ""},
		"empty fields":                         {nil, "&client_id=&client_secret=", 200, ""},
		"Swagger UI with empty fields":         {[]string{"Basic Og=="}, "", 200, ""},
		"name without secret in header":        {[]string{basic("my%2Bapp:")}, "", 200, ""},
		"the scheme in another case":           {[]string{"bAsIc Og=="}, "", 200, ""},
		"the name twice":                       {[]string{basic("my%2Bapp:")}, "&client_id=my%2Bapp", 200, ""},
		"another name":                         {nil, "&client_id=web", 400, "invalid_client"},
		"the name in another case":             {nil, "&client_id=MY%2Bapp", 400, "invalid_client"},
		"a secret":                             {nil, "&client_id=my%2Bapp&client_secret=x", 400, "invalid_client"},
		"another name in header":               {[]string{basic("web:")}, "", 401, "invalid_client"},
		"a secret in header":                   {[]string{basic("my%2Bapp:x")}, "", 401, "invalid_client"},
		"a secret of nobody":                   {[]string{basic(":x")}, "", 401, "invalid_client"},
		"name not form-encoded":                {[]string{basic("my+app:")}, "", 401, "invalid_client"},
		"bad escape in header":                 {[]string{basic("%zz:")}, "", 401, "invalid_client"},
		"no colon":                             {[]string{basic("my%2Bapp")}, "", 401, "invalid_client"},
		"not base64":                           {[]string{"Basic ?"}, "", 401, "invalid_client"},
		"base64 with a line break":             {[]string{"Basic O\r\ng=="}, "", 200, ""}, // net/http refuses the bytes before we see them
		"bearer":                               {[]string{"Bearer x"}, "", 401, "invalid_client"},
		"empty header":                         {[]string{""}, "", 401, "invalid_client"},
		"header and secret":                    {[]string{basic("my%2Bapp:x")}, "&client_secret=x", 400, "invalid_request"},
		"two headers":                          {[]string{"Basic Og==", "Basic Og=="}, "", 400, "invalid_request"},
		"two names":                            {[]string{basic("my%2Bapp:")}, "&client_id=web", 400, "invalid_request"},
		"client assertion is not looked at":    {nil, "&client_assertion=x&client_assertion_type=y", 200, ""},
		"a grant that is off, but no client":   {[]string{basic("x:y")}, "&x=1", 401, "invalid_client"},
		"unknown client before unknown grants": {nil, "&client_id=web", 400, "invalid_client"},
	} {
		t.Run(name, func(t *testing.T) {
			f.t = t
			r := newRequest(t, loginForm+c.more)
			r.Header["Authorization"] = c.authorization
			a := f.send(r)
			assert.Equal(t, c.status, a.status, a.body)
			assert.Equal(t, c.code, a.Error)
			if c.status == 401 {
				assert.Equal(t, `Basic realm="oauth"`, a.header.Get("WWW-Authenticate"))
			} else {
				assert.Empty(t, a.header.Get("WWW-Authenticate"))
			}
		})
	}
}

func TestNothingOfTheRequestIsEchoedOrLogged(t *testing.T) {
	f := newFixture(t)
	login := f.login()
	const canary = "canary-7f3"
	bodies := []string{
		"grant_type=" + canary,
		"grant_type=password&username=" + canary + "&password=x",
		"grant_type=password&username=alice&password=" + canary,
		"grant_type=refresh_token&refresh_token=" + canary,
		loginForm + "&client_id=" + canary,
		loginForm + "&client_secret=" + canary,
		loginForm + "&scope=" + canary,
		loginForm + "&" + canary + "=" + canary + "&" + canary + "=1",
		loginForm + "&" + canary + "=%zz" + canary,
		canary,
	}
	for _, body := range bodies {
		r := newRequest(t, body)
		r.URL.RawQuery = canary
		r.Header.Set("X-Request-Id", canary)
		a := f.send(r)
		assert.NotEqual(t, 200, a.status)
		assert.NotContains(t, a.body+fmt.Sprint(a.header), canary, body)
	}
	r := newRequest(t, loginForm)
	r.Header.Set("Authorization", basic(canary+":"+canary))
	a := f.send(r)
	assert.NotContains(t, a.body+fmt.Sprint(a.header), canary)

	f.refresh(login.RefreshToken)
	f.refresh(login.RefreshToken)
	for _, secret := range []string{canary, alicePW, login.RefreshToken, login.RefreshToken[4:20], login.AccessToken, aliceHash()} {
		assert.NotContains(t, f.log.String(), secret)
	}
}

func TestDenyOfTheApplicationKeepsTheHeaders(t *testing.T) {
	var got *oauth.Error
	f := newFixture(t, func(c *oauth.Config) {
		c.Deny = func(w http.ResponseWriter, _ *http.Request, err error) {
			require.ErrorAs(t, err, &got)
			w.WriteHeader(got.HTTPStatus())
		}
	})
	r := newRequest(t, loginForm)
	r.Header.Set("Authorization", basic("x:y"))
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	assert.Equal(t, 401, w.Code)
	assert.NotEmpty(t, w.Header().Get("WWW-Authenticate"))
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	assert.Equal(t, "invalid_client", got.Code())
	assert.EqualError(t, got, "oauth: invalid_client: unknown client")
	assert.EqualError(t, errors.Unwrap(got), "unknown client")
	assert.Equal(t, "The client is unknown or cannot authenticate this way.", got.Public())
}

// A real client over a real connection.
func TestOverHTTP(t *testing.T) {
	f := newFixture(t)
	server := httptest.NewServer(f.handler)
	defer server.Close()
	post := func(v url.Values) reply {
		req, err := http.NewRequestWithContext(t.Context(), "POST", server.URL, strings.NewReader(v.Encode()))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := server.Client().Do(req)
		require.NoError(t, err)
		return readReply(t, res, "POST")
	}
	login := post(url.Values{"grant_type": {"password"}, "username": {"alice"}, "password": {alicePW}})
	require.Equal(t, 200, login.status)
	next := post(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {login.RefreshToken}})
	require.Equal(t, 200, next.status)
	assert.NotEqual(t, login.RefreshToken, next.RefreshToken)
	assert.Equal(t, 413, post(url.Values{"x": {strings.Repeat("x", 20<<10)}}).status)
}

func TestNewReportsAllFaultsTogether(t *testing.T) {
	_, err := oauth.New(oauth.Config{Refresh: &oauth.RefreshGrant{}})
	for _, want := range []string{"Config.Issuer is nil", "Config.Password and Config.ClientCredentials are nil", "there is no client", "Config.Refresh is given, and Config.Password is nil"} {
		assert.ErrorContains(t, err, want)
	}
	_, err = oauth.New(oauth.Config{Password: &oauth.PasswordGrant{ClientID: "app"}})
	for _, field := range []string{"Issuer", "Users", "Hasher"} {
		assert.ErrorContains(t, err, "oauth: Config."+field+" is nil")
	}
	for want, change := range map[string]func(*oauth.Config){
		"oauth: Config.Password.ClientID is not 1 to 255 bytes of printable ASCII without space and colon: give a name such as app": func(c *oauth.Config) { c.Password.ClientID = "a:b" },
		"Config.Password.Scopes are those of the public client":                                                                     func(c *oauth.Config) { c.Password = &oauth.PasswordGrant{Scopes: []string{"a"}} },
		"Config.Password.Scopes has more than 100":                                                                                  func(c *oauth.Config) { c.Password.Scopes = []string{"a b"} },
		"Config.Refresh.Store is nil":                                                                                               func(c *oauth.Config) { c.Refresh.Store = nil },
		"Config.Refresh.Lifetime 8785h0m0s is not in 1s to 8784h0m0s":                                                               func(c *oauth.Config) { c.Refresh.Lifetime = 8785 * hour },
		"Config.Refresh.Lifetime -1ns is not in":                                                                                    func(c *oauth.Config) { c.Refresh.Lifetime = -1 },
		"Config.Refresh.Idle 3h0m0s is not in 1s to the Lifetime 2h0m0s":                                                            func(c *oauth.Config) { c.Refresh.Idle, c.Refresh.Lifetime = 3*hour, 2*hour },
		"Config.Refresh.Idle 1ns is not in 1s to the Lifetime 720h0m0s: short":                                                      func(c *oauth.Config) { c.Refresh.Idle = 1 },
	} {
		_, err := oauth.New(config(t, change))
		assert.ErrorContains(t, err, want)
	}
}

func TestConfigIsCopied(t *testing.T) {
	grant := &oauth.PasswordGrant{ClientID: "app", Scopes: []string{"notes:read"}}
	f := newFixture(t, func(c *oauth.Config) { c.Password = grant })
	grant.ClientID, grant.Scopes[0] = "other", "notes:write"
	a := f.login("client_id", "app")
	assert.Equal(t, "notes:read", a.Scope)
}

func TestLoggerNilIsSlogDefault(t *testing.T) {
	var log buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&log, nil)))
	defer slog.SetDefault(before)
	s, err := oauth.New(config(t))
	require.NoError(t, err)
	s.Token().ServeHTTP(httptest.NewRecorder(), newRequest(t, "grant_type=x"))
	assert.Contains(t, log.String(), "input_validation_fail")
}
