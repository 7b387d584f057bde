package authtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/auth/store"
)

// GraceContract tests an implementation of [store.GraceTokens], with nodes as for [StoreContract].
func GraceContract(t *testing.T, newStore func(t *testing.T) []store.GraceTokens) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*graceContract)
	}{
		{"the predecessor is answered with what was sealed", (*graceContract).repeated},
		{"without something sealed it is a rotation like any other", (*graceContract).none},
		{"only the direct predecessor", (*graceContract).direct},
		{"not when the successor was used", (*graceContract).used},
		{"not after its time", (*graceContract).late},
		{"not when the family has ended", (*graceContract).ended},
		{"not by a rotation without grace", (*graceContract).plain},
		{"records that cannot be kept", (*graceContract).invalid},
		{"every byte is kept", (*graceContract).bytes},
		{"of a hundred parallel uses one wins and all have one successor", (*graceContract).hundred},
		{"predecessor and successor at once", (*graceContract).race},
	} {
		t.Run(c.name, func(t *testing.T) {
			nodes := newStore(t)
			if len(nodes) == 0 {
				t.Fatal("newStore returned no node")
			}
			plain := make([]store.RefreshTokens, len(nodes))
			for i, n := range nodes {
				plain[i] = n
			}
			c.test(&graceContract{contract: &contract{T: t, nodes: plain, now: contractNow}, nodes: nodes})
		})
	}
}

type graceContract struct {
	*contract
	nodes []store.GraceTokens
}

func sealed(n int) []byte { return fmt.Appendf(nil, "sealed %d", n) }

// rotation replaces token old by token next, with 10 s of grace.
func (c *graceContract) rotation(old, next int) store.Rotation {
	return store.Rotation{Family: "f", Old: hash(old), Next: hash(next), Until: c.now.Add(time.Hour), Sealed: sealed(next), GraceUntil: c.now.Add(10 * time.Second)}
}

// rotate does so on either node in turn.
func (c *graceContract) rotate(old, next int, now time.Time) ([]byte, error) {
	return c.nodes[next%len(c.nodes)].RotateGrace(c.Context(), c.rotation(old, next), now)
}

// wins says that the rotation took place.
func (c *graceContract) wins(got []byte, err error) {
	c.Helper()
	if err != nil || got != nil {
		c.Fatalf("got %q, %v, want a rotation", got, err)
	}
}

// repeats says that the answer was what the rotation to token next has sealed, and that this changed nothing.
func (c *graceContract) repeats(next int) func([]byte, error) {
	return func(got []byte, err error) {
		c.Helper()
		if !errors.Is(err, store.ErrRepeated) || !bytes.Equal(got, sealed(next)) {
			c.Errorf("got %q, %v, want %q again", got, err, sealed(next))
		}
		c.alive("f", hash(next))
	}
}

// ends says that it was reuse.
func (c *graceContract) ends(got []byte, err error) {
	c.Helper()
	if !errors.Is(err, store.ErrReused) || got != nil {
		c.Errorf("got %q, %v, want reuse", got, err)
	}
	c.dead("f")
}

func (c *graceContract) repeated() {
	c.add("f", "alice")
	c.wins(c.rotate(0, 1, c.now))
	for i := range 4 {
		c.repeats(1)(c.rotate(0, 2+i, c.now.Add(time.Duration(i)*time.Second)))
	}
	c.wins(c.rotate(1, 2, c.now))
	c.repeats(2)(c.rotate(1, 3, c.now))
	c.wins(c.rotate(2, 3, c.now))
}

func (c *graceContract) none() {
	want := c.add("f", "alice")
	r := c.rotation(0, 1)
	r.Sealed, r.GraceUntil = nil, time.Time{}
	c.wins(c.nodes[0].RotateGrace(c.Context(), r, c.now))
	want.Hash, want.Until = hash(1), r.Until
	got, err := c.b().Lookup(c.Context(), "f", c.now)
	c.must(err)
	c.same(got, want)
	c.ends(c.rotate(0, 2, c.now))
	_, err = c.rotate(0, 2, c.now)
	c.is(err, store.ErrUnknown)
	r.Family = strings.Repeat("x", 100_000)
	_, err = c.nodes[0].RotateGrace(c.Context(), r, c.now)
	c.is(err, store.ErrUnknown)
}

func (c *graceContract) direct() {
	for _, old := range []int{0, 7} { // the one before the last, and one that never was
		c.add("f", "alice")
		c.wins(c.rotate(0, 1, c.now))
		c.wins(c.rotate(1, 2, c.now))
		c.ends(c.rotate(old, 3, c.now))
	}
}

func (c *graceContract) used() {
	c.add("f", "alice")
	c.wins(c.rotate(0, 1, c.now))
	c.must(c.b().Rotate(c.Context(), "f", hash(1), hash(2), c.now.Add(time.Hour), c.now))
	c.ends(c.rotate(0, 3, c.now))

	c.add("f", "alice")
	c.wins(c.rotate(0, 1, c.now))
	c.must(c.b().Rotate(c.Context(), "f", hash(1), hash(2), c.now.Add(time.Hour), c.now))
	c.ends(c.rotate(1, 3, c.now)) // that use sealed nothing
}

