package redisstore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/auth/store"
)

// unavailable is [store.ErrUnavailable] with the client's error to unwrap. The server's text is left out, but for its first word,
// because it may quote what it was sent.
type unavailable struct {
	what  string
	cause error
}

func fault(what string, cause error) error { return &unavailable{what: what, cause: cause} }

func (e *unavailable) Error() string {
	return fmt.Sprintf("redisstore: %s: %s", e.what, reason(e.cause))
}

func (e *unavailable) Unwrap() []error { return []error{store.ErrUnavailable, e.cause} }

// reason says what can be said without the server's own words.
func reason(err error) string {
	for _, known := range []error{context.DeadlineExceeded, context.Canceled, redis.ErrClosed, redis.ErrPoolTimeout, redis.ErrPoolExhausted} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok { // an address and a system call
		return op.Error()
	}
	if answer, ok := errors.AsType[redis.Error](err); ok {
		code, _, _ := strings.Cut(answer.Error(), " ")
		if code != "" && len(code) <= 20 && strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" { // OOM, READONLY, NOAUTH, LOADING
			return "the server answered " + code
		}
	}
	return fmt.Sprintf("the client failed with %T", err)
}
