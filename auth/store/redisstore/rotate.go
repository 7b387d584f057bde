package redisstore

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/auth/store"
)

// rotate is the whole of a use: it compares and sets, or revokes. A token that is in force already was put there by this very rotation,
// sent a first time, since it is random.
var rotate = redis.NewScript(`
local old, new, over, now = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local sealed, grace, sealedLife, forgiving, linger = ARGV[5], ARGV[6], ARGV[7], ARGV[8], tonumber(ARGV[9])
local f = redis.call('HMGET', KEYS[1], 'hash', 'until', 'expiry', 'previous', 'grace')
if not f[1] then return {'unknown'} end
local live = now < tonumber(f[2]) and now < tonumber(f[3])
if f[1] == old then
  if not live then return {'expired'} end
  redis.call('HSET', KEYS[1], 'hash', new, 'until', over)
  if sealed ~= '' and tonumber(sealedLife) > 0 then
    redis.call('HSET', KEYS[1], 'previous', old, 'grace', grace)
    redis.call('SET', KEYS[2], sealed, 'PX', sealedLife)
  else
    redis.call('HDEL', KEYS[1], 'previous', 'grace')
    redis.call('DEL', KEYS[2])
  end
  local left = math.max(math.min(tonumber(over), tonumber(f[3])) - now, 0) / 1000 + linger
  redis.call('PEXPIRE', KEYS[1], string.format('%d', math.ceil(left)))
  return {'rotated'}
end
if f[1] == new then return {'rotated'} end
if forgiving == '1' and live and f[4] == old and now < tonumber(f[5]) then
  local kept = redis.call('GET', KEYS[2])
  if kept then return {'repeated', kept} end
end
redis.call('DEL', KEYS[1], KEYS[2])
return {'reused'}`)

// Rotate implements [store.RefreshTokens].
func (s *Store) Rotate(ctx context.Context, family string, old, next store.Hash, until, now time.Time) error {
	_, err := s.rotate(ctx, store.Rotation{Family: family, Old: old, Next: next, Until: until}, now, 0)
	return err
}

// RotateGrace implements [store.GraceTokens].
func (s *Store) RotateGrace(ctx context.Context, r store.Rotation, now time.Time) ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	return s.rotate(ctx, r, now, 1)
}

func (s *Store) rotate(ctx context.Context, r store.Rotation, now time.Time, forgiving int) ([]byte, error) {
	if !storable(r.Family) {
		return nil, store.ErrUnknown
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	answer, err := rotate.Run(ctx, s.client, s.familyKeys(r.Family), r.Old[:], r.Next[:], r.Until.UnixMicro(), now.UnixMicro(),
		r.Sealed, r.GraceUntil.UnixMicro(), lifetime(r.GraceUntil, now), forgiving, linger.Milliseconds()).StringSlice()
	switch {
	case err != nil:
		return nil, fault("rotate", err)
	case len(answer) == 2 && answer[0] == "repeated":
		return []byte(answer[1]), store.ErrRepeated
	case len(answer) != 1:
		return nil, fault("rotate", errRecord)
	}
	switch answer[0] {
	case "rotated":
		return nil, nil
	case "reused":
		return nil, store.ErrReused
	case "expired":
		return nil, store.ErrExpired
	case "unknown":
		return nil, store.ErrUnknown
	}
	return nil, fault("rotate", errRecord)
}
