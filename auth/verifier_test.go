package auth_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

func TestEveryAlgorithmOfAnotherSignerVerifies(t *testing.T) {
	for _, k := range testKeys() {
		t.Run(k.alg, func(t *testing.T) {
			v := newVerifier(t, ring(t, k))
			for range 20 { // short r and s occur now and then
				p, err := v.Verify(t.Context(), newForge(t, k).token())
				require.NoError(t, err)
				assert.Equal(t, "alice", p.Subject())
			}
		})
	}
}

func TestEveryAlgorithmRefusesEveryOtherKey(t *testing.T) {
	keys := testKeys()
	for _, mine := range keys {
		v := newVerifier(t, ring(t, mine))
		for _, other := range keys {
			if mine.kid == other.kid {
				continue
			}
			f := newForge(t, other)
			f.header["kid"] = mine.kid
			_, err := v.Verify(t.Context(), f.token())
			assert.ErrorIs(t, err, auth.ErrAlgorithm, "%s with a key for %s", other.alg, mine.alg)
			f.header["alg"] = mine.alg
			_, err = v.Verify(t.Context(), f.token())
			assert.ErrorIs(t, err, auth.ErrSignature, "%s that claims to be %s", other.alg, mine.alg)
		}
	}
}

func TestVerifierAcceptsWhatTheStandardsAllow(t *testing.T) {
	k := testKey{"es256", "ES256", p256()}
	v := newVerifier(t, ring(t, k))
	now := time.Now().Unix()
	for name, change := range map[string]func(f *forge){
		"typ in full":                     func(f *forge) { f.header["typ"] = "application/at+jwt" },
		"typ in another case":             func(f *forge) { f.header["typ"] = "AT+JWT" },
		"a parameter nobody registered":   func(f *forge) { f.header["nonce"] = "n" },
		"a certificate's thumbprint":      func(f *forge) { f.header["x5t"], f.header["x5t#S256"] = "a", "b" },
		"space inside the JSON":           func(f *forge) { f.rawHeader = "{ \"alg\":\"ES256\",\r\n\t\"kid\" : \"es256\", \"typ\":\"at+jwt\" }" },
		"aud a list with others":          func(f *forge) { f.claims["aud"] = []string{"https://other.example", testAudience} },
		"no scope":                        func(f *forge) { f.without("scope") },
		"scope empty":                     func(f *forge) { f.claims["scope"] = "" },
		"exp a fraction":                  func(f *forge) { f.claims["exp"] = float64(now) + 10.5 },
		"exp with an exponent":            func(f *forge) { f.without("exp"); f.rawClaims = f.with(fmt.Sprintf(`"exp":%de0`, now+60)) },
		"sub of 255 bytes":                func(f *forge) { f.claims["sub"] = strings.Repeat("s", 255) },
		"sub with an escaped surrogate":   func(f *forge) { f.without("sub"); f.rawClaims = f.with(`"sub":"\ud83d\ude00"`) },
		"nbf now":                         func(f *forge) { f.claims["nbf"] = now },
		"exp past within the leeway":      func(f *forge) { f.claims["exp"], f.claims["iat"] = now-5, now-600 },
		"iat ahead within the leeway":     func(f *forge) { f.claims["iat"] = now + 20 },
		"lives a day":                     func(f *forge) { f.claims["iat"], f.claims["exp"] = now, now+24*3600 },
		"a claim that nobody knows":       func(f *forge) { f.claims["https://x.example/a"] = map[string]any{"b": []int{1}} },
		"16 levels":                       func(f *forge) { f.rawClaims = f.with(`"x":` + strings.Repeat("[", 15) + strings.Repeat("]", 15)) },
		"a name that is ours deep inside": func(f *forge) { f.claims["x"] = map[string]any{"SUB": "root"} },
	} {
		t.Run(name, func(t *testing.T) {
			f := newForge(t, k)
			change(f)
			_, err := v.Verify(t.Context(), f.token())
			assert.NoError(t, err)
		})
	}
}

func TestTokenOfExactlyEightKiB(t *testing.T) {
	k := testKey{"es256", "ES256", p256()}
	v := newVerifier(t, ring(t, k))
	f := newForge(t, k)
	size := func(n int) string { f.claims["x"] = strings.Repeat("x", n); return f.token() }
	n := 5000
	for len(size(n)) < 8<<10 {
		n++
	}
	for len(size(n)) > 8<<10 {
		n--
	}
	_, err := v.Verify(t.Context(), size(n))
	assert.NoError(t, err)
	_, err = v.Verify(t.Context(), size(n+2))
	assert.ErrorIs(t, err, auth.ErrMalformed)
}

