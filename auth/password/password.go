// Package password hashes passwords for storage and verifies them, with Argon2id (RFC 9106) inside a budget.
//
// Build one [Hasher] at start-up. Hash at registration, verify at login:
//
//	hasher, err := password.New(password.Config{})
//	…
//	encoded, err := hasher.Hash(ctx, pw)           // store encoded with the user
//	…
//	res, err := hasher.Verify(ctx, pw, encoded)    // encoded is "" for a user that does not exist
//	if err != nil {
//		return err                             // nothing was decided about the password; see Verify
//	}
//	if !res.OK {
//		return errWrongNameOrPassword
//	}
//
// # Security model
//
// The default parameters are those of the OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane. Weaker ones
// are refused by [New]. Each hash has 128 random bits of salt and a key of 256 bits, compared in constant time.
//
// Memory is bounded, whatever is asked for and whatever is stored: see [Config]. Callers wait in order, at most 64 for each
// hash that may run; beyond that, and when the context ends first, the answer is [ErrBusy]. A hash that has begun runs to
// its end.
//
// [Hasher.Verify] does the same work for an unknown user, a wrong password, a password that nobody can have, an unreadable
// stored hash and a stored hash that is cheaper than today's parameters. What it cannot hide is a stored hash that costs
// more than today's parameters, or is spread over other lanes: its user is known by the time of the answer until the hash is
// made anew. So configure at least the cost of what is stored.
//
// Left to the caller: limiting attempts (without a limit, whoever fills the queue keeps everyone out), what makes a good
// password, and a comparison with nothing but Verify.
package password

import (
	"errors"
	"fmt"
	"runtime"
)

// Defaults, and the bounds of everything that is accepted, configured or stored.
const (
	DefaultMemory      = 19 * 1024 // KiB
	DefaultTime        = 2         // passes
	DefaultParallelism = 1         // lanes

	// MaxPassword is the longest password, in bytes of UTF-8.
	MaxPassword = 1024

	maxMemory      = 256 * 1024  // KiB
	maxTime        = 32          // passes
	maxParallelism = 16          // lanes
	maxWork        = 1024 * 1024 // KiB × passes: about half a second of one core
	maxConcurrency = 1024        // hashes at once
)

// Config configures a [Hasher]. The zero value is the recommended one.
//
// The product of Memory and Time is at most 1,048,576 (half a second or so), and the pair at least as strong as one row of
// OWASP's table: 47104 KiB with 1 pass, 19456 with 2, 12288 with 3, 9216 with 4 or 7168 with 5.
type Config struct {
	// Memory is what one hash uses, in KiB, at most 262144 (256 MiB). Zero means 19456 (19 MiB).
	Memory uint32
	// Time is the number of passes over the memory, at most 32. Zero means 2.
	Time uint32
	// Parallelism is the number of lanes, at most 16. Zero means 1, which serves the most logins in a second.
	Parallelism uint8
	// Concurrency is how many hashes of these parameters run at once, at most 1024. Zero means GOMAXPROCS. So at most
	// Concurrency × Memory is in use, and about as much again waits for the garbage collector (see GOGC). A stored hash
	// that needs more counts as several; one that needs more than all of it (at most 256 MiB) runs alone.
	Concurrency int

	_ struct{} // keyed literals only: fields may be added later
}

// New returns a Hasher, or all faults of c in one error.
func New(c Config) (*Hasher, error) {
	c = c.withDefaults()
	if err := errors.Join(c.faults()...); err != nil {
		return nil, err
	}
	return newHasher(c.params(), c.Concurrency), nil
}

func (c Config) params() params { return params{memory: c.Memory, time: c.Time, lanes: c.Parallelism} }

func (c Config) withDefaults() Config {
	if c.Memory == 0 {
		c.Memory = DefaultMemory
	}
	if c.Time == 0 {
		c.Time = DefaultTime
	}
	if c.Parallelism == 0 {
		c.Parallelism = DefaultParallelism
	}
	if c.Concurrency == 0 {
		c.Concurrency = min(runtime.GOMAXPROCS(0), maxConcurrency)
	}
	return c
}

func (c Config) faults() []error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("password: Config."+format, args...))
	}
	p := c.params()
	if p.memory > maxMemory {
		fault("Memory %d KiB is more than %d: lower it, or leave it zero for %d", p.memory, maxMemory, DefaultMemory)
	}
	if p.time > maxTime {
		fault("Time %d is more than %d passes: lower it and raise Memory, or leave it zero for %d", p.time, maxTime, DefaultTime)
	}
	if p.lanes > maxParallelism {
		fault("Parallelism %d is more than %d lanes: lower it, or leave it zero for %d", p.lanes, maxParallelism, DefaultParallelism)
	}
	if p.memory <= maxMemory && p.time <= maxTime && p.work() > maxWork {
		fault("Memory %d KiB with Time %d is more than %d in product: lower one of them", p.memory, p.time, maxWork)
	}
	if !p.strong() {
		fault("Memory %d KiB with Time %d is weaker than OWASP's minimum: raise it to %d KiB, or leave both zero",
			p.memory, p.time, leastMemory(p.time))
	}
	if c.Concurrency < 0 || c.Concurrency > maxConcurrency {
		fault("Concurrency %d is not from 1 to %d, nor 0 for GOMAXPROCS: bring it into that range", c.Concurrency, maxConcurrency)
	}
	return faults
}
