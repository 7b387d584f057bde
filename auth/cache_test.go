package auth_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

func cacheFixture(t testing.TB, size int) (*auth.KeyRing, *auth.Issuer, *auth.Verifier) {
	t.Helper()
	ring, err := auth.NewKeyRing(auth.KeyRingConfig{Logger: quiet})
	require.NoError(t, err)
	issuer := newIssuer(t, auth.IssuerConfig{Keys: ring})
	v, err := auth.NewVerifier(auth.VerifierConfig{Issuer: issuer.Name(), Audience: []string{testAudience}, Keys: ring, CacheSize: size})
	require.NoError(t, err)
	return ring, issuer, v
}

func issue(t testing.TB, i *auth.Issuer, g auth.Grant) string {
	t.Helper()
	g.Subject, g.Client = "alice", "web"
	token, err := i.Issue(t.Context(), g)
	require.NoError(t, err)
	return token.Value
}

func TestVerifiedTokenIsRemembered(t *testing.T) {
	_, issuer, v := cacheFixture(t, 0)
	token := issue(t, issuer, auth.Grant{})
	first, err := v.Verify(t.Context(), token)
	require.NoError(t, err)
	again, err := v.Verify(t.Context(), strings.Clone(token))
	require.NoError(t, err)
	assert.Same(t, first, again)
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = v.Verify(t.Context(), token) }))
}

func TestRefusedTokenIsNotRemembered(t *testing.T) {
	_, issuer, v := cacheFixture(t, 0)
	_, _, stranger := cacheFixture(t, 0)
	token := issue(t, issuer, auth.Grant{})
	for range 3 {
		_, err := stranger.Verify(t.Context(), token)
		require.Error(t, err)
	}
	n, _ := stranger.Cached()
	assert.Zero(t, n)
	// A remembered token vouches for no other that differs in one byte, wherever that is.
	_, err := v.Verify(t.Context(), token)
	require.NoError(t, err)
	for i := range token {
		other := token[:i] + string(token[i]^1) + token[i+1:]
		_, err := v.Verify(t.Context(), other)
		require.Error(t, err, i)
	}
	n, _ = v.Cached()
	assert.Equal(t, 1, n)
}

func TestRememberedTokenExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, issuer, v := cacheFixture(t, 0)
		token := issue(t, issuer, auth.Grant{})
		for elapsed := time.Duration(0); elapsed < issuer.TTL()+30*time.Second; elapsed += time.Minute / 2 {
			_, err := v.Verify(t.Context(), token)
			require.NoError(t, err, elapsed)
			time.Sleep(time.Minute / 2)
		}
		_, err := v.Verify(t.Context(), token)
		assert.ErrorIs(t, err, auth.ErrExpired)
	})
}

func TestRememberedTokenFallsWithItsKey(t *testing.T) {
	ring, issuer, v := cacheFixture(t, 0)
	token := issue(t, issuer, auth.Grant{})
	_, err := v.Verify(t.Context(), token)
	require.NoError(t, err)
	other, _, _ := cacheFixture(t, 0)
	ring.Become(other)
	_, err = v.Verify(t.Context(), token)
	assert.ErrorIs(t, err, auth.ErrUnknownKey)
}

func TestCacheCanBeSwitchedOff(t *testing.T) {
	_, issuer, v := cacheFixture(t, -1)
	token := issue(t, issuer, auth.Grant{})
	first, err := v.Verify(t.Context(), token)
	require.NoError(t, err)
	again, err := v.Verify(t.Context(), token)
	require.NoError(t, err)
	assert.NotSame(t, first, again)
}

func TestCacheSizeOutOfBoundsIsRefused(t *testing.T) {
	ring, issuer, _ := cacheFixture(t, 0)
	_, err := auth.NewVerifier(auth.VerifierConfig{Issuer: issuer.Name(), Audience: []string{testAudience}, Keys: ring, CacheSize: 1<<20 + 1})
	assert.EqualError(t, err, "auth: VerifierConfig.CacheSize 1048577 is more than 1048576: shorten it")
}

