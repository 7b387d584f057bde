package clients_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/zitadel/oidc/v3/pkg/client/rs"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/oauth2"
)

func TestZitadelResourceServer(t *testing.T) {
	base := start(t)
	server, err := rs.NewResourceServerClientCredentials(t.Context(), base, webID, webSecret, rs.WithStaticEndpoints(base+"/token", base+"/introspect"))
	require.NoError(t, err)
	config := &oauth2.Config{ClientID: publicID, Scopes: []string{"me"}, Endpoint: oauth2.Endpoint{TokenURL: base + "/token", AuthStyle: oauth2.AuthStyleInParams}}
	token, err := config.PasswordCredentialsToken(t.Context(), userName, userPW)
	require.NoError(t, err)

	answer, err := rs.Introspect[*oidc.IntrospectionResponse](t.Context(), server, token.AccessToken)
	require.NoError(t, err)
	assert.True(t, answer.Active)
	assert.Equal(t, userName, answer.Subject)
	assert.Equal(t, publicID, answer.ClientID)
	assert.Equal(t, oidc.SpaceDelimitedArray{"me"}, answer.Scope)
	assert.Equal(t, oidc.Audience{base}, answer.Audience)
	assert.True(t, token.Expiry.Sub(answer.Expiration.AsTime()).Abs().Seconds() < 2)

	answer, err = rs.Introspect[*oidc.IntrospectionResponse](t.Context(), server, token.AccessToken+"x")
	require.NoError(t, err)
	assert.False(t, answer.Active)

	stranger, err := rs.NewResourceServerClientCredentials(t.Context(), base, webID, "wrong", rs.WithStaticEndpoints(base+"/token", base+"/introspect"))
	require.NoError(t, err)
	_, err = rs.Introspect[*oidc.IntrospectionResponse](t.Context(), stranger, token.AccessToken)
	assert.Error(t, err)
}
