package validate

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"time"
)

// Config holds the limits of reading and how a refusal is answered. The zero Config is the recommended one.
type Config struct {
	// MaxBody is the longest body in bytes, at most 64 MiB; a body is read whole. Zero means 1 MiB.
	MaxBody int64
	// MaxDepth is how deep objects and arrays may be nested, at most 1,000. Zero means 32.
	MaxDepth int
	// MaxNames is how many members an object, and how many parameters a query, may have, at most 1,000,000. Zero means 1,000.
	MaxNames int
	// MaxItems is how many items an array may have, at most 1,000,000. Zero means 10,000.
	MaxItems int
	// ReadTimeout is how long an [Endpoint] waits for a body, at most one hour; it answers 408 then. It is used only if the
	// http.Server has no ReadTimeout of its own. Zero means 30 s, negative none.
	ReadTimeout time.Duration
	// AllowUnknownQuery makes [Bind] and [Endpoint] ignore query parameters that have no field.
	AllowUnknownQuery bool

	// Deny answers what is refused. Nil means application/problem+json with the violations in the member errors.
	Deny func(http.ResponseWriter, *http.Request, error)
	// Logger gets the event input_validation_fail and the server's own errors. Nil means slog.Default.
	Logger *slog.Logger
	// ClientAddr returns the client's address for the log. Nil means the address of the connection.
	ClientAddr func(*http.Request) netip.Addr

	_ struct{} // keyed literals only: fields may be added later
}

// complete returns c with the defaults filled in, or all that is wrong with it.
func (c Config) complete() (Config, error) {
	err := errors.Join(
		within("MaxBody", &c.MaxBody, 1<<20, 64<<20),
		within("MaxDepth", &c.MaxDepth, 32, 1000),
		within("MaxNames", &c.MaxNames, 1000, 1_000_000),
		within("MaxItems", &c.MaxItems, 10_000, 1_000_000),
	)
	if c.ReadTimeout > time.Hour {
		err = errors.Join(err, fmt.Errorf("validate: Config.ReadTimeout %v is more than 1h; negative means none", c.ReadTimeout))
	}
	if c.ReadTimeout == 0 {
		c.ReadTimeout = 30 * time.Second
	}
	return c, err
}

func within[N int | int64](name string, value *N, standard, most N) error {
	switch {
	case *value < 0:
		return fmt.Errorf("validate: Config.%s %d is negative; use 1 to %d, or 0 for %d", name, *value, most, standard)
	case *value > most:
		return fmt.Errorf("validate: Config.%s %d is more than %d; use 1 to %d, or 0 for %d", name, *value, most, most, standard)
	case *value == 0:
		*value = standard
	}
	return nil
}
