package password

import (
	"context"
	"crypto/rand"
	"strings"
	"unicode/utf8"
)

// Hasher hashes and verifies passwords. It is safe for concurrent use. Make one with [New] and share it: the budget is the
// Hasher's.
type Hasher struct {
	params params
	decoy  argon2id // what an unknown user's password is compared with
	budget *budget
}

func newHasher(p params, concurrency int) *Hasher {
	return &Hasher{
		params: p,
		decoy:  argon2id{params: p, salt: make([]byte, saltLen), key: make([]byte, keyLen)},
		budget: newBudget(concurrency),
	}
}

// Result is the outcome of [Hasher.Verify]. The zero value says no.
type Result struct {
	// OK says that the password is the one that was hashed.
	OK bool
	// Rehash says that the stored hash was made with other parameters than today's: hash the password again and replace the
	// stored one if it is still the same. It is only ever true with OK.
	Rehash bool
}

// Hash returns pw hashed with today's parameters and a new salt, as a PHC string of at most 100 ASCII bytes (give its column
// 255, for parameters to come). The password is taken exactly as it is, neither cut nor normalised.
//
// An empty password, one over [MaxPassword] bytes, with a NUL or not in UTF-8 gives [ErrPassword]. No room in the budget, or
// a ctx that ends before the turn comes, gives [ErrBusy]. The error is an [*Error].
func (h *Hasher) Hash(ctx context.Context, pw string) (string, error) {
	if !acceptable(pw) {
		return "", &Error{cause: ErrPassword}
	}
	salt := make([]byte, saltLen)
	_, _ = rand.Read(salt) // never returns an error (crypto/rand, since Go 1.24)
	slots := h.slots(h.params)
	if err := h.budget.acquire(ctx, slots); err != nil {
		return "", &Error{cause: err}
	}
	defer h.budget.release(slots)
	return argon2id{params: h.params, salt: salt, key: h.params.key(pw, salt, keyLen)}.encode(), nil
}

// Verify says whether pw is the password that encoded was made from. Give it an empty encoded for a user that does not
// exist, or has no password: the answer is no, after the same work.
//
// A password that [Hasher.Hash] would refuse is a wrong one, not an error, and costs the same. So no error depends on what
// a client sent; it is an [*Error]:
//   - [ErrBusy] as for Hash. Nobody was refused: it could not be decided.
//   - [ErrEncoding] for an encoded that cannot be read, or asks for more than 256 MiB, 32 passes, 16 lanes or 1,048,576 KiB ×
//     passes. It comes after the same work as for an unknown user, and without the memory that was asked for. Only a user
//     that exists can have such a hash: tell the operator, and the client what a wrong password gets.
func (h *Hasher) Verify(ctx context.Context, pw, encoded string) (Result, error) {
	stored, readable := parse(encoded)
	if !readable {
		stored = h.decoy
	}
	possible := readable && acceptable(pw)
	if !possible {
		pw = "" // its length would show, and be hashed, for nothing
	}
	matches, err := h.compare(ctx, pw, stored)
	switch {
	case err != nil:
		return Result{}, &Error{cause: err}
	case !readable && encoded != "":
		return Result{}, &Error{cause: ErrEncoding}
	case !possible || !matches:
		return Result{}, nil
	}
	return Result{OK: true, Rehash: stored.outdated(h.params)}, nil
}

// compare works within the budget, and spends what the stored hash is cheaper than today's parameters.
func (h *Hasher) compare(ctx context.Context, pw string, stored hash) (bool, error) {
	slots := h.slots(stored.cost())
	if err := h.budget.acquire(ctx, slots); err != nil {
		return false, err
	}
	defer h.budget.release(slots)
	matches := stored.match(pw)
	if rest, ok := stored.cost().missing(h.params); ok {
		rest.key(pw, h.decoy.salt, keyLen)
	}
	return matches, nil
}

// slots is the share of the budget that p takes: one for each Memory or Parallelism of today's parameters, rounded up.
func (h *Hasher) slots(p params) int {
	share := func(n, unit uint32) int { return int((n + unit - 1) / unit) }
	return max(share(p.memory, h.params.memory), share(uint32(p.lanes), uint32(h.params.lanes)))
}

// acceptable looks at the length first, so that a huge password costs nothing.
func acceptable(pw string) bool {
	return pw != "" && len(pw) <= MaxPassword && utf8.ValidString(pw) && strings.IndexByte(pw, 0) < 0
}
