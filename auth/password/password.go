// Package password hashes passwords for storage and verifies them, with Argon2id (RFC 9106) inside a budget, and says which
// passwords are too easy to guess.
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
// A [Policy] says whether a password is good enough to be hashed, when a user chooses it.
//
// Verify reads what others wrote, so that users move in with the passwords they have, and answers Rehash for all of it:
//
//	$argon2id$v=19$m=19456,t=2,p=1$…   PHC strings: of the reference implementation, PHP, argon2-cffi, passlib, pwdlib
//	$2a$ $2b$ $2y$                     bcrypt, cost 4 to 15
//	$scrypt$ln=17,r=8,p=1$…            PHC strings and passlib
//	$pbkdf2-sha256$i=600000$…          PHC strings; also $pbkdf2-sha512$ and, for SHA-1, $pbkdf2$
//	$pbkdf2-sha256$29000$…             passlib, the same three
//	pbkdf2_sha256$ pbkdf2_sha1$        Django
//	scrypt$ argon2$argon2id$           Django
//	bcrypt$$2b$ bcrypt_sha256$$2b$     Django
//
// # Security model
//
// The default parameters are those of the OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane. Weaker ones
// are refused by [New]. Each hash has 128 random bits of salt and a key of 256 bits, compared in constant time.
//
// With [Config.Peppers] a copy of the database is not enough to guess: the password goes through HMAC-SHA-384 with a key that
// is kept elsewhere. The hash names the pepper. To change it, put the new one first and keep the old one: each user's hash
// follows at the next login, by Rehash, as do hashes without a pepper. A pepper that is lost takes all its passwords with it.
//
// Memory is bounded, whatever is asked for and whatever is stored: see [Config]. A stored hash is read within these bounds:
// 256 MiB, and for Argon2id 32 passes, 16 lanes and 1,048,576 KiB × passes; for scrypt r and p up to 32 and N × r × p up to
// 2,097,152; for PBKDF2 5,000,000 iterations; salts of 8 to 64 bytes and keys of 16 to 64. Callers wait in order, at most 64
// for each hash that may run; beyond that, and when the context ends first, the answer is [ErrBusy]. A hash that has begun
// runs to its end.
//
// [Hasher.Verify] does the same work for an unknown user, a wrong password, a password that nobody can have, an unreadable
// stored hash and a stored hash that is cheaper than today's parameters. Between hashes of Argon2id the work is computed. What
// another scheme costs is measured when its parameters are first met, and the rest is spent in Argon2id and PBKDF2. What
// remains to be seen by who takes enough samples:
//   - A stored hash that costs more than today's parameters, or is spread over other lanes: its user is known by the time of
//     the answer until the hash is made anew. bcrypt from cost 9 or so and PBKDF2 from about 150,000 iterations are dearer than
//     the default. So while many users have such hashes, put one of the dearest into [Config.Decoy]: then unknown users cost
//     as much, and all cheaper hashes too.
//   - The error of the measurement, which is larger the busier the machine is while it is made, and that other work on the
//     machine slows one scheme more than another: equal work is not equal time. BenchmarkTiming of this package shows how
//     far they are apart. The first user of a class of hashes waits for the measurement, which takes about a second.
//   - That the password was right, if the caller then hashes it again: whoever sees that knows the password.
//
// So take the time of an answer for a hint that remains while hashes of other schemes do, and let auth/throttle bound how
// often a stranger may look.
//
// Left to the caller: limiting attempts (without a limit, whoever fills the queue keeps everyone out), and a comparison with
// nothing but Verify.
package password

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
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

	// Peppers are secret keys that passwords are mixed with, at most 16. The first is for new hashes; all are for verifying.
	// None means no pepper.
	Peppers []Pepper
	// Decoy is a stored hash, in a form that Verify reads, of the dearest parameters that many users still have. An unknown user
	// is compared with it, and Verify spends at least its work for everybody. Make one of a random password: only its scheme and
	// parameters matter, and nobody ever matches it. [New] measures it, for as long as a few logins take. Empty means today's
	// parameters.
	Decoy string
	// InsecureTruncate72 lets a password of more than 72 bytes match a hash of bcrypt that has its first 72, as the program that
	// wrote it may have done: then all passwords that begin alike are right, until the hash is made anew.
	InsecureTruncate72 bool

	_ struct{} // keyed literals only: fields may be added later
}

// New returns a Hasher, or all faults of c in one error.
func New(c Config) (*Hasher, error) {
	c = c.withDefaults()
	if err := errors.Join(c.faults()...); err != nil {
		return nil, err
	}
	h := newHasher(c.params(), c.Concurrency)
	h.peppers, h.truncate = slices.Clone(c.Peppers), c.InsecureTruncate72
	if decoy, ok := parse(c.Decoy); ok {
		h.decoy = decoy
		h.least = max(h.least, h.pace.work(decoy, h.params))
	}
	return h, nil
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
	if _, ok := parse(c.Decoy); !ok && c.Decoy != "" {
		fault("Decoy is not a stored hash that Verify reads: take one from the user table, or leave it empty")
	}
	return append(faults, peppers(c.Peppers).faults()...)
}
