// Package throttle limits attempts to log in, before a password is hashed.
//
// Build one [Throttle] at start-up. Ask it first, and tell it what came of the attempt:
//
//	limiter, err := throttle.New(throttle.Config{})
//	…
//	attempt, err := limiter.Begin(r, name)
//	if err != nil {
//		limiter.Refuse(w, r, err) // 429 with Retry-After
//		return
//	}
//	res, err := hasher.Verify(r.Context(), pw, stored)
//	switch {
//	case err != nil:
//		attempt.Undecided(r.Context()) // no password was compared
//	case res.OK:
//		attempt.Succeeded(r.Context())
//	} // a wrong password stays a failure; take care where it is told by an error
//
// An attempt counts as a failure from the moment it begins until it is told otherwise, so that a hundred guesses in parallel
// pass no more often than a hundred in a row, and that no forgotten branch lets guesses through uncounted.
//
// # Security model
//
// Failures count for the name together with the client's network (the address, or the /64 of an IPv6 address), for the name,
// and for the network; for IPv6 also for the /48 that the network is in. Each count has a number of failures that are free,
// after which attempts must be apart: 1 s, 2 s, 4 s and so on, up to the longest pause of its [Limit]. Failures are forgotten
// one by one, one for each longest pause that passes. A pause of up to [Config.Hold] is waited out inside Begin; a longer one
// is refused with 429 (RFC 6585, section 4), which counts as nothing and prolongs nothing.
//
// A stranger who guesses at a name slows other strangers to that name, but locks nobody out: a login that succeeded makes its
// name and network familiar to each other, and a familiar pair has a count of its own that nothing else adds to or is added
// to. So a success clears its pair, and that pair only. Who comes from a new network while the name is under attack competes
// with the attacker for the attempts that are let through; [Throttle.Trust] lets them past after a proof of another kind, such as a
// link sent by e-mail.
//
// With the default limits a name can be guessed at 58 times in 24 hours by all strangers of the world together, and 66 times
// from a network that is familiar with it; [New] refuses limits that allow more than 100. A hundred failures in a row take strangers
// more than two days. NIST SP 800-63B-4, section 3.2.2, allows no more than 100 consecutive failures, however long
// they take, and wants the password disabled then. That lets a stranger lock a user out, and the count has to last as long
// as the account, so it is left to the caller: count in the user's record, reset it on success.
//
// An answer depends on the name, the address and what came before, and never on whether there is such an account, with one
// exception: who shares a network with a user can find out that the user has logged in from it, because the pair is familiar. Who
// shares a network with a user also shares its allowance.
//
// Names that differ in case, compatibility forms, accents, spaces or invisible characters count together; see [Throttle.Begin].
// Only the very spelling that has logged in becomes familiar, so that the owner of "josé" gains nothing for guesses at "jose".
//
// Memory is bounded, whatever is asked for; see [Config.Names]. What is displaced is never forgotten in favour of an attacker: a newcomer to a
// full part of the table starts with the highest count that was displaced from it. Which names share a part depends on a key
// that is drawn at random when the process starts. The clock of the process may be set in any direction: counts in memory do
// not follow it.
//
// Left to the caller: the client's address behind a proxy (without [Config.ClientAddr] all clients of the proxy are one
// network), and names that the table of users takes for the same beyond what was said above.
package throttle

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/internal/event"
	"github.com/sallyport-go/sallyport/internal/problem"
)

const (
	defaultNames = 1 << 18
	minNames     = 1 << 10
	maxNames     = 1 << 24

	defaultHold = 2 * time.Second
	maxHold     = 10 * time.Second

	defaultFamiliar = 30 * 24 * time.Hour
	minFamiliar     = time.Hour
	maxFamiliar     = 366 * 24 * time.Hour
)

