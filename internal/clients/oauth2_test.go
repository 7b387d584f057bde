package clients_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

func TestOAuth2(t *testing.T) {
	base := start(t)
	for name, c := range map[string]struct {
		id, secret string
		style      oauth2.AuthStyle
	}{
		"public, params":            {publicID, "", oauth2.AuthStyleInParams},
		"public, header":            {publicID, "", oauth2.AuthStyleInHeader},
		"public, auto-detect":       {publicID, "", oauth2.AuthStyleAutoDetect},
		"confidential, params":      {webID, webSecret, oauth2.AuthStyleInParams},
		"confidential, header":      {webID, webSecret, oauth2.AuthStyleInHeader},
		"confidential, auto-detect": {webID, webSecret, oauth2.AuthStyleAutoDetect},
	} {
		t.Run(name, func(t *testing.T) {
			config := &oauth2.Config{ClientID: c.id, ClientSecret: c.secret, Scopes: []string{"me", "items"},
				Endpoint: oauth2.Endpoint{TokenURL: base + "/token", AuthStyle: c.style}}
			token, err := config.PasswordCredentialsToken(t.Context(), userName, userPW)
			require.NoError(t, err)
			assert.Equal(t, "Bearer", token.Type())
			assert.Equal(t, "me items", token.Extra("scope"))

			res, err := config.Client(t.Context(), token).Get(base + "/users/me/")
			require.NoError(t, err)
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			assert.Equal(t, http.StatusOK, res.StatusCode)
			assert.Contains(t, string(body), `"username":"johndoe"`)

			old := *token
			old.Expiry = time.Now().Add(-time.Hour)
			next, err := config.TokenSource(t.Context(), &old).Token()
			require.NoError(t, err, "refresh")
			assert.NotEqual(t, token.AccessToken, next.AccessToken)
			assert.NotEqual(t, token.RefreshToken, next.RefreshToken)
		})
	}
}

// With auto-detect the library sends a request a second time if the first was refused. A password that is wrong must not count twice: the
// service limits guesses.
func TestOAuth2ProbesAreOneFailure(t *testing.T) {
	base := start(t)
	requests := 0
	ctx := context.WithValue(t.Context(), oauth2.HTTPClient, counted(&requests))
	config := &oauth2.Config{ClientID: webID, ClientSecret: webSecret, Endpoint: oauth2.Endpoint{TokenURL: base + "/token"}}
	for range 2 { // five are free
		_, err := config.PasswordCredentialsToken(ctx, userName, "wrong")
		var refused *oauth2.RetrieveError
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, "invalid_grant", refused.ErrorCode)
	}
	assert.LessOrEqual(t, requests, 4)
	_, err := config.PasswordCredentialsToken(ctx, userName, userPW)
	require.NoError(t, err)
}

func TestOAuth2ClientCredentials(t *testing.T) {
	base := start(t)
	for _, style := range []oauth2.AuthStyle{oauth2.AuthStyleAutoDetect, oauth2.AuthStyleInHeader, oauth2.AuthStyleInParams} {
		config := &clientcredentials.Config{ClientID: webID, ClientSecret: webSecret, TokenURL: base + "/token", Scopes: []string{"items"}, AuthStyle: style}
		res, err := config.Client(t.Context()).Get(base + "/status/")
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		assert.Equal(t, http.StatusOK, res.StatusCode)
	}
}
