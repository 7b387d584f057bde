package auth_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

// holder is a client with a key of its own.
type holder struct {
	key testKey
	jwk map[string]any
}

func newHolder(t testing.TB, k testKey) holder {
	t.Helper()
	public := map[string]any{}
	for name, value := range k.jwk(t, "active") {
		switch name {
		case "kty", "crv", "x", "y", "n", "e":
			public[name] = value
		}
	}
	return holder{k, public}
}

// thumbprint is that of RFC 7638, by hand: encoding/json sorts the names.
func (h holder) thumbprint(t testing.TB) string {
	t.Helper()
	text, err := json.Marshal(h.jwk)
	require.NoError(t, err)
	sum := sha256.Sum256(text)
	return b64.EncodeToString(sum[:])
}

var proofs atomic.Int64

// proof is one in the making, for GET https://api.example/orders.
func (h holder) proof(t testing.TB, token string) *forge {
	sum := sha256.Sum256([]byte(token))
	f := newForge(t, h.key)
	f.header = map[string]any{"typ": "dpop+jwt", "alg": h.key.alg, "jwk": h.jwk}
	f.claims = map[string]any{
		"jti": fmt.Sprint("p", proofs.Add(1)), "htm": "GET", "htu": "https://api.example/orders", "iat": time.Now().Unix(),
		"ath": b64.EncodeToString(sum[:]),
	}
	return f
}

func (h holder) token(t testing.TB, issuer testKey) string {
	f := newForge(t, issuer)
	f.claims["cnf"] = map[string]string{"jkt": h.thumbprint(t)}
	return f.token()
}

func dpopGuard(t testing.TB, issuer testKey, change func(*auth.DPoPConfig)) *auth.Guard {
	t.Helper()
	c := auth.DPoPConfig{Verifier: newVerifier(t, ring(t, issuer)), Origin: "https://api.example"}
	if change != nil {
		change(&c)
	}
	return newGuard(t, auth.Config{Authenticator: auth.DPoP(c)})
}

func proven(t testing.TB, token string, proof ...string) *http.Request {
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/orders?page=2", nil)
	r.Header.Set("Authorization", "DPoP "+token)
	if len(proof) > 0 {
		r.Header["Dpop"] = proof
	}
	return r
}

var (
	issuerKey = testKey{"k", "ES256", p256()}
	clientKey = sync.OnceValue(func() testKey { return testKey{"", "ES256", mustEC(p256().Curve)} })
)

