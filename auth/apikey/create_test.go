package apikey_test

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/apikey"
)

func TestCreate(t *testing.T) {
	log, lines := events(t)
	k := newKeys(t, apikey.Config{Logger: log})
	before := time.Now().Truncate(time.Microsecond)
	scopes := []string{"orders:read"}
	key, r, err := k.Create(t.Context(), apikey.Grant{Subject: "alice", Name: "backup", Scopes: scopes})
	require.NoError(t, err)
	scopes[0] = "admin" // lent, not given
	assert.Regexp(t, regexp.MustCompile(`^acme_[0-9A-Za-z]{65}$`), key.Reveal())
	assert.Equal(t, r.ID, key.Reveal()[5:21])
	assert.Equal(t, "alice", r.Subject)
	assert.Equal(t, "backup", r.Name)
	assert.Equal(t, []string{"orders:read"}, r.Scopes)
	assert.False(t, r.Created.Before(before))
	assert.Equal(t, r.Created.Add(apikey.DefaultTTL), r.Expiry)
	assert.Zero(t, r.Hash)
	list, err := k.List(t.Context(), "alice")
	require.NoError(t, err)
	assert.Equal(t, []apikey.Record{r}, list)
	p, err := k.Verify(t.Context(), key.Reveal())
	require.NoError(t, err)
	assert.False(t, p.HasScope("admin"))

	made := lines()[0]
	assert.Equal(t, "authn_token_created", made["event"])
	assert.Equal(t, r.ID, made["key_id"])
	assert.NotContains(t, fmt.Sprint(lines()), key.Reveal()[21:64])
}

func TestRevokeIsAnEvent(t *testing.T) {
	log, lines := events(t)
	k := newKeys(t, apikey.Config{Logger: log})
	_, r := create(t, k, apikey.Grant{})
	require.NoError(t, k.RevokeOwn(t.Context(), "alice", r.ID))
	require.NoError(t, k.Revoke(t.Context(), r.ID), "again")
	require.NoError(t, k.RevokeSubject(t.Context(), "alice"))
	for _, line := range lines()[1:] {
		assert.Equal(t, "authn_token_revoked", line["event"])
	}
	assert.Equal(t, r.ID, lines()[1]["key_id"])
	assert.Len(t, lines(), 4)
}

func TestGrantsThatAreNotSound(t *testing.T) {
	k := newKeys(t, apikey.Config{})
	canary := "canary\n"
	for name, g := range map[string]apikey.Grant{
		"nothing":        {},
		"long subject":   {Subject: strings.Repeat("s", 256)},
		"control":        {Subject: canary},
		"not UTF-8":      {Subject: "\xff"},
		"long name":      {Subject: "s", Name: strings.Repeat("n", 101)},
		"name of two":    {Subject: "s", Name: canary},
		"scope of two":   {Subject: "s", Scopes: []string{"a b"}},
		"empty scope":    {Subject: "s", Scopes: []string{""}},
		"quoted scope":   {Subject: "s", Scopes: []string{`"`}},
		"many scopes":    {Subject: "s", Scopes: strings.Fields(strings.Repeat("s ", 101))},
		"long scopes":    {Subject: "s", Scopes: strings.Fields(strings.Repeat(strings.Repeat("s", 250)+" ", 17))},
		"TTL too short":  {Subject: "s", TTL: apikey.MinTTL - 1},
		"TTL too long":   {Subject: "s", TTL: apikey.MaxTTL + 1},
		"TTL behind now": {Subject: "s", TTL: -1},
	} {
		key, r, err := k.Create(t.Context(), g)
		require.ErrorIs(t, err, apikey.ErrGrant, name)
		assert.Zero(t, r, name)
		assert.Empty(t, key.Reveal(), name)
		assert.NotContains(t, err.Error(), "canary", name)
		e, ok := errors.AsType[*apikey.Error](err)
		require.True(t, ok)
		assert.Equal(t, http.StatusUnprocessableEntity, e.HTTPStatus())
		assert.Nil(t, e.Header())
		assert.NotContains(t, e.Public(), "canary")
	}
	_, _, err := k.Create(t.Context(), apikey.Grant{Name: "\n", Scopes: []string{""}, TTL: -1})
	assert.Equal(t, 4, strings.Count(err.Error(), "Grant."), "all faults at once")
	for _, g := range []apikey.Grant{
		{Subject: strings.Repeat("s", 255), Name: strings.Repeat("ü", 50), TTL: apikey.MinTTL},
		{Subject: "ü", Scopes: strings.Fields(strings.Repeat("s ", 100)), TTL: apikey.MaxTTL},
		{Subject: "s", Scopes: strings.Fields(strings.Repeat(strings.Repeat("s", 255)+" ", 16))},
	} {
		key, r := create(t, k, g)
		p, err := k.Verify(t.Context(), key)
		require.NoError(t, err, "what is created is accepted")
		assert.Equal(t, g.Subject, p.Subject())
		assert.Equal(t, g.Scopes, p.Scopes())
		assert.Equal(t, r.ID, p.TokenID())
	}
}

func TestListOfNobody(t *testing.T) {
	k := newKeys(t, apikey.Config{})
	create(t, k, apikey.Grant{})
	for _, subject := range []string{"", "bob", "Alice", "\xff", strings.Repeat("x", 1<<20)} {
		list, err := k.List(t.Context(), subject)
		assert.NoError(t, err)
		assert.Empty(t, list)
	}
}

// Rotation is to create another, and to revoke the first when the other is deployed.
func TestRotation(t *testing.T) {
	k := newKeys(t, apikey.Config{})
	first, old := create(t, k, apikey.Grant{Scopes: []string{"a"}})
	second, _ := create(t, k, apikey.Grant{Scopes: []string{"a"}})
	for _, key := range []string{first, second} {
		_, err := k.Verify(t.Context(), key)
		assert.NoError(t, err)
	}
	require.NoError(t, k.RevokeOwn(t.Context(), "alice", old.ID))
	_, err := k.Verify(t.Context(), first)
	assert.ErrorIs(t, err, auth.ErrRevoked)
	_, err = k.Verify(t.Context(), second)
	assert.NoError(t, err)
}

// Each of the 62 characters is as likely as the others: chi-squared with 61 degrees of freedom is over 130 once in a million times.
func TestKeysAreRandom(t *testing.T) {
	k := newKeys(t, apikey.Config{})
	counts, seen := map[byte]int{}, map[string]bool{}
	n := 0
	for i := range 2000 {
		key, _ := create(t, k, apikey.Grant{Subject: fmt.Sprint(i)})
		require.False(t, seen[key[21:64]])
		seen[key[21:64]] = true
		for _, c := range []byte(key[5:64]) {
			counts[c]++
			n++
		}
	}
	assert.Len(t, counts, 62)
	expected, chi := float64(n)/62, 0.0
	for _, c := range counts {
		chi += (float64(c) - expected) * (float64(c) - expected) / expected
	}
	assert.Less(t, chi, 130.0)
}
