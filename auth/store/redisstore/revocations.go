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

// What a denial is of, so that a subject called like a token is not that token.
const (
	ofToken   = "t"
	ofSession = "s"
	ofSubject = "u"
)

// forever is a "not before" in seconds that no token is issued after: the largest number that a script has exactly.
const forever = 1<<53 - 1

var errDenial = errors.New("a denial is not two numbers")

func (s *Store) denialKey(of, name string) string { return s.prefix + "d:" + of + ":" + hashed(name) }

// Revoked implements [store.Revocations], in one round trip.
func (s *Store) Revoked(ctx context.Context, subject, session, id string, issued, now time.Time) (bool, error) {
	var keys []string
	for _, name := range [][2]string{{ofToken, id}, {ofSession, session}, {ofSubject, subject}} {
		if name[1] != "" {
			keys = append(keys, s.denialKey(name[0], name[1]))
		}
	}
	if len(keys) == 0 {
		return false, nil
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	found := make([]*redis.StringCmd, len(keys))
	_, _ = s.client.Pipelined(ctx, func(p redis.Pipeliner) error { // each answer has its own error
		for i, key := range keys {
			found[i] = p.Get(ctx, key)
		}
		return nil
	})
	revoked := false
	for _, answer := range found {
		text, err := answer.Result()
		if errors.Is(err, redis.Nil) {
			continue
		}
		if err != nil {
			return false, fault("look for a denial", err)
		}
		before, until, ok := parseDenial(text)
		if !ok {
			return false, fault("look for a denial", errDenial)
		}
		revoked = revoked || issued.Unix() <= before && now.UnixMicro() < until
	}
	return revoked, nil
}

func parseDenial(text string) (before, until int64, ok bool) {
	first, second, _ := strings.Cut(text, " ")
	before, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	until, err = strconv.ParseInt(second, 10, 64)
	return before, until, err == nil
}

// deny keeps the later of both times that there are and that are given.
var deny = redis.NewScript(`
local before, over = ARGV[1], ARGV[2]
local kept = redis.call('GET', KEYS[1])
if kept then
  local b, o = string.match(kept, '^(%S+) (%S+)$')
  if tonumber(b) > tonumber(before) then before = b end
  if tonumber(o) > tonumber(over) then over = o end
end
local left = math.ceil((tonumber(over) - tonumber(ARGV[3])) / 1000)
redis.call('SET', KEYS[1], before .. ' ' .. over, 'PX', string.format('%d', left))
return 1`)

// DenyToken implements [store.Revocations]. A server whose memory is full is [store.ErrUnavailable].
func (s *Store) DenyToken(ctx context.Context, id string, until, now time.Time) error {
	return s.deny(ctx, ofToken, id, forever, until, now)
}

// DenySession implements [store.Revocations]. A server whose memory is full is [store.ErrUnavailable].
func (s *Store) DenySession(ctx context.Context, session string, until, now time.Time) error {
	return s.deny(ctx, ofSession, session, forever, until, now)
}

// DenyBefore implements [store.Revocations]. A server whose memory is full is [store.ErrUnavailable].
func (s *Store) DenyBefore(ctx context.Context, subject string, notBefore, until, now time.Time) error {
	return s.deny(ctx, ofSubject, subject, min(notBefore.Unix(), forever), until, now)
}

func (s *Store) deny(ctx context.Context, of, name string, before int64, until, now time.Time) error {
	if err := store.CheckDenial(name, until); err != nil {
		return err
	}
	end := until.Add(store.Leeway)
	if !now.Before(end) {
		return nil // the tokens have ended
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	if err := deny.Run(ctx, s.client, []string{s.denialKey(of, name)}, before, end.UnixMicro(), now.UnixMicro()).Err(); err != nil {
		return fault("deny", err)
	}
	return nil
}