func TestPrincipalOfAToken(t *testing.T) {
	k := testKey{"es256", "ES256", p256()}
	f := newForge(t, k)
	now := time.Now().Unix()
	f.claims["roles"], f.claims["amr"], f.claims["acr"], f.claims["sid"] = []string{"editor", "a\"b"}, []string{"pwd", "otp"}, "high", "family-1"
	f.claims["auth_time"], f.claims["tenant"] = now-5, "north"
	p, err := newVerifier(t, ring(t, k)).Verify(t.Context(), f.token())
	require.NoError(t, err)
	assert.Equal(t, testIssuer, p.Issuer())
	assert.Equal(t, "alice", p.Subject())
	assert.Equal(t, "web", p.Client())
	assert.Equal(t, "t1", p.TokenID())
	assert.Equal(t, "family-1", p.Session())
	assert.Equal(t, []string{"orders:read", "orders:write"}, p.Scopes())
	assert.Equal(t, []string{"editor", "a\"b"}, p.Roles())
	assert.Equal(t, []string{"pwd", "otp"}, p.AMR())
	assert.Equal(t, "high", p.ACR())
	assert.Equal(t, now-5, p.AuthTime().Unix())
	assert.Equal(t, f.claims["exp"], p.Expiry().Unix())
	assert.True(t, p.HasScope("orders:read"))
	assert.False(t, p.HasScope("orders"))
	assert.False(t, p.HasScope(""))
	assert.Zero(t, testing.AllocsPerRun(10, func() { p.HasScope("orders:write") }))

	var claims struct {
		Tenant string `json:"tenant"`
	}
	require.NoError(t, p.Claims(&claims))
	assert.Equal(t, "north", claims.Tenant)
	var wrong struct {
		Tenant int `json:"tenant"`
	}
	err = p.Claims(&wrong)
	assert.ErrorContains(t, err, "auth: the claims do not fit")
	assert.NotContains(t, err.Error(), "north")
	var other struct {
		Tenant string `json:"TENANT"`
	}
	require.NoError(t, p.Claims(&other))
	assert.Empty(t, other.Tenant, "names match in letter case")
	assert.Error(t, p.Claims(claims), "not a pointer")
	assert.Error(t, p.Claims(nil))
}

func TestTimesAtTheirBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := testKey{"es256", "ES256", p256()}
		for _, leeway := range []time.Duration{-1, 0, 2 * time.Minute} {
			v, err := auth.NewVerifier(auth.VerifierConfig{Issuer: testIssuer, Audience: []string{testAudience}, Keys: ring(t, k), Leeway: leeway})
			require.NoError(t, err)
			effective := map[time.Duration]time.Duration{-1: 0, 0: 30 * time.Second, 2 * time.Minute: 2 * time.Minute}[leeway]
			f := newForge(t, k)
			nbf := time.Now().Add(time.Hour)
			exp := nbf.Add(time.Hour)
			f.claims["nbf"], f.claims["exp"] = nbf.Unix(), exp.Unix()
			token := f.token()
			at := func(instant time.Time) error {
				time.Sleep(time.Until(instant))
				_, err := v.Verify(t.Context(), token)
				return err
			}
			assert.ErrorIs(t, at(nbf.Add(-effective-1)), auth.ErrNotYetValid)
			assert.NoError(t, at(nbf.Add(-effective)))
			assert.NoError(t, at(exp.Add(effective-1)))
			assert.ErrorIs(t, at(exp.Add(effective)), auth.ErrExpired)
		}
	})
}

func TestMaxLifetime(t *testing.T) {
	k := testKey{"es256", "ES256", p256()}
	for _, c := range []struct {
		limit time.Duration
		life  int64
		ok    bool
	}{{time.Minute, 60, true}, {time.Minute, 61, false}, {0, 86400, true}, {0, 86401, false}, {-1, 10 * 365 * 86400, true}} {
		v, err := auth.NewVerifier(auth.VerifierConfig{Issuer: testIssuer, Audience: []string{testAudience}, Keys: ring(t, k), MaxLifetime: c.limit})
		require.NoError(t, err)
		f := newForge(t, k)
		f.claims["exp"] = f.claims["iat"].(int64) + c.life
		_, err = v.Verify(t.Context(), f.token())
		assert.Equal(t, c.ok, err == nil, "%v %d", c.limit, c.life)
	}
}

