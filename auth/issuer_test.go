package auth_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

func newIssuer(t testing.TB, c auth.IssuerConfig) *auth.Issuer {
	t.Helper()
	if c.Issuer == "" {
		c.Issuer = testIssuer
	}
	if c.Audience == nil {
		c.Audience = []string{testAudience}
	}
	if c.Keys == nil {
		c.Keys = ring(t, testKey{"es256", "ES256", p256()})
	}
	if c.Logger == nil {
		c.Logger = quiet
	}
	i, err := auth.NewIssuer(c)
	require.NoError(t, err)
	return i
}

// payload decodes the claims of a token without looking at its signature.
func payload(t testing.TB, token string) map[string]any {
	t.Helper()
	text, err := b64.DecodeString(strings.Split(token, ".")[1])
	require.NoError(t, err)
	var claims map[string]any
	require.NoError(t, json.Unmarshal(text, &claims))
	return claims
}

func TestIssueStatesExactlyTheGrant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer(t, auth.IssuerConfig{Audience: []string{"https://a.example", "https://b.example"}})
		now := time.Now()
		token, err := i.Issue(t.Context(), auth.Grant{
			Subject: "alice", Client: "web", Session: "family-1", Audience: []string{"https://b.example"},
			Scopes: []string{"b", "a"}, Roles: []string{"editor"}, AuthTime: now.Add(-time.Minute), ACR: "high", AMR: []string{"pwd"},
			Extra: map[string]any{"tenant": "north", "limits": map[string]any{"n": 1}},
		})
		require.NoError(t, err)
		assert.Equal(t, map[string]any{
			"iss": testIssuer, "sub": "alice", "client_id": "web", "sid": "family-1", "aud": "https://b.example", "scope": "b a",
			"roles": []any{"editor"}, "auth_time": float64(now.Unix() - 60), "acr": "high", "amr": []any{"pwd"}, "jti": token.ID,
			"iat": float64(now.Unix()), "exp": float64(now.Unix() + 600), "tenant": "north", "limits": map[string]any{"n": 1.0},
		}, payload(t, token.Value))
		assert.Equal(t, now.Unix()+600, token.Expiry.Unix())

		token, err = i.Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web"})
		require.NoError(t, err)
		assert.Equal(t, map[string]any{
			"iss": testIssuer, "sub": "alice", "client_id": "web", "aud": []any{"https://a.example", "https://b.example"},
			"jti": token.ID, "iat": float64(now.Unix()), "exp": float64(now.Unix() + 600),
		}, payload(t, token.Value))
	})
}

func TestTokenIDsDoNotRepeat(t *testing.T) {
	i := newIssuer(t, auth.IssuerConfig{})
	seen := map[string]bool{}
	for range 200 {
		token, err := i.Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web"})
		require.NoError(t, err)
		raw, err := b64.DecodeString(token.ID)
		require.NoError(t, err)
		assert.Len(t, raw, 16)
		assert.False(t, seen[token.ID])
		seen[token.ID] = true
	}
}

func TestGrantsThatAreRefused(t *testing.T) {
	i := newIssuer(t, auth.IssuerConfig{})
	deep := any(1)
	for range 16 {
		deep = []any{deep}
	}
	for name, change := range map[string]func(g *auth.Grant){
		"subject missing":              func(g *auth.Grant) { g.Subject = "" },
		"subject too long":             func(g *auth.Grant) { g.Subject = strings.Repeat("s", 256) },
		"subject with a control":       func(g *auth.Grant) { g.Subject = "a\nb" },
		"subject not UTF-8":            func(g *auth.Grant) { g.Subject = "a\xff" },
		"client missing":               func(g *auth.Grant) { g.Client = "" },
		"audience of nobody":           func(g *auth.Grant) { g.Audience = []string{canary} },
		"scope with a space":           func(g *auth.Grant) { g.Scopes = []string{"a b"} },
		"scope empty":                  func(g *auth.Grant) { g.Scopes = []string{""} },
		"scope smuggled":               func(g *auth.Grant) { g.Scopes = []string{`a","sub":"root`} },
		"role empty":                   func(g *auth.Grant) { g.Roles = []string{""} },
		"auth time in the future":      func(g *auth.Grant) { g.AuthTime = time.Now().Add(time.Minute) },
		"auth time before 1970":        func(g *auth.Grant) { g.AuthTime = time.Unix(-1, 0) },
		"extra overwrites sub":         func(g *auth.Grant) { g.Extra = map[string]any{"sub": "root"} },
		"extra overwrites SUB":         func(g *auth.Grant) { g.Extra = map[string]any{"SUB": "root"} },
		"extra overwrites exp":         func(g *auth.Grant) { g.Extra = map[string]any{"exp": 1} },
		"extra sets nbf":               func(g *auth.Grant) { g.Extra = map[string]any{"nbf": 1} },
		"extra sets scope":             func(g *auth.Grant) { g.Extra = map[string]any{"scope": "admin"} },
		"extra sets roles":             func(g *auth.Grant) { g.Extra = map[string]any{"roles": []string{"admin"}} },
		"extra binds to a key":         func(g *auth.Grant) { g.Extra = map[string]any{"cnf": 1} },
		"extra with the long s":        func(g *auth.Grant) { g.Extra = map[string]any{"\u017fub": "root"} },
		"extra that is no JSON":        func(g *auth.Grant) { g.Extra = map[string]any{"x": func() {}} },
		"extra NaN":                    func(g *auth.Grant) { g.Extra = map[string]any{"x": math.NaN()} },
		"extra not UTF-8":              func(g *auth.Grant) { g.Extra = map[string]any{"x": "\xff" + canary} },
		"extra with a name not UTF-8":  func(g *auth.Grant) { g.Extra = map[string]any{"\xff": 1} },
		"extra too deep":               func(g *auth.Grant) { g.Extra = map[string]any{"x": deep} },
		"extra with a name twice":      func(g *auth.Grant) { g.Extra = map[string]any{"x": json.RawMessage(`{"a":1,"a":2}`)} },
		"extra that breaks out":        func(g *auth.Grant) { g.Extra = map[string]any{"x": json.RawMessage(`1,"sub":"root"`)} },
		"token too large":              func(g *auth.Grant) { g.Extra = map[string]any{"x": strings.Repeat("x", 8<<10)} },
		"more scopes than are allowed": func(g *auth.Grant) { g.Scopes = strings.Split(strings.Repeat("s,", 100)+"s", ",") },
	} {
		t.Run(name, func(t *testing.T) {
			g := auth.Grant{Subject: "alice", Client: "web"}
			change(&g)
			token, err := i.Issue(t.Context(), g)
			require.Error(t, err)
			assert.Zero(t, token)
			assert.True(t, strings.HasPrefix(err.Error(), "auth: "), err.Error())
			assert.NotContains(t, err.Error(), canary)
		})
	}
}

