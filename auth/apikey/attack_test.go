package apikey_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/apikey"
)

func TestAttackMistypedKeyNeverReachesTheStore(t *testing.T) {
	asked := 0
	store := &altered{Store: newMemory(t, apikey.MemoryConfig{}), lookup: func(r apikey.Record, err error) (apikey.Record, error) {
		asked++
		return r, err
	}}
	k := newKeys(t, apikey.Config{Store: store})
	key, _ := create(t, k, apikey.Grant{})
	const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-. \n\x00é"
	refused := func(text string) {
		if text == key {
			return
		}
		_, err := k.Verify(t.Context(), text)
		require.ErrorIs(t, err, auth.ErrInvalidCredentials)
	}
	for i := range key {
		refused(key[:i])                            // cut
		refused(key[:i] + key[i+1:])                // left out
		refused(key[:i] + key[i:i+1] + key[i:])     // doubled
		refused(key[:i] + strings.ToUpper(key[i:])) // case lost
		if i > 0 && key[i] != key[i-1] {            // exchanged
			refused(key[:i-1] + key[i:i+1] + key[i-1:i] + key[i+1:])
		}
		for _, c := range letters {
			refused(key[:i] + string(c) + key[i+1:])
			refused(key[:i] + string(c) + key[i:])
		}
	}
	for _, text := range []string{"", " " + key, key + " ", key + "\n", key + key, "acme", "acme_", strings.Repeat("acme_", 1<<16), "Bearer " + key, `"` + key + `"`} {
		refused(text)
	}
	assert.Zero(t, asked)
	_, err := k.Verify(t.Context(), key)
	assert.NoError(t, err)
	assert.Equal(t, 1, asked)
}

// forged has a right checksum, which anybody can compute.
func TestAttackForgedKeyWithAGoodChecksum(t *testing.T) {
	log, lines := events(t)
	k := newKeys(t, apikey.Config{Logger: log})
	key, r := create(t, k, apikey.Grant{})
	for name, forged := range map[string]string{
		"unknown name":           apikey.Compose("acme", strings.Repeat("0", 16), key[21:64]),
		"name with other secret": apikey.Compose("acme", r.ID, strings.Repeat("0", 43)),
		"name in other case":     apikey.Compose("acme", strings.ToUpper(r.ID[:15])+strings.ToLower(r.ID[15:]), key[21:64]),
	} {
		if forged == key {
			continue
		}
		_, err := k.Authenticate(withKey(t, forged))
		assert.ErrorIs(t, err, auth.ErrInvalidCredentials, name)
	}
	text := fmt.Sprint(lines())
	assert.Contains(t, text, "the name of a key with the secret of none")
	assert.NotContains(t, text, key[21:64])
	assert.NotContains(t, text, strings.Repeat("0", 16), "what the client sent is not in the log")
}

// A store that says "unknown" and hands out a record that fits all the same must not let anybody in.
func TestAttackUnknownIsUnknownWhateverTheRecordSays(t *testing.T) {
	store := &altered{Store: newMemory(t, apikey.MemoryConfig{})}
	k := newKeys(t, apikey.Config{Store: store})
	key, _ := create(t, k, apikey.Grant{})
	store.lookup = func(r apikey.Record, _ error) (apikey.Record, error) {
		return r, fmt.Errorf("store: %w", apikey.ErrUnknown)
	}
	_, err := k.Verify(t.Context(), key)
	assert.ErrorIs(t, err, auth.ErrInvalidCredentials)
	store.lookup = func(apikey.Record, error) (apikey.Record, error) { return apikey.Record{}, nil } // nothing, said with confidence
	_, err = k.Verify(t.Context(), key)
	assert.ErrorIs(t, err, auth.ErrInvalidCredentials)
}

