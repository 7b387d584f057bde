package totp

import (
	"context"
	"crypto/subtle"
	"errors"
	"log/slog"
	"time"

	"github.com/sallyport-go/sallyport/internal/event"
)

// Verify says by a nil error that code is one of the secret's at this moment and has not been used, and uses it up. The subject is
// the user's stable id, 1 to 255 bytes of UTF-8 without control characters. Spaces in the code are passed over.
//
// The error is an [*Error]: [ErrCode], [ErrUsed], [ErrUnavailable]. A user without a second factor has the zero Secret, for which
// every code is wrong: whether one is asked for is decided before.
func (c *Codes) Verify(ctx context.Context, subject string, s Secret, code string) error {
	err := c.verify(ctx, subject, s, code)
	if err == nil {
		return nil
	}
	c.record(ctx, subject, err)
	return err
}

func (c *Codes) verify(ctx context.Context, subject string, s Secret, code string) *Error {
	if !validSubject(subject) {
		return refusal(errMisuse, "the subject is not 1 to 255 bytes of UTF-8 without control characters")
	}
	if s.key == nil {
		return refusal(ErrCode, "the user has no secret")
	}
	digits, ok := parseCode(code, s.digits)
	if !ok {
		return refusal(ErrCode, "not of the form of a code")
	}
	now := time.Now()
	step, ok := s.find(digits, stepAt(now), c.drift)
	if !ok {
		return refusal(ErrCode, "")
	}
	fresh, err := c.steps.Use(ctx, subject, step, now)
	switch {
	case err != nil:
		return &Error{kind: ErrUnavailable, cause: err}
	case !fresh:
		return refusal(ErrUsed, "")
	}
	return nil
}

// find returns the step whose code it is, in a time that does not depend on which. Of two steps with the same code it is the
// later one, because using that up refuses the earlier one too.
func (s Secret) find(code string, current, drift int64) (found int64, ok bool) {
	match := 0
	for step := current - drift; step <= current+drift; step++ {
		if step < 0 {
			continue
		}
		same := subtle.ConstantTimeCompare([]byte(s.code(step)), []byte(code))
		found = int64(subtle.ConstantTimeSelect(same, int(step-current), int(found)))
		match |= same
	}
	return current + found, match == 1
}

// record raises the event of a refusal.
func (c *Codes) record(ctx context.Context, subject string, err *Error) {
	name, level := event.AuthnLoginFail, slog.LevelWarn
	attrs := []slog.Attr{slog.String("kind", "one-time code"), slog.String("reason", err.kind.Error())}
	switch {
	case errors.Is(err, ErrUsed):
		name = event.AuthnTokenReuse
	case !errors.Is(err, ErrCode):
		name, level = event.AvailabilityFail, slog.LevelError
	}
	if err.detail != "" {
		attrs = append(attrs, slog.String("detail", err.detail))
	}
	if err.cause != nil {
		attrs = append(attrs, slog.String("cause", err.cause.Error()))
	}
	if validSubject(subject) {
		attrs = append(attrs, slog.String("subject", subject))
	}
	c.log.Emit(ctx, level, name, attrs...)
}
