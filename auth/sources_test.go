package auth_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

func hostCookie(v auth.TokenVerifier) auth.Authenticator {
	return auth.Cookie(auth.CookieConfig{Name: "__Host-token", Verifier: v, TrustedOrigins: []string{"https://app.example"}})
}

func TestCookieIsReadOnceAndFromThisOriginOnly(t *testing.T) {
	h := newGuard(t, auth.Config{Authenticator: hostCookie(named(t))}).Handler(whoami)
	for name, c := range map[string]struct {
		method  string
		header  http.Header
		status  int
		subject string
	}{
		"GET":                            {"GET", http.Header{"Cookie": {"__Host-token=alice"}}, 200, "alice"},
		"none":                           {"GET", http.Header{}, 401, ""},
		"another name":                   {"GET", http.Header{"Cookie": {"token=alice"}}, 401, ""},
		"emptied at logout":              {"GET", http.Header{"Cookie": {"__Host-token="}}, 401, ""},
		"planted beside ours":            {"GET", http.Header{"Cookie": {"__Host-token=mallory; __Host-token=alice"}}, 400, ""},
		"planted with a space":           {"GET", http.Header{"Cookie": {"__Host-token =mallory"}}, 400, ""},
		"in quotation marks":             {"GET", http.Header{"Cookie": {"__Host-token=\"alice\""}}, 200, "\"alice\""},
		"planted in a header of its own": {"GET", http.Header{"Cookie": {"__Host-token=mallory", "__Host-token=alice"}}, 400, ""},
		"POST of this origin":            {"POST", http.Header{"Cookie": {"__Host-token=alice"}, "Sec-Fetch-Site": {"same-origin"}}, 200, "alice"},
		"POST that another site causes":  {"POST", http.Header{"Cookie": {"__Host-token=alice"}, "Sec-Fetch-Site": {"cross-site"}}, 403, ""},
		"a WebSocket of another site":    {"GET", http.Header{"Cookie": {"__Host-token=alice"}, "Upgrade": {"websocket"}, "Origin": {"https://evil.example"}}, 403, ""},
		"POST of a sister domain":        {"POST", http.Header{"Cookie": {"__Host-token=alice"}, "Sec-Fetch-Site": {"same-site"}}, 403, ""},
		"DELETE by an old browser":       {"DELETE", http.Header{"Cookie": {"__Host-token=alice"}, "Origin": {"https://evil.example"}}, 403, ""},
		"POST of a trusted origin": {"POST", http.Header{"Cookie": {"__Host-token=alice"}, "Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://app.example"}},
			200, "alice"},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t)
			r.Method, r.Header, r.Host = c.method, c.header, "api.example"
			w := serve(h, r)
			assert.Equal(t, c.status, w.Code)
			if c.status == 200 {
				assert.Equal(t, c.subject, w.Body.String())
				assert.Equal(t, "private", w.Header().Get("Cache-Control"))
				assert.Equal(t, "Cookie", w.Header().Get("Vary"))
			}
			assert.Equal(t, c.status == 401 || c.status == 400, w.Header().Get("WWW-Authenticate") != "")
			assert.NotContains(t, w.Body.String(), "mallory")
		})
	}
}

func TestCookieFromAPageOverPlainHTTP(t *testing.T) {
	h := newGuard(t, auth.Config{Authenticator: hostCookie(named(t))}).Handler(whoami)
	for origin, status := range map[string]int{"https://api.example": 200, "http://api.example": 403} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "https://api.example/", nil)
		r.Header = http.Header{"Cookie": {"__Host-token=alice"}, "Origin": {origin}}
		assert.Equal(t, status, serve(h, r).Code, origin)
	}
}

