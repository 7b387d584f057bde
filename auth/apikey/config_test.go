package apikey_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/apikey"
)

func TestNewReportsAllFaults(t *testing.T) {
	_, err := apikey.New(apikey.Config{Header: "Authorization", Issuer: "a\nb", PerSubject: -1})
	assert.EqualError(t, err, `apikey: Config.Prefix is not 2 to 32 of a-z, 0-9 and single _ between a letter and a letter or digit: give a name such as acme
apikey: Config.Store is nil: give one of NewMemory or sqlkeys.New
apikey: Config.Header is one with a meaning of its own: give a name such as X-API-Key; for Authorization use auth.Bearer(keys)
apikey: Config.Issuer is longer than 255 bytes, not UTF-8, or has control characters: shorten or clean it
apikey: Config.PerSubject -1 is not from 0 (for 50) to 500: bring it into that range`)
}

func TestPrefixes(t *testing.T) {
	store := newMemory(t, apikey.MemoryConfig{})
	for prefix, good := range map[string]bool{
		"ac": true, "acme": true, "a1": true, "acme_live": true, "a_1_b": true, strings.Repeat("a", 32): true,
		"": false, "a": false, strings.Repeat("a", 33): false, "Acme": false, "1a": false, "_acme": false, "acme_": false,
		"ac__me": false, "ac-me": false, "ac.me": false, "ac me": false, "acmé": false, "acme\n": false,
	} {
		k, err := apikey.New(apikey.Config{Prefix: prefix, Store: store, Logger: quiet})
		if !good {
			assert.Error(t, err, prefix)
			continue
		}
		require.NoError(t, err, prefix)
		key, _ := create(t, k, apikey.Grant{Subject: prefix})
		assert.True(t, strings.HasPrefix(key, prefix+"_"))
		assert.Len(t, key, len(prefix)+1+65)
		_, err = k.Verify(t.Context(), key)
		assert.NoError(t, err, prefix)
	}
}

func TestHeaderNames(t *testing.T) {
	for header, good := range map[string]bool{
		"X-Acme-Key": true, "apikey": true, strings.Repeat("x", 64): true,
		strings.Repeat("x", 65): false, "X_API_Key": false, "X API": false, "X:": false, "authorization": false, "COOKIE": false,
		"set-cookie": false, "proxy-authorization": false, "host": false, "connection": false, "é": false,
	} {
		_, err := apikey.New(apikey.Config{Prefix: "acme", Store: newMemory(t, apikey.MemoryConfig{}), Header: header})
		assert.Equal(t, good, err == nil, header)
	}
}

func TestPerSubjectBounds(t *testing.T) {
	for n, good := range map[int]bool{-1: false, 0: true, 1: true, 500: true, 501: false} {
		_, err := apikey.New(apikey.Config{Prefix: "acme", Store: newMemory(t, apikey.MemoryConfig{}), PerSubject: n})
		assert.Equal(t, good, err == nil, n)
	}
	for n, want := range map[int]int{0: 50, 3: 3, 500: 500} {
		k := newKeys(t, apikey.Config{PerSubject: n})
		for range want {
			create(t, k, apikey.Grant{})
		}
		_, _, err := k.Create(t.Context(), apikey.Grant{Subject: "alice"})
		assert.ErrorIs(t, err, apikey.ErrTooMany)
		create(t, k, apikey.Grant{Subject: "bob"})
		list, err := k.List(t.Context(), "alice")
		require.NoError(t, err)
		require.NoError(t, k.Revoke(t.Context(), list[0].ID))
		create(t, k, apikey.Grant{})
	}
}
