package auth_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

// clientCertificate returns one that its key has signed itself.
func clientCertificate(t testing.TB) tls.Certificate {
	t.Helper()
	key := mustEC(p256().Curve)
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(nil, c, c, &key.PublicKey, key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// TestCertificateBoundTokenIsUselessToAThief is RFC 8705, section 3, over real TLS.
func TestCertificateBoundTokenIsUselessToAThief(t *testing.T) {
	k := testKey{"k", "ES256", p256()}
	g := newGuard(t, auth.Config{Authenticator: auth.Bearer(newVerifier(t, ring(t, k)))})
	server := httptest.NewUnstartedServer(g.Handler(whoami))
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	server.StartTLS()
	defer server.Close()

	own, thiefs := clientCertificate(t), clientCertificate(t)
	f := newForge(t, k)
	sum := sha256.Sum256(own.Certificate[0])
	f.claims["cnf"] = map[string]string{"x5t#S256": b64.EncodeToString(sum[:])}
	bound := f.token()
	unbound := newForge(t, k).token()

	send := func(token string, certificates ...tls.Certificate) (int, string) {
		transport := server.Client().Transport.(*http.Transport).Clone()
		transport.TLSClientConfig.Certificates = certificates
		defer transport.CloseIdleConnections()
		r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL, nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		res, err := (&http.Client{Transport: transport}).Do(r)
		require.NoError(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return res.StatusCode, string(body)
	}
	for range 2 { // the second time from the cache
		status, body := send(bound, own)
		assert.Equal(t, 200, status)
		assert.Equal(t, "alice", body)
		status, _ = send(bound, thiefs)
		assert.Equal(t, 401, status)
		status, _ = send(bound)
		assert.Equal(t, 401, status)
		status, _ = send(unbound, own)
		assert.Equal(t, 200, status)
	}
}

func TestBoundTokenIsNoBearerToken(t *testing.T) {
	k := testKey{"k", "ES256", p256()}
	v := newVerifier(t, ring(t, k))
	thumbprint := b64.EncodeToString(make([]byte, 32))
	for name, c := range map[string]struct {
		cnf  any
		want error
	}{
		"a key":                {map[string]any{"jkt": thumbprint}, auth.ErrBinding},
		"a certificate":        {map[string]any{"x5t#S256": thumbprint}, auth.ErrBinding},
		"both":                 {map[string]any{"jkt": thumbprint, "x5t#S256": thumbprint}, auth.ErrBinding},
		"another method":       {map[string]any{"kid": "k"}, auth.ErrClaims},
		"a method and another": {map[string]any{"jkt": thumbprint, "kid": thumbprint}, auth.ErrClaims},
		"nothing":              {map[string]any{}, auth.ErrClaims},
		"null":                 {nil, auth.ErrClaims},
		"a text":               {thumbprint, auth.ErrClaims},
		"a short thumbprint":   {map[string]any{"jkt": thumbprint[:42]}, auth.ErrClaims},
		"an empty thumbprint":  {map[string]any{"jkt": ""}, auth.ErrClaims},
		"a number":             {map[string]any{"jkt": 1}, auth.ErrClaims},
		"unused bits":          {map[string]any{"jkt": thumbprint[:42] + "B"}, auth.ErrClaims},
		"padding":              {map[string]any{"jkt": thumbprint + "="}, auth.ErrClaims},
		"another letter case":  {map[string]any{"JKT": thumbprint}, auth.ErrClaims},
	} {
		f := newForge(t, k)
		f.claims["cnf"] = c.cnf
		token := f.token()
		for range 2 { // the second time from the cache, if it got there
			_, err := v.Verify(t.Context(), token)
			assert.ErrorIs(t, err, c.want, name)
			_, err = auth.Bearer(v).Authenticate(request(t, "Bearer "+token))
			assert.ErrorIs(t, err, c.want, name)
		}
	}
}
