package main

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/authtest"
)

// start runs the program and returns the URL of its resource.
func start(t *testing.T, s settings) string {
	t.Helper()
	s.addr = "127.0.0.1:0"
	ctx, cancel := context.WithCancel(context.Background())
	in, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, s, out)
		out.CloseWithError(err)
		ended <- err
	}()
	t.Cleanup(func() {
		cancel()
		assert.NoError(t, <-ended)
	})
	line, err := bufio.NewReader(in).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(strings.TrimPrefix(line, "listening on "))
}

func get(t *testing.T, url, token string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(body)
}

func TestKeysOfARemoteIssuer(t *testing.T) {
	issuer := authtest.NewIssuer(t)
	res, err := http.Get(issuer.JWKS())
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "jwks.json")
	require.NoError(t, os.WriteFile(file, text, 0o600))

	for name, jwks := range map[string]string{"by metadata": "", "by URL": issuer.JWKS(), "by file": file} {
		t.Run(name, func(t *testing.T) {
			url := start(t, settings{issuer: issuer.Name, audience: authtest.DefaultAudience, jwks: jwks})
			status, body := get(t, url, issuer.Token(auth.Grant{Subject: "alice", Scopes: []string{"a", "b"}}))
			assert.Equal(t, 200, status)
			assert.JSONEq(t, `{"subject":"alice","scopes":["a","b"]}`, body)
			_, body = get(t, url, issuer.Token(auth.Grant{Subject: "alice"}))
			assert.JSONEq(t, `{"subject":"alice","scopes":[]}`, body)
			for _, forgery := range issuer.Forgeries(auth.Grant{Subject: "alice"}) {
				if strings.ContainsAny(forgery.Token, "\r\n\x00") { // which no client of HTTP sends
					continue
				}
				status, _ := get(t, url, forgery.Token)
				assert.True(t, 400 <= status && status < 500, "%s: %d", forgery.Name, status)
			}
		})
	}
}

func TestSecretOfAFile(t *testing.T) {
	secret := []byte("0123456789abcdefghijklmnopqrstuv")
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, secret, 0o600))
	url := start(t, settings{issuer: "https://issuer.example", audience: "https://api.example", hmac: file})
	sign := func(key []byte) string {
		now := time.Now().Unix()
		encode := base64.RawURLEncoding.EncodeToString
		input := encode([]byte(`{"alg":"HS256","typ":"at+jwt"}`)) + "." + encode(fmt.Appendf(nil,
			`{"iss":"https://issuer.example","aud":"https://api.example","sub":"alice","client_id":"web","jti":"1","iat":%d,"exp":%d,"scope":"a"}`, now, now+60))
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(input))
		return input + "." + encode(mac.Sum(nil))
	}
	status, body := get(t, url, sign(secret))
	assert.Equal(t, 200, status)
	assert.JSONEq(t, `{"subject":"alice","scopes":["a"]}`, body)
	status, _ = get(t, url, sign(secret[1:]))
	assert.Equal(t, 401, status)
}

func TestBadFlagsStopTheStart(t *testing.T) {
	short := filepath.Join(t.TempDir(), "short")
	require.NoError(t, os.WriteFile(short, []byte("short"), 0o600))
	const issuer, audience = "https://issuer.example", "https://api.example"
	for want, s := range map[string]settings{
		"VerifierConfig.Audience": {issuer: issuer, jwks: "https://issuer.example/jwks"},
		"VerifierConfig.Issuer":   {audience: audience, jwks: "https://issuer.example/jwks"},
		"exclude each other":      {issuer: issuer, audience: audience, jwks: "x", hmac: "y"},
		"SecretKey 0":             {issuer: issuer, audience: audience, hmac: short},
		"no such file":            {issuer: issuer, audience: audience, jwks: "/nowhere"},
		"RemoteKeysConfig.URL":    {issuer: issuer, audience: audience, jwks: "http://issuer.example/jwks"},
		"-addr":                   {addr: "0.0.0.0:0", issuer: issuer, audience: audience, jwks: "https://issuer.example/jwks"},
	} {
		assert.ErrorContains(t, run(t.Context(), s, io.Discard), want)
	}
}
