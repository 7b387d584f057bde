package apikeytest

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/auth/apikey"
)

func (c *contract) unknown() {
	want := c.add(0, "alice")
	for _, name := range []string{"", id(1), strings.ToLower(id(0)), id(0) + " ", id(0)[:15] + "\x00", id(0)[:15], "%", "_", "' OR 1=1 --",
		strings.Repeat("x", 100_000), "\xff"} {
		got, err := c.a().Lookup(c.Context(), name)
		c.is(err, apikey.ErrUnknown)
		c.same(got, apikey.Record{})
		c.must(c.a().Touch(c.Context(), name, c.now))
		c.is(c.a().Revoke(c.Context(), name, "", c.now), apikey.ErrUnknown)
		c.is(c.a().Revoke(c.Context(), name, "alice", c.now), apikey.ErrUnknown)
		c.must(c.a().RevokeSubject(c.Context(), name, c.now))
		if list, err := c.a().List(c.Context(), name); err != nil || len(list) != 0 {
			c.Errorf("got %d keys and %v, want none", len(list), err)
		}
	}
	c.kept(want)
}

func (c *contract) lookupEnded() {
	for n, end := range []time.Time{c.now.Add(-time.Hour), c.now, c.now.Add(time.Microsecond)} {
		r := c.key(n, "alice")
		r.Created, r.Expiry = c.now.Add(-2*time.Hour), end
		c.must(c.a().Create(c.Context(), r, most, c.now))
		c.kept(r)
	}
}

func (c *contract) touch() {
	want := c.add(0, "alice")
	other := c.add(1, "alice")
	for _, step := range []time.Duration{0, 2, 1, 2, 60_000_000} {
		at := c.now.Add(step * time.Microsecond)
		c.must(c.b().Touch(c.Context(), id(0), at))
		if at.After(want.LastUsed) {
			want.LastUsed = at
		}
		c.kept(want)
	}
	c.must(c.a().Revoke(c.Context(), id(0), "", c.now))
	want.Revoked = c.now
	c.kept(want)
	c.kept(other)
}

func (c *contract) revoke() {
	want, other := c.add(0, "alice"), c.add(1, "alice")
	c.must(c.b().Revoke(c.Context(), id(0), "", c.now))
	want.Revoked = c.now
	c.kept(want)
	c.kept(other)
	for _, subject := range []string{"", "alice"} { // again, later: the first instant stays
		c.must(c.a().Revoke(c.Context(), id(0), subject, c.now.Add(time.Minute)))
	}
	c.kept(want)
	c.must(c.a().Revoke(c.Context(), id(1), "alice", c.now.Add(2*time.Hour))) // after it ended by itself
	other.Revoked = c.now.Add(2 * time.Hour)
	c.kept(other)
}

func (c *contract) revokeOther() {
	want := c.add(0, "alice")
	for _, subject := range []string{"mallory", "Alice", "alice ", "ALICE", "%", "alice\x00", strings.Repeat("x", 100_000)} {
		c.is(c.b().Revoke(c.Context(), id(0), subject, c.now), apikey.ErrUnknown)
	}
	c.kept(want)
	c.must(c.b().Revoke(c.Context(), id(0), "alice", c.now))
	want.Revoked = c.now
	c.is(c.a().Revoke(c.Context(), id(0), "mallory", c.now), apikey.ErrUnknown)
	c.kept(want)
}

func (c *contract) revokeSubject() {
	const keys = 10
	for n := range keys {
		c.add(n, "alice")
		c.add(100+n, "bob")
	}
	c.must(c.a().Revoke(c.Context(), id(0), "", c.now.Add(-time.Minute)))
	c.must(c.b().RevokeSubject(c.Context(), "alice", c.now))
	for n := range keys {
		want := c.key(n, "alice")
		want.Revoked = c.now
		if n == 0 {
			want.Revoked = c.now.Add(-time.Minute)
		}
		c.kept(want)
		c.kept(c.key(100+n, "bob"))
	}
	c.must(c.b().RevokeSubject(c.Context(), "alice", c.now.Add(time.Minute)))
	c.must(c.a().Create(c.Context(), c.key(keys, "alice"), 1, c.now))
	c.kept(c.key(keys, "alice"))
}

