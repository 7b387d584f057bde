package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type client struct {
	t    *testing.T
	base string
}

func start(t *testing.T, s settings) client {
	t.Helper()
	if s.addr == "" {
		s.addr = "127.0.0.1:0"
	}
	ctx, cancel := context.WithCancel(context.Background())
	in, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, s, out)
		out.CloseWithError(err)
		ended <- err
	}()
	t.Cleanup(func() {
		cancel()
		assert.NoError(t, <-ended)
	})
	line, err := bufio.NewReader(in).ReadString('\n')
	require.NoError(t, err)
	return client{t, strings.TrimSpace(strings.TrimPrefix(line, "listening on "))}
}

type reply struct {
	status int
	header http.Header
	body   string
	json   map[string]any
}

func (c client) do(method, path, authorization string, form url.Values) reply {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, strings.NewReader(form.Encode()))
	require.NoError(c.t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	res, err := http.DefaultClient.Do(r)
	require.NoError(c.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(c.t, err)
	a := reply{status: res.StatusCode, header: res.Header, body: strings.TrimSpace(string(body))}
	_ = json.Unmarshal(body, &a.json) // some answers are arrays or nothing
	return a
}

func (c client) login(name, pw, scope string) reply {
	c.t.Helper()
	return c.do("POST", "/token", "", url.Values{"grant_type": {"password"}, "username": {name}, "password": {pw}, "scope": {scope}})
}

func bearer(a reply) string { return "Bearer " + fmt.Sprint(a.json["access_token"]) }

const johndoe = `{"username":"johndoe","email":"johndoe@example.com","full_name":"John Doe","disabled":false}`

func TestTheTutorial(t *testing.T) {
	for _, compat := range []string{"", "fastapi"} {
		t.Run("compat "+compat, func(t *testing.T) {
			c := start(t, settings{compat: compat})
			login := c.login("johndoe", "secret", "me items")
			require.Equal(t, 200, login.status, login.body)
			assert.Equal(t, map[string]string{"": "Bearer", "fastapi": "bearer"}[compat], login.json["token_type"])
			for path, want := range map[string]string{
				"/users/me/": johndoe, "/users/me": johndoe, "/users/me/items/": `[{"item_id":"Foo","owner":"johndoe"}]`, "/status/": `{"status":"ok"}`,
			} {
				a := c.do("GET", path, bearer(login), nil)
				assert.Equal(t, 200, a.status, path)
				assert.JSONEq(t, want, a.body, path)
				assert.Equal(t, 401, c.do("GET", path, "", nil).status, path)
				assert.Equal(t, 401, c.do("GET", path, "Bearer x", nil).status, path)
			}
			narrow := c.login("johndoe", "secret", "me")
			assert.Equal(t, 200, c.do("GET", "/users/me/", bearer(narrow), nil).status)
			a := c.do("GET", "/users/me/items/", bearer(narrow), nil)
			assert.Equal(t, map[string]int{"": 403, "fastapi": 401}[compat], a.status)
			assert.Contains(t, a.header.Get("WWW-Authenticate"), `scope="me items"`)

			assert.Equal(t, 400, c.login("johndoe", "wrong", "").status)
			assert.Equal(t, 400, c.login("nobody", "secret", "").status)
		})
	}
}

func TestWhereAStandardAndTheTutorialDiffer(t *testing.T) {
	strict, compat := start(t, settings{}), start(t, settings{compat: "fastapi"})

	assert.Equal(t, "invalid_grant", strict.login("alice", "secretalice", "me").json["error"], "the disabled cannot log in")
	alice := compat.login("alice", "secretalice", "me")
	require.Equal(t, 200, alice.status)
	a := compat.do("GET", "/users/me/", bearer(alice), nil)
	assert.Equal(t, 400, a.status)
	assert.JSONEq(t, `{"detail":"Inactive user"}`, a.body)
	assert.Equal(t, 200, compat.do("GET", "/status/", bearer(alice), nil).status)

	form := url.Values{"username": {"johndoe"}, "password": {"secret"}}
	assert.Equal(t, "invalid_request", strict.do("POST", "/token", "", form).json["error"], "RFC 6749, section 4.3.2: grant_type is required")
	assert.Equal(t, 200, compat.do("POST", "/token", "", form).status)

	assert.Equal(t, "invalid_scope", strict.login("johndoe", "secret", "admin").json["error"])
	granted := compat.login("johndoe", "secret", "admin me")
	assert.Equal(t, "me", granted.json["scope"], "and nobody is granted a scope for the asking")

	a = compat.login("johndoe", "wrong", "")
	assert.JSONEq(t, `{"detail":"Incorrect username or password"}`, a.body)
	a = compat.do("GET", "/users/me/", "", nil)
	assert.JSONEq(t, `{"detail":"Not authenticated"}`, a.body)
	assert.Equal(t, "Bearer", a.header.Get("WWW-Authenticate"))
	assert.JSONEq(t, `{"detail":"Could not validate credentials"}`, compat.do("GET", "/users/me/", "Bearer x", nil).body)
	assert.JSONEq(t, `{"detail":"Not enough permissions"}`, compat.do("GET", "/users/me/items/", bearer(compat.login("johndoe", "secret", "me")), nil).body)
}

func TestTheConfidentialClient(t *testing.T) {
	c := start(t, settings{})
	const web = "Basic d2ViOnMzY3JldA==" // web:s3cret
	a := c.do("POST", "/token", web, url.Values{"grant_type": {"client_credentials"}, "scope": {"items"}})
	require.Equal(t, 200, a.status, a.body)
	assert.Equal(t, 200, c.do("GET", "/status/", bearer(a), nil).status)
	assert.Equal(t, 403, c.do("GET", "/users/me/", bearer(a), nil).status, "a client is no user")

	login := c.do("POST", "/token", web, url.Values{"grant_type": {"password"}, "username": {"johndoe"}, "password": {"secret"}})
	require.Equal(t, 200, login.status)
	ask := url.Values{"token": {fmt.Sprint(login.json["access_token"])}}
	assert.Equal(t, true, c.do("POST", "/introspect", web, ask).json["active"])
	next := c.do("POST", "/token", web, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {fmt.Sprint(login.json["refresh_token"])}})
	require.Equal(t, 200, next.status)
	assert.Equal(t, 200, c.do("POST", "/revoke", web, url.Values{"token": {fmt.Sprint(next.json["refresh_token"])}}).status)
	for _, token := range []reply{login, next} {
		assert.Equal(t, 401, c.do("GET", "/users/me/", bearer(token), nil).status)
	}
	assert.JSONEq(t, `{"active":false}`, c.do("POST", "/introspect", web, ask).body)

	meta := c.do("GET", "/.well-known/oauth-authorization-server", "", nil)
	assert.Equal(t, c.base, meta.json["issuer"])
	assert.Equal(t, c.base+"/token", meta.json["token_endpoint"])
	assert.Equal(t, 200, c.do("GET", "/.well-known/jwks.json", "", nil).status)
}