func (c *graceContract) late() {
	c.add("f", "alice")
	c.wins(c.rotate(0, 1, c.now))
	end := c.rotation(0, 1).GraceUntil
	c.repeats(1)(c.rotate(0, 2, end.Add(-time.Microsecond)))
	c.ends(c.rotate(0, 2, end))
}

func (c *graceContract) ended() {
	r := c.family("f", "alice")
	r.Expiry = c.now.Add(5 * time.Second)
	c.must(c.a().Create(c.Context(), r, c.now))
	c.wins(c.rotate(0, 1, c.now))
	got, err := c.rotate(0, 2, r.Expiry)
	if got != nil || !errors.Is(err, store.ErrReused) && !errors.Is(err, store.ErrExpired) {
		c.Errorf("got %q, %v", got, err)
	}
	c.must(c.b().RevokeSubject(c.Context(), "alice", c.now))
	_, err = c.rotate(0, 2, c.now)
	c.is(err, store.ErrUnknown)
	c.add("f", "alice") // the name again: nothing of the old family is left
	c.ends(c.rotate(7, 1, c.now))
}

func (c *graceContract) plain() {
	c.add("f", "alice")
	c.wins(c.rotate(0, 1, c.now))
	c.is(c.b().Rotate(c.Context(), "f", hash(0), hash(2), c.now.Add(time.Hour), c.now), store.ErrReused)
	c.dead("f")
}

func (c *graceContract) invalid() {
	c.add("f", "alice")
	for name, spoil := range map[string]func(*store.Rotation){
		"no next":      func(r *store.Rotation) { r.Next = store.Hash{} },
		"no until":     func(r *store.Rotation) { r.Until = time.Time{} },
		"long sealed":  func(r *store.Rotation) { r.Sealed = make([]byte, 1025) },
		"no grace end": func(r *store.Rotation) { r.GraceUntil = time.Time{} },
	} {
		r := c.rotation(0, 1)
		spoil(&r)
		if got, err := c.nodes[0].RotateGrace(c.Context(), r, c.now); err == nil || got != nil || errors.Is(err, store.ErrUnavailable) {
			c.Errorf("%s: got %q, %v, want an error about the rotation", name, got, err)
		}
	}
	c.alive("f", hash(0))
}

func (c *graceContract) bytes() {
	c.add("f", "alice")
	r := c.rotation(0, 1)
	r.Sealed = make([]byte, 1024)
	for i := range r.Sealed {
		r.Sealed[i] = byte(i)
	}
	want := bytes.Clone(r.Sealed)
	c.wins(c.nodes[0].RotateGrace(c.Context(), r, c.now))
	r.Sealed[0]++ // nothing that is lent is kept
	for range 2 {
		got, err := c.rotate(0, 2, c.now)
		c.is(err, store.ErrRepeated)
		if !bytes.Equal(got, want) {
			c.Errorf("got %x, want %x", got, want)
		}
		if len(got) > 0 {
			got[0]++ // and nothing that is returned is shared
		}
	}
}

func (c *graceContract) hundred() {
	const uses = 100
	c.add("f", "alice")
	answers, errs := make([][]byte, uses), make([]error, uses)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range uses {
		wg.Go(func() {
			<-start
			answers[i], errs[i] = c.nodes[i%len(c.nodes)].RotateGrace(c.Context(), c.rotation(0, i+1), c.now)
		})
	}
	close(start)
	wg.Wait()
	winner := 0
	for i, err := range errs {
		if err == nil {
			if winner != 0 {
				c.Errorf("%d and %d won", winner, i+1)
			}
			winner = i + 1
		}
	}
	if winner == 0 {
		c.Fatalf("nobody won: %v", errs[0])
	}
	for i, err := range errs {
		if i+1 != winner && (!errors.Is(err, store.ErrRepeated) || !bytes.Equal(answers[i], sealed(winner))) {
			c.Errorf("got %q, %v, want %q again", answers[i], err, sealed(winner))
		}
	}
	c.alive("f", hash(winner))
}

// race: the predecessor gets the successor while that is unused, or ends the family. There is nothing between.
func (c *graceContract) race() {
	for i := range 30 {
		c.add("f", "alice")
		c.wins(c.rotate(0, 1, c.now))
		var wg sync.WaitGroup
		var answer []byte
		var before, after error
		wg.Go(func() { answer, before = c.nodes[0].RotateGrace(c.Context(), c.rotation(0, 8), c.now) })
		wg.Go(func() { _, after = c.nodes[len(c.nodes)-1].RotateGrace(c.Context(), c.rotation(1, 2), c.now) })
		wg.Wait()
		switch {
		case errors.Is(before, store.ErrRepeated) && bytes.Equal(answer, sealed(1)) && after == nil:
			c.alive("f", hash(2))
		case errors.Is(before, store.ErrReused) && after == nil:
			c.dead("f")
		default:
			c.Fatalf("round %d: got %q, %v and %v", i, answer, before, after)
		}
		c.must(c.a().RevokeFamily(context.WithoutCancel(c.Context()), "f", c.now))
	}
}