// A flood of distinct tokens, each of them valid, keeps within the number and the bytes.
func TestFloodOfTokensIsBounded(t *testing.T) {
	_, issuer, v := cacheFixture(t, 64)
	for i := range 300 {
		_, err := v.Verify(t.Context(), issue(t, issuer, auth.Grant{Extra: map[string]any{"fill": strings.Repeat("x", i%2*2500)}}))
		require.NoError(t, err)
	}
	n, bytes := v.Cached()
	assert.LessOrEqual(t, n, 64)
	assert.Greater(t, n, 16)
	assert.LessOrEqual(t, bytes, 64*2048)
}

// Tokens that come once do not displace one that comes again.
func TestTokenInUseSurvivesAFlood(t *testing.T) {
	_, issuer, v := cacheFixture(t, 64)
	token := issue(t, issuer, auth.Grant{})
	first, err := v.Verify(t.Context(), token)
	require.NoError(t, err)
	for range 300 {
		again, err := v.Verify(t.Context(), token)
		require.NoError(t, err)
		require.Same(t, first, again)
		_, err = v.Verify(t.Context(), issue(t, issuer, auth.Grant{}))
		require.NoError(t, err)
	}
}

func TestCacheUnderRotation(t *testing.T) {
	ring, issuer, v := cacheFixture(t, 64)
	a, aIssuer, _ := cacheFixture(t, 0)
	b, _, _ := cacheFixture(t, 0)
	ring.Become(a)
	tokens := make([]string, 100)
	for i := range tokens {
		tokens[i] = issue(t, aIssuer, auth.Grant{})
	}
	require.Equal(t, issuer.Name(), aIssuer.Name())
	stop := make(chan struct{})
	var readers, writer sync.WaitGroup
	writer.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				ring.Become(b)
				ring.Become(a)
			}
		}
	})
	for range 4 {
		readers.Go(func() {
			for range 300 {
				p, err := v.Verify(t.Context(), tokens[rand.IntN(len(tokens))])
				if err != nil {
					assert.ErrorIs(t, err, auth.ErrUnknownKey)
				} else {
					assert.Equal(t, "alice", p.Subject())
				}
			}
		})
	}
	readers.Wait()
	close(stop)
	writer.Wait()
	ring.Become(b)
	for _, token := range tokens {
		_, err := v.Verify(t.Context(), token)
		require.ErrorIs(t, err, auth.ErrUnknownKey, "no token outlives its key")
	}
}

// 10,000 live tokens in a cache of 16,384, beside a plain map of the same tokens: the ratio is what the checks and the locks cost.
func BenchmarkCachedVerify(b *testing.B) {
	_, issuer, v := cacheFixture(b, 16_384)
	plain := make(map[string]*auth.Principal, 10_000)
	for i := range 10_000 {
		token := issue(b, issuer, auth.Grant{Scopes: []string{"orders:read", "orders:write"}, Roles: []string{"editor"}, Session: fmt.Sprint(i), AuthTime: time.Now()})
		p, err := v.Verify(b.Context(), token)
		require.NoError(b, err)
		plain[token] = p
	}
	tokens := slices.Collect(maps.Keys(plain))
	for i := range tokens { // as they come from a network: not the very bytes that are the keys, which compare at once
		tokens[i] = strings.Clone(tokens[i])
	}
	ctx := b.Context()
	b.Run("map", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if plain[tokens[i%len(tokens)]] == nil {
				b.Fatal("missing")
			}
		}
	})
	b.Run("Verify", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := v.Verify(ctx, tokens[i%len(tokens)]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for i := rand.IntN(len(tokens)); pb.Next(); i++ {
				if _, err := v.Verify(ctx, tokens[i%len(tokens)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}
