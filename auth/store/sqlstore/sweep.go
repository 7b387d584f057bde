package sqlstore

import (
	"context"
	"time"
)

// Sweep removes what has ended at now: families, denials, counts and familiar networks; and returns how many. It also erases what was sealed
// for a grace period that is over. It goes by a thousand, so that no lock is held for long; when ctx ends it stops at what it has
// done. What has ended is refused, or not counted, whether it was swept or not.
//
// A node whose clock is ahead of the others by more than [store.Leeway] must not sweep: it would drop denials that still matter to them.
func (s *Store) Sweep(ctx context.Context, now time.Time) (int64, error) {
	if _, err := s.sweep(ctx, "erase what was sealed", s.dialect.wipe, now); err != nil {
		return 0, err
	}
	var total int64
	for _, statement := range s.dialect.sweeps {
		n, err := s.sweep(ctx, "sweep", statement, now)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// sweep repeats a statement until it finds no more.
func (s *Store) sweep(ctx context.Context, what, statement string, now time.Time) (int64, error) {
	var total int64
	for {
		n, err := s.sweepSome(ctx, what, statement, now)
		total += n
		if err != nil || n == 0 {
			return total, err
		}
	}
}

func (s *Store) sweepSome(ctx context.Context, what, statement string, now time.Time) (int64, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	return s.retry(ctx, what, statement, now.UnixMicro())
}