func TestExtraIsNotChanged(t *testing.T) {
	extra := map[string]any{"tenant": "north"}
	_, err := newIssuer(t, auth.IssuerConfig{}).Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web", Extra: extra})
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"tenant": "north"}, extra)
}

func TestTokenNeverPrintsItsValue(t *testing.T) {
	var log logBuffer
	i := newIssuer(t, auth.IssuerConfig{Logger: log.logger()})
	token, err := i.Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web"})
	require.NoError(t, err)
	signature := token.Value[strings.LastIndexByte(token.Value, '.')+1:]
	text, err := json.Marshal(token)
	require.NoError(t, err)
	all := fmt.Sprintf("%v %+v %#v %s %q %x %d", token, token, token, token, token, token, token) + fmt.Sprint(&token, []auth.Token{token}, struct{ T auth.Token }{token}) + string(text)
	log.logger().Info("m", slog.Any("t", token), slog.Any("list", []auth.Token{token}))
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", slog.Any("t", token), slog.Any("list", []auth.Token{token}))
	assert.NotContains(t, all+log.String(), signature)
	assert.Contains(t, all, token.ID)
	assert.Contains(t, log.String(), "event=authn_token_created subject=alice client=web jti="+token.ID)
}

func TestIssuerConfigFaultsAreReportedTogether(t *testing.T) {
	_, err := auth.NewIssuer(auth.IssuerConfig{TTL: 2 * time.Hour})
	require.Error(t, err)
	for _, want := range []string{
		"auth: IssuerConfig.Issuer ", "auth: IssuerConfig.Audience ", "auth: IssuerConfig.Keys is nil", "auth: IssuerConfig.TTL 2h0m0s is not in 1s to 1h0m0s",
	} {
		assert.ErrorContains(t, err, want)
	}
	for _, ttl := range []time.Duration{-1, 1, time.Second - 1, time.Hour + 1} {
		_, err := auth.NewIssuer(auth.IssuerConfig{Issuer: testIssuer, Audience: []string{testAudience}, Keys: ring(t, testKey{"k", "ES256", p256()}), TTL: ttl})
		assert.ErrorContains(t, err, "IssuerConfig.TTL", ttl)
	}
}

func TestIssuerAnswersItsConfig(t *testing.T) {
	keys := ring(t, testKey{"k", "ES256", p256()})
	i := newIssuer(t, auth.IssuerConfig{Keys: keys})
	assert.Equal(t, testIssuer, i.Name())
	assert.Same(t, keys, i.Keys())
	assert.Equal(t, 10*time.Minute, i.TTL())
}

// A deployment that lowers the TTL must not throw out the tokens that it has issued.
func TestTokenSurvivesALowerTTL(t *testing.T) {
	keys := ring(t, testKey{"k", "ES256", p256()})
	token, err := newIssuer(t, auth.IssuerConfig{Keys: keys, TTL: time.Hour}).Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web"})
	require.NoError(t, err)
	_, err = newIssuer(t, auth.IssuerConfig{Keys: keys, TTL: time.Minute}).Verifier().Verify(t.Context(), token.Value)
	assert.NoError(t, err)
}

func TestTokenOfAnotherIssuerWithTheSameKeys(t *testing.T) {
	keys := ring(t, testKey{"k", "ES256", p256()})
	a := newIssuer(t, auth.IssuerConfig{Keys: keys})
	b := newIssuer(t, auth.IssuerConfig{Keys: keys, Issuer: "https://b.example"})
	c := newIssuer(t, auth.IssuerConfig{Keys: keys, Audience: []string{"https://c.example"}})
	token, err := a.Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web"})
	require.NoError(t, err)
	_, err = b.Verifier().Verify(t.Context(), token.Value)
	assert.ErrorIs(t, err, auth.ErrIssuer)
	_, err = c.Verifier().Verify(t.Context(), token.Value)
	assert.ErrorIs(t, err, auth.ErrAudience)
}

func TestConcurrentIssue(t *testing.T) {
	i := newIssuer(t, auth.IssuerConfig{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				token, err := i.Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web", Scopes: []string{"a"}})
				if assert.NoError(t, err) {
					_, err = i.Verifier().Verify(t.Context(), token.Value)
					assert.NoError(t, err)
				}
			}
		})
	}
	wg.Wait()
}