// A record under the wrong name, as by a mistake in a store, is not the key that was asked for.
func TestAttackRecordOfAnotherKey(t *testing.T) {
	store := &altered{Store: newMemory(t, apikey.MemoryConfig{})}
	k := newKeys(t, apikey.Config{Store: store})
	first, r := create(t, k, apikey.Grant{Subject: "admin"})
	second, _ := create(t, k, apikey.Grant{Subject: "mallory"})
	admin, err := store.Lookup(t.Context(), r.ID)
	require.NoError(t, err)
	store.lookup = func(apikey.Record, error) (apikey.Record, error) { return admin, nil }
	_, err = k.Verify(t.Context(), second)
	assert.ErrorIs(t, err, auth.ErrInvalidCredentials)
	_, err = k.Verify(t.Context(), first)
	assert.NoError(t, err)
}

func TestAttackKeyOfAnotherServiceOnTheSameStore(t *testing.T) {
	store := newMemory(t, apikey.MemoryConfig{})
	live, test := newKeys(t, apikey.Config{Prefix: "acme_live", Store: store}), newKeys(t, apikey.Config{Prefix: "acme_test", Store: store})
	key, _ := create(t, test, apikey.Grant{})
	_, err := live.Verify(t.Context(), key)
	assert.ErrorIs(t, err, auth.ErrInvalidCredentials)
	id, secret := key[10:26], key[26:69]
	_, err = live.Verify(t.Context(), apikey.Compose("acme_live", id, secret)) // the hash is of the whole key
	assert.ErrorIs(t, err, auth.ErrInvalidCredentials)
}

func TestAttackStoreIsStolen(t *testing.T) {
	store := &altered{Store: newMemory(t, apikey.MemoryConfig{})}
	var kept apikey.Record
	store.create = func(r apikey.Record) error { kept = r; return nil }
	k := newKeys(t, apikey.Config{Store: store})
	key, _ := create(t, k, apikey.Grant{})
	assert.Equal(t, apikey.Hash(sha256.Sum256([]byte(key))), kept.Hash)
	assert.NotContains(t, fmt.Sprintf("%+v", kept), key[21:64])
	for _, text := range []string{string(kept.Hash[:]), fmt.Sprintf("%x", kept.Hash), apikey.Compose("acme", kept.ID, fmt.Sprintf("%x", kept.Hash)[:43])} {
		_, err := k.Verify(t.Context(), text)
		assert.ErrorIs(t, err, auth.ErrInvalidCredentials)
	}
}

func TestAttackRevokedKeyIsRefusedFromTheNextRequestOn(t *testing.T) {
	log, lines := events(t)
	store := newMemory(t, apikey.MemoryConfig{})
	one, other := newKeys(t, apikey.Config{Store: store, Logger: log}), newKeys(t, apikey.Config{Store: store})
	key, r := create(t, one, apikey.Grant{})
	second, _ := create(t, one, apikey.Grant{})
	for range 3 {
		_, err := one.Authenticate(withKey(t, key))
		require.NoError(t, err)
	}
	require.NoError(t, other.Revoke(t.Context(), r.ID))
	_, err := one.Authenticate(withKey(t, key))
	assert.ErrorIs(t, err, auth.ErrRevoked)
	_, err = one.Authenticate(withKey(t, second))
	assert.NoError(t, err)
	require.NoError(t, other.RevokeSubject(t.Context(), "alice"))
	_, err = one.Authenticate(withKey(t, second))
	assert.ErrorIs(t, err, auth.ErrRevoked)

	last := lines()[len(lines())-1]
	assert.Equal(t, "authn_token_refused", last["event"])
	assert.Equal(t, "alice", last["subject"])
	assert.Equal(t, "revoked key", last["reason"])
	assert.NotContains(t, fmt.Sprint(lines()), key[21:64])
}

func TestAttackExpiredKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeys(t, apikey.Config{})
		key, r := create(t, k, apikey.Grant{TTL: time.Hour})
		assert.Equal(t, r.Created.Add(time.Hour), r.Expiry)
		time.Sleep(time.Hour - time.Microsecond)
		_, err := k.Verify(t.Context(), key)
		assert.NoError(t, err)
		time.Sleep(time.Microsecond)
		_, err = k.Verify(t.Context(), key)
		assert.ErrorIs(t, err, auth.ErrExpired)
	})
}

