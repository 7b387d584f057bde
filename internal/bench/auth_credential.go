package bench

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"

	"github.com/sallyport-go/sallyport/auth"
)

const (
	issuer   = "https://issuer.example"
	audience = "https://api.example"
	keyID    = "2026-11-a"
)

// credential is a key for one algorithm. The tokens are made by a peer, so that ours is not its own witness.
type credential struct {
	alg    string
	signer crypto.Signer // nil for HS256
	secret []byte        // for HS256
}

func newCredential(alg string) (*credential, error) {
	c := &credential{alg: alg}
	var err error
	switch alg {
	case "ES256":
		c.signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		c.signer, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ES512":
		c.signer, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "EdDSA":
		_, c.signer, err = ed25519.GenerateKey(rand.Reader)
	case "HS256":
		c.secret = make([]byte, 32)
		_, err = rand.Read(c.secret)
	default:
		c.signer, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	return c, err
}

// signs is the key that signs, verifies the one that verifies, as the peers want them.
func (c *credential) signs() any {
	if c.signer == nil {
		return c.secret
	}
	return c.signer
}

func (c *credential) verifies() any {
	if c.signer == nil {
		return c.secret
	}
	return c.signer.Public()
}

// claims are the reference: about ten, as a provider writes them.
type claims struct {
	jwt.RegisteredClaims
	Client   string           `json:"client_id"`
	Session  string           `json:"sid"`
	Scope    string           `json:"scope"`
	Roles    []string         `json:"roles"`
	AuthTime *jwt.NumericDate `json:"auth_time"`
}

// token returns the reference token with a number of its own.
func (c *credential) token(n int) (string, error) { return c.sign(referenceClaims(n)) }

// referenceClaims are those of RFC 9068, and those that it recommends.
func referenceClaims(n int) *claims {
	now := time.Now()
	return &claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Subject: fmt.Sprintf("u-%06d", n), Audience: jwt.ClaimStrings{audience}, ID: rand.Text(),
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(time.Hour)),
		},
		Client: "web", Session: rand.Text(), Scope: "orders:read orders:write", Roles: []string{"editor", "viewer"},
		AuthTime: jwt.NewNumericDate(now),
	}
}

func (c *credential) sign(claims *claims) (string, error) {
	t := jwt.NewWithClaims(jwt.GetSigningMethod(c.alg), claims)
	t.Header["typ"], t.Header["kid"] = "at+jwt", keyID
	return t.SignedString(c.signs())
}

// verifier returns ours.
func (c *credential) verifier(cacheSize int) (*auth.Verifier, error) {
	keys, err := c.keys()
	if err != nil {
		return nil, err
	}
	return auth.NewVerifier(auth.VerifierConfig{Issuer: issuer, Audience: []string{audience}, Keys: keys, CacheSize: cacheSize})
}

func (c *credential) keys() (auth.Keys, error) {
	if c.signer == nil {
		return auth.NewSecretKeys(auth.SecretKey{ID: keyID, Secret: c.secret})
	}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: c.signer.Public(), KeyID: keyID, Algorithm: c.alg, Use: "sig"}}})
	if err != nil {
		return nil, err
	}
	return auth.NewPublicKeys(set)
}

var errMissing = errors.New("a token is missing")
