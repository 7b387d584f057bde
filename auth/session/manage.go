package session

import (
	"context"
	"log/slog"
	"time"

	"github.com/sallyport-go/sallyport/internal/event"
)

// List returns the sessions of a subject that are live, the newest first, for the user to look at. That of a request is the one whose ID is
// the Session of its principal. The error is an [*Error]: [ErrUnavailable].
func (s *Sessions) List(ctx context.Context, subject string) ([]Record, error) {
	if !validSubject(subject) {
		return nil, nil
	}
	now := time.Now()
	records, err := s.store.List(ctx, subject, now)
	if err != nil {
		return nil, fault(err)
	}
	var live []Record
	for _, rec := range records {
		if s.live(rec, now) {
			rec.Hash = Hash{}
			live = append(live, rec)
		}
	}
	return live, nil
}

// End ends a session, whoever's it is: it is for administrators. The next request with it is refused. The error is an [*Error]:
// [ErrUnknown], [ErrUnavailable].
func (s *Sessions) End(ctx context.Context, id string) error {
	return s.end(ctx, id, "", "administrator")
}

// EndOwn is [Sessions.End] for a user's request: the session of another subject is [ErrUnknown].
func (s *Sessions) EndOwn(ctx context.Context, subject, id string) error {
	if !validSubject(subject) { // to a store, an empty one means anybody
		return &Error{kind: ErrUnknown}
	}
	return s.end(ctx, id, subject, "user")
}

func (s *Sessions) end(ctx context.Context, id, subject, by string) error {
	if !validID(id) {
		return &Error{kind: ErrUnknown}
	}
	if err := s.store.EndID(ctx, id, subject); err != nil {
		return fault(err)
	}
	attrs := []slog.Attr{slog.String("session", id), slog.String("reason", "ended by "+by)}
	if subject != "" {
		attrs = append(attrs, slog.String("subject", subject))
	}
	s.log.Emit(ctx, slog.LevelInfo, event.SessionExpired, attrs...)
	return nil
}

// EndAll ends all sessions of a subject: to log out everywhere, when an account is closed (close it first, so that nobody
// logs in meanwhile), or after a change of password, where the browser that asked gets another by [Sessions.Login]. The error is an
// [*Error]: [ErrUnavailable].
func (s *Sessions) EndAll(ctx context.Context, subject string) error {
	if !validSubject(subject) {
		return nil
	}
	if err := s.store.EndSubject(ctx, subject); err != nil {
		return fault(err)
	}
	s.log.Emit(ctx, slog.LevelInfo, event.SessionExpired, slog.String("subject", subject), slog.String("reason", "all were ended"))
	return nil
}

func validSubject(s string) bool { return s != "" && plain(s, maxName) }
