package redisstore

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/auth/throttle"
)

const (
	// maxKeys is how many keys one change of counts is for, as [throttle.Counters] says.
	maxKeys = 5
	// counted is how long a count stays that is over, for nodes whose clocks are behind, and so that a change that is sent twice is known.
	counted = time.Minute
)

var (
	errKeys  = errors.New("redisstore: an update of counts is for 1 to 5 keys")
	errCount = errors.New("a count is not two numbers and a mark")
)

func encode(k throttle.Key) string { return base64.RawURLEncoding.EncodeToString(k[:]) }

// countKey has the same hash tag for all, so that one script can change several.
func (s *Store) countKey(k throttle.Key) string { return s.prefix + "c:{counts}:" + encode(k) }

// replace puts new values in the place of those that were read, if they are still there, or answers what is there instead. If the new
// values are there already, it was sent twice: each has a random mark.
var replace = redis.NewScript(`
local n = #KEYS
local now = redis.call('MGET', unpack(KEYS))
local same, done = true, true
for i = 1, n do
  now[i] = now[i] or ''
  if now[i] ~= ARGV[i] then same = false end
  if now[i] ~= ARGV[n + i] then done = false end
end
if done then return {} end
if not same then return now end
for i = 1, n do redis.call('SET', KEYS[i], ARGV[n + i], 'PX', ARGV[2 * n + i]) end
return {}`)

// Update implements [throttle.Counters]. It begins anew while others change the same counts; one of them is always done.
func (s *Store) Update(ctx context.Context, keys []throttle.Key, now time.Time, change func([]throttle.Count) bool) error {
	if len(keys) < 1 || len(keys) > maxKeys {
		return errKeys
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = s.countKey(k)
	}
	values, err := s.readCounts(ctx, names)
	for err == nil && len(values) > 0 {
		var counts []throttle.Count
		if counts, err = parseCounts(values, now); err != nil {
			break
		}
		if !change(counts) {
			return nil
		}
		values, err = replace.Run(ctx, s.client, names, replacement(values, counts, now)...).StringSlice()
	}
	if err != nil {
		return fault("count", err)
	}
	return nil
}

func (s *Store) readCounts(ctx context.Context, names []string) ([]string, error) {
	found, err := s.client.MGet(ctx, names...).Result()
	if err != nil {
		return nil, err
	}
	values := make([]string, len(names))
	for i := range values {
		values[i], _ = found[i].(string) // nil if there is none
	}
	return values, nil
}

// replacement is what the script needs: the values that were read, those to put there, and how long these stay.
func replacement(read []string, counts []throttle.Count, now time.Time) []any {
	n, mark := len(counts), rand.Text()
	args := make([]any, 3*n)
	for i, c := range counts {
		args[i] = read[i]
		args[n+i] = strconv.FormatInt(over(c.Heat, now), 10) + " " + strconv.FormatInt(over(c.Wait, now), 10) + " " + mark
		args[2*n+i] = (max(c.Heat, c.Wait, 0) + counted).Milliseconds()
	}
	return args
}

func parseCounts(values []string, now time.Time) ([]throttle.Count, error) {
	counts := make([]throttle.Count, len(values))
	for i, v := range values {
		if v == "" {
			continue
		}
		fields := strings.Split(v, " ")
		if len(fields) != 3 {
			return nil, errCount
		}
		heat, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil {
			return nil, errCount
		}
		wait, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			return nil, errCount
		}
		counts[i] = throttle.Count{Heat: left(heat, now), Wait: left(wait, now)}
	}
	return counts, nil
}

// over is the instant at which d has passed, rounded up to the microsecond; what is over already has the instant zero.
func over(d time.Duration, now time.Time) int64 {
	if d <= 0 {
		return 0
	}
	return now.Add(d + time.Microsecond - 1).UnixMicro()
}

// left is the time until an instant.
func left(micro int64, now time.Time) time.Duration { return max(instant(micro).Sub(now), 0) }
