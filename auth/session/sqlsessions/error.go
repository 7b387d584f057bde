package sqlsessions

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"

	"github.com/sallyport-go/sallyport/auth/session"
)

// unavailable is [session.ErrUnavailable] with the driver's error to unwrap. The driver's text is left out, because drivers quote
// values and statements in it.
type unavailable struct {
	what  string
	cause error
}

func fault(what string, cause error) error { return &unavailable{what: what, cause: cause} }

func (e *unavailable) Error() string {
	return fmt.Sprintf("sqlsessions: %s: %s", e.what, reason(e.cause))
}

func (e *unavailable) Unwrap() []error { return []error{session.ErrUnavailable, e.cause} }

// reason says what can be said without the driver's own words.
func reason(err error) string {
	for _, known := range []error{context.DeadlineExceeded, context.Canceled, driver.ErrBadConn} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok { // an address and a system call
		return op.Error()
	}
	if state, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		return "SQLSTATE " + state.SQLState()
	}
	return fmt.Sprintf("the driver failed with %T", err)
}
