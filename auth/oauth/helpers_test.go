package oauth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/oauth"
	"github.com/sallyport-go/sallyport/auth/password"
	"github.com/sallyport-go/sallyport/auth/store"
)

const (
	issuerName = "https://api.example"
	alicePW    = "correct horse battery staple"
)

// hasher is shared, and so is the hash of alice's password: to hash is slow on purpose.
var hasher = sync.OnceValue(func() *password.Hasher {
	h, err := password.New(password.Config{})
	if err != nil {
		panic(err)
	}
	return h
})

var aliceHash = sync.OnceValue(func() string {
	hash, err := hasher().Hash(context.Background(), alicePW)
	if err != nil {
		panic(err)
	}
	return hash
})

// table is a table of users.
type table struct {
	mu       sync.Mutex
	byName   map[string]oauth.User
	err      error // of every look-up
	asked    []string
	upgraded []string
	upErr    error
}

func newTable() *table {
	return &table{byName: map[string]oauth.User{
		"alice":  {Subject: "u-1", Hash: aliceHash(), Scopes: []string{"notes:read", "notes:write"}, Roles: []string{"editor"}},
		"dora":   {Subject: "u-2", Hash: aliceHash(), Scopes: []string{"notes:read"}, Disabled: true},
		"nopw":   {Subject: "u-3"},
		"broken": {Subject: "u-4", Hash: "$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHRzYWx0$a2V5"},
		"plain":  {Subject: "u-5", Hash: aliceHash()},
	}}
}

func (u *table) Lookup(_ context.Context, name string) (oauth.User, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.asked = append(u.asked, name)
	if user, ok := u.byName[name]; ok || u.err != nil {
		return user, u.err
	}
	return oauth.User{}, oauth.ErrUnknownUser
}

func (u *table) LookupSubject(_ context.Context, subject string) (oauth.User, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, user := range u.byName {
		if user.Subject == subject {
			return user, u.err
		}
	}
	if u.err != nil {
		return oauth.User{}, u.err
	}
	return oauth.User{}, oauth.ErrUnknownUser
}

func (u *table) Upgrade(_ context.Context, subject, old, hash string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.upgraded = append(u.upgraded, subject, old, hash)
	return u.upErr
}

func (u *table) change(name string, change func(*oauth.User)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	user := u.byName[name]
	change(&user)
	u.byName[name] = user
}

func (u *table) fail(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.err = err
}

// buffer is a log that is safe to read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// fixture is a service with what it stands on.
type fixture struct {
	t        testing.TB
	users    *table
	store    store.RefreshTokens
	verifier *auth.Verifier
	log      *buffer
	service  *oauth.Service
	handler  http.Handler
	addr     string // of the client, if not that of httptest
}

func newIssuer(t testing.TB, logger *slog.Logger) *auth.Issuer {
	t.Helper()
	keys, err := auth.NewKeyRing(auth.KeyRingConfig{Logger: logger})
	require.NoError(t, err)
	issuer, err := auth.NewIssuer(auth.IssuerConfig{Issuer: issuerName, Audience: []string{issuerName}, Keys: keys, Logger: logger})
	require.NoError(t, err)
	return issuer
}

func config(t testing.TB, change ...func(*oauth.Config)) oauth.Config {
	t.Helper()
	memory, err := store.NewMemory(store.Config{})
	require.NoError(t, err)
	c := oauth.Config{
		Issuer: newIssuer(t, slog.New(slog.DiscardHandler)), Users: newTable(), Hasher: hasher(),
		Password: &oauth.PasswordGrant{ClientID: "app"}, Refresh: &oauth.RefreshGrant{Store: memory},
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

func newFixture(t testing.TB, change ...func(*oauth.Config)) *fixture {
	t.Helper()
	f := &fixture{t: t, log: &buffer{}}
	c := config(t, change...)
	if c.Logger == nil {
		c.Logger = slog.New(slog.NewJSONHandler(f.log, nil))
	}
	s, err := oauth.New(c)
	require.NoError(t, err)
	f.users, _ = c.Users.(*table)
	f.verifier, f.service, f.handler = c.Issuer.Verifier(), s, s.Token()
	if c.Refresh != nil {
		f.store = c.Refresh.Store
	}
	return f
}

// reply is an answer of the token endpoint.
type reply struct {
	status int
	header http.Header
	body   string

	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"`
	RefreshToken string `json:"refresh_token"`
	Scope        string `json:"scope"`
	Error        string `json:"error"`
	Description  string `json:"error_description"`
}

func newRequest(t testing.TB, body string) *http.Request {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/token", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// send also checks what holds for every answer.
func (f *fixture) send(r *http.Request) reply {
	f.t.Helper()
	if f.addr != "" {
		r.RemoteAddr = f.addr
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return readReply(f.t, w.Result(), r.Method)
}

func readReply(t testing.TB, res *http.Response, method string) reply {
	t.Helper()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	a := reply{status: res.StatusCode, header: res.Header, body: string(body)}
	assert.Equal(t, "no-store", a.header.Get("Cache-Control"))
	assert.Equal(t, "no-cache", a.header.Get("Pragma"))
	assert.Equal(t, "application/json", a.header.Get("Content-Type"))
	for name := range a.header {
		assert.NotContains(t, name, "Access-Control")
	}
	if method == http.MethodHead {
		assert.Empty(t, a.body)
		return a
	}
	require.NoError(t, json.Unmarshal(body, &a), a.body)
	assert.Equal(t, a.status == http.StatusOK, a.Error == "", a.body)
	return a
}

func (f *fixture) form(pairs ...string) reply {
	f.t.Helper()
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return f.send(newRequest(f.t, v.Encode()))
}

func (f *fixture) login(more ...string) reply {
	f.t.Helper()
	a := f.form(append([]string{"grant_type", "password", "username", "alice", "password", alicePW}, more...)...)
	require.Equal(f.t, 200, a.status, a.body)
	return a
}

func (f *fixture) refresh(token string, more ...string) reply {
	f.t.Helper()
	return f.form(append([]string{"grant_type", "refresh_token", "refresh_token", token}, more...)...)
}

func (f *fixture) principal(a reply) *auth.Principal {
	f.t.Helper()
	p, err := f.verifier.Verify(f.t.Context(), a.AccessToken)
	require.NoError(f.t, err)
	return p
}

func (f *fixture) events(name string) int { return strings.Count(f.log.String(), `"event":"`+name+`"`) }
