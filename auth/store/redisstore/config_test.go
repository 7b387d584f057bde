package redisstore_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/store/redisstore"
	"github.com/sallyport-go/sallyport/auth/throttle"
)

func TestNewReportsAllFaults(t *testing.T) {
	_, err := redisstore.New(redisstore.Config{Prefix: "a{b}", Timeout: 2 * time.Minute})
	assert.EqualError(t, err, `redisstore: Config.Client is nil: give a *redis.Client or a *redis.ClusterClient
redisstore: Config.Prefix is not 1 to 64 bytes of A-Z, a-z, 0-9 and -_.: : choose another
redisstore: Config.Timeout 2m0s is more than 1m0s`)
	_, err = redisstore.New(redisstore.Config{Client: connect(t, &redis.Options{ContextTimeoutEnabled: true}), Prefix: strings.Repeat("x", 65)})
	assert.ErrorContains(t, err, "Config.Prefix")
	_, err = redisstore.New(redisstore.Config{Client: connect(t, &redis.Options{ContextTimeoutEnabled: true}), Prefix: strings.Repeat("x", 64)})
	assert.NoError(t, err)
}

func TestNewRefusesClientsThatForgetOrLag(t *testing.T) {
	closing := func(c redis.UniversalClient) redis.UniversalClient {
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	for name, c := range map[string]struct {
		client redis.UniversalClient
		want   string
	}{
		"no timeouts":            {redis.NewClient(&redis.Options{}), "ContextTimeoutEnabled"},
		"no timeouts, cluster":   {redis.NewClusterClient(&redis.ClusterOptions{}), "ContextTimeoutEnabled"},
		"a ring":                 {redis.NewRing(&redis.RingOptions{}), "Ring"},
		"replicas":               {redis.NewClusterClient(&redis.ClusterOptions{ContextTimeoutEnabled: true, ReadOnly: true}), "replicas"},
		"replicas by latency":    {redis.NewClusterClient(&redis.ClusterOptions{ContextTimeoutEnabled: true, RouteByLatency: true}), "replicas"},
		"replicas at random":     {redis.NewClusterClient(&redis.ClusterOptions{ContextTimeoutEnabled: true, RouteRandomly: true}), "replicas"},
		"honest":                 {redis.NewClient(&redis.Options{ContextTimeoutEnabled: true}), ""},
		"honest, in a cluster":   {redis.NewClusterClient(&redis.ClusterOptions{ContextTimeoutEnabled: true}), ""},
		"honest, with sentinels": {redis.NewFailoverClient(&redis.FailoverOptions{ContextTimeoutEnabled: true}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := redisstore.New(redisstore.Config{Client: closing(c.client)})
			if c.want == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func ExampleNew() {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", ContextTimeoutEnabled: true})
	defer func() { _ = client.Close() }()
	_, err := redisstore.New(redisstore.Config{Client: client, Prefix: "notes:"})
	fmt.Println(err)
	// Output: <nil>
}

// The usual mistake: the client's own timeouts are longer than a request.
func ExampleNew_timeout() {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379"})
	defer func() { _ = client.Close() }()
	_, err := redisstore.New(redisstore.Config{Client: client})
	fmt.Println(err)
	// Output: redisstore: Config.Client does not end its calls with their context: set ContextTimeoutEnabled in its options
}

func TestUpdateIsForOneToFiveKeys(t *testing.T) {
	s := newStore(t, connect(t, &redis.Options{ContextTimeoutEnabled: true}), "")
	for _, n := range []int{0, 6} {
		err := s.Update(t.Context(), make([]throttle.Key, n), now, func([]throttle.Count) bool { return true })
		assert.EqualError(t, err, "redisstore: an update of counts is for 1 to 5 keys")
	}
}

func TestPrefixesAreApart(t *testing.T) {
	client := connect(t, options(t))
	prefix := freshPrefix(t, client)
	one, two := newStore(t, client, prefix+"1:"), newStore(t, client, prefix+"2:")
	require.NoError(t, one.DenyToken(t.Context(), "t", now.Add(time.Hour), now))
	revoked, err := two.Revoked(t.Context(), "", "", "t", now, now)
	require.NoError(t, err)
	assert.False(t, revoked)
	revoked, err = one.Revoked(t.Context(), "", "", "t", now, now)
	require.NoError(t, err)
	assert.True(t, revoked)
}
