package password

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Hasher hashes and verifies passwords. It is safe for concurrent use. Make one with [New] and share it: the budget is the
// Hasher's.
type Hasher struct {
	params   params
	peppers  peppers
	truncate bool   // InsecureTruncate72
	decoy    hash   // what an unknown user's password is compared with
	least    uint64 // the work of every Verify, in KiB × passes
	pace     pace
	budget   *budget
}

func newHasher(p params, concurrency int) *Hasher {
	return &Hasher{
		params: p,
		decoy:  argon2id{params: p, salt: make([]byte, saltLen), key: make([]byte, keyLen)},
		least:  p.work(),
		pace:   pace{known: map[string]uint64{}},
		budget: newBudget(concurrency),
	}
}

// Result is the outcome of [Hasher.Verify]. The zero value says no.
type Result struct {
	// OK says that the password is the one that was hashed.
	OK bool
	// Rehash says that the stored hash was made by another scheme, or with other parameters or another pepper than today's:
	// hash the password again and replace the stored one if it is still the same. It is only ever true with OK.
	Rehash bool
}

// Hash returns pw hashed with today's parameters and pepper and a new salt, as a PHC string of at most 120 ASCII bytes (give
// its column 255, for parameters to come). The password is taken exactly as it is, neither cut nor normalised.
//
// An empty password, one over [MaxPassword] bytes, with a NUL or not in UTF-8 gives [ErrPassword]. No room in the budget, or
// a ctx that ends before the turn comes, gives [ErrBusy]. The error is an [*Error]. Whether a password is a good one is for
// [Policy.Check] to say, before.
func (h *Hasher) Hash(ctx context.Context, pw string) (string, error) {
	if !acceptable(pw) {
		return "", &Error{cause: ErrPassword}
	}
	made := argon2id{params: h.params, pepper: h.peppers.today(), salt: make([]byte, saltLen)}
	_, _ = rand.Read(made.salt) // never returns an error (crypto/rand, since Go 1.24)
	slots := h.slots(h.params)
	if err := h.budget.acquire(ctx, slots); err != nil {
		return "", &Error{cause: err}
	}
	defer h.budget.release(slots)
	secret, _ := h.peppers.mix(pw, made.pepper)
	made.key = h.params.key(secret, made.salt, keyLen)
	return made.encode(), nil
}

// Verify says whether pw is the password that encoded was made from; the package documentation lists the forms it reads.
// Give it an empty encoded for a user that does not exist, or has no password: the answer is no, after the same work. So is
// that for an encoded which begins with an exclamation mark, Django's and Unix's sign of no password.
//
// A password that [Hasher.Hash] would refuse is a wrong one, not an error, and costs the same; so is one over 72 bytes for a
// hash of bcrypt, which could not tell it from others (see [Config.InsecureTruncate72]). So no error depends on what a client
// sent; it is an [*Error]:
//   - [ErrBusy] as for Hash. Nobody was refused: it could not be decided.
//   - [ErrEncoding] for an encoded that cannot be read, or whose parameters are out of bounds. It comes after the same work
//     as for an unknown user, and without the memory that was asked for. Only a user that exists can have such a hash: tell
//     the operator, and the client what a wrong password gets.
//   - [ErrPepper], which is also an ErrEncoding, for a hash with a pepper that is not configured.
func (h *Hasher) Verify(ctx context.Context, pw, encoded string) (Result, error) {
	stored, fault := h.read(encoded)
	secret, possible := "", false // the length of a password that cannot be right would show, and be hashed, for nothing
	if stored == nil {
		stored = h.decoy
	} else {
		secret, possible = h.secret(pw, stored)
	}
	matches, err := h.compare(ctx, secret, stored)
	switch {
	case err != nil:
		return Result{}, &Error{cause: err}
	case fault != nil:
		return Result{}, &Error{cause: fault}
	case !possible || !matches:
		return Result{}, nil
	}
	return Result{OK: true, Rehash: h.outdated(stored)}, nil
}

