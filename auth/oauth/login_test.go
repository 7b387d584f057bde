package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/sallyport-go/sallyport/auth/oauth"
	"github.com/sallyport-go/sallyport/auth/throttle"
)

func (f *fixture) post(contentType, body string) reply {
	f.t.Helper()
	r := httptest.NewRequestWithContext(f.t.Context(), http.MethodPost, "/login", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	f.service.Login().ServeHTTP(w, r)
	return readReply(f.t, w.Result(), http.MethodPost)
}

func TestLoginByJSON(t *testing.T) {
	f := newFixture(t, withClients)
	a := f.post("application/json", `{"username":"alice","password":"`+alicePW+`","scope":"notes:read"}`)
	assert.Equal(t, 200, a.status)
	assert.Equal(t, "notes:read", a.Scope)
	assert.Equal(t, "app", f.principal(a).Client())
	assert.Equal(t, 200, f.refresh(a.RefreshToken).status)
	assert.Equal(t, 200, f.post("application/json; charset=utf-8", `{"username":"alice","password":"`+alicePW+`"}`).status)
	for name, c := range map[string]struct {
		contentType, body string
		status            int
	}{
		"a wrong password":       {"application/json", `{"username":"alice","password":"x"}`, 400},
		"an unknown member":      {"application/json", `{"username":"alice","password":"x","client_id":"web"}`, 400},
		"a member twice":         {"application/json", `{"username":"alice","username":"bob","password":"x"}`, 400},
		"another case":           {"application/json", `{"Username":"alice","password":"x"}`, 400},
		"a number":               {"application/json", `{"username":1,"password":"x"}`, 400},
		"no object":              {"application/json", `["alice"]`, 400},
		"something after it":     {"application/json", `{"username":"alice","password":"x"}{}`, 400},
		"nothing":                {"application/json", ``, 400},
		"no password":            {"application/json", `{"username":"alice"}`, 400},
		"too long":               {"application/json", `{"username":"` + strings.Repeat("a", 17<<10) + `"}`, 413},
		"a form of another site": {"text/plain", `{"username":"alice","password":"` + alicePW + `"}`, 415},
		"a form":                 {"application/x-www-form-urlencoded", loginForm, 415},
		"a wide scope":           {"application/json", `{"username":"alice","password":"` + alicePW + `","scope":"admin"}`, 400},
	} {
		a := f.post(c.contentType, c.body)
		assert.Equal(t, c.status, a.status, name)
		assert.Empty(t, a.AccessToken, name)
	}
}

func TestLoginIsLimitedToo(t *testing.T) {
	aliceHash()
	synctest.Test(t, func(t *testing.T) { // where hashing takes no time
		f := newFixture(t, impatient(t, throttle.Config{}))
		for range 5 {
			f.post("application/json", `{"username":"alice","password":"x"}`)
		}
		assert.Equal(t, http.StatusTooManyRequests, f.post("application/json", `{"username":"alice","password":"`+alicePW+`"}`).status)
		assert.Equal(t, http.StatusTooManyRequests, f.guess("alice", alicePW).status, "one count for both endpoints")
	})
}

func TestLoginNeedsAPublicClient(t *testing.T) {
	f := newFixture(t, withClients, func(c *oauth.Config) { c.Password.ClientID = "" })
	assert.Equal(t, 404, f.post("application/json", `{"username":"alice","password":"`+alicePW+`"}`).status)
}