// names is about databases that compare without regard to case, accents or trailing spaces unless they are told otherwise.
func (c *contract) names() {
	subjects := []string{"alice", "Alice", "ALICE", "alice ", " alice", "alicé", "alice\u0301", "ａｌｉｃｅ", "aliceß", "alicess", "%", "_____"}
	for n, s := range subjects {
		c.must(c.a().Create(c.Context(), c.key(n, s), 1, c.now))
		if got, err := c.b().List(c.Context(), s); err != nil || len(got) != 1 || got[0].ID != id(n) {
			c.Errorf("%q: got %v, %v, want its own key", s, got, err)
		}
	}
	for n, s := range subjects {
		c.must(c.a().RevokeSubject(c.Context(), s, c.now))
		for m := n + 1; m < len(subjects); m++ {
			c.kept(c.key(m, subjects[m]))
		}
	}
	lower, upper := c.key(0, "bob"), c.key(0, "bob")
	lower.ID, upper.ID = "abcdefghijklmnop", "ABCDEFGHIJKLMNOP"
	c.must(c.a().Create(c.Context(), lower, most, c.now))
	c.must(c.a().Create(c.Context(), upper, most, c.now))
	c.must(c.a().Revoke(c.Context(), lower.ID, "bob", c.now))
	c.kept(upper)
}

// revokeRace: however they overlap, the revocation is not undone, and the use is not lost.
func (c *contract) revokeRace() {
	for n := range 30 {
		want := c.add(n, "alice")
		want.LastUsed, want.Revoked = c.now.Add(time.Second), c.now
		var wg sync.WaitGroup
		wg.Go(func() { c.quietly(c.a().Touch(c.Context(), id(n), c.now.Add(time.Second))) })
		wg.Go(func() {
			if n%2 == 0 {
				c.quietly(c.b().RevokeSubject(c.Context(), "alice", c.now))
			} else {
				c.quietly(c.b().Revoke(c.Context(), id(n), "alice", c.now))
			}
		})
		wg.Wait()
		c.kept(want)
	}
}

// quietly is must for other goroutines.
func (c *contract) quietly(err error) {
	if err != nil {
		c.Errorf("unexpected: %v", err)
	}
}

func (c *contract) revokeMany() {
	const callers = 20
	c.add(0, "alice")
	c.must(c.a().Revoke(c.Context(), id(0), "", c.now))
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			c.quietly(c.nodes[i%len(c.nodes)].Revoke(c.Context(), id(0), "", c.now.Add(time.Duration(i)*time.Second)))
		})
	}
	wg.Wait()
	want := c.key(0, "alice")
	want.Revoked = c.now
	c.kept(want)
}

// sweep is for stores that have it.
func (c *contract) sweep() {
	s, ok := c.b().(interface {
		Sweep(ctx context.Context, before time.Time) (int64, error)
	})
	if !ok {
		return
	}
	live, expired, revoked := c.key(0, "alice"), c.key(1, "alice"), c.key(2, "alice")
	expired.Expiry = c.now.Add(time.Minute)
	for _, r := range []apikey.Record{live, expired, revoked} {
		c.must(c.a().Create(c.Context(), r, most, c.now))
	}
	c.must(c.a().Revoke(c.Context(), id(2), "", c.now.Add(2*time.Minute)))
	c.must(c.a().Revoke(c.Context(), id(1), "", c.now.Add(3*time.Minute))) // it ended before that
	for _, step := range []struct {
		before time.Duration
		gone   int64
	}{{time.Minute - time.Microsecond, 0}, {time.Minute, 1}, {time.Minute, 0}, {2*time.Minute - time.Microsecond, 0}, {2 * time.Minute, 1}, {time.Hour - time.Microsecond, 0}} {
		n, err := s.Sweep(c.Context(), c.now.Add(step.before))
		c.must(err)
		if n != step.gone {
			c.Errorf("before %v: %d were swept, want %d", step.before, n, step.gone)
		}
	}
	_, err := c.a().Lookup(c.Context(), id(1))
	c.is(err, apikey.ErrUnknown)
	c.kept(live)
}
