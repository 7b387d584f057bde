package apikey

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sallyport-go/sallyport/internal/event"
)

// Bounds of [Grant.TTL].
const (
	minTTL     = time.Minute
	defaultTTL = 90 * 24 * time.Hour
	maxTTL     = 5 * 366 * 24 * time.Hour
)

// Grant describes a key to be made. Subject is required.
type Grant struct {
	// Subject is whom the key speaks for, Name what its owner calls it, Scopes what it may do; see [Record] for their bounds. Nothing
	// is granted that is not named here: check that the creator has it.
	Subject, Name string
	Scopes        []string
	// TTL is how long the key lives, from a minute to five years (1,830 days). Zero means 90 days. Every key ends: who
	// holds one that was forgotten should not hold it for ever.
	TTL time.Duration

	_ struct{} // keyed literals only: fields may be added later
}

func (g Grant) faults() error {
	errs := describedFaults("Grant", g.Subject, g.Name, g.Scopes)
	if g.TTL != 0 && (g.TTL < minTTL || g.TTL > maxTTL) {
		errs = append(errs, fmt.Errorf("apikey: Grant.TTL is not from %v to %v: bring it into that range, or leave it zero for %v", minTTL, maxTTL, defaultTTL))
	}
	return errors.Join(errs...)
}

// Create makes a key and stores its hash. The Key is the only copy of the secret: show it to its owner, once. The error is an
// [*Error]: [ErrGrant], [ErrTooMany], [ErrFull], [ErrUnavailable]. After the last, a key that nobody has may be in the list.
func (k *Keys) Create(ctx context.Context, g Grant) (Key, Record, error) {
	if err := g.faults(); err != nil {
		return Key{}, Record{}, &Error{kind: ErrGrant, cause: err}
	}
	if g.TTL == 0 {
		g.TTL = defaultTTL
	}
	now := time.Now()
	id := draw(idLen)
	text := compose(k.prefix, id, draw(secretLen))
	r := Record{ID: id, Hash: sha256.Sum256([]byte(text)), Subject: g.Subject, Name: g.Name, Scopes: g.Scopes,
		Created: now, Expiry: now.Add(g.TTL)}.clone()
	if err := k.store.Create(ctx, r, k.perSubject, now); err != nil {
		return Key{}, Record{}, fault(err)
	}
	k.log.Emit(ctx, slog.LevelInfo, event.AuthnTokenCreated, slog.String("kind", "api key"), slog.String("subject", r.Subject),
		slog.String("key_id", r.ID), slog.Time("expiry", r.Expiry))
	r.Hash = Hash{}
	return newKey(text), r, nil
}

// List returns the keys of a subject, the newest first. Those that have ended are among them until the store is swept, so that
// their owner sees when they were last used. The error is an [*Error]: [ErrUnavailable].
func (k *Keys) List(ctx context.Context, subject string) ([]Record, error) {
	if subject == "" || !plain(subject, maxName) {
		return nil, nil
	}
	records, err := k.store.List(ctx, subject)
	if err != nil {
		return nil, fault(err)
	}
	for i := range records {
		records[i].Hash = Hash{}
	}
	return records, nil
}

// Revoke ends a key, whoever's it is: it is for administrators. The next request with it is refused. It is no error if it was
// revoked before. The error is an [*Error]: [ErrUnknown], [ErrUnavailable].
func (k *Keys) Revoke(ctx context.Context, id string) error { return k.revoke(ctx, id, "") }

// RevokeOwn is [Keys.Revoke] for a user's request: the key of another subject is [ErrUnknown].
func (k *Keys) RevokeOwn(ctx context.Context, subject, id string) error {
	if subject == "" || !plain(subject, maxName) { // to a store, an empty one means anybody
		return &Error{kind: ErrUnknown}
	}
	return k.revoke(ctx, id, subject)
}

func (k *Keys) revoke(ctx context.Context, id, subject string) error {
	if !validID(id) {
		return &Error{kind: ErrUnknown}
	}
	if err := k.store.Revoke(ctx, id, subject, time.Now()); err != nil {
		return fault(err)
	}
	attrs := []slog.Attr{slog.String("kind", "api key"), slog.String("key_id", id)}
	if subject != "" {
		attrs = append(attrs, slog.String("subject", subject))
	}
	k.log.Emit(ctx, slog.LevelInfo, event.AuthnTokenRevoked, attrs...)
	return nil
}

// RevokeSubject ends all keys of a subject: when an account is closed or was taken over. Close the account first, so that it
// creates no others meanwhile. The error is an [*Error]: [ErrUnavailable].
func (k *Keys) RevokeSubject(ctx context.Context, subject string) error {
	if subject == "" || !plain(subject, maxName) {
		return nil
	}
	if err := k.store.RevokeSubject(ctx, subject, time.Now()); err != nil {
		return fault(err)
	}
	k.log.Emit(ctx, slog.LevelInfo, event.AuthnTokenRevoked, slog.String("kind", "api keys"), slog.String("subject", subject))
	return nil
}
