package auth

import (
	"context"
	"strings"
	"time"
)

// Revocations says whether a token was revoked before it expires. *store.Memory, *sqlstore.Store and *redisstore.Store do, for what
// auth/oauth revokes.
type Revocations interface {
	// Revoked says whether the token called id, or the login called session, or every token of the subject from issued or before, was
	// revoked. Session may be empty. The error means that it could not find out.
	Revoked(ctx context.Context, subject, session, id string, issued, now time.Time) (bool, error)
}

// checkRevoked asks by the issuer's own name for the subject, without the prefix of a TrustedIssuer.
func (v *Verifier) checkRevoked(ctx context.Context, p *Principal, now time.Time) error {
	if age := now.UnixMicro() - p.asked.Load(); 0 <= age && age < v.maxStale.Microseconds() {
		return nil
	}
	revoked, err := v.revocations.Revoked(ctx, strings.TrimPrefix(p.id.Subject, v.prefix), p.id.Session, p.id.TokenID, p.issuedAt, now)
	switch {
	case err != nil:
		return &Error{kind: ErrUnavailable, cause: err, detail: "whether the token was revoked cannot be found out", subject: p.id.Subject}
	case revoked:
		return &Error{kind: ErrRevoked, subject: p.id.Subject}
	}
	if v.maxStale > 0 {
		p.asked.Store(now.UnixMicro())
	}
	return nil
}
