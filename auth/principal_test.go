package auth_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

func TestPrincipalIsImmutable(t *testing.T) {
	id := auth.Identity{Subject: "alice", Scopes: []string{"a"}, Roles: []string{"r"}, AMR: []string{"pwd"}}
	p, err := auth.NewPrincipal(id)
	require.NoError(t, err)
	id.Scopes[0], id.Roles[0], id.AMR[0] = "x", "x", "x"
	p.Scopes()[0], p.Roles()[0], p.AMR()[0] = "y", "y", "y"
	assert.Equal(t, []string{"a"}, p.Scopes())
	assert.Equal(t, []string{"r"}, p.Roles())
	assert.Equal(t, []string{"pwd"}, p.AMR())
	assert.Error(t, p.Claims(&struct{}{}), "there is no token")
}

func TestIdentityFaultsAreReportedTogether(t *testing.T) {
	_, err := auth.NewPrincipal(auth.Identity{
		Issuer: "a\nb", Client: "\xff", TokenID: strings.Repeat("x", 256), Session: "\u0085", ACR: "\x7f",
		Scopes: []string{"a b"}, Roles: []string{""}, AMR: []string{"\x00"},
	})
	require.Error(t, err)
	for _, field := range []string{"Subject", "Issuer", "Client", "TokenID", "Session", "ACR", "Scopes", "Roles", "AMR"} {
		assert.ErrorContains(t, err, "auth: Identity."+field+" ")
	}
}

func TestContext(t *testing.T) {
	r := request(t)
	_, ok := auth.FromContext(r.Context())
	assert.False(t, ok)
	_, ok = auth.Subject(r)
	assert.False(t, ok)
	assert.Empty(t, auth.Roles(r))

	p, err := auth.NewPrincipal(auth.Identity{Subject: "alice", Roles: []string{"editor"}})
	require.NoError(t, err)
	r = r.WithContext(auth.NewContext(r.Context(), p))
	got, ok := auth.FromContext(r.Context())
	assert.True(t, ok)
	assert.Same(t, p, got)
	subject, ok := auth.Subject(r)
	assert.True(t, ok)
	assert.Equal(t, "alice", subject)
	assert.Equal(t, []string{"editor"}, auth.Roles(r))

	r = r.WithContext(auth.NewContext(r.Context(), nil))
	_, ok = auth.Subject(r)
	assert.False(t, ok, "nobody is not somebody who is nil")
}
