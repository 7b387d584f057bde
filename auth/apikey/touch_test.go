package apikey_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/apikey"
)

func TestLastUsedIsWrittenOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		writes := 0
		store := &altered{Store: newMemory(t, apikey.MemoryConfig{}), touch: func(context.Context, string) error { writes++; return nil }}
		// Two nodes on one store: the time in the store holds both back.
		nodes := []*apikey.Keys{newKeys(t, apikey.Config{Store: store}), newKeys(t, apikey.Config{Store: store})}
		key, r := create(t, nodes[0], apikey.Grant{})
		assert.Zero(t, r.LastUsed)
		start := time.Now()
		for i := range 300 { // five minutes, of a request each second
			_, err := nodes[i%2].Verify(t.Context(), key)
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
		assert.Equal(t, 5, writes)
		list, err := nodes[0].List(t.Context(), "alice")
		require.NoError(t, err)
		assert.Equal(t, start.Add(4*time.Minute).UTC(), list[0].LastUsed)
	})
}

func TestRefusedKeyIsNotUsed(t *testing.T) {
	k := newKeys(t, apikey.Config{})
	key, r := create(t, k, apikey.Grant{})
	require.NoError(t, k.Revoke(t.Context(), r.ID))
	_, err := k.Verify(t.Context(), key)
	require.Error(t, err)
	list, err := k.List(t.Context(), "alice")
	require.NoError(t, err)
	assert.Zero(t, list[0].LastUsed)
}

func TestUseThatCannotBeRecordedPassesAndIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, lines := events(t)
		attempts := 0
		store := &altered{Store: newMemory(t, apikey.MemoryConfig{}), touch: func(context.Context, string) error {
			attempts++
			return errors.New("read-only")
		}}
		k := newKeys(t, apikey.Config{Store: store, Logger: log})
		key, r := create(t, k, apikey.Grant{})
		for range 120 {
			_, err := k.Authenticate(withKey(t, key))
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
		assert.Equal(t, 2, attempts, "a store that does not write is not asked again by each request")
		last := lines()[len(lines())-1]
		assert.Equal(t, "sys_availability_fail", last["event"])
		assert.Equal(t, "read-only", last["cause"])
		assert.Equal(t, r.ID, last["key_id"])
		assert.NotContains(t, fmt.Sprint(lines()), key[21:])
	})
}

func TestStoreThatHangsWhileRecordingHoldsARequestForASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &altered{Store: newMemory(t, apikey.MemoryConfig{}), touch: func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		k := newKeys(t, apikey.Config{Store: store})
		key, _ := create(t, k, apikey.Grant{})
		ctx, hangUp := context.WithCancel(t.Context())
		hangUp() // the key was used all the same
		start := time.Now()
		_, err := k.Verify(ctx, key)
		assert.NoError(t, err)
		assert.Equal(t, time.Second, time.Since(start))
		_, err = k.Verify(t.Context(), key)
		assert.NoError(t, err)
		assert.Equal(t, time.Second, time.Since(start))
	})
}

func TestOfManyRequestsAtOnceOneWrites(t *testing.T) {
	var writes atomic.Int64
	store := &altered{Store: newMemory(t, apikey.MemoryConfig{}), touch: func(context.Context, string) error { writes.Add(1); return nil }}
	k := newKeys(t, apikey.Config{Store: store})
	key, _ := create(t, k, apikey.Grant{})
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			_, err := k.Verify(t.Context(), key)
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	assert.Equal(t, int64(1), writes.Load())
}

func TestMemoryOfRecentUsesIsBounded(t *testing.T) {
	store := &altered{Store: newMemory(t, apikey.MemoryConfig{})}
	k := newKeys(t, apikey.Config{Store: store})
	key, r := create(t, k, apikey.Grant{})
	_, err := k.Verify(t.Context(), key)
	require.NoError(t, err)
	for i := range 3 * apikey.MaxRecent {
		other, _ := create(t, k, apikey.Grant{Subject: fmt.Sprint(i)})
		_, err := k.Verify(t.Context(), other)
		require.NoError(t, err)
		require.LessOrEqual(t, k.Remembered(), 2*apikey.MaxRecent)
	}
	// It was displaced from memory; the time in the store still holds the write back.
	store.touch = func(_ context.Context, id string) error { assert.NotEqual(t, r.ID, id); return nil }
	_, err = k.Verify(t.Context(), key)
	assert.NoError(t, err)
}
