package store_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/authtest"
	"github.com/sallyport-go/sallyport/auth/store"
)

var now = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

func newMemory(t testing.TB, c store.Config) *store.Memory {
	t.Helper()
	m, err := store.NewMemory(c)
	require.NoError(t, err)
	return m
}

func refresh(family, subject string) store.Refresh {
	return store.Refresh{Family: family, Hash: sha256.Sum256([]byte(family)), Subject: subject, Client: "app",
		AuthTime: now, Until: now.Add(time.Hour), Expiry: now.Add(24 * time.Hour)}
}

func TestMemoryKeepsTheContract(t *testing.T) {
	authtest.StoreContract(t, func(t *testing.T) []store.RefreshTokens {
		return []store.RefreshTokens{newMemory(t, store.Config{})}
	})
}

func TestNewMemoryReportsFaults(t *testing.T) {
	_, err := store.NewMemory(store.Config{Families: -1})
	assert.EqualError(t, err, "store: Config.Families -1 is not from 0 (for 100000) to 10000000")
	_, err = store.NewMemory(store.Config{Families: 10_000_001})
	assert.Error(t, err)
}

func TestAttackFullStoreEndsNobodysLogin(t *testing.T) {
	m := newMemory(t, store.Config{Families: 3})
	for i := range 3 {
		require.NoError(t, m.Create(t.Context(), refresh(fmt.Sprint(i), "alice"), now))
	}
	for i := range 100 {
		assert.ErrorIs(t, m.Create(t.Context(), refresh(fmt.Sprint("x", i), "mallory"), now), store.ErrFull)
	}
	for i := range 3 {
		_, err := m.Lookup(t.Context(), fmt.Sprint(i), now)
		assert.NoError(t, err)
	}
	old, next := refresh("0", "").Hash, refresh("next", "").Hash
	assert.NoError(t, m.Rotate(t.Context(), "0", old, next, now.Add(time.Hour), now), "who is in goes on")
}

func TestFullStoreTakesMoreOnceOneEnds(t *testing.T) {
	end := map[string]func(*store.Memory) (later time.Time){
		"revoked family": func(m *store.Memory) time.Time {
			require.NoError(t, m.RevokeFamily(t.Context(), "0", now))
			return now
		},
		"revoked subject": func(m *store.Memory) time.Time {
			require.NoError(t, m.RevokeSubject(t.Context(), "alice", now))
			return now
		},
		"expired":        func(*store.Memory) time.Time { return now.Add(time.Hour) },
		"clock set back": func(m *store.Memory) time.Time { return now.Add(-time.Hour) },
	}
	for name, end := range end {
		t.Run(name, func(t *testing.T) {
			m := newMemory(t, store.Config{Families: 1})
			first := refresh("0", "alice")
			if name == "clock set back" {
				first.Until = now.Add(-2 * time.Hour)
			}
			require.NoError(t, m.Create(t.Context(), first, now))
			later := end(m)
			assert.NoError(t, m.Create(t.Context(), refresh("1", "alice"), later))
		})
	}
}

func TestValidateNamesEveryFieldAndNoValue(t *testing.T) {
	err := store.Refresh{Family: "can ary", Subject: "canary\x00", Client: "canary\xff", Scopes: []string{"can ary"}}.Validate()
	require.Error(t, err)
	for _, field := range []string{"Family", "Subject", "Client", "Scopes", "Hash", "Until"} {
		assert.ErrorContains(t, err, "Refresh."+field)
	}
	assert.NotContains(t, err.Error(), "ary")
	assert.NoError(t, refresh("f", "alice").Validate())
}

func BenchmarkMemoryRotate(b *testing.B) {
	m := newMemory(b, store.Config{})
	r := refresh("f", "alice")
	require.NoError(b, m.Create(b.Context(), r, now))
	b.ReportAllocs()
	old := r.Hash
	for b.Loop() {
		if _, err := m.Lookup(b.Context(), "f", now); err != nil {
			b.Fatal(err)
		}
		next := old
		next[0]++
		if err := m.Rotate(b.Context(), "f", old, next, r.Until, now); err != nil {
			b.Fatal(err)
		}
		old = next
	}
}

func TestOneSubjectDoesNotFillTheMemory(t *testing.T) {
	m, err := store.NewMemory(store.Config{})
	require.NoError(t, err)
	now := time.Now()
	for i := range 1000 {
		require.NoError(t, m.Create(t.Context(), refresh(fmt.Sprint("m", i), "mallory"), now))
	}
	assert.ErrorIs(t, m.Create(t.Context(), refresh("one-more", "mallory"), now), store.ErrFull)
	assert.NoError(t, m.Create(t.Context(), refresh("b", "bob"), now))
	require.NoError(t, m.RevokeFamily(t.Context(), "m0", now))
	assert.NoError(t, m.Create(t.Context(), refresh("one-more", "mallory"), now))
}
