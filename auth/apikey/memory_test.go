package apikey_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/apikey"
	"github.com/sallyport-go/sallyport/auth/apikey/apikeytest"
)

var now = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

func record(n int, subject string) apikey.Record {
	return apikey.Record{ID: fmt.Sprintf("%016d", n), Hash: sha256.Sum256(fmt.Append(nil, n)), Subject: subject, Created: now, Expiry: now.Add(time.Hour)}
}

func TestMemoryKeepsTheContract(t *testing.T) {
	apikeytest.StoreContract(t, func(t *testing.T) []apikey.Store {
		return []apikey.Store{newMemory(t, apikey.MemoryConfig{})}
	})
}

func TestNewMemoryReportsFaults(t *testing.T) {
	_, err := apikey.NewMemory(apikey.MemoryConfig{Keys: -1})
	assert.EqualError(t, err, "apikey: MemoryConfig.Keys -1 is not from 0 (for 100000) to 10000000: bring it into that range")
	_, err = apikey.NewMemory(apikey.MemoryConfig{Keys: 10_000_001})
	assert.Error(t, err)
}

func TestAttackFullStoreEndsNobodysKey(t *testing.T) {
	m := newMemory(t, apikey.MemoryConfig{Keys: 3})
	for n := range 3 {
		require.NoError(t, m.Create(t.Context(), record(n, "alice"), 10, now))
	}
	for n := range 100 {
		assert.ErrorIs(t, m.Create(t.Context(), record(10+n, "mallory"), 1000, now), apikey.ErrFull)
	}
	for n := range 3 {
		_, err := m.Lookup(t.Context(), record(n, "").ID)
		assert.NoError(t, err)
	}
}

func TestFullStoreTakesMoreOnceAKeyEnds(t *testing.T) {
	m := newMemory(t, apikey.MemoryConfig{Keys: 2})
	for n := range 2 {
		require.NoError(t, m.Create(t.Context(), record(n, "alice"), 10, now))
	}
	require.ErrorIs(t, m.Create(t.Context(), record(2, "bob"), 10, now), apikey.ErrFull)
	require.NoError(t, m.Revoke(t.Context(), record(0, "").ID, "", now.Add(time.Second)))
	require.ErrorIs(t, m.Create(t.Context(), record(2, "bob"), 10, now.Add(time.Second)), apikey.ErrFull, "it looked just now")
	require.NoError(t, m.Create(t.Context(), record(2, "bob"), 10, now.Add(10*time.Second)))
	_, err := m.Lookup(t.Context(), record(0, "").ID)
	assert.ErrorIs(t, err, apikey.ErrUnknown)
	require.NoError(t, m.Create(t.Context(), record(3, "bob"), 10, now.Add(time.Hour)), "both ended by themselves")
	require.NoError(t, m.Create(t.Context(), record(4, "bob"), 10, now.Add(time.Hour)))
}
