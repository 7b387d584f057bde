package sqlsessions

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sallyport-go/sallyport/auth/session"
)

// attempts is how often a statement is tried: whoever a database picks to end a deadlock should simply come again.
const attempts = 4

// Create implements [session.Store]. It never answers [session.ErrFull].
func (s *Store) Create(ctx context.Context, r session.Record, most int, now time.Time) error {
	if err := r.Validate(); err != nil {
		return err
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	if _, err := s.retry(ctx, "forget what has ended", s.dialect.forget, r.Subject, now.UnixMicro()); err != nil {
		return err
	}
	var live int
	if err := s.db.QueryRowContext(ctx, s.dialect.count, r.Subject, now.UnixMicro()).Scan(&live); err != nil {
		return fault("count", err)
	}
	if live >= most {
		return session.ErrTooMany
	}
	args := []any{r.ID, r.Hash[:], r.Subject, r.Client, join(r.Scopes), join(r.Roles), r.ACR, join(r.AMR), stamp(r.AuthTime), r.UserAgent,
		stamp(r.Created), stamp(r.Seen), stamp(r.Until), stamp(r.Expiry)}
	for attempt := 1; ; attempt++ {
		_, err := s.exec(ctx, "create", s.dialect.create, args...)
		if err == nil {
			return nil
		}
		there, lookup := s.lookup(ctx, r.Hash)
		switch {
		case lookup == nil && there.ID == r.ID && there.Subject == r.Subject:
			return nil // put there by an attempt that seemed to fail: both are random, so nobody else can have
		case attempt == attempts || !errors.Is(lookup, session.ErrUnknown): // only what is certainly not there is tried again
			return err
		}
	}
}

// Lookup implements [session.Store].
func (s *Store) Lookup(ctx context.Context, hash session.Hash) (session.Record, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	return s.lookup(ctx, hash)
}

func (s *Store) lookup(ctx context.Context, hash session.Hash) (session.Record, error) {
	r, err := scan(s.db.QueryRowContext(ctx, s.dialect.lookup, hash[:]))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return session.Record{}, session.ErrUnknown
	case err != nil:
		return session.Record{}, fault("lookup", err)
	}
	return r, nil
}

// Touch implements [session.Store].
func (s *Store) Touch(ctx context.Context, hash session.Hash, seen, now, until time.Time) error {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	_, err := s.retry(ctx, "touch", s.dialect.touch, stamp(now), stamp(until), stamp(until), hash[:], stamp(seen))
	return err
}

// End implements [session.Store].
func (s *Store) End(ctx context.Context, hash session.Hash) error {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	_, err := s.retry(ctx, "end", s.dialect.end, hash[:])
	return err
}

// EndID implements [session.Store]. If the connection breaks and a second attempt finds nothing, it cannot be told whether the first has done
// it or there was nothing: the answer is that it is unknown, for who asks again gets the same.
func (s *Store) EndID(ctx context.Context, id, subject string) error {
	if !storable(id) || subject != "" && !storable(subject) {
		return session.ErrUnknown
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	query, args := s.dialect.endID, []any{id}
	if subject != "" {
		query, args = s.dialect.endOwn, append(args, subject)
	}
	for attempt := 1; ; attempt++ {
		n, err := s.exec(ctx, "end by name", query, args...)
		switch {
		case err == nil && n == 0:
			return session.ErrUnknown
		case err == nil:
			return nil
		case attempt == attempts || ctx.Err() != nil:
			return err
		}
	}
}

// EndSubject implements [session.Store].
func (s *Store) EndSubject(ctx context.Context, subject string) error {
	if !storable(subject) {
		return nil
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	_, err := s.retry(ctx, "end a subject", s.dialect.endSubject, subject)
	return err
}

// List implements [session.Store].
func (s *Store) List(ctx context.Context, subject string, now time.Time) (records []session.Record, err error) {
	if !storable(subject) {
		return nil, nil
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	rows, err := s.db.QueryContext(ctx, s.dialect.list, subject, now.UnixMicro(), session.MaxListed)
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

// Sweep removes the sessions that have ended at now, and returns how many. It goes by a thousand, so that no lock is held for long;
// when ctx ends it stops at what it has done. A session that has ended is refused whether it was swept or not.
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

func scan(row interface{ Scan(...any) error }) (session.Record, error) {
	var r session.Record
	var hash []byte
	var scopes, roles, amr string
	var authTime, created, seen, until, expiry int64
	err := row.Scan(&r.ID, &hash, &r.Subject, &r.Client, &scopes, &roles, &r.ACR, &amr, &authTime, &r.UserAgent, &created, &seen, &until, &expiry)
	if err != nil {
		return session.Record{}, err
	}
	if len(hash) != len(r.Hash) {
		return session.Record{}, errors.New("a hash has the wrong length")
	}
	copy(r.Hash[:], hash)
	r.Scopes, r.Roles, r.AMR = split(scopes), split(roles), split(amr)
	r.AuthTime, r.Created, r.Seen, r.Until, r.Expiry = instant(authTime), instant(created), instant(seen), instant(until), instant(expiry)
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

func join(values []string) string { return strings.Join(values, "\n") }

func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
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