func TestVerifierConfigFaultsAreReportedTogether(t *testing.T) {
	_, err := auth.NewVerifier(auth.VerifierConfig{Leeway: 5 * time.Minute})
	require.Error(t, err)
	for _, want := range []string{
		"auth: VerifierConfig.Issuer ", "auth: VerifierConfig.Audience ", "auth: VerifierConfig.Keys ",
		"auth: VerifierConfig.Leeway 5m0s is more than 2m0s",
	} {
		assert.ErrorContains(t, err, want)
	}
	var nobody *auth.KeyRing
	_, err = auth.NewVerifier(auth.VerifierConfig{Issuer: testIssuer, Audience: []string{testAudience}, Keys: nobody})
	assert.ErrorContains(t, err, "VerifierConfig.Keys")
}

func TestIssuerNamesThatAreRefused(t *testing.T) {
	keys := ring(t, testKey{"es256", "ES256", p256()})
	for name, ok := range map[string]bool{
		"https://a.example": true, "https://a.example:8443/realm/x": true, "http://127.0.0.1:8000": true, "http://[::1]": true,
		"http://localhost:9000": true,
		"":                      false, "a.example": false, "http://a.example": false, "http://localhost.evil.example": false,
		"http://127.0.0.1.evil.example": false, "https://a.example?x": false, "https://a.example?": false, "https://a.example#": false,
		"https://u:p@a.example": false, "https://": false, "https:a.example": false, "ftp://a.example": false,
		"https://a.example/\n": false, "https://a.example/" + strings.Repeat("x", 255): false,
	} {
		_, err := auth.NewVerifier(auth.VerifierConfig{Issuer: name, Audience: []string{testAudience}, Keys: keys})
		assert.Equal(t, ok, err == nil, "%q: %v", name, err)
	}
}

func TestVerifierIsNotChangedThroughItsConfig(t *testing.T) {
	k := testKey{"es256", "ES256", p256()}
	audience := []string{testAudience}
	v, err := auth.NewVerifier(auth.VerifierConfig{Issuer: testIssuer, Audience: audience, Keys: ring(t, k)})
	require.NoError(t, err)
	audience[0] = "https://evil.example"
	_, err = v.Verify(t.Context(), newForge(t, k).token())
	assert.NoError(t, err)
}

func TestConcurrentVerification(t *testing.T) {
	active := testKey{"es256", "ES256", p256()}
	v := newVerifier(t, ring(t, active))
	good := newForge(t, active).token()
	bad := newForge(t, testKey{"es256", "ES256", mustECKey()}).token()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				p, err := v.Verify(t.Context(), good)
				if assert.NoError(t, err) {
					p.Scopes()[0] = "admin" // a copy
					assert.True(t, p.HasScope("orders:read"))
				}
				_, err = v.Verify(t.Context(), bad)
				assert.ErrorIs(t, err, auth.ErrSignature)
			}
		})
	}
	wg.Wait()
}

func TestIssuedTokenVerifiesAndStatesItsGrant(t *testing.T) {
	for _, k := range testKeys() {
		t.Run(k.alg, func(t *testing.T) {
			keys, err := auth.NewKeyRing(auth.KeyRingConfig{Path: keyFile(t, k.jwk(t, "active")), Algorithm: auth.Algorithm(k.alg)})
			require.NoError(t, err)
			i, err := auth.NewIssuer(auth.IssuerConfig{Issuer: testIssuer, Audience: []string{testAudience, "https://b.example"}, Keys: keys, Logger: quiet})
			require.NoError(t, err)
			token, err := i.Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web", Scopes: []string{"a", "b"}, Extra: map[string]any{"tenant": "north"}})
			require.NoError(t, err)
			p, err := i.Verifier().Verify(t.Context(), token.Value)
			require.NoError(t, err)
			assert.Equal(t, "alice", p.Subject())
			assert.Equal(t, []string{"a", "b"}, p.Scopes())
			assert.Equal(t, token.ID, p.TokenID())

			header, err := b64.DecodeString(strings.Split(token.Value, ".")[0])
			require.NoError(t, err)
			var h map[string]any
			require.NoError(t, json.Unmarshal(header, &h))
			assert.Equal(t, map[string]any{"alg": k.alg, "kid": k.kid, "typ": "at+jwt"}, h)
		})
	}
}