// Whoever does not know the secret learns nothing about the key.
func TestAttackStateOfAKeyIsNotToldToGuessers(t *testing.T) {
	k := newKeys(t, apikey.Config{})
	_, r := create(t, k, apikey.Grant{})
	guess := apikey.Compose("acme", r.ID, strings.Repeat("0", 43))
	nobody := apikey.Compose("acme", strings.Repeat("0", 16), strings.Repeat("0", 43))
	h := newGuard(t, k).Handler(ok)
	before := serve(h, withKey(t, guess))
	require.NoError(t, k.Revoke(t.Context(), r.ID))
	for _, key := range []string{guess, nobody, "nonsense"} {
		w := serve(h, withKey(t, key))
		assert.Equal(t, before.Code, w.Code)
		assert.Equal(t, before.Header(), w.Header())
		assert.Equal(t, before.Body.String(), w.Body.String())
	}
	_, err := k.Verify(t.Context(), guess)
	assert.ErrorIs(t, err, auth.ErrInvalidCredentials)
	assert.NotErrorIs(t, err, auth.ErrRevoked)
}

func TestAttackUserEndsTheKeyOfAnother(t *testing.T) {
	k := newKeys(t, apikey.Config{})
	key, r := create(t, k, apikey.Grant{Subject: "alice"})
	for _, subject := range []string{"mallory", "", "Alice", "alice\x00", "\xff", strings.Repeat("x", 256)} {
		err := k.RevokeOwn(t.Context(), subject, r.ID)
		assert.ErrorIs(t, err, apikey.ErrUnknown)
		e, ok := errors.AsType[*apikey.Error](err)
		require.True(t, ok)
		assert.Equal(t, http.StatusNotFound, e.HTTPStatus())
	}
	for _, subject := range []string{"", "Alice", "\xff"} {
		require.NoError(t, k.RevokeSubject(t.Context(), subject))
	}
	_, err := k.Verify(t.Context(), key)
	assert.NoError(t, err)
	for _, id := range []string{"", "%", "' OR 1=1 --", strings.Repeat("x", 1<<20), r.ID + "0"} {
		assert.ErrorIs(t, k.Revoke(t.Context(), id), apikey.ErrUnknown)
		assert.ErrorIs(t, k.RevokeOwn(t.Context(), "alice", id), apikey.ErrUnknown)
	}
}

// Concurrent requests, creations, lists and revocations of one Keys; the race detector looks on.
func TestSharedByReadersAndWriters(t *testing.T) {
	k := newKeys(t, apikey.Config{PerSubject: 500})
	key, _ := create(t, k, apikey.Grant{Subject: "stays"})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 50 {
				_, err := k.Authenticate(withKey(t, key))
				assert.NoError(t, err)
			}
		})
		wg.Go(func() {
			subject := fmt.Sprint("s", i%2)
			for range 20 {
				own, r, err := k.Create(t.Context(), apikey.Grant{Subject: subject})
				if !assert.NoError(t, err) {
					return
				}
				_, err = k.Verify(t.Context(), own.Reveal())
				assert.NoError(t, err)
				_, err = k.List(t.Context(), subject)
				assert.NoError(t, err)
				assert.NoError(t, k.RevokeOwn(t.Context(), subject, r.ID))
				_, err = k.Verify(t.Context(), own.Reveal())
				assert.ErrorIs(t, err, auth.ErrRevoked)
			}
		})
	}
	wg.Wait()
}

func TestKeyIsReadFromTheHeaderOnly(t *testing.T) {
	k := newKeys(t, apikey.Config{})
	key, _ := create(t, k, apikey.Grant{})
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/?api_key="+key+"&X-API-Key="+key, strings.NewReader("api_key="+key))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+key)
	r.AddCookie(&http.Cookie{Name: "X-API-Key", Value: key})
	_, err := k.Authenticate(r)
	assert.ErrorIs(t, err, auth.ErrNoCredentials)
	assert.False(t, k.Presents(r))
}