func TestCookieFaultsAreReportedTogether(t *testing.T) {
	for _, name := range []string{"", "token", "__Host-", "__Secure-token", "__Host-a b", "__Host-" + strings.Repeat("a", 200)} {
		_, err := auth.New(auth.Config{Authenticator: auth.Cookie(auth.CookieConfig{Name: name, TrustedOrigins: []string{"app.example"}})})
		require.Error(t, err)
		for _, want := range []string{"CookieConfig.Name", "CookieConfig.Verifier", "CookieConfig.TrustedOrigins"} {
			assert.ErrorContains(t, err, want)
		}
	}
}

func TestTokensInTheQueryAreNotReadUnlessAskedFor(t *testing.T) {
	r := request(t)
	r.URL.RawQuery = "access_token=alice"
	assert.Equal(t, 401, serve(newGuard(t, auth.Config{Authenticator: auth.Bearer(named(t))}).Handler(whoami), r).Code)

	h := newGuard(t, auth.Config{Authenticator: auth.InsecureQuery(named(t))}).Handler(whoami)
	for query, status := range map[string]int{
		"access_token=alice": 200, "": 401, "token=alice": 401, "access_token=a&access_token=b": 400, "access_token=": 400,
		"access_token=a%20b": 400, "access_token=a;access_token=b": 400, "access_token=a&%zz": 400,
	} {
		r.URL.RawQuery = query
		w := serve(h, r)
		assert.Equal(t, status, w.Code, query)
		if status == 200 {
			assert.Equal(t, "private", w.Header().Get("Cache-Control"))
		}
	}
}

func TestBasic(t *testing.T) {
	verify := func(_ context.Context, name, password string) (*auth.Principal, error) {
		switch {
		case name == "down":
			return nil, errors.New("the table of users is gone")
		case password != "corréct:horse":
			return nil, auth.ErrInvalidCredentials
		}
		return principal(t, name), nil
	}
	h := newGuard(t, auth.Config{Authenticator: auth.Basic(verify), Realm: "notes"}).Handler(whoami)
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for credentials, status := range map[string]int{
		"Basic " + encode("alice:corréct:horse"):              200,
		"basic " + encode("alice:corréct:horse"):              200,
		"Basic " + encode("alice:wrong"):                      401,
		"Basic " + encode("alice:"):                           401,
		"Basic " + encode("down:wrong"):                       503,
		"Basic " + encode("alice"):                            400,
		"Basic " + encode("alice:a\x00b"):                     400,
		"Basic " + encode("alice:a\nb"):                       400,
		"Basic " + encode("alice:\xff"):                       400,
		"Basic  " + encode("alice:corréct:horse"):             400,
		"Basic " + strings.TrimRight(encode("alice:a"), "="):  400,
		"Basic " + encode("alice:"+strings.Repeat("a", 4096)): 400,
		"Basic":      400,
		"Bearer abc": 401,
		"":           401,
	} {
		r := request(t, credentials)
		w := serve(h, r)
		assert.Equal(t, status, w.Code, credentials)
		if status == 401 {
			assert.Equal(t, `Basic realm="notes", charset="UTF-8"`, w.Header().Get("WWW-Authenticate"))
		}
	}
	_, err := auth.New(auth.Config{Authenticator: auth.Basic(nil)})
	assert.ErrorContains(t, err, "Basic(nil)")
}

func TestFirstMovesOnWithoutCredentialsOnly(t *testing.T) {
	down := failing(errors.New("down"))
	both := func(bearer, cookie auth.TokenVerifier) http.Handler {
		return newGuard(t, auth.Config{Authenticator: auth.First(auth.Bearer(bearer), hostCookie(cookie))}).Handler(whoami)
	}
	wrong := failing(auth.ErrInvalidCredentials)
	for name, c := range map[string]struct {
		h                     http.Handler
		authorization, cookie string
		status                int
	}{
		"the first":                          {both(named(t), wrong), "Bearer alice", "", 200},
		"the second":                         {both(wrong, named(t)), "", "alice", 200},
		"none":                               {both(named(t), named(t)), "", "", 401},
		"wrong in the first, none elsewhere": {both(wrong, named(t)), "Bearer alice", "", 401},
		"right in both":                      {both(named(t), named(t)), "Bearer alice", "alice", 400},
		"the first is down":                  {both(down, named(t)), "Bearer alice", "", 503},
		"malformed in the first":             {both(named(t), named(t)), "Bearer  alice", "", 400},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t)
			if c.authorization != "" {
				r.Header.Set("Authorization", c.authorization)
			}
			if c.cookie != "" {
				r.Header.Set("Cookie", "__Host-token="+c.cookie)
			}
			assert.Equal(t, c.status, serve(c.h, r).Code)
		})
	}
}

