package redisstore

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

var (
	errEvicts  = errors.New("redisstore: the server forgets keys when its memory is full, and denials with them: set maxmemory-policy noeviction")
	errReplica = errors.New("redisstore: the server is a replica, which does not know the latest revocations: connect to the master")
	errInfo    = errors.New("the answer to INFO has no maxmemory, maxmemory_policy or role")
)

// Check asks the server whether it may forget what it was given, by the answer to INFO: one that evicts keys, and a replica, are errors. In a
// cluster it asks every master. A server that does not answer is [store.ErrUnavailable].
func (s *Store) Check(ctx context.Context) error {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		return check(ctx, s.client)
	}
	var mu sync.Mutex
	var first error // as it is: the client wraps some errors in its own
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		err := check(ctx, node)
		mu.Lock()
		defer mu.Unlock()
		if first == nil {
			first = err
		}
		return err
	})
	if first != nil {
		return first
	}
	if err != nil {
		return fault("check", err)
	}
	return nil
}

func check(ctx context.Context, node redis.Cmdable) error {
	info := map[string]string{}
	for _, section := range []string{"memory", "replication"} {
		text, err := node.Info(ctx, section).Result()
		if err != nil {
			return fault("check", err)
		}
		for line := range strings.Lines(text) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			info[name] = value
		}
	}
	switch {
	case info["maxmemory"] == "" || info["maxmemory_policy"] == "" || info["role"] == "":
		return fault("check", errInfo)
	case info["maxmemory"] != "0" && info["maxmemory_policy"] != "noeviction":
		return errEvicts
	case info["role"] != "master":
		return errReplica
	}
	return nil
}
