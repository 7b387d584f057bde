package auth_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

// introspection is a server that answers the same to every question.
type introspection struct {
	mu     sync.Mutex
	answer http.HandlerFunc
	asked  atomic.Int64
	url    string
}

func (s *introspection) set(h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = h
}

func newIntrospection(t testing.TB) *introspection {
	s := &introspection{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		id, secret, ok := r.BasicAuth()
		if !ok || id != "api" || secret != "s%25cret" || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.PostFormValue("token") == "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		s.mu.Lock()
		answer := s.answer
		s.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func says(members map[string]any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(members)
	}
}

func writes(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func activeAnswer() map[string]any {
	now := time.Now().Unix()
	return map[string]any{"active": true, "token_type": "Bearer", "iss": testIssuer, "aud": testAudience, "sub": "alice", "client_id": "web", "scope": "a b", "exp": now + 600, "iat": now}
}

func newIntrospector(t testing.TB, url string, change ...func(*auth.IntrospectorConfig)) *auth.Introspector {
	t.Helper()
	c := auth.IntrospectorConfig{URL: url, ClientID: "api", ClientSecret: "s%cret", Issuer: testIssuer, Audience: []string{testAudience}}
	for _, f := range change {
		f(&c)
	}
	i, err := auth.NewIntrospector(c)
	require.NoError(t, err)
	return i
}

func TestIntrospectorTakesActiveTokensForThisService(t *testing.T) {
	s := newIntrospection(t)
	s.set(says(activeAnswer()))
	i := newIntrospector(t, s.url)
	p, err := i.Verify(t.Context(), "opaque-1")
	require.NoError(t, err)
	assert.Equal(t, "alice", p.Subject())
	assert.Equal(t, testIssuer, p.Issuer())
	assert.Equal(t, []string{"a", "b"}, p.Scopes())
	_, err = i.Verify(t.Context(), "opaque-1")
	require.NoError(t, err)
	assert.EqualValues(t, 2, s.asked.Load(), "asked each time")
	h := newGuard(t, auth.Config{Authenticator: auth.Bearer(i)}).Require("a")(whoami)
	assert.Equal(t, "alice", serve(h, request(t, "Bearer opaque-1")).Body.String())
}

func TestIntrospectorRefusals(t *testing.T) {
	s := newIntrospection(t)
	change := func(name string, value any) http.HandlerFunc {
		m := activeAnswer()
		if m[name] = value; value == nil {
			delete(m, name)
		}
		return says(m)
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   error
	}{
		"inactive":                   {says(map[string]any{"active": false}), auth.ErrInvalidCredentials},
		"inactive with more":         {change("active", false), auth.ErrInvalidCredentials},
		"a refresh token":            {change("token_type", "refresh_token"), auth.ErrType},
		"of no type":                 {change("token_type", nil), auth.ErrType},
		"bound":                      {change("cnf", map[string]any{"jkt": strings.Repeat("A", 43)}), auth.ErrBinding},
		"bound in another way":       {change("cnf", map[string]any{"kid": "k"}), auth.ErrBinding},
		"from another issuer":        {change("iss", "https://evil.example"), auth.ErrIssuer},
		"for another service":        {change("aud", "https://other.example"), auth.ErrAudience},
		"for nobody":                 {change("aud", nil), auth.ErrAudience},
		"without a subject":          {change("sub", nil), auth.ErrClaims},
		"expired":                    {change("exp", time.Now().Unix()-1), auth.ErrExpired},
		"not yet valid":              {change("nbf", time.Now().Unix()+60), auth.ErrNotYetValid},
		"active as a text":           {change("active", "true"), auth.ErrUnavailable},
		"active missing":             {change("active", nil), auth.ErrUnavailable},
		"a subject that is a number": {change("sub", 1), auth.ErrUnavailable},
		"active twice":               {writes(200, "application/json", `{"active":false,"active":true,"sub":"a"}`), auth.ErrUnavailable},
		"Active beside active":       {change("Active", false), auth.ErrUnavailable},
		"Sub beside sub":             {change("Sub", "root"), auth.ErrUnavailable},
		"an array":                   {writes(200, "application/json", `[]`), auth.ErrUnavailable},
		"a page":                     {writes(200, "text/html", `{"active":true}`), auth.ErrUnavailable},
		"an error":                   {writes(500, "application/json", `{}`), auth.ErrUnavailable},
		"our secret is wrong":        {writes(401, "application/json", `{}`), auth.ErrUnavailable},
		"a redirect elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		}, auth.ErrUnavailable},
		"a long answer": {writes(200, "application/json", `{"active":true}`+strings.Repeat(" ", 64<<10)), auth.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			s.set(c.answer)
			p, err := newIntrospector(t, s.url).Verify(t.Context(), "c4n4ry")
			assert.Nil(t, p)
			require.ErrorIs(t, err, c.want)
			assert.NotContains(t, err.Error(), "c4n4ry")
		})
	}
	_, err := newIntrospector(t, "http://127.0.0.1:1/").Verify(t.Context(), "opaque")
	assert.ErrorIs(t, err, auth.ErrUnavailable, "nobody there")
	asked := s.asked.Load()
	for _, token := range []string{"", "a b", "a\n", strings.Repeat("a", 8<<10+1)} {
		_, err = newIntrospector(t, s.url).Verify(t.Context(), token)
		assert.ErrorIs(t, err, auth.ErrMalformed)
	}
	assert.Equal(t, asked, s.asked.Load(), "what cannot be a token is not sent")

	s.set(change("aud", nil))
	_, err = newIntrospector(t, s.url, func(c *auth.IntrospectorConfig) { c.InsecureAnyAudience = true }).Verify(t.Context(), "opaque")
	assert.NoError(t, err, "as its name says")
	s.set(change("aud", "https://other.example"))
	_, err = newIntrospector(t, s.url, func(c *auth.IntrospectorConfig) { c.InsecureAnyAudience = true }).Verify(t.Context(), "opaque")
	assert.ErrorIs(t, err, auth.ErrAudience)
}

func TestIntrospectorRemembersForAsLongAsConfigured(t *testing.T) {
	s := newIntrospection(t)
	s.set(says(activeAnswer()))
	i := newIntrospector(t, s.url, func(c *auth.IntrospectorConfig) { c.MaxStale = time.Minute })
	var wg sync.WaitGroup
	_, err := i.Verify(t.Context(), "good")
	require.NoError(t, err)
	for range 8 {
		wg.Go(func() {
			for range 100 {
				_, err := i.Verify(t.Context(), "good")
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 1, s.asked.Load())

	s.set(says(map[string]any{"active": false}))
	for range 10 {
		_, err = i.Verify(t.Context(), "bad")
		assert.ErrorIs(t, err, auth.ErrInvalidCredentials)
	}
	assert.EqualValues(t, 2, s.asked.Load(), "a flood of one bad token is one question")

	soon := activeAnswer()
	soon["exp"] = time.Now().Unix() + 1
	s.set(says(soon))
	_, err = i.Verify(t.Context(), "soon over")
	require.ErrorIs(t, err, auth.ErrMalformed)
	_, err = i.Verify(t.Context(), "soon-over")
	require.NoError(t, err)
	s.set(says(map[string]any{"active": false}))
	assert.Eventually(t, func() bool {
		_, err := i.Verify(t.Context(), "soon-over")
		return err != nil
	}, 5*time.Second, 20*time.Millisecond, "never beyond the token's end")
}

func TestIntrospectorFaultsAreReportedTogether(t *testing.T) {
	_, err := auth.NewIntrospector(auth.IntrospectorConfig{URL: "http://id.example", MaxStale: time.Hour, CacheSize: -1})
	for _, field := range []string{"URL", "Issuer", "Audience", "ClientID", "MaxStale", "CacheSize"} {
		assert.ErrorContains(t, err, "IntrospectorConfig."+field)
	}
	_, err = auth.New(auth.Config{Authenticator: auth.Bearer((*auth.Introspector)(nil))})
	assert.ErrorContains(t, err, "Bearer(nil)")
}

func TestIntrospectorDoesNotPrintItsSecret(t *testing.T) {
	i := newIntrospector(t, "https://id.example")
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", i)
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v %s", i, i, i, i)+log.String(), "cret")
}