func TestFirstChallengesForEachSchemeOnce(t *testing.T) {
	basic := auth.Basic(func(context.Context, string, string) (*auth.Principal, error) { return nil, auth.ErrInvalidCredentials })
	g := newGuard(t, auth.Config{Authenticator: auth.First(auth.Bearer(named(t)), hostCookie(named(t)), basic)})
	w := serve(g.Handler(whoami), request(t))
	assert.Equal(t, []string{`Bearer realm="api"`, `Basic realm="api", charset="UTF-8"`}, w.Header().Values("WWW-Authenticate"))
}

func TestFirstFaultsAreReportedTogether(t *testing.T) {
	_, err := auth.New(auth.Config{Authenticator: auth.First(nil)})
	assert.ErrorContains(t, err, "fewer than two")
	assert.ErrorContains(t, err, "a nil")
	_, err = auth.New(auth.Config{Authenticator: auth.First(auth.Bearer(nil), auth.InsecureQuery(nil))})
	assert.ErrorContains(t, err, "Bearer(nil)")
	assert.ErrorContains(t, err, "InsecureQuery(nil)")
}

func TestOptionalAuthenticationIsAModeOfItsOwn(t *testing.T) {
	g := newGuard(t, auth.Config{Authenticator: auth.Bearer(named(t))})
	h := g.Optional(whoami)
	w := serve(h, request(t))
	assert.Equal(t, 200, w.Code)
	assert.Empty(t, w.Body.String(), "nobody")
	assert.Equal(t, "Authorization", w.Header().Get("Vary"))
	assert.Equal(t, "alice", serve(h, request(t, "Bearer alice")).Body.String())
	assert.Equal(t, 400, serve(h, request(t, "Bearer a", "Bearer b")).Code)
	down := newGuard(t, auth.Config{Authenticator: auth.Bearer(failing(errors.New("down")))})
	assert.Equal(t, 503, serve(down.Optional(whoami), request(t, "Bearer alice")).Code)
	wrong := newGuard(t, auth.Config{Authenticator: auth.Bearer(failing(auth.ErrExpired))})
	assert.Equal(t, 401, serve(wrong.Optional(whoami), request(t, "Bearer alice")).Code, "wrong credentials are no credentials nowhere")

	r := request(t)
	r = r.WithContext(auth.NewContext(r.Context(), principal(t, "mallory")))
	assert.Empty(t, serve(h, r).Body.String(), "who was in the context before is not who sent the request")

	broken := serve(g.Optional(nil), request(t))
	assert.Equal(t, 500, broken.Code)
	assert.Error(t, g.Optional(nil).(interface{ Err() error }).Err())
}

func TestACacheControlOfTheHandlerStays(t *testing.T) {
	g := newGuard(t, auth.Config{Authenticator: auth.InsecureQuery(named(t))})
	r := request(t)
	r.URL.RawQuery = url.Values{"access_token": {"alice"}}.Encode()
	w := serve(g.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Cache-Control", "no-store") })), r)
	assert.Equal(t, []string{"no-store"}, w.Header().Values("Cache-Control"))
	w = serve(newGuard(t, auth.Config{Authenticator: auth.Bearer(named(t))}).Handler(whoami), request(t, "Bearer alice"))
	assert.Empty(t, w.Header().Values("Cache-Control"), "RFC 9111, section 3.5, already keeps these out of shared caches")
}