// Config configures a [Throttle]. The zero value is the recommended one for a single process without a proxy before it.
type Config struct {
	// Pair limits failures of a name from a network. Zero means 5 free, then 1 s to 30 min. It allows 100 failures in 24 hours at
	// most. A familiar pair has the same limit, and a count of its own.
	Pair Limit
	// Account limits failures of a name from all networks that are not familiar with it. Zero means 20 free, then 1 s to 1 h. It
	// allows 100 failures in 24 hours at most.
	Account Limit
	// Network limits failures from a network, whatever the names, if they are not familiar with it: one password tried on many
	// names. Zero means 100 free, then 1 s to 1 min. It allows 100,000 failures in 24 hours at most. The /48 of an IPv6 address
	// may have eight times as many free, and an eighth of the longest pause.
	Network Limit

	// Hold is the longest pause that Begin waits out, at most 10 s. Zero means 2 s, negative none. Up to 1,024 callers are held
	// at once; beyond that, every pause is refused.
	Hold time.Duration
	// Familiar is how long a network is familiar with a name after a login, from 1 h to 366 days. Zero means 30 days.
	Familiar time.Duration

	// Names is how many names have counts of their own in memory, from 1,024 to 16,777,216, rounded up to a power of two. Zero
	// means 262,144. A name takes up to 146 bytes (so all of them 38 MB), which the operating system gives as they come into use. Names
	// beyond that share counts: nobody is forgotten, and some are slowed too early.
	Names int
	// Counters is where to count when several processes serve: they share what they count. Nil means the memory of this process.
	Counters Counters

	// ClientAddr returns the address of the client. Nil means that of the connection, which behind a proxy is the proxy's: set
	// this there. Requests for which it returns the zero Addr are one network.
	ClientAddr func(*http.Request) netip.Addr
	// Deny answers a request that is refused. Nil means application/problem+json (RFC 9457).
	Deny func(http.ResponseWriter, *http.Request, error)
	// Logger gets the security events. Nil means slog.Default.
	Logger *slog.Logger

	_ struct{} // keyed literals only: fields may be added later
}

// Throttle limits attempts to log in. It is safe for concurrent use. Make one with [New] and share it: the counts are the
// Throttle's.
type Throttle struct {
	limits     [kinds]Limit
	hold       time.Duration
	familiar   time.Duration
	counters   Counters
	clientAddr func(*http.Request) netip.Addr
	deny       func(http.ResponseWriter, *http.Request, error)
	log        *event.Log

	begins atomic.Int64 // callers inside Begin
}

// New returns a Throttle, or all faults of c in one error.
func New(c Config) (*Throttle, error) {
	var idle error
	if c.Counters != nil && c.Names != 0 {
		idle = errors.New("throttle: Config.Names is for counts in memory, and Config.Counters is given: leave one of them zero")
	}
	c = c.withDefaults()
	if err := errors.Join(append(c.faults(), idle)...); err != nil {
		return nil, err
	}
	t := &Throttle{
		hold: max(c.Hold, 0), familiar: c.Familiar, counters: c.Counters,
		clientAddr: c.ClientAddr, deny: c.Deny, log: event.New(c.Logger, c.ClientAddr),
	}
	t.limits = [kinds]Limit{familiarPair: c.Pair, pair: c.Pair, account: c.Account, network: c.Network, site: c.Network.ofSite()}
	if t.counters == nil {
		t.counters = newMemory(c.Names)
	}
	return t, nil
}

// Refuse answers r with err, which is what [Throttle.Begin] returned, by way of [Config.Deny].
func (t *Throttle) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	problem.Refuse(w, r, err, t.deny)
}

func (c Config) withDefaults() Config {
	c.Pair = c.Pair.or(Limit{Free: 5, First: time.Second, Most: 30 * time.Minute})
	c.Account = c.Account.or(Limit{Free: 20, First: time.Second, Most: time.Hour})
	c.Network = c.Network.or(Limit{Free: 100, First: time.Second, Most: time.Minute})
	if c.Hold == 0 {
		c.Hold = defaultHold
	}
	if c.Familiar == 0 {
		c.Familiar = defaultFamiliar
	}
	if c.Names == 0 {
		c.Names = defaultNames
	}
	if c.ClientAddr == nil {
		c.ClientAddr = event.RemoteAddr
	}
	return c
}

func (c Config) faults() []error {
	faults := append(c.Pair.faults("Pair", 100), c.Account.faults("Account", 100)...)
	faults = append(faults, c.Network.faults("Network", 100_000)...)
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("throttle: Config."+format, args...))
	}
	if c.Hold > maxHold {
		fault("Hold %v is more than %v: lower it, or leave it zero for %v", c.Hold, maxHold, defaultHold)
	}
	if c.Familiar < minFamiliar || c.Familiar > maxFamiliar {
		fault("Familiar %v is not from %v to %v: bring it into that range, or leave it zero for %v", c.Familiar, minFamiliar, maxFamiliar, defaultFamiliar)
	}
	if c.Names < minNames || c.Names > maxNames {
		fault("Names %d is not from %d to %d: bring it into that range, or leave it zero for %d", c.Names, minNames, maxNames, defaultNames)
	}
	return faults
}
