package sqlkeys

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sallyport-go/sallyport/auth/apikey"
)

const (
	// attempts is how often a statement is tried: whoever a database picks to end a deadlock should simply come again.
	attempts = 4
	// maxListed is beyond [apikey.MaxKept] as far as creations at the same instant can go.
	maxListed = 2 * apikey.MaxKept
)

// Create implements [apikey.Store]. It never answers [apikey.ErrFull].
func (s *Store) Create(ctx context.Context, r apikey.Record, most int, now time.Time) error {
	if err := r.Validate(); err != nil {
		return err
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	var live, kept int
	if err := s.db.QueryRowContext(ctx, s.dialect.count, now.UnixMicro(), r.Subject).Scan(&live, &kept); err != nil {
		return fault("count", err)
	}
	if live >= most || kept >= apikey.MaxKept {
		return apikey.ErrTooMany
	}
	args := []any{r.ID, r.Hash[:], r.Subject, r.Name, strings.Join(r.Scopes, " "), stamp(r.Created), stamp(r.Expiry),
		stamp(r.LastUsed), stamp(r.Revoked), stamp(r.Ended())}
	for attempt := 1; ; attempt++ {
		_, err := s.exec(ctx, "create", s.dialect.create, args...)
		if err == nil {
			return nil
		}
		there, lookup := s.lookup(ctx, r.ID)
		switch {
		case lookup == nil && there.Hash == r.Hash && there.Subject == r.Subject:
			return nil // put there by an attempt that seemed to fail: the key is random, so nobody else can have
		case lookup == nil:
			return apikey.ErrExists
		case attempt == attempts || !errors.Is(lookup, apikey.ErrUnknown): // only what is certainly not there is tried again
			return err
		}
	}
}

// Lookup implements [apikey.Store].
func (s *Store) Lookup(ctx context.Context, id string) (apikey.Record, error) {
	if !storable(id) {
		return apikey.Record{}, apikey.ErrUnknown
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	return s.lookup(ctx, id)
}

func (s *Store) lookup(ctx context.Context, id string) (apikey.Record, error) {
	r, err := scan(s.db.QueryRowContext(ctx, s.dialect.lookup, id))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return apikey.Record{}, apikey.ErrUnknown
	case err != nil:
		return apikey.Record{}, fault("lookup", err)
	}
	return r, nil
}

// Touch implements [apikey.Store].
func (s *Store) Touch(ctx context.Context, id string, now time.Time) error {
	if !storable(id) {
		return nil
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	at := now.UnixMicro()
	_, err := s.exec(ctx, "touch", s.dialect.touch, at, id, at)
	return err
}

// Revoke implements [apikey.Store].
func (s *Store) Revoke(ctx context.Context, id, subject string, now time.Time) error {
	if !storable(id) || subject != "" && !storable(subject) {
		return apikey.ErrUnknown
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	at := now.UnixMicro()
	query, args := s.dialect.revoke, []any{at, at, at, id}
	if subject != "" {
		query, args = s.dialect.revokeOwn, append(args, subject)
	}
	n, err := s.retry(ctx, "revoke", query, args...)
	if err != nil || n == 1 {
		return err
	}
	r, err := s.lookup(ctx, id) // revoked before, or never there
	if err == nil && subject != "" && subject != r.Subject {
		return apikey.ErrUnknown
	}
	return err
}

// RevokeSubject implements [apikey.Store].
func (s *Store) RevokeSubject(ctx context.Context, subject string, now time.Time) error {
	if !storable(subject) {
		return nil
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	at := now.UnixMicro()
	_, err := s.retry(ctx, "revoke a subject", s.dialect.revokeSubject, at, at, at, subject)
	return err
}

// List implements [apikey.Store].
func (s *Store) List(ctx context.Context, subject string) (records []apikey.Record, err error) {
	if !storable(subject) {
		return nil, nil
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	rows, err := s.db.QueryContext(ctx, s.dialect.list, subject, maxListed)
	if err != nil {
		return nil, fault("list", err)
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, fault("list", err)
		}
		records = append(records, r)
	}
	if err := rows.Err(); err != nil { // half a list is none
		return nil, fault("list", err)
	}
	return records, nil
}

// Sweep removes the keys that ended before the given instant, and returns how many. Until then their owners see them in the list. It
// goes by a thousand, so that no lock is held for long; when ctx ends it stops at what it has done. A key that has ended is
// refused whether it was swept or not.
func (s *Store) Sweep(ctx context.Context, before time.Time) (int64, error) {
	var total int64
	for {
		n, err := s.sweepSome(ctx, before)
		total += n
		if err != nil || n == 0 {
			return total, err
		}
	}
}

func (s *Store) sweepSome(ctx context.Context, before time.Time) (int64, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	return s.retry(ctx, "sweep", s.dialect.sweep, before.UnixMicro())
}

func scan(row interface{ Scan(...any) error }) (apikey.Record, error) {
	var r apikey.Record
	var hash []byte
	var scopes string
	var created, expiry, lastUsed, revoked int64
	if err := row.Scan(&r.ID, &hash, &r.Subject, &r.Name, &scopes, &created, &expiry, &lastUsed, &revoked); err != nil {
		return apikey.Record{}, err
	}
	if len(hash) != len(r.Hash) {
		return apikey.Record{}, errors.New("a hash has the wrong length")
	}
	copy(r.Hash[:], hash)
	r.Scopes = strings.Fields(scopes)
	r.Created, r.Expiry, r.LastUsed, r.Revoked = instant(created), instant(expiry), instant(lastUsed), instant(revoked)
	return r, nil
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
	return name != "" && len(name) <= 255 && utf8.ValidString(name) && !strings.Contains(name, "\x00")
}

func stamp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func instant(micro int64) time.Time {
	if micro == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micro).UTC()
}
