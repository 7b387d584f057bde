// Package redisstore keeps in Redis what package store keeps in memory, so that it is shared by all nodes of a service: the families of
// refresh tokens, what was revoked, and the counts of auth/throttle.
//
//	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", ContextTimeoutEnabled: true})
//	…
//	kept, err := redisstore.New(redisstore.Config{Client: client})
//	…
//	err = kept.Check(ctx)                        // at start-up: may the server forget what it was given?
//
// One [Store] is all of it: the store of refresh tokens for auth/oauth, the Revocations of a verifier, the Counters of a throttle.
// Everything ends by itself; there is nothing to sweep. It is for Redis 6 or later, or Valkey, alone or as a cluster.
//
// # Security model
//
// A [Store] keeps the contracts of [store.GraceTokens], [store.Revocations] and [throttle.Counters], on any number of nodes. To put a token
// out of force is one script, which compares and sets. So is to revoke. To ask for a revocation is one round trip (in a cluster, one to each
// node that has one of the three names, at the same time). To count is to read and then to replace, in one script, what is still as it
// was read; else it begins anew, so that no count is lost. A command that the client sends again, because it did not get the
// answer, does nothing a second time.
//
// Of tokens, of what was revoked and of who it was revoked for, keys and values have only SHA-256; the record of a family has its
// subject in the clear. Errors contain neither.
//
// What was confirmed is as durable as the server makes it, and by default Redis does not:
//
//   - A loss of power or a crash of the server takes back what was not on the disk: up to a second with appendfsync everysec, everything
//     since the last snapshot without appendonly, nothing with appendonly yes and appendfsync always. A rotation that was taken
//     back puts the token before it in force again, once, for whoever has it; a denial that was taken back lets its token pass until that ends.
//   - A failover to a replica takes back what had not reached it, since replicas follow asynchronously.
//   - A server that evicts keys forgets denials and logins at a moment of its choice: [Store.Check] refuses one that may.
//
// Whoever cannot accept the first two for revocations uses sqlstore.
//
// Left to the application: that nobody else reaches the server (ACL, TLS), that reads go to the masters, and that the clocks of nodes differ by
// less than [store.Leeway].
//
// All counts of one prefix are in one slot of a cluster, and so on one node, because several change in one step.
package redisstore

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/auth/store"
	"github.com/sallyport-go/sallyport/auth/throttle"
)

// Config configures a [Store]. Client is required.
type Config struct {
	// Client is a *redis.Client or a *redis.ClusterClient, with ContextTimeoutEnabled, because Timeout holds for nothing otherwise, and
	// without reads from replicas. It stays the application's to close. A *redis.Ring is refused: it looks elsewhere when a node goes.
	Client redis.UniversalClient
	// Prefix begins all keys, so that several services can share a server: 1 to 64 bytes of A-Z, a-z, 0-9 and "-_.:". Empty means
	// "sallyport:".
	Prefix string
	// Timeout is how long one call may take, up to a minute, so that a server that hangs becomes a 503. Zero means 5 s. Negative means
	// as long as the context allows.
	Timeout time.Duration

	_ struct{} // keyed literals only: fields may be added later
}

// Store is a store in Redis. It is safe for concurrent use. Make one with [New].
type Store struct {
	client  redis.UniversalClient
	prefix  string
	timeout time.Duration
}

var (
	_ store.GraceTokens = (*Store)(nil)
	_ store.Revocations = (*Store)(nil)
	_ throttle.Counters = (*Store)(nil)
)

const (
	defaultPrefix  = "sallyport:"
	maxPrefix      = 64
	defaultTimeout = 5 * time.Second
	maxTimeout     = time.Minute
)

// New returns a Store, or all faults of c in one error. It does not ask the server, so that a service starts while it is down;
// [Store.Check] does.
func New(c Config) (*Store, error) {
	errs := checkClient(c.Client)
	if c.Prefix == "" {
		c.Prefix = defaultPrefix
	}
	if len(c.Prefix) > maxPrefix || strings.Trim(c.Prefix, letters+"-_.:") != "" {
		errs = append(errs, fmt.Errorf("redisstore: Config.Prefix is not 1 to %d bytes of A-Z, a-z, 0-9 and -_.: : choose another", maxPrefix))
	}
	if c.Timeout > maxTimeout {
		errs = append(errs, fmt.Errorf("redisstore: Config.Timeout %v is more than %v", c.Timeout, maxTimeout))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	return &Store{client: c.Client, prefix: c.Prefix, timeout: c.Timeout}, nil
}

func checkClient(client redis.UniversalClient) (errs []error) {
	timeouts := true
	switch c := client.(type) {
	case nil:
		errs = append(errs, errors.New("redisstore: Config.Client is nil: give a *redis.Client or a *redis.ClusterClient"))
	case *redis.Client:
		timeouts = c.Options().ContextTimeoutEnabled
	case *redis.ClusterClient:
		o := c.Options()
		timeouts = o.ContextTimeoutEnabled
		if o.ReadOnly || o.RouteByLatency || o.RouteRandomly {
			errs = append(errs, errors.New("redisstore: Config.Client reads from replicas, which do not know the latest revocations: leave ReadOnly, RouteByLatency and RouteRandomly false"))
		}
	case *redis.Ring:
		errs = append(errs, errors.New("redisstore: Config.Client is a *redis.Ring, which forgets what a node had that is gone: give a *redis.Client or a *redis.ClusterClient"))
	}
	if !timeouts {
		errs = append(errs, errors.New("redisstore: Config.Client does not end its calls with their context: set ContextTimeoutEnabled in its options"))
	}
	return errs
}

func (s *Store) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.timeout < 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, s.timeout)
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// hashed is a name of any bytes and length as part of a key.
func hashed(name string) string {
	sum := sha256.Sum256([]byte(name))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// lifetime is in milliseconds, rounded up, and zero for what is over. Instants are judged by those that are stored; lifetimes only end what is over, and are
// counted from the caller's instant, so that the server's clock does not matter.
func lifetime(until, now time.Time) int64 {
	if !now.Before(until) {
		return 0
	}
	return until.Sub(now).Milliseconds() + 1
}

func instant(micro int64) time.Time { return time.UnixMicro(micro).UTC() }