// read returns nil for nobody's hash, and for one that nothing can be compared with, which is a fault.
func (h *Hasher) read(encoded string) (hash, error) {
	if nobodys(encoded) {
		return nil, nil
	}
	stored, ok := parse(encoded)
	if !ok {
		return nil, ErrEncoding
	}
	if !h.peppers.has(pepperOf(stored)) {
		return nil, ErrPepper
	}
	return stored, nil
}

// secret returns what stored would be made from if pw was the password. It is false if pw cannot be.
func (h *Hasher) secret(pw string, stored hash) (string, bool) {
	if !acceptable(pw) {
		return "", false
	}
	if longest := longest(stored); len(pw) > longest {
		if !h.truncate {
			return "", false
		}
		pw = pw[:longest]
	}
	return h.peppers.mix(pw, pepperOf(stored))
}

// compare works within the budget, and spends what the stored hash is cheaper than every answer has to be.
func (h *Hasher) compare(ctx context.Context, secret string, stored hash) (bool, error) {
	slots := h.slots(stored.cost())
	if err := h.budget.acquire(ctx, slots); err != nil {
		return false, err
	}
	defer h.budget.release(slots)
	matches, err := stored.match(secret)
	h.spend(secret, stored)
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrEncoding, err)
	}
	return matches, nil
}

// spend does the work that stored lacks. Among hashes of Argon2id it does it in one go. Beside others it takes exactly today's
// memory, or none: an allocation of another size would leave holes behind that the next one of today's size does not fit in, so
// that the next unknown user pays for fresh memory.
func (h *Hasher) spend(secret string, stored hash) {
	gap := h.gap(stored)
	if gap == 0 {
		return
	}
	salt := make([]byte, saltLen)
	if stored.cost().time > 0 && h.decoy.cost().time > 0 {
		if rest, ok := h.params.forGap(gap); ok {
			rest.key(secret, salt, keyLen)
		}
		return
	}
	if passes := gap / uint64(h.params.memory); passes > 0 {
		params{memory: h.params.memory, time: uint32(passes), lanes: h.params.lanes}.key(secret, salt, keyLen)
	}
	if n := h.pace.iterations(gap%uint64(h.params.memory), h.params); n > 0 {
		_, _ = pbkdf2Hash{id: fillerID, iterations: n, salt: salt, key: make([]byte, keyLen)}.match(secret)
	}
}

// gap is the work that stored lacks.
func (h *Hasher) gap(stored hash) uint64 {
	work := h.pace.work(stored, h.params)
	return h.least - min(work, h.least)
}

// slots is the share of the budget that p takes: one for each Memory or Parallelism of today's parameters, rounded up.
func (h *Hasher) slots(p params) int {
	share := func(n, unit uint32) int { return int((n + unit - 1) / unit) }
	return max(share(p.memory, h.params.memory), share(uint32(p.lanes), uint32(h.params.lanes)))
}

func (h *Hasher) outdated(stored hash) bool {
	a, ours := stored.(argon2id)
	return !ours || a.outdated(h.params, h.peppers.today())
}

// pepperOf is the id of the pepper that is in stored, or empty.
func pepperOf(stored hash) string {
	if w, ok := stored.(wrapped); ok {
		stored = w.hash
	}
	if a, ok := stored.(argon2id); ok {
		return a.pepper
	}
	return ""
}

// longest is the longest password that stored tells from others.
func longest(stored hash) int {
	if w, ok := stored.(wrapped); ok {
		stored = w.hash
	}
	if b, ok := stored.(bcryptHash); ok && !b.hashed {
		return bcryptLongest
	}
	return MaxPassword
}

// acceptable looks at the length first, so that a huge password costs nothing.
func acceptable(pw string) bool {
	return pw != "" && len(pw) <= MaxPassword && utf8.ValidString(pw) && strings.IndexByte(pw, 0) < 0
}
