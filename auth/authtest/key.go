package authtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // registers the hashes that the algorithms name
	_ "crypto/sha512"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/sallyport-go/sallyport/auth"
)

// Tokens are made with the standard library alone, so that the package under test is not its own witness.

var b64 = base64.RawURLEncoding

// key signs as alg says, whatever key there is.
type key struct {
	kid, alg string
	signer   crypto.Signer
}

// The ids of the keys of an [Issuer].
const (
	kidES  = "es256"
	kidRS  = "rs256"
	kidES3 = "es384"
	kidPS  = "ps256"
)

// RSA keys take long to make, so that all issuers of a test binary share them. A ring refuses one key under two algorithms.
var (
	rsaKey = sync.OnceValue(func() *rsa.PrivateKey { return mustRSA() })
	pssKey = sync.OnceValue(func() *rsa.PrivateKey { return mustRSA() })
	p384   = sync.OnceValue(func() *ecdsa.PrivateKey { return mustEC(elliptic.P384()) })
)

// must is for what cannot fail.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func mustRSA() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	return k
}

func mustEC(c elliptic.Curve) *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	must(err)
	return k
}

// sign returns the signature of JWS (RFC 7518, section 3) over input.
func (k key) sign(input string) []byte {
	hash := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[k.alg[2:]]
	h := hash.New()
	h.Write([]byte(input))
	digest := h.Sum(nil)
	if ec, ok := k.signer.(*ecdsa.PrivateKey); ok {
		der, err := ec.Sign(rand.Reader, digest, hash)
		must(err)
		var sig struct{ R, S *big.Int }
		_, err = asn1.Unmarshal(der, &sig)
		must(err)
		size := (ec.Curve.Params().BitSize + 7) / 8
		return append(sig.R.FillBytes(make([]byte, size)), sig.S.FillBytes(make([]byte, size))...)
	}
	var options crypto.SignerOpts = hash
	if k.alg[:2] == "PS" {
		options = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
	}
	sig, err := k.signer.Sign(rand.Reader, digest, options)
	must(err)
	return sig
}

// jwk returns the private key as a key file holds it.
func (k key) jwk(state string) map[string]any {
	m := map[string]any{"kid": k.kid, "alg": k.alg, "use": "sig", "state": state, "since": 1_700_000_000}
	switch raw := k.signer.(type) {
	case *ecdsa.PrivateKey:
		d, err := raw.Bytes()
		must(err)
		point, err := raw.PublicKey.Bytes()
		must(err)
		half := (len(point) - 1) / 2
		m["kty"], m["crv"], m["d"] = "EC", raw.Curve.Params().Name, b64.EncodeToString(d)
		m["x"], m["y"] = b64.EncodeToString(point[1:1+half]), b64.EncodeToString(point[1+half:])
	case *rsa.PrivateKey:
		m["kty"] = "RSA"
		for name, n := range map[string]*big.Int{
			"n": raw.N, "e": big.NewInt(int64(raw.E)), "d": raw.D, "p": raw.Primes[0], "q": raw.Primes[1],
			"dp": raw.Precomputed.Dp, "dq": raw.Precomputed.Dq, "qi": raw.Precomputed.Qinv,
		} {
			m[name] = b64.EncodeToString(n.Bytes())
		}
	}
	return m
}

// ring writes the keys to a file and opens it. The first signs.
func ring(t testing.TB, keys ...key) *auth.KeyRing {
	t.Helper()
	jwks := make([]map[string]any, len(keys))
	for i, k := range keys {
		jwks[i] = k.jwk("retired")
		if i == 0 {
			jwks[i] = k.jwk("active")
		}
	}
	text, err := json.Marshal(map[string]any{"keys": jwks})
	must(err)
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatalf("authtest: %v", err)
	}
	r, err := auth.NewKeyRing(auth.KeyRingConfig{Path: path})
	if err != nil {
		t.Fatalf("authtest: %v", err)
	}
	return r
}
