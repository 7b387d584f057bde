package auth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"net/http"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/auth"
)

// The first number of each pair is ours, the second the bare signature check of the same token: their ratio is what we cost. The cache
// is off here; cache_test.go measures it.

func BenchmarkVerify(b *testing.B) {
	for _, k := range []testKey{{"k", "ES256", p256()}, {"k", "EdDSA", edKey()}, {"k", "RS256", rsaKey()}} {
		token := referenceToken(b, k)
		v, err := auth.NewVerifier(auth.VerifierConfig{Issuer: testIssuer, Audience: []string{testAudience}, Keys: ring(b, k), CacheSize: -1})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(k.alg, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(b.Context(), token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRawSignature(b *testing.B) {
	k := testKey{"k", "ES256", p256()}
	token := referenceToken(b, k)
	dot := strings.LastIndexByte(token, '.')
	digest := sha256.Sum256([]byte(token[:dot]))
	der, err := p256().Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("ES256", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			digest := sha256.Sum256([]byte(token[:dot]))
			if !ecdsa.VerifyASN1(&p256().PublicKey, digest[:], der) {
				b.Fatal("refused")
			}
		}
	})
	rsaSig, err := rsa.SignPKCS1v15(rand.Reader, rsaKey(), crypto.SHA256, digest[:])
	if err != nil {
		b.Fatal(err)
	}
	b.Run("RS256", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			digest := sha256.Sum256([]byte(token[:dot]))
			if err := rsa.VerifyPKCS1v15(&rsaKey().PublicKey, crypto.SHA256, digest[:], rsaSig); err != nil {
				b.Fatal(err)
			}
		}
	})
	sig := ed25519.Sign(edKey(), []byte(token[:dot]))
	public := edKey().Public().(ed25519.PublicKey)
	b.Run("EdDSA", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if !ed25519.Verify(public, []byte(token[:dot]), sig) {
				b.Fatal("refused")
			}
		}
	})
}

func BenchmarkGuard(b *testing.B) {
	alice := principal(b, "alice", "orders:read")
	g := newGuard(b, auth.Config{Authenticator: gateway{alice}})
	h := g.Require("orders:read")(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r := request(b)
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(nil, r)
	}
}

func BenchmarkIssue(b *testing.B) {
	i := newIssuer(b, auth.IssuerConfig{})
	g := auth.Grant{Subject: "alice", Client: "web", Scopes: []string{"orders:read"}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := i.Issue(b.Context(), g); err != nil {
			b.Fatal(err)
		}
	}
}

// referenceToken has about ten claims.
func referenceToken(b *testing.B, k testKey) string {
	f := newForge(b, k)
	f.claims["roles"], f.claims["sid"] = []string{"editor", "viewer"}, "5f0d1cbe7f2a4c1b"
	return f.token()
}
