package sqlstore

import (
	"context"
	"crypto/sha256"
	"math"
	"time"

	"github.com/sallyport-go/sallyport/auth/store"
)

// What a denial is of, so that a subject called like a token is not that token.
const (
	ofToken   = 't'
	ofSession = 's'
	ofSubject = 'u'
)

// forever is a "not before" that no token is issued after.
const forever = math.MaxInt64

// denial names one: a hash has the same length for all names, and is compared by bytes in every database.
func denial(of byte, name string) []byte {
	sum := sha256.Sum256(append([]byte{of}, name...))
	return sum[:]
}

// Revoked implements [store.Revocations], in one statement.
func (s *Store) Revoked(ctx context.Context, subject, session, id string, issued, now time.Time) (bool, error) {
	var names [3]any
	n := 0
	for _, name := range []struct {
		of   byte
		name string
	}{{ofToken, id}, {ofSession, session}, {ofSubject, subject}} {
		if name.name != "" {
			names[n] = denial(name.of, name.name)
			n++
		}
	}
	if n == 0 {
		return false, nil
	}
	for i := n; i < len(names); i++ {
		names[i] = names[0]
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	var denied int
	err := s.row(ctx, "look for a denial", s.dialect.denied, []any{names[0], names[1], names[2], issued.Unix(), now.UnixMicro()}, &denied)
	return denied > 0, err
}

// DenyToken implements [store.Revocations]. It never answers [store.ErrFull].
func (s *Store) DenyToken(ctx context.Context, id string, until, now time.Time) error {
	return s.deny(ctx, ofToken, id, forever, until, now)
}

// DenySession implements [store.Revocations]. It never answers [store.ErrFull].
func (s *Store) DenySession(ctx context.Context, session string, until, now time.Time) error {
	return s.deny(ctx, ofSession, session, forever, until, now)
}

// DenyBefore implements [store.Revocations]. It never answers [store.ErrFull].
func (s *Store) DenyBefore(ctx context.Context, subject string, notBefore, until, now time.Time) error {
	return s.deny(ctx, ofSubject, subject, notBefore.Unix(), until, now)
}

func (s *Store) deny(ctx context.Context, of byte, name string, before int64, until, now time.Time) error {
	if err := store.CheckDenial(name, until); err != nil {
		return err
	}
	end := until.Add(store.Leeway)
	if !now.Before(end) {
		return nil // the tokens have ended
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	_, err := s.retry(ctx, "deny", s.dialect.deny, denial(of, name), before, end.UnixMicro())
	return err
}
