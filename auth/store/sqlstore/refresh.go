package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/auth/store"
)

// attempts is how often a statement is tried. InnoDB picks two statements of one row each as a deadlock more often than one would
// think, and whoever is picked should simply come again.
const attempts = 4

// Create implements [store.RefreshTokens]. It never answers [store.ErrFull].
func (s *Store) Create(ctx context.Context, r store.Refresh, now time.Time) error {
	if err := r.Validate(); err != nil {
		return err
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	for attempt := 1; ; attempt++ {
		_, err := s.exec(ctx, "create", s.dialect.create, r.Family, r.Hash[:], r.Subject, r.Client,
			strings.Join(r.Scopes, " "), strings.Join(r.AMR, " "), r.AuthTime.UnixMicro(), r.Until.UnixMicro(), r.Expiry.UnixMicro())
		if err == nil || attempt == attempts {
			return err
		}
		// Only what is certainly not there is tried again.
		if _, lookup := s.lookup(ctx, r.Family, now); !errors.Is(lookup, store.ErrUnknown) {
			return err
		}
	}
}

// Lookup implements [store.RefreshTokens].
func (s *Store) Lookup(ctx context.Context, family string, now time.Time) (store.Refresh, error) {
	if !storable(family) {
		return store.Refresh{}, store.ErrUnknown
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	return s.lookup(ctx, family, now)
}

func (s *Store) lookup(ctx context.Context, family string, now time.Time) (store.Refresh, error) {
	r := store.Refresh{Family: family}
	var hash []byte
	var scopes, amr string
	var authTime, until, expiry int64
	err := s.db.QueryRowContext(ctx, s.dialect.lookup, family).Scan(&hash, &r.Subject, &r.Client, &scopes, &amr, &authTime, &until, &expiry)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return store.Refresh{}, store.ErrUnknown
	case err != nil:
		return store.Refresh{}, fault("lookup", err)
	case len(hash) != len(r.Hash):
		return store.Refresh{}, fault("lookup", errors.New("a hash has the wrong length"))
	}
	copy(r.Hash[:], hash)
	r.Scopes, r.AMR = strings.Fields(scopes), strings.Fields(amr)
	r.AuthTime, r.Until, r.Expiry = instant(authTime), instant(until), instant(expiry)
	if !r.Live(now) {
		return store.Refresh{}, store.ErrExpired
	}
	return r, nil
}

// Rotate implements [store.RefreshTokens].
func (s *Store) Rotate(ctx context.Context, family string, old, next store.Hash, until, now time.Time) error {
	if !storable(family) {
		return store.ErrUnknown
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	at := now.UnixMicro()
	n, err := s.retry(ctx, "rotate", s.dialect.rotate, next[:], until.UnixMicro(), family, old[:], at, at)
	if err != nil || n == 1 {
		return err
	}
	return s.lost(ctx, family, old, next, now)
}

// lost finds out why no row was changed. If it is because another token is in force, that is established, and whoever holds a
// stolen token must not keep the family by hanging up now.
func (s *Store) lost(ctx context.Context, family string, old, next store.Hash, now time.Time) error {
	ctx, cancel := s.deadline(context.WithoutCancel(ctx))
	defer cancel()
	r, err := s.lookup(ctx, family, now)
	if err == nil && r.Hash == next {
		return nil // it was changed by an attempt that seemed to fail: next is random, so nobody else can have put it there
	}
	if errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrUnknown) {
		return err
	}
	// The condition on the hash makes the statement right even if the family has changed since.
	n, failed := s.retry(ctx, "revoke a reused family", s.dialect.revokeReused, family, old[:])
	switch {
	case failed != nil:
		return failed
	case n == 1:
		return store.ErrReused
	case err != nil:
		return err
	}
	return store.ErrUnknown // somebody else revoked it meanwhile
}

// RevokeFamily implements [store.RefreshTokens].
func (s *Store) RevokeFamily(ctx context.Context, family string, _ time.Time) error {
	return s.revoke(ctx, "revoke a family", s.dialect.revokeFamily, family)
}

// RevokeSubject implements [store.RefreshTokens].
func (s *Store) RevokeSubject(ctx context.Context, subject string, _ time.Time) error {
	return s.revoke(ctx, "revoke a subject", s.dialect.revokeSubject, subject)
}

func (s *Store) revoke(ctx context.Context, what, query, name string) error {
	if !storable(name) {
		return nil
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	_, err := s.retry(ctx, what, query, name)
	return err
}

// Sweep removes the families whose Expiry is past at now, and returns how many. It goes by a thousand, so that no lock is held for
// long; when ctx ends it stops at what it has done. A family that has ended is refused whether it was swept or not.
func (s *Store) Sweep(ctx context.Context, now time.Time) (int64, error) {
	var total int64
	for {
		n, err := s.sweepSome(ctx, now)
		total += n
		if err != nil || n == 0 {
			return total, err
		}
	}
}

func (s *Store) sweepSome(ctx context.Context, now time.Time) (int64, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	return s.retry(ctx, "sweep", s.dialect.sweep, now.UnixMicro())
}

// retry is exec for statements that may be run twice.
func (s *Store) retry(ctx context.Context, what, query string, args ...any) (n int64, err error) {
	for range attempts {
		if n, err = s.exec(ctx, what, query, args...); err == nil || ctx.Err() != nil {
			break
		}
	}
	return n, err
}

func (s *Store) exec(ctx context.Context, what, query string, args ...any) (int64, error) {
	res, err := s.db.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, fault(what, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, fault(what, err)
	}
	return n, nil
}

// storable says whether a name may be in the database at all. What may not is unknown, before a server complains about it.
func storable(name string) bool {
	return name != "" && len(name) <= 255 && isText(name)
}

func instant(micro int64) time.Time { return time.UnixMicro(micro).UTC() }
