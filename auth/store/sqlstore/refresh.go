package sqlstore

import (
	"bytes"
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
	r, _, err := s.read(ctx, family, now)
	return r, err
}

// grace is what the last rotation of a family has left for its predecessor.
type grace struct {
	previous, sealed []byte
	until            sql.NullInt64
}

func (g grace) answers(old store.Hash, now time.Time) bool {
	return len(g.sealed) > 0 && bytes.Equal(g.previous, old[:]) && now.UnixMicro() < g.until.Int64
}

func (s *Store) read(ctx context.Context, family string, now time.Time) (store.Refresh, grace, error) {
	r := store.Refresh{Family: family}
	var g grace
	var hash []byte
	var scopes, amr string
	var authTime, until, expiry int64
	err := s.row(ctx, "lookup", s.dialect.lookup, []any{family},
		&hash, &r.Subject, &r.Client, &scopes, &amr, &authTime, &until, &expiry, &g.previous, &g.sealed, &g.until)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return store.Refresh{}, grace{}, store.ErrUnknown
	case err != nil:
		return store.Refresh{}, grace{}, err
	case len(hash) != len(r.Hash):
		return store.Refresh{}, grace{}, fault("lookup", errors.New("a hash has the wrong length"))
	}
	copy(r.Hash[:], hash)
	r.Scopes, r.AMR = strings.Fields(scopes), strings.Fields(amr)
	r.AuthTime, r.Until, r.Expiry = instant(authTime), instant(until), instant(expiry)
	if !r.Live(now) {
		return store.Refresh{}, grace{}, store.ErrExpired
	}
	return r, g, nil
}

// Rotate implements [store.RefreshTokens].
func (s *Store) Rotate(ctx context.Context, family string, old, next store.Hash, until, now time.Time) error {
	_, err := s.rotate(ctx, store.Rotation{Family: family, Old: old, Next: next, Until: until}, now, false)
	return err
}

// RotateGrace implements [store.GraceTokens].
func (s *Store) RotateGrace(ctx context.Context, r store.Rotation, now time.Time) ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	return s.rotate(ctx, r, now, true)
}

func (s *Store) rotate(ctx context.Context, r store.Rotation, now time.Time, forgiving bool) ([]byte, error) {
	if !storable(r.Family) {
		return nil, store.ErrUnknown
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	at := now.UnixMicro()
	var previous, sealed, graceUntil any
	if len(r.Sealed) > 0 {
		previous, sealed, graceUntil = r.Old[:], r.Sealed, r.GraceUntil.UnixMicro()
	}
	n, err := s.retry(ctx, "rotate", s.dialect.rotate, r.Next[:], r.Until.UnixMicro(), previous, sealed, graceUntil, r.Family, r.Old[:], at, at)
	if err != nil || n == 1 {
		return nil, err
	}
	return s.lost(ctx, r, now, forgiving)
}

// lost finds out why no row was changed. If it is because another token is in force, that is established, and whoever holds a
// stolen token must not keep the family by hanging up now.
func (s *Store) lost(ctx context.Context, r store.Rotation, now time.Time, forgiving bool) ([]byte, error) {
	ctx, cancel := s.deadline(context.WithoutCancel(ctx))
	defer cancel()
	found, g, err := s.read(ctx, r.Family, now)
	switch {
	case err == nil && found.Hash == r.Next:
		return nil, nil // it was changed by an attempt that seemed to fail: next is random, so nobody else can have put it there
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, store.ErrUnknown):
		return nil, err
	case err == nil && forgiving && g.answers(r.Old, now):
		return g.sealed, store.ErrRepeated // all of it was read at once, so the successor was unused then
	}
	// The condition on the hash makes the statement right even if the family has changed since.
	n, failed := s.retry(ctx, "revoke a reused family", s.dialect.revokeReused, r.Family, r.Old[:])
	switch {
	case failed != nil:
		return nil, failed
	case n == 1:
		return nil, store.ErrReused
	case err != nil:
		return nil, err
	}
	return nil, store.ErrUnknown // somebody else revoked it meanwhile
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

// row reads one row. A read may be repeated, so that a pool full of connections to a server that was restarted does not last.
func (s *Store) row(ctx context.Context, what, query string, args []any, into ...any) (err error) {
	for range attempts {
		err = s.db.QueryRowContext(ctx, query, args...).Scan(into...)
		if err == nil || errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return fault(what, err)
}

// storable says whether a name may be in the database at all. What may not is unknown, before a server complains about it.
func storable(name string) bool {
	return name != "" && len(name) <= 255 && isText(name)
}

func instant(micro int64) time.Time { return time.UnixMicro(micro).UTC() }
