package auth_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

// The law: credentials of Basic that reach the function are the header's, byte for byte, in its one spelling.
func FuzzBasicCredentials(f *testing.F) {
	for _, s := range []string{"", "Basic", "Basic YTpi", "basic YTpi", "Basic YTpi=", "Basic YTpiYw", "Basic YTpiYw==", "Basic ====", "Basic YQ==", "Basic /zo="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		a := auth.Basic(func(_ context.Context, name, password string) (*auth.Principal, error) {
			encoded := base64.StdEncoding.EncodeToString([]byte(name + ":" + password))
			require.True(t, strings.EqualFold(header[:len("Basic ")], "Basic "))
			assert.Equal(t, header[len("Basic "):], encoded)
			assert.NotContains(t, name, ":")
			return nil, auth.ErrInvalidCredentials
		})
		_, err := a.Authenticate(request(t, header))
		assert.Error(t, err)
	})
}

// The law: a token is taken from the one cookie of that name, and never where net/http finds another one or none.
func FuzzCookieHeader(f *testing.F) {
	for _, s := range []string{"", "__Host-token=a", "a=b; __Host-token=a", "__Host-token =a", "__Host-token=a;__Host-token=b", "__Host-token", "__Host-token=\"a\"", " __Host-token=a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		r := request(t)
		r.Header["Cookie"] = []string{header}
		var got string
		p, err := auth.Cookie(auth.CookieConfig{Name: "__Host-token", Verifier: recorder(t, &got)}).Authenticate(r)
		if err != nil {
			assert.Nil(t, p)
			assert.Empty(t, got)
			return
		}
		assert.Equal(t, 1, strings.Count(header, "__Host-token="+got))
		if found := r.CookiesNamed("__Host-token"); len(found) > 0 { // it passes over values with other bytes
			require.Len(t, found, 1)
			assert.Equal(t, strings.Trim(got, "\" "), strings.Trim(found[0].Value, "\" "))
		}
	})
}

// The law: whatever a client puts into its proof, what passes names this method, this URL and this token, as encoding/json reads it too.
func FuzzDPoPProof(f *testing.F) {
	h := newHolder(f, clientKey())
	issuer := issuerKey
	v := newVerifier(f, ring(f, issuer))
	token := h.token(f, issuer)
	header, claims := h.proof(f, token).texts()
	f.Add(header, claims)
	for _, more := range []string{`"htm":"POST"`, `"HTM":"POST"`, `"nonce":1`, `"exp":0`, `"iat":1e3`} {
		f.Add(header, h.proof(f, token).with(more))
	}
	f.Add(strings.Replace(header, "dpop+jwt", "JWT", 1), claims)
	f.Fuzz(func(t *testing.T, header, claims string) {
		if header == "" || claims == "" {
			return
		}
		g := newGuard(t, auth.Config{Authenticator: auth.DPoP(auth.DPoPConfig{Verifier: v, Origin: "https://api.example"})})
		proof := h.proof(t, token)
		proof.rawHeader, proof.rawClaims = header, claims
		if serve(g.Handler(whoami), proven(t, token, proof.token())).Code != http.StatusOK {
			return
		}
		var head struct{ Typ, Alg string }
		require.NoError(t, json.Unmarshal([]byte(header), &head))
		assert.Equal(t, "dpop+jwt", head.Typ)
		assert.Equal(t, "ES256", head.Alg)
		var body struct {
			Htm, Htu, Ath, Jti string
			Iat                float64
		}
		require.NoError(t, json.Unmarshal([]byte(claims), &body))
		assert.Equal(t, "GET", body.Htm)
		assert.Contains(t, strings.ToLower(body.Htu), "api.example")
		assert.NotEmpty(t, body.Ath)
		assert.NotEmpty(t, body.Jti)
		assert.InDelta(t, time.Now().Unix(), body.Iat, 61)
	})
}

// The law: whatever a server answers, a token passes only if encoding/json, too, reads that it is active, for whom and for which service.
func FuzzIntrospectionAnswer(f *testing.F) {
	good, err := json.Marshal(activeAnswer())
	require.NoError(f, err)
	f.Add(string(good))
	for _, s := range []string{`{"active":false}`, `{"active":true}`, `{"active":false,"active":true}`, `{"Active":true}`, string(good[:len(good)-1]) + `,"Active":false}`, `[]`, `{"active":true,"sub":"a","aud":[],"token_type":"Bearer"}`} {
		f.Add(s)
	}
	s := newIntrospection(f)
	f.Fuzz(func(t *testing.T, answer string) {
		s.set(writes(http.StatusOK, "application/json", answer))
		p, err := newIntrospector(t, s.url).Verify(t.Context(), "opaque")
		if err != nil {
			assert.Nil(t, p)
			return
		}
		var body struct {
			Active bool `json:"active"`
			Sub    string
			Aud    any
		}
		require.NoError(t, json.Unmarshal([]byte(answer), &body))
		assert.True(t, body.Active)
		assert.Equal(t, p.Subject(), body.Sub)
		aud, err := json.Marshal(body.Aud)
		require.NoError(t, err)
		assert.Contains(t, string(aud), testAudience)
	})
}
