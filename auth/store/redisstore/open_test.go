package redisstore_test

import (
	"context"
	"crypto/rand"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/store/redisstore"
)

// envRedis is where the server is, such as redis://127.0.0.1:6379/0. Tests use keys of a prefix of their own.
const envRedis = "SALLYPORT_TEST_REDIS"

func options(t testing.TB) *redis.Options {
	t.Helper()
	url := os.Getenv(envRedis)
	if url == "" {
		t.Skipf("%s is not set", envRedis)
	}
	o, err := redis.ParseURL(url)
	require.NoError(t, err)
	o.ContextTimeoutEnabled = true
	return o
}

func connect(t testing.TB, o *redis.Options) *redis.Client {
	t.Helper()
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// freshPrefix is one that nobody else uses. What is left below it when the test ends is removed.
func freshPrefix(t testing.TB, client redis.UniversalClient) string {
	t.Helper()
	prefix := "sallyport-test:" + rand.Text() + ":"
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		for _, key := range keysOf(ctx, t, client, prefix) {
			require.NoError(t, client.Del(ctx, key).Err())
		}
	})
	return prefix
}

// keysOf lists what there is below a prefix.
func keysOf(ctx context.Context, t testing.TB, client redis.UniversalClient, prefix string) []string {
	t.Helper()
	var keys []string
	scan := client.Scan(ctx, 0, prefix+"*", 10_000).Iterator()
	for scan.Next(ctx) {
		keys = append(keys, scan.Val())
	}
	require.NoError(t, scan.Err())
	return keys
}

func newStore(t testing.TB, client redis.UniversalClient, prefix string) *redisstore.Store {
	t.Helper()
	s, err := redisstore.New(redisstore.Config{Client: client, Prefix: prefix, Timeout: 30 * time.Second})
	require.NoError(t, err)
	return s
}
