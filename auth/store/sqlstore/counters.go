package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sallyport-go/sallyport/auth/throttle"
)

// maxKeys is how many keys one change of counts is for, as [throttle.Counters] says.
const maxKeys = 5

var (
	errKeys = errors.New("sqlstore: an update of counts is for 1 to 5 keys")
	errKey  = errors.New("a key has the wrong length")
)

// Update implements [throttle.Counters], in one transaction. Of two that share a key the second waits for the first: before a
// count is read, the keys' rows in a table of 256 are locked, in order. Those are always there, so that a key that has no count yet is
// like any other.
func (s *Store) Update(ctx context.Context, keys []throttle.Key, now time.Time, change func([]throttle.Count) bool) error {
	if len(keys) < 1 || len(keys) > maxKeys {
		return errKeys
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	var err error
	for range attempts {
		var again bool
		if again, err = s.update(ctx, keys, now, change); err == nil || !again || ctx.Err() != nil {
			break
		}
	}
	return err
}

// update is one attempt. After an error it says whether nothing was changed for certain, so that another may be made.
func (s *Store) update(ctx context.Context, keys []throttle.Key, now time.Time, change func([]throttle.Count) bool) (again bool, err error) {
	var options sql.TxOptions
	if s.dialect.readCommitted {
		options.Isolation = sql.LevelReadCommitted // even if the database has another default
	}
	tx, err := s.db.BeginTx(ctx, &options)
	if err != nil {
		return true, fault("count", err)
	}
	defer func() { _ = tx.Rollback() }() // also when change panics
	if _, err := tx.ExecContext(ctx, s.dialect.lockStripes, stripes(keys)...); err != nil {
		return true, fault("count", err)
	}
	counts, err := s.counts(ctx, tx, keys, now)
	if err != nil {
		return true, fault("count", err)
	}
	if !change(counts) {
		return false, nil
	}
	if _, err := tx.ExecContext(ctx, s.dialect.putCounts[len(keys)-1], countRows(keys, counts, now)...); err != nil {
		return true, fault("count", err)
	}
	if err := tx.Commit(); err != nil {
		return false, fault("count", err)
	}
	return false, nil
}

// stripes are the rows to lock, which need no order: the statement has one.
func stripes(keys []throttle.Key) []any {
	rows := make([]any, maxKeys)
	for i := range rows {
		rows[i] = int64(keys[min(i, len(keys)-1)][1]) // the first byte says the kind
	}
	return rows
}

// counts reads what is there of the keys, in their order.
func (s *Store) counts(ctx context.Context, tx *sql.Tx, keys []throttle.Key, now time.Time) ([]throttle.Count, error) {
	args := make([]any, maxKeys)
	for i := range args {
		args[i] = keys[min(i, len(keys)-1)][:]
	}
	rows, err := tx.QueryContext(ctx, s.dialect.counts, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	found := make(map[throttle.Key]throttle.Count, len(keys))
	for rows.Next() {
		var id []byte
		var heat, wait int64
		if err := rows.Scan(&id, &heat, &wait); err != nil {
			return nil, err
		}
		if len(id) != len(throttle.Key{}) {
			return nil, errKey
		}
		found[throttle.Key(id)] = throttle.Count{Heat: left(heat, now), Wait: left(wait, now)}
	}
	counts := make([]throttle.Count, len(keys))
	for i, k := range keys {
		counts[i] = found[k]
	}
	return counts, rows.Err()
}

func countRows(keys []throttle.Key, counts []throttle.Count, now time.Time) []any {
	args := make([]any, 0, 4*len(keys))
	for i, c := range counts {
		heat, wait := over(c.Heat, now), over(c.Wait, now)
		args = append(args, keys[i][:], heat, wait, max(heat, wait))
	}
	return args
}

// over is the instant at which d has passed, rounded up to the microsecond; what is over already has the instant zero.
func over(d time.Duration, now time.Time) int64 {
	if d <= 0 {
		return 0
	}
	return now.Add(d + time.Microsecond - 1).UnixMicro()
}

// left is the time until an instant.
func left(instant int64, now time.Time) time.Duration {
	return max(time.UnixMicro(instant).Sub(now), 0)
}

// Familiar implements [throttle.Counters].
func (s *Store) Familiar(ctx context.Context, account, network throttle.Key, now time.Time) (bool, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	var n int
	err := s.row(ctx, "look for a familiar network", s.dialect.familiar, []any{account[:], network[:], now.UnixMicro()}, &n)
	return n > 0, err
}

// Remember implements [throttle.Counters]. Of each account it keeps this network and those of 32 that are familiar for longest.
func (s *Store) Remember(ctx context.Context, account, network throttle.Key, until, _ time.Time) error {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	if _, err := s.retry(ctx, "remember a network", s.dialect.remember, account[:], network[:], until.UnixMicro()); err != nil {
		return err
	}
	_, err := s.retry(ctx, "forget a network", s.dialect.displace, account[:], network[:], account[:])
	return err
}
