package totp

import (
	"context"
	"time"
)

// Steps remembers the last time step of each subject of which a code was used.
type Steps interface {
	// Use sets the subject's last step to step, if it is less, and says whether it did. That is one atomic step on all nodes, and
	// durable, as far as the store is, before the method returns. A subject that has none yet has a lesser one.
	//
	// now is the instant of the login, for stores that forget. A step may be forgotten when its codes are out of date on every node:
	// 5 minutes after it has begun, and later if the nodes' clocks differ by more than a minute.
	//
	// An error means that it is not known whether it did; the login is answered with 503. The text goes to the log.
	Use(ctx context.Context, subject string, step int64, now time.Time) (bool, error)
}

// StepsFunc is a function that is a [Steps]. With a column in the application's table of users, BIGINT NOT NULL DEFAULT 0, one
// statement does it, on every database and isolation level, and nothing is ever forgotten:
//
//	UPDATE users SET totp_step = ? WHERE id = ? AND totp_step < ?
//
//	steps := totp.StepsFunc(func(ctx context.Context, subject string, step int64, _ time.Time) (bool, error) {
//		res, err := db.ExecContext(ctx, useStep, step, subject, step)
//		if err != nil {
//			return false, err
//		}
//		n, err := res.RowsAffected()
//		return n == 1, err
//	})
//
// Leave the column as it is when the user enrols anew.
type StepsFunc func(ctx context.Context, subject string, step int64, now time.Time) (bool, error)

// Use implements [Steps].
func (f StepsFunc) Use(ctx context.Context, subject string, step int64, now time.Time) (bool, error) {
	return f(ctx, subject, step, now)
}