func TestMintSignsWhateverItIsGiven(t *testing.T) {
	keys := filepath.Join(t.TempDir(), "keys.json")
	token := func(claims map[string]any) string {
		text, err := json.Marshal(claims)
		require.NoError(t, err)
		var out bytes.Buffer
		require.NoError(t, mint(keys, bytes.NewReader(text), &out))
		return "Bearer " + strings.TrimSpace(out.String())
	}
	token(map[string]any{}) // makes the file
	c := start(t, settings{keys: keys})
	now := time.Now().Unix()
	claims := func() map[string]any {
		return map[string]any{"iss": c.base, "aud": c.base, "sub": "johndoe", "client_id": "test", "jti": "1", "iat": now, "exp": now + 60, "scope": "me"}
	}
	assert.Equal(t, 200, c.do("GET", "/users/me/", token(claims()), nil).status)
	for name, value := range map[string]any{"sub": "nobody", "aud": "https://other.example", "exp": now - 60, "iss": "https://other.example", "jti": nil} {
		wrong := claims()
		wrong[name] = value
		assert.Equal(t, 401, c.do("GET", "/users/me/", token(wrong), nil).status, name)
	}
	disabled := claims()
	disabled["sub"] = "alice"
	assert.Equal(t, 403, c.do("GET", "/users/me/", token(disabled), nil).status)

	for want, err := range map[string]error{
		"-keys":    mint("", strings.NewReader("{}"), io.Discard),
		"not JSON": mint(keys, strings.NewReader("{"), io.Discard),
		"65536":    mint(keys, strings.NewReader(strings.Repeat(" ", 64<<10+1)), io.Discard),
	} {
		assert.ErrorContains(t, err, want)
	}
}

func TestBadFlagsStopTheStart(t *testing.T) {
	for want, s := range map[string]settings{
		"-compat":            {addr: "127.0.0.1:0", compat: "django"},
		"-addr":              {addr: "0.0.0.0:0"},
		"address":            {addr: "127.0.0.1:99999"},
		"not a regular file": {addr: "127.0.0.1:0", keys: t.TempDir()},
	} {
		assert.ErrorContains(t, run(t.Context(), s, io.Discard), want)
	}
}