func TestThumbprintOfRFC9449(t *testing.T) {
	h := holder{jwk: map[string]any{"kty": "EC", "crv": "P-256", "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs", "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"}}
	assert.Equal(t, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", h.thumbprint(t), "section 6.1")
}

func TestDPoPWithEveryAlgorithm(t *testing.T) {
	for _, k := range testKeys() {
		h := newHolder(t, k)
		token := h.token(t, issuerKey)
		w := serve(dpopGuard(t, issuerKey, nil).Handler(whoami), proven(t, token, h.proof(t, token).token()))
		switch k.alg {
		case "ES256", "ES384", "ES512", "EdDSA", "PS256", "RS256":
			assert.Equal(t, 200, w.Code, k.alg)
			assert.Equal(t, "alice", w.Body.String())
		default:
			assert.Equal(t, 401, w.Code, k.alg)
		}
	}
}

func TestDPoPProofAttacks(t *testing.T) {
	h := newHolder(t, clientKey())
	thief := newHolder(t, testKey{"", "ES256", mustEC(p256().Curve)})
	token := h.token(t, issuerKey)
	guard := dpopGuard(t, issuerKey, nil)
	for name, c := range map[string]struct {
		proof  func() []string
		status int
		code   string
	}{
		"none":             {func() []string { return nil }, 401, "invalid_dpop_proof"},
		"two":              {func() []string { return []string{h.proof(t, token).token(), h.proof(t, token).token()} }, 400, "invalid_request"},
		"not a JWT":        {func() []string { return []string{"x"} }, 401, "invalid_dpop_proof"},
		"empty":            {func() []string { return []string{""} }, 401, "invalid_dpop_proof"},
		"of a thief's key": {func() []string { return []string{thief.proof(t, token).token()} }, 401, "invalid_token"},
		"our key, a thief's signature": {func() []string {
			f := h.proof(t, token)
			f.key = thief.key
			return []string{f.token()}
		}, 401, "invalid_dpop_proof"},
	} {
		t.Run(name, func(t *testing.T) {
			w := serve(guard.Handler(whoami), proven(t, token, c.proof()...))
			assert.Equal(t, c.status, w.Code)
			assert.Contains(t, w.Header().Get("WWW-Authenticate"), `DPoP realm="api", error="`+c.code+`"`)
			assert.Contains(t, w.Header().Get("WWW-Authenticate"), `algs="ES256 `)
		})
	}
	for name, change := range map[string]func(f *forge){
		"another method":       func(f *forge) { f.claims["htm"] = "POST" },
		"method in lower case": func(f *forge) { f.claims["htm"] = "get" },
		"another path":         func(f *forge) { f.claims["htu"] = "https://api.example/admin" },
		"a path further down":  func(f *forge) { f.claims["htu"] = "https://api.example/orders/" },
		"another host":         func(f *forge) { f.claims["htu"] = "https://evil.example/orders" },
		"another port":         func(f *forge) { f.claims["htu"] = "https://api.example:8443/orders" },
		"another scheme":       func(f *forge) { f.claims["htu"] = "http://api.example/orders" },
		"a user in the URL":    func(f *forge) { f.claims["htu"] = "https://api.example@evil.example/orders" },
		"no URL":               func(f *forge) { f.claims["htu"] = "/orders" },
		"another token":        func(f *forge) { f.claims["ath"] = b64.EncodeToString(make([]byte, 32)) },
		"no ath":               func(f *forge) { f.without("ath") },
		"no jti":               func(f *forge) { f.without("jti") },
		"empty jti":            func(f *forge) { f.claims["jti"] = "" },
		"long jti":             func(f *forge) { f.claims["jti"] = longName(256) },
		"no htm":               func(f *forge) { f.without("htm") },
		"no htu":               func(f *forge) { f.without("htu") },
		"no iat":               func(f *forge) { f.without("iat") },
		"too old":              func(f *forge) { f.claims["iat"] = time.Now().Add(-61 * time.Second).Unix() },
		"from the future":      func(f *forge) { f.claims["iat"] = time.Now().Add(10 * time.Second).Unix() },
		"iat a text":           func(f *forge) { f.claims["iat"] = "1" },
		"HTM beside htm":       func(f *forge) { f.claims["HTM"] = "POST" },
		"htm twice":            func(f *forge) { f.rawClaims = f.with(`"htm":"GET"`) },
		"typ JWT":              func(f *forge) { f.header["typ"] = "JWT" },
		"typ at+jwt":           func(f *forge) { f.header["typ"] = "at+jwt" },
		"no typ":               func(f *forge) { delete(f.header, "typ") },
		"none":                 func(f *forge) { f.header["alg"] = "none" },
		"another alg":          func(f *forge) { f.header["alg"] = "ES384" },
		"HS256":                func(f *forge) { f.header["alg"] = "HS256" },
		"no key":               func(f *forge) { delete(f.header, "jwk") },
		"a key by reference":   func(f *forge) { f.header["jku"] = "https://evil.example/jwks" },
		"crit":                 func(f *forge) { f.header["crit"] = []string{"exp"} },
		"the private key": func(f *forge) {
			f.header["jwk"] = h.key.jwk(t, "active")
		},
		"a secret for a key": func(f *forge) { f.header["jwk"] = map[string]any{"kty": "oct", "k": "AAAA"} },
		"a key for encryption": func(f *forge) {
			f.header["jwk"] = map[string]any{"kty": "EC", "crv": "P-256", "x": h.jwk["x"], "y": h.jwk["y"], "use": "enc"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := h.proof(t, token)
			change(f)
			w := serve(guard.Handler(whoami), proven(t, token, f.token()))
			assert.Equal(t, 401, w.Code)
			assert.Contains(t, w.Header().Get("WWW-Authenticate"), `error="invalid_dpop_proof"`)
		})
	}
	assert.Equal(t, 200, serve(guard.Handler(whoami), proven(t, token, h.proof(t, token).token())).Code, "and the right one passes")
}

func TestDPoPURLIsComparedInItsNormalForm(t *testing.T) {
	h := newHolder(t, clientKey())
	token := h.token(t, issuerKey)
	guard := dpopGuard(t, issuerKey, nil)
	for _, c := range []struct {
		target, htu string
		status      int
	}{
		{"/orders", "HTTPS://API.example:443/orders", 200},
		{"/orders?a=b", "https://api.example/orders?c=d#e", 200},
		{"/%6frders", "https://api.example/orders", 200},
		{"/a%2fb", "https://api.example/a%2Fb", 200},
		{"/a%2fb", "https://api.example/a/b", 401},
		{"/", "https://api.example", 200},
		{"/a/../orders", "https://api.example/orders", 401},
		{"http://evil.example/orders", "https://api.example/orders", 200},
		{"http://evil.example/orders", "https://evil.example/orders", 401},
	} {
		f := h.proof(t, token)
		f.claims["htu"] = c.htu
		r := httptest.NewRequestWithContext(t.Context(), "GET", c.target, nil)
		r.Header.Set("Authorization", "DPoP "+token)
		r.Header.Set("DPoP", f.token())
		assert.Equal(t, c.status, serve(guard.Handler(whoami), r).Code, "%s %s", c.target, c.htu)
	}

	mux := http.NewServeMux()
	mux.Handle("/v1/", http.StripPrefix("/v1", guard.Handler(whoami)))
	f := h.proof(t, token)
	f.claims["htu"] = "https://api.example/v1/orders"
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/v1/orders", nil)
	r.Header.Set("Authorization", "DPoP "+token)
	r.Header.Set("DPoP", f.token())
	assert.Equal(t, 200, serve(mux, r).Code, "below http.StripPrefix")
}

func TestDPoPProofWorksOnce(t *testing.T) {
	h := newHolder(t, clientKey())
	token := h.token(t, issuerKey)
	guard := dpopGuard(t, issuerKey, nil)
	proof := h.proof(t, token).token()
	var passed atomic.Int64
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if serve(guard.Handler(whoami), proven(t, token, proof)).Code == 200 {
				passed.Add(1)
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 1, passed.Load())
}

func TestDPoPAndBearerSideBySide(t *testing.T) {
	h := newHolder(t, clientKey())
	v := newVerifier(t, ring(t, issuerKey))
	g := newGuard(t, auth.Config{Authenticator: auth.First(auth.DPoP(auth.DPoPConfig{Verifier: v, Origin: "https://api.example"}), auth.Bearer(v))})
	bound, plain := h.token(t, issuerKey), newForge(t, issuerKey).token()
	for range 2 { // the second time from the cache
		assert.Equal(t, 200, serve(g.Handler(whoami), proven(t, bound, h.proof(t, bound).token())).Code)
		assert.Equal(t, 200, serve(g.Handler(whoami), request(t, "Bearer "+plain)).Code)
		r := request(t, "Bearer "+bound)
		r.Header.Set("DPoP", h.proof(t, bound).token())
		assert.Equal(t, 401, serve(g.Handler(whoami), r).Code, "a bound token under Bearer (RFC 9449, section 7.2)")
		assert.Equal(t, 401, serve(g.Handler(whoami), proven(t, plain, h.proof(t, plain).token())).Code, "an unbound token under DPoP")
	}
	w := serve(g.Handler(whoami), request(t))
	assert.Len(t, w.Header().Values("WWW-Authenticate"), 2)
	w = serve(g.Handler(whoami), proven(t, bound))
	assert.Equal(t, []string{
		`DPoP realm="api", error="invalid_dpop_proof", error_description="The DPoP proof is missing or not valid", algs="ES256 ES384 ES512 EdDSA PS256 RS256"`,
		`Bearer realm="api"`,
	}, w.Header().Values("WWW-Authenticate"))
}

func TestIssuerBindsTokens(t *testing.T) {
	h := newHolder(t, clientKey())
	i := newIssuer(t, auth.IssuerConfig{})
	token, err := i.Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web", KeyThumbprint: h.thumbprint(t)})
	require.NoError(t, err)
	g := newGuard(t, auth.Config{Authenticator: auth.DPoP(auth.DPoPConfig{Verifier: i.Verifier(), Origin: "https://api.example"})})
	assert.Equal(t, 200, serve(g.Handler(whoami), proven(t, token.Value, h.proof(t, token.Value).token())).Code)
	_, err = i.Verifier().Verify(t.Context(), token.Value)
	assert.ErrorIs(t, err, auth.ErrBinding)
	for _, g := range []auth.Grant{{KeyThumbprint: "x"}, {CertificateThumbprint: h.thumbprint(t) + "="}} {
		g.Subject, g.Client = "alice", "web"
		_, err = i.Issue(t.Context(), g)
		assert.ErrorIs(t, err, auth.ErrClaims)
	}
}

func TestDPoPNonceOfTheService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHolder(t, clientKey())
		key := []byte("0123456789abcdefghijklmnopqrstuv")
		withNonce := func(c *auth.DPoPConfig) { c.NonceKey = key }
		node, other := dpopGuard(t, issuerKey, withNonce), dpopGuard(t, issuerKey, withNonce)
		stranger := dpopGuard(t, issuerKey, func(c *auth.DPoPConfig) { c.NonceKey = []byte(strings.Repeat("0123456789", 4)) })
		token := h.token(t, issuerKey)
		w := serve(node.Handler(whoami), proven(t, token, h.proof(t, token).token()))
		assert.Equal(t, 401, w.Code)
		assert.Contains(t, w.Header().Get("WWW-Authenticate"), `error="use_dpop_nonce"`)
		nonce := w.Header().Get("DPoP-Nonce")
		require.NotEmpty(t, nonce)
		use := func(g *auth.Guard, nonce any) int {
			f := h.proof(t, token)
			f.claims["nonce"] = nonce
			return serve(g.Handler(whoami), proven(t, token, f.token())).Code
		}
		assert.Equal(t, 200, use(node, nonce))
		assert.Equal(t, 200, use(other, nonce), "another node has the same key")
		assert.Equal(t, 401, use(stranger, nonce))
		assert.Equal(t, 401, use(node, nonce[:len(nonce)-1]+"A"))
		assert.Equal(t, 401, use(node, ""))
		assert.Equal(t, 401, use(node, 1))
		time.Sleep(5*time.Minute - time.Second)
		token = h.token(t, issuerKey)
		assert.Equal(t, 200, use(node, nonce))
		time.Sleep(time.Second)
		assert.Equal(t, 401, use(node, nonce), "too old")
	})
}

