package authtest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/auth"
)

// Forgery is a token that nobody must accept.
type Forgery struct {
	// Name says what is wrong with it.
	Name string
	// Token is signed rightly, by a key of the issuer, unless the name says otherwise.
	Token string
	// Want is the cause that package auth names for it.
	Want error
}

// Forgeries returns the corpus: each token is that of the grant with one thing wrong. They are made anew at each call, since they name times.
func (i *Issuer) Forgeries(g auth.Grant) []Forgery {
	if g.Client == "" {
		g.Client = "test"
	}
	var all []Forgery
	for _, list := range [][]attack{
		algorithmAttacks(), keyAttacks(), headerAttacks(), shapeAttacks(), signatureAttacks(), claimAttacks(i.Name, i.Audience[0]),
	} {
		for _, a := range list {
			f := i.forge(g)
			f.claims["x-canary"], f.header["x-canary"] = canary, canary
			all = append(all, Forgery{a.name, a.make(f), a.want})
		}
	}
	return all
}

// AttackConfig configures [Attack].
type AttackConfig struct {
	// Grant is what a good token states: enough to get through the handler.
	Grant auth.Grant
	// Request returns a request that passes with a good token, without credentials. Nil means GET /.
	Request func() *http.Request
}

// Attack sends the corpus to a handler that accepts the issuer's tokens as bearer tokens: every token of [Issuer.Forgeries], and good tokens
// in all the places and forms in which they must not be taken. It wants of each answer that it has a status from 400 to 499, 401 with a
// challenge where it is 401, and nothing of the request in it; and that a good token passes before and after.
//
//	issuer := authtest.NewIssuer(t)
//	authtest.Attack(t, service(issuer.Name, issuer.Audience, issuer.Keys()), issuer, authtest.AttackConfig{Grant: grant})
func Attack(t *testing.T, h http.Handler, issuer *Issuer, c AttackConfig) {
	t.Helper()
	if c.Request == nil {
		c.Request = func() *http.Request { return httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil) }
	}
	passes := func() {
		t.Helper()
		for _, scheme := range []string{"Bearer", "bearer", "BEARER"} { // RFC 9110, section 11.1
			r := c.Request()
			r.Header.Set("Authorization", scheme+" "+issuer.Token(c.Grant))
			if w := serve(h, r); w.Code >= 400 {
				t.Fatalf("a good token does not pass: status %d. The corpus proves nothing about a handler that refuses everything", w.Code)
			}
		}
	}
	passes()
	for _, a := range issuer.Forgeries(c.Grant) {
		t.Run(a.Name, func(t *testing.T) {
			r := c.Request()
			r.Header["Authorization"] = []string{"Bearer " + a.Token}
			refused(t, serve(h, r))
		})
	}
	for _, a := range requestAttacks() {
		t.Run(a.name, func(t *testing.T) {
			r := c.Request()
			a.change(r, issuer.Token(c.Grant))
			refused(t, serve(h, r))
		})
	}
	passes()
}

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func refused(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	switch {
	case w.Code < 400:
		t.Errorf("the handler let it pass: status %d", w.Code)
	case w.Code >= 500:
		t.Errorf("the handler failed: status %d, want 400 to 499", w.Code)
	case w.Code == http.StatusUnauthorized && len(w.Header().Values("WWW-Authenticate")) == 0:
		t.Error("a 401 without a challenge (RFC 9110, section 11.6.1)")
	}
	if strings.Contains(w.Body.String(), canary) {
		t.Error("the body repeats something of the request")
	}
	for name, values := range w.Header() {
		if slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, canary) }) {
			t.Errorf("the header %s repeats something of the request", name)
		}
	}
}

// requestAttack carries a good token in a wrong way.
type requestAttack struct {
	name   string
	change func(r *http.Request, token string)
}

func requestAttacks() []requestAttack {
	header := func(name string, values func(token string) []string) requestAttack {
		return requestAttack{name, func(r *http.Request, token string) { r.Header["Authorization"] = values(token) }}
	}
	one := func(name string, value func(token string) string) requestAttack {
		return header(name, func(token string) []string { return []string{value(token)} })
	}
	return []requestAttack{
		{"no credentials", func(*http.Request, string) {}},
		{"token in the query", func(r *http.Request, token string) { r.URL.RawQuery = "access_token=" + token }},
		{"token in a cookie", func(r *http.Request, token string) {
			r.Header.Set("Cookie", "access_token="+token+"; Authorization="+token)
		}},
		{"token in Proxy-Authorization", func(r *http.Request, token string) { r.Header.Set("Proxy-Authorization", "Bearer "+token) }},
		{"token in X-Forwarded-Access-Token", func(r *http.Request, token string) { r.Header.Set("X-Forwarded-Access-Token", token) }},
		header("two headers with one token", func(s string) []string { return []string{"Bearer " + s, "Bearer " + s} }),
		header("two headers, the good one first", func(s string) []string { return []string{"Bearer " + s, "Bearer " + canary} }),
		header("two headers, the good one last", func(s string) []string { return []string{"Basic " + canary, "Bearer " + s} }),
		header("an empty header before the good one", func(s string) []string { return []string{"", "Bearer " + s} }),
		one("two tokens in one header", func(s string) string { return "Bearer " + s + ", Bearer " + s }),
		one("two tokens behind one scheme", func(s string) string { return "Bearer " + s + " " + s }),
		one("no scheme", func(s string) string { return s }),
		one("another scheme", func(s string) string { return "Token " + s }),
		one("the scheme of Basic", func(s string) string { return "Basic " + s }),
		one("the scheme of DPoP", func(s string) string { return "DPoP " + s }),
		one("a scheme that begins like ours", func(s string) string { return "Bearerx " + s }),
		one("a colon behind the scheme", func(s string) string { return "Bearer: " + s }),
		one("two spaces", func(s string) string { return "Bearer  " + s }),
		one("a tab for the space", func(s string) string { return "Bearer\t" + s }),
		one("a no-break space for the space", func(s string) string { return "Bearer\u00a0" + s }),
		one("a space behind the token", func(s string) string { return "Bearer " + s + " " }),
		one("a space before the scheme", func(s string) string { return " Bearer " + s }),
		one("a quoted token", func(s string) string { return `Bearer "` + s + `"` }),
		one("the token as a parameter", func(s string) string { return `Bearer token="` + s + `"` }),
		one("a semicolon behind the token", func(s string) string { return "Bearer " + s + ";" + canary }),
		one("the scheme alone", func(string) string { return "Bearer" }),
		one("the scheme and a space", func(string) string { return "Bearer " }),
		one("padding behind the token", func(s string) string { return "Bearer " + s + "=" }),
		one("NUL behind the token", func(s string) string { return "Bearer " + s + "\x00" }),
		one("a line break behind the token", func(s string) string { return "Bearer " + s + "\r\nX-" + canary + ": 1" }),
	}
}
