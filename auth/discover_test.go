package auth_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

const (
	oauthPath  = "/.well-known/oauth-authorization-server"
	openidPath = "/.well-known/openid-configuration"
)

// pages is a host that answers with what is at a path, and remembers who asked for what.
type pages struct {
	endpoint
	at    map[string]string // "{URL}" stands for the host, "{UPPER}" for the same in capitals
	asked []string
}

func startPages(t testing.TB, at map[string]string) (*pages, *httptest.Server) {
	t.Helper()
	p := &pages{at: at}
	server := startProvider(t, &p.endpoint)
	p.set(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked = append(p.asked, r.URL.EscapedPath())
		page, found := p.at[r.URL.EscapedPath()]
		p.mu.Unlock()
		if !found {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = io.WriteString(w, strings.NewReplacer("{URL}", server.URL, "{UPPER}", strings.ToUpper(server.URL)).Replace(page))
	})
	return p, server
}

func discover(t testing.TB, issuer string, server *httptest.Server) (*auth.RemoteKeys, error) {
	t.Helper()
	return auth.Discover(t.Context(), auth.DiscoverConfig{Issuer: issuer, Keys: auth.RemoteKeysConfig{Client: server.Client(), Logger: quiet}})
}

func metadata(issuer, keys string) string {
	return fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q}`, issuer, keys)
}

func TestDiscoverFindsTheDocuments(t *testing.T) {
	for name, c := range map[string]struct {
		path  string // of the issuer
		at    string // where its metadata is
		asked []string
	}{
		"RFC 8414":                     {"", oauthPath, []string{oauthPath}},
		"RFC 8414, with a path":        {"/realms/a", oauthPath + "/realms/a", []string{oauthPath + "/realms/a"}},
		"RFC 8414, a slash at the end": {"/realms/a/", oauthPath + "/realms/a", []string{oauthPath + "/realms/a"}},
		"RFC 8414, a slash alone":      {"/", oauthPath, []string{oauthPath}},
		"OpenID":                       {"", openidPath, []string{oauthPath, openidPath}},
		"OpenID, with a path":          {"/realms/a", "/realms/a" + openidPath, []string{oauthPath + "/realms/a", "/realms/a" + openidPath}},
		"OpenID, a slash at the end":   {"/realms/a/", "/realms/a" + openidPath, []string{oauthPath + "/realms/a", "/realms/a" + openidPath}},
		"OpenID, a slash alone":        {"/", openidPath, []string{oauthPath, openidPath}},
		"an escape in the path":        {"/a%2Fb", "/a%2Fb" + openidPath, []string{oauthPath + "/a%2Fb", "/a%2Fb" + openidPath}},
	} {
		t.Run(name, func(t *testing.T) {
			p, server := startPages(t, map[string]string{c.at: metadata("{URL}"+c.path, "{URL}/keys"), "/keys": publicSet(t, keyNamed("a"))})
			keys, err := discover(t, server.URL+c.path, server)
			require.NoError(t, err)
			assert.Equal(t, c.asked, p.asked, "the keys are not fetched before they are needed")
			assert.NoError(t, newAsker(t, keys).ask(keyNamed("a")))
			assert.Equal(t, append(c.asked, "/keys"), p.asked)
		})
	}
}

func TestDiscoverPassesOverADocumentThatIsNotTheIssuers(t *testing.T) {
	good := metadata("{URL}/tenant", "{URL}/keys")
	for name, first := range map[string]string{
		"a page for every path":  "<!doctype html>",
		"another issuer":         metadata("{URL}", "{URL}/evil"),
		"no jwks_uri":            `{"issuer":"{URL}/tenant","token_endpoint":"{URL}/token"}`,
		"an error as a document": `{"error":"not found"}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, server := startPages(t, map[string]string{
				oauthPath + "/tenant": first, "/tenant" + openidPath: good,
				"/keys": publicSet(t, keyNamed("a")), "/evil": publicSet(t, keyNamed("evil")),
			})
			keys, err := discover(t, server.URL+"/tenant", server)
			require.NoError(t, err)
			assert.NoError(t, newAsker(t, keys).ask(keyNamed("a")))
			assert.ErrorIs(t, newAsker(t, keys).ask(keyNamed("evil")), auth.ErrUnknownKey)
		})
	}
}