type brokenReplays struct{}

func (brokenReplays) Use(context.Context, string, [32]byte, time.Time, time.Time) (bool, error) {
	return false, errors.New("the store is gone")
}

func TestDPoPWithoutAMemoryIs503(t *testing.T) {
	h := newHolder(t, clientKey())
	token := h.token(t, issuerKey)
	g := dpopGuard(t, issuerKey, func(c *auth.DPoPConfig) { c.Replays = brokenReplays{} })
	w := serve(g.Handler(whoami), proven(t, token, h.proof(t, token).token()))
	assert.Equal(t, 503, w.Code)
	assert.NotEmpty(t, w.Header().Get("Retry-After"))
}

func TestReplayMemoryIsBoundedAndForgetsInTime(t *testing.T) {
	s := auth.NewReplays(48) // three for each holder
	now := time.Unix(1_700_000_000, 0)
	use := func(holder string, n byte, at time.Time) (bool, error) {
		return s.Use(t.Context(), holder, [32]byte{n}, at.Add(time.Minute), at)
	}
	for n := range byte(3) {
		first, err := use("a", n, now)
		require.NoError(t, err)
		assert.True(t, first)
	}
	_, err := use("a", 3, now)
	assert.Error(t, err, "the share is full: refuse rather than forget")
	first, err := use("a", 0, now)
	require.NoError(t, err)
	assert.False(t, first, "what is known is known while it is full")
	for n := range byte(45) {
		first, err = use(fmt.Sprint("b", n/3), 100+n, now)
		require.NoError(t, err, "others have room of their own")
		assert.True(t, first)
	}
	_, err = use("c", 200, now)
	assert.Error(t, err, "all of it is full")
	first, err = use("a", 3, now.Add(time.Minute))
	require.NoError(t, err)
	assert.True(t, first, "there is room again")
}

