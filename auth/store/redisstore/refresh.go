package redisstore

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/auth/store"
)

// A family is a hash; what its last rotation sealed is a key beside it, which ends by itself. Both have the family's name for a
// hash tag, so that one script reaches both in a cluster. Which families a subject has is a sorted set by the time of their end. It is in
// another slot, and so it is written before the family: there is never a family that it does not have. What it has beyond those does
// no harm, and goes with time.

// linger is how long a family stays after its end, so that a late use is told from an unknown token, also by a node whose clock is behind.
const linger = time.Hour

var (
	errExists = errors.New("redisstore: there is a family of that name")
	errRecord = errors.New("a record is not what this package writes")
)

func (s *Store) familyKeys(family string) []string {
	return []string{s.prefix + "f:{" + family + "}", s.prefix + "g:{" + family + "}"}
}

func (s *Store) subjectKey(subject string) string { return s.prefix + "u:{" + hashed(subject) + "}" }

// storable says whether there can be a family of that name, and keeps the braces of hash tags out of keys.
func storable(family string) bool {
	return family != "" && len(family) <= 64 && strings.Trim(family, letters+"-_") == ""
}

// index adds a family to its subject's, and drops those that have ended.
var index = redis.NewScript(`
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[4]) then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return 1`)

// create answers 1 also if the very same record is there, since then it was sent twice.
var create = redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 1 then
  for i = 2, #ARGV, 2 do
    if redis.call('HGET', KEYS[1], ARGV[i]) ~= ARGV[i + 1] then return 0 end
  end
  return 1
end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1`)

// Create implements [store.RefreshTokens]. A server whose memory is full is [store.ErrUnavailable].
func (s *Store) Create(ctx context.Context, r store.Refresh, now time.Time) error {
	if err := r.Validate(); err != nil {
		return err
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	ended := now.Add(-linger).UnixMicro()
	err := index.Run(ctx, s.client, []string{s.subjectKey(r.Subject)}, r.Family, r.Expiry.UnixMicro(), ended,
		lifetime(r.Expiry, now)+2*linger.Milliseconds()).Err()
	if err != nil {
		return fault("create", err)
	}
	end := r.Expiry
	if r.Until.Before(end) {
		end = r.Until
	}
	n, err := create.Run(ctx, s.client, s.familyKeys(r.Family), lifetime(end, now)+linger.Milliseconds(),
		"hash", r.Hash[:], "subject", r.Subject, "client", r.Client, "scopes", strings.Join(r.Scopes, " "), "amr", strings.Join(r.AMR, " "),
		"auth_time", r.AuthTime.UnixMicro(), "until", r.Until.UnixMicro(), "expiry", r.Expiry.UnixMicro()).Int()
	switch {
	case err != nil:
		return fault("create", err)
	case n == 0:
		return errExists
	}
	return nil
}

// Lookup implements [store.RefreshTokens].
func (s *Store) Lookup(ctx context.Context, family string, now time.Time) (store.Refresh, error) {
	if !storable(family) {
		return store.Refresh{}, store.ErrUnknown
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	fields, err := s.client.HGetAll(ctx, s.familyKeys(family)[0]).Result()
	switch {
	case err != nil:
		return store.Refresh{}, fault("lookup", err)
	case len(fields) == 0:
		return store.Refresh{}, store.ErrUnknown
	}
	r := store.Refresh{Family: family, Subject: fields["subject"], Client: fields["client"],
		Scopes: strings.Fields(fields["scopes"]), AMR: strings.Fields(fields["amr"])}
	if copy(r.Hash[:], fields["hash"]) != len(r.Hash) {
		return store.Refresh{}, fault("lookup", errRecord)
	}
	for field, into := range map[string]*time.Time{"auth_time": &r.AuthTime, "until": &r.Until, "expiry": &r.Expiry} {
		micro, err := strconv.ParseInt(fields[field], 10, 64)
		if err != nil {
			return store.Refresh{}, fault("lookup", errRecord)
		}
		*into = instant(micro)
	}
	if !r.Live(now) {
		return store.Refresh{}, store.ErrExpired
	}
	return r, nil
}
