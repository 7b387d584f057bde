package auth_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

func TestRemoteKeysConfigNamesAllFaults(t *testing.T) {
	unverified := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	_, err := auth.NewRemoteKeys(auth.RemoteKeysConfig{
		URL: "http://login.example/jwks", Client: unverified, Algorithms: []auth.Algorithm{"HS256", auth.ES256, auth.ES256},
		MaxStale: 48 * time.Hour, Cooldown: -1,
	})
	require.Error(t, err)
	for _, want := range []string{
		"auth: RemoteKeysConfig.URL is not https",
		"auth: RemoteKeysConfig.Client does not verify certificates",
		`auth: RemoteKeysConfig.Algorithms has "HS256"`,
		"auth: RemoteKeysConfig.Algorithms has ES256 twice",
		"auth: RemoteKeysConfig.MaxStale 48h0m0s is more than 24h0m0s",
		"auth: RemoteKeysConfig.Cooldown -1ns is not in 1s to 1h0m0s",
	} {
		assert.ErrorContains(t, err, want)
	}
}

func TestRemoteKeysURL(t *testing.T) {
	for from, ok := range map[string]bool{
		"https://login.example/jwks":                         true,
		"https://login.example/jwks?policy=a":                true,
		"https://login.example":                              true,
		"https://127.0.0.1:8443/jwks":                        true,
		"http://127.0.0.1:8080/jwks":                         true,
		"http://[::1]/jwks":                                  true,
		"http://localhost:8080/jwks":                         true,
		"":                                                   false,
		"login.example/jwks":                                 false,
		"//login.example/jwks":                               false,
		"https:///jwks":                                      false,
		"https://user:pw@login.example/jwks":                 false,
		"https://login.example/jwks#":                        false,
		"https://login.example/a b":                          false,
		"https://login.example/\r\n":                         false,
		"https://löwe.example/":                              false,
		"http://login.example/jwks":                          false,
		"http://localhost.example/jwks":                      false,
		"http://127.0.0.1.example/jwks":                      false,
		"http://10.0.0.1/jwks":                               false,
		"http://0.0.0.0/jwks":                                false,
		"file:///etc/jwks":                                   false,
		"ftp://login.example/jwks":                           false,
		"HTTPS://login.example/" + strings.Repeat("a", 9):    true,
		"https://login.example/" + strings.Repeat("a", 2048): false,
	} {
		_, err := auth.NewRemoteKeys(auth.RemoteKeysConfig{URL: from})
		if ok {
			assert.NoError(t, err, "%.60s", from)
		} else {
			assert.ErrorContains(t, err, "auth: RemoteKeysConfig.URL ", "%.60s", from)
		}
	}
}

func TestClientThatVerifiesInItsOwnWayIsAccepted(t *testing.T) {
	for name, s := range map[string]*tls.Config{
		"pins a certificate":   {InsecureSkipVerify: true, VerifyPeerCertificate: func([][]byte, [][]*x509.Certificate) error { return nil }},
		"judges a connection":  {InsecureSkipVerify: true, VerifyConnection: func(tls.ConnectionState) error { return nil }},
		"has roots of its own": {RootCAs: x509.NewCertPool()},
		"has no settings":      nil,
	} {
		_, err := auth.NewRemoteKeys(auth.RemoteKeysConfig{URL: "https://login.example", Client: &http.Client{Transport: &http.Transport{TLSClientConfig: s}}})
		assert.NoError(t, err, name)
	}
	_, err := auth.NewRemoteKeys(auth.RemoteKeysConfig{URL: "https://login.example", Client: http.DefaultClient})
	assert.NoError(t, err)
	assert.Nil(t, http.DefaultClient.CheckRedirect)
}

func TestVerifierRefusesNilRemoteKeys(t *testing.T) {
	_, err := auth.NewVerifier(auth.VerifierConfig{Issuer: testIssuer, Audience: []string{testAudience}, Keys: (*auth.RemoteKeys)(nil)})
	assert.ErrorContains(t, err, "auth: VerifierConfig.Keys is nil")
}

func TestRemoteKeysConfigIsCopied(t *testing.T) {
	algorithms := []auth.Algorithm{auth.ES256}
	var e endpoint
	e.publish(publicSet(t, keyNamed("a")))
	k := remoteKeys(t, auth.RemoteKeysConfig{URL: "https://login.example", Client: &http.Client{Transport: &e}, Algorithms: algorithms})
	algorithms[0] = auth.RS256
	assert.NoError(t, newAsker(t, k).ask(keyNamed("a")))
}
