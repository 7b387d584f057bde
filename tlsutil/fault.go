package tlsutil

import (
	"errors"
	"fmt"
	"time"
)

// faults gathers everything that is wrong with a Config, so that it can be mended in one go.
type faults []error

func (f *faults) add(format string, args ...any) {
	*f = append(*f, fmt.Errorf("tlsutil: "+format, args...))
}

func (f *faults) err() error { return errors.Join(*f...) }

// shortest is the least duration that a field takes: what is shorter is nearly always a number without its unit.
const shortest = 10 * time.Millisecond

// bounded returns the duration that a field means: zero is standard, anything else is from shortest to most.
func (f *faults) bounded(field string, d, standard, most time.Duration) time.Duration {
	switch {
	case d == 0:
		return standard
	case d < 0:
		f.add("%s %v is negative, and a server without this limit is held by idle clients: take %v to %v, or 0 for %v", field, d, shortest, most, standard)
	case d < shortest:
		f.add("%s %v is less than %v: write a duration with its unit, such as 5*time.Second", field, d, shortest)
	case d > most:
		f.add("%s %v is more than %v: take %v to %v, or 0 for %v", field, d, most, shortest, most, standard)
	}
	return d
}

// optional is bounded for a field that may also be switched off by a negative duration, which it returns as zero.
func (f *faults) optional(field string, d, standard, most time.Duration) time.Duration {
	if d < 0 {
		return 0
	}
	return f.bounded(field, d, standard, most)
}