func TestMetadataThatMustNotBeUsed(t *testing.T) {
	for name, document := range map[string]string{
		"another issuer":                 metadata("https://evil.example", "{URL}/keys"),
		"a slash more":                   metadata("{URL}/", "{URL}/keys"),
		"another letter case":            metadata("{UPPER}", "{URL}/keys"),
		"no issuer":                      `{"jwks_uri":"{URL}/keys"}`,
		"issuer null":                    `{"issuer":null,"jwks_uri":"{URL}/keys"}`,
		"issuer a list":                  `{"issuer":["{URL}"],"jwks_uri":"{URL}/keys"}`,
		"issuer in another letter case":  `{"Issuer":"{URL}","jwks_uri":"{URL}/keys"}`,
		"issuer twice":                   `{"issuer":"https://evil.example","issuer":"{URL}","jwks_uri":"{URL}/keys"}`,
		"jwks_uri twice":                 `{"issuer":"{URL}","jwks_uri":"{URL}/keys","jwks_uri":"https://evil.example"}`,
		"no jwks_uri":                    `{"issuer":"{URL}"}`,
		"jwks_uri empty":                 metadata("{URL}", ""),
		"jwks_uri a number":              `{"issuer":"{URL}","jwks_uri":1}`,
		"jwks_uri of plain http":         metadata("{URL}", "http://keys.example/"),
		"jwks_uri of plain http at home": metadata("{URL}", "http://127.0.0.1/keys"),
		"jwks_uri a file":                metadata("{URL}", "file:///etc/passwd"),
		"jwks_uri relative":              metadata("{URL}", "/keys"),
		"jwks_uri with a password":       metadata("{URL}", "https://user:"+canary+"@keys.example/"),
		"jwks_uri with a line break":     metadata("{URL}", "https://keys.example/\r\nX: y"),
		"jwks_uri with a fragment":       metadata("{URL}", "https://keys.example/#a"),
		"two documents":                  metadata("{URL}", "{URL}/keys") + metadata("{URL}", "{URL}/keys"),
		"no object":                      `["{URL}"]`,
		"nothing":                        "",
		"HTML":                           "<title>" + canary + "</title>",
		"more than 1 MiB":                metadata("{URL}", "{URL}/keys") + strings.Repeat(" ", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			p, server := startPages(t, map[string]string{oauthPath: document, openidPath: document, "/keys": publicSet(t, keyNamed("a"))})
			keys, err := discover(t, server.URL, server)
			assert.Nil(t, keys)
			require.ErrorContains(t, err, "auth: "+oauthPath)
			require.ErrorContains(t, err, "auth: "+openidPath)
			assert.NotErrorIs(t, err, auth.ErrUnavailable, "to try again would change nothing")
			assert.NotContains(t, err.Error(), "evil.example")
			assert.NotContains(t, err.Error(), canary)
			assert.Len(t, p.asked, 2)
		})
	}
}

func TestMetadataOfAnotherMediaType(t *testing.T) {
	for _, contentType := range []string{"text/html", "text/plain", "application/jwt", ""} {
		var e endpoint
		server := startProvider(t, &e)
		e.set(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			_, _ = io.WriteString(w, metadata(server.URL, server.URL+"/keys"))
		})
		_, err := discover(t, server.URL, server)
		assert.ErrorContains(t, err, "the answer is not application/json", contentType)
	}
}

func TestDiscoverDoesNotFollowToAnotherHost(t *testing.T) {
	_, other := startPages(t, map[string]string{"/": metadata("{URL}", "{URL}/keys")})
	var e endpoint
	e.set(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) })
	server := startProvider(t, &e)
	_, err := discover(t, server.URL, server)
	assert.ErrorContains(t, err, "redirect")
	assert.NotErrorIs(t, err, auth.ErrUnavailable)
}

func TestDiscoverWhileTheProviderIsDown(t *testing.T) {
	var e endpoint
	e.fail()
	server := startProvider(t, &e)
	_, err := discover(t, server.URL, server)
	assert.ErrorIs(t, err, auth.ErrUnavailable, "status 502")

	e.set(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = auth.Discover(ctx, auth.DiscoverConfig{Issuer: server.URL, Keys: auth.RemoteKeysConfig{Client: server.Client()}})
	assert.ErrorIs(t, err, auth.ErrUnavailable)
	assert.ErrorIs(t, err, context.DeadlineExceeded)

	server.Close()
	_, err = discover(t, server.URL, server)
	assert.ErrorIs(t, err, auth.ErrUnavailable, "no connection")
}

func TestDiscoverOnTheLoopback(t *testing.T) {
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	defer server.Close()
	mux.HandleFunc("GET "+openidPath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, metadata(server.URL, server.URL+"/keys"))
	})
	set := publicSet(t, keyNamed("a"))
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, set) })
	keys, err := auth.Discover(t.Context(), auth.DiscoverConfig{Issuer: server.URL, Keys: auth.RemoteKeysConfig{Logger: quiet}})
	require.NoError(t, err)
	assert.NoError(t, newAsker(t, keys).ask(keyNamed("a")))
}

func TestDiscoverConfigNamesAllFaults(t *testing.T) {
	_, err := auth.Discover(t.Context(), auth.DiscoverConfig{
		Issuer: "http://login.example",
		Keys:   auth.RemoteKeysConfig{URL: "https://login.example/jwks", MaxStale: 48 * time.Hour},
	})
	require.Error(t, err)
	for _, want := range []string{
		"auth: DiscoverConfig.Issuer is not https", "auth: DiscoverConfig.Keys.URL is set", "auth: RemoteKeysConfig.MaxStale 48h0m0s is more than",
	} {
		assert.ErrorContains(t, err, want)
	}
	for _, issuer := range []string{"", "login.example", "https://login.example?a", "https://login.example#a", "https://u:p@login.example"} {
		_, err := auth.Discover(t.Context(), auth.DiscoverConfig{Issuer: issuer})
		assert.ErrorContains(t, err, "auth: DiscoverConfig.Issuer ", issuer)
	}
}
