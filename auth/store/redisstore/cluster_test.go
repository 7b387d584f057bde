package redisstore_test

import (
	"context"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/authtest"
	"github.com/sallyport-go/sallyport/auth/store"
)

// newCluster is one of three masters.
func newCluster(t *testing.T) []string {
	t.Helper()
	const slots, masters = 16384, 3
	var addrs []string
	var clients []*redis.Client
	for i := range masters {
		s := newServer(t, "--cluster-enabled", "yes")
		client := connect(t, s.options())
		require.NoError(t, client.ClusterAddSlotsRange(t.Context(), i*slots/masters, (i+1)*slots/masters-1).Err())
		addrs, clients = append(addrs, s.addr), append(clients, client)
		if i > 0 {
			host, port, err := net.SplitHostPort(addrs[0])
			require.NoError(t, err)
			bus := clients[0].ConfigGet(t.Context(), "cluster-port").Val()["cluster-port"]
			require.NoError(t, client.Do(t.Context(), "CLUSTER", "MEET", host, port, bus).Err())
		}
	}
	for _, client := range clients {
		require.Eventually(t, func() bool {
			info := client.ClusterInfo(t.Context()).Val()
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:"+strconv.Itoa(masters))
		}, 30*time.Second, 10*time.Millisecond)
	}
	return addrs
}

// In a cluster a script that reaches keys of two slots is an error, which no single server would show.
func TestClusterKeepsTheContract(t *testing.T) {
	addrs := newCluster(t)
	connectAll := func(t *testing.T) *redis.ClusterClient {
		client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs, ContextTimeoutEnabled: true})
		t.Cleanup(func() { _ = client.Close() })
		return client
	}
	client := connectAll(t)
	assert.NoError(t, newStore(t, client, "").Check(t.Context()))
	n := 0
	authtest.StoreContract(t, func(t *testing.T) []store.RefreshTokens {
		n++
		prefix := "test" + strconv.Itoa(n) + ":"
		return []store.RefreshTokens{newStore(t, client, prefix), newStore(t, connectAll(t), prefix)}
	})
	require.NoError(t, client.ForEachMaster(t.Context(), func(ctx context.Context, node *redis.Client) error {
		assert.NotZero(t, node.DBSize(ctx).Val(), "a node has had nothing to do")
		return node.ConfigSet(ctx, "maxmemory", "1gb").Err()
	}))
	require.NoError(t, client.ForEachMaster(t.Context(), func(ctx context.Context, node *redis.Client) error {
		return node.ConfigSet(ctx, "maxmemory-policy", "allkeys-lru").Err()
	}))
	assert.ErrorContains(t, newStore(t, client, "").Check(t.Context()), "noeviction")
}
