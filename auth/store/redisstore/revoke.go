package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// revokeFamily answers whose the family was.
var revokeFamily = redis.NewScript(`
local subject = redis.call('HGET', KEYS[1], 'subject')
redis.call('DEL', KEYS[1], KEYS[2])
return subject`)

// RevokeFamily implements [store.RefreshTokens].
func (s *Store) RevokeFamily(ctx context.Context, family string, _ time.Time) error {
	if !storable(family) {
		return nil
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	subject, err := revokeFamily.Run(ctx, s.client, s.familyKeys(family)).Text()
	switch {
	case errors.Is(err, redis.Nil):
		return nil
	case err != nil:
		return fault("revoke a family", err)
	}
	_ = s.client.ZRem(ctx, s.subjectKey(subject), family).Err() // it only keeps the set small, which ends by itself
	return nil
}

// page is about how many families RevokeSubject revokes in one round trip.
const page = 1000

// revokeOf revokes a family if it is the subject's: the set may have one that could not be created because another's had the name.
const revokeOf = `
if redis.call('HGET', KEYS[1], 'subject') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
return 1`

// RevokeSubject implements [store.RefreshTokens]. It goes through the subject's families by a thousand; after an error, call it again.
func (s *Store) RevokeSubject(ctx context.Context, subject string, _ time.Time) error {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	var cursor uint64
	for {
		// A scan finds all that is in the set from its beginning to its end. It answers names and scores in turn.
		found, next, err := s.client.ZScan(ctx, s.subjectKey(subject), cursor, "", page).Result()
		if err != nil {
			return fault("revoke a subject", err)
		}
		if err := s.revokeSome(ctx, subject, found); err != nil {
			return fault("revoke a subject", err)
		}
		if next == 0 {
			return nil
		}
		cursor = next
	}
}

// revokeSome revokes families, and takes those that it has found out of the set. Others remain in it: one that is just being created
// must not be missed by the next call.
func (s *Store) revokeSome(ctx context.Context, subject string, found []string) error {
	var families []string
	for i := 0; i < len(found); i += 2 {
		families = append(families, found[i])
	}
	if len(families) == 0 {
		return nil
	}
	answers := make([]*redis.Cmd, len(families))
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, family := range families {
			answers[i] = p.Eval(ctx, revokeOf, s.familyKeys(family), subject)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var gone []any
	for i, answer := range answers {
		if n, err := answer.Int(); err != nil {
			return err
		} else if n == 1 {
			gone = append(gone, families[i])
		}
	}
	if len(gone) > 0 {
		_ = s.client.ZRem(ctx, s.subjectKey(subject), gone...).Err() // as above
	}
	return nil
}