func TestDPoPFaultsAreReportedTogether(t *testing.T) {
	_, err := auth.New(auth.Config{Authenticator: auth.DPoP(auth.DPoPConfig{Window: time.Hour, NonceKey: []byte("short"), Replays: (*auth.ReplaysInMemory)(nil)})})
	for _, field := range []string{"Verifier", "Origin", "Window", "NonceKey", "Replays"} {
		assert.ErrorContains(t, err, "DPoPConfig."+field)
	}
	for _, origin := range []string{"https://api.example/v1", "http://api.example", "api.example", "https://u@api.example"} {
		_, err = auth.New(auth.Config{Authenticator: auth.DPoP(auth.DPoPConfig{Verifier: newVerifier(t, ring(t, issuerKey)), Origin: origin})})
		assert.ErrorContains(t, err, "DPoPConfig.Origin", origin)
	}
	_, err = auth.New(auth.Config{Authenticator: auth.DPoP(auth.DPoPConfig{Verifier: named(t), Origin: "https://api.example"})})
	assert.ErrorContains(t, err, "DPoPConfig.Verifier", "a foreign verifier does not know about bindings")
}

// TestDPoPOverTheWire sends the requests of a client as net/http writes them.
func TestDPoPOverTheWire(t *testing.T) {
	h := newHolder(t, clientKey())
	token := h.token(t, issuerKey)
	var guarded http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { guarded.ServeHTTP(w, r) }))
	defer server.Close()
	guarded = dpopGuard(t, issuerKey, func(c *auth.DPoPConfig) { c.Origin = server.URL }).Handler(whoami)
	f := h.proof(t, token)
	f.claims["htu"] = server.URL + "/orders"
	r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/orders?page=1", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "DPoP "+token)
	r.Header.Set("DPoP", f.token())
	res, err := server.Client().Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	assert.Equal(t, "alice", string(body))
}
