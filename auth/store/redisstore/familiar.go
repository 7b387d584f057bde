package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/auth/throttle"
)

// The networks that an account is familiar with are a sorted set, by the time until which they are.
func (s *Store) accountKey(account throttle.Key) string { return s.prefix + "p:" + encode(account) }

// Familiar implements [throttle.Counters].
func (s *Store) Familiar(ctx context.Context, account, network throttle.Key, now time.Time) (bool, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	until, err := s.client.ZScore(ctx, s.accountKey(account), encode(network)).Result()
	switch {
	case errors.Is(err, redis.Nil):
		return false, nil
	case err != nil:
		return false, fault("look for a familiar network", err)
	}
	return float64(now.UnixMicro()) < until, nil
}

// remember keeps the network and the 32 others that are familiar for longest.
var remember = redis.NewScript(`
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
local surplus = redis.call('ZCARD', KEYS[1]) - 33
if surplus > 0 then
  for _, network in ipairs(redis.call('ZRANGE', KEYS[1], 0, surplus)) do
    if surplus > 0 and network ~= ARGV[1] then
      redis.call('ZREM', KEYS[1], network)
      surplus = surplus - 1
    end
  end
end
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
if last then redis.call('PEXPIRE', KEYS[1], string.format('%d', math.ceil((tonumber(last) - tonumber(ARGV[3])) / 1000))) end
return 1`)

// Remember implements [throttle.Counters]. Of each account it keeps this network and the 32 others that are familiar for longest.
func (s *Store) Remember(ctx context.Context, account, network throttle.Key, until, now time.Time) error {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	err := remember.Run(ctx, s.client, []string{s.accountKey(account)}, encode(network), until.UnixMicro(), now.UnixMicro()).Err()
	if err != nil {
		return fault("remember a network", err)
	}
	return nil
}
