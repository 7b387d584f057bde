package oauth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/oauth"
)

// BenchmarkRefresh is the whole of the token endpoint on the memory store. The signature of the access token is in it: compare with
// BenchmarkSignature.
func BenchmarkRefresh(b *testing.B) {
	f := newFixture(b, func(c *oauth.Config) { c.Logger = slog.New(slog.DiscardHandler) })
	token := f.login().RefreshToken
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, newRequest(b, "grant_type=refresh_token&refresh_token="+token))
		var a reply
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != 200 {
			b.Fatal(w.Code, err)
		}
		token = a.RefreshToken
	}
}

// BenchmarkSignature is the least that an access token costs.
func BenchmarkSignature(b *testing.B) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(b, err)
	message := make([]byte, 600)
	b.ReportAllocs()
	for b.Loop() {
		sum := sha256.Sum256(message)
		if _, err := ecdsa.SignASN1(rand.Reader, key, sum[:]); err != nil {
			b.Fatal(err)
		}
	}
}
