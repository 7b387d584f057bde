package sessiontest

import (
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/auth/session"
)

func (c *contract) lookupEnded() {
	want := c.session(0, "alice")
	want.Until = c.now.Add(-time.Hour)
	c.must(c.a().Create(c.Context(), want, most, c.now.Add(-2*time.Hour)))
	for range 3 {
		c.kept(want)
	}
}

func (c *contract) touch() {
	want := c.add(0, "alice")
	for i := range 5 {
		at, until := want.Seen.Add(time.Minute), want.Until.Add(time.Minute)
		c.must(c.nodes[i%len(c.nodes)].Touch(c.Context(), hash(0), want.Seen, at, until))
		want.Seen, want.Until = at, until
		c.kept(want)
	}
	for _, seen := range []time.Time{c.now, want.Seen.Add(time.Microsecond), want.Seen.Add(-time.Microsecond), {}} {
		c.must(c.b().Touch(c.Context(), hash(0), seen, want.Seen.Add(time.Hour), want.Until.Add(time.Hour)))
		c.kept(want)
	}
}

func (c *contract) touchExpiry() {
	want := c.add(0, "alice")
	at := c.now.Add(30 * time.Minute)
	c.must(c.b().Touch(c.Context(), hash(0), want.Seen, at, c.now.Add(1000*time.Hour)))
	want.Seen, want.Until = at, want.Expiry
	c.kept(want)
}

func (c *contract) touchRace() {
	want := c.add(0, "alice")
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			at := want.Seen.Add(time.Duration(i+1) * time.Microsecond)
			if err := c.nodes[i%len(c.nodes)].Touch(c.Context(), hash(0), want.Seen, at, at.Add(time.Hour)); err != nil {
				c.Errorf("unexpected: %v", err)
			}
		})
	}
	wg.Wait()
	got, err := c.a().Lookup(c.Context(), hash(0))
	c.must(err)
	if got.Seen.Equal(want.Seen) || !got.Until.Equal(got.Seen.Add(time.Hour)) {
		c.Errorf("got Seen %v and Until %v, which no touch wrote together", got.Seen, got.Until)
	}
}

func (c *contract) end() {
	c.add(0, "alice")
	other := c.add(1, "alice")
	c.must(c.b().End(c.Context(), hash(0)))
	c.gone(0, "alice")
	c.kept(other)
	c.must(c.a().End(c.Context(), hash(0)))
	c.must(c.a().Touch(c.Context(), hash(0), c.now, c.now.Add(time.Minute), c.now.Add(time.Hour)))
	c.gone(0, "alice")
	c.is(c.a().EndID(c.Context(), id(0), "alice"), session.ErrUnknown)
}

func (c *contract) endID() {
	c.add(0, "alice")
	c.add(1, "alice")
	other := c.add(2, "alice")
	c.must(c.b().EndID(c.Context(), id(0), ""))
	c.must(c.a().EndID(c.Context(), id(1), "alice"))
	c.gone(0, "alice")
	c.gone(1, "alice")
	c.kept(other)
	c.is(c.b().EndID(c.Context(), id(0), ""), session.ErrUnknown)
}

func (c *contract) endOther() {
	want := c.add(0, "alice")
	for _, subject := range []string{"mallory", "Alice", "alic", "alice ", "%"} {
		c.is(c.b().EndID(c.Context(), id(0), subject), session.ErrUnknown)
	}
	c.kept(want)
}

func (c *contract) endSubject() {
	for n := range 5 {
		c.add(n, "alice")
	}
	other := c.add(5, "bob")
	c.must(c.b().EndSubject(c.Context(), "alice"))
	for n := range 5 {
		c.gone(n, "alice")
	}
	c.kept(other)
	c.must(c.a().EndSubject(c.Context(), "alice"))
	c.add(6, "alice") // a login afterwards is another matter
}

func (c *contract) endRace() {
	for n := range 20 {
		want := c.add(n, "alice")
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if err := c.nodes[i%len(c.nodes)].Touch(c.Context(), hash(n), want.Seen, c.now.Add(time.Minute), c.now.Add(time.Hour)); err != nil {
					c.Errorf("unexpected: %v", err)
				}
			})
		}
		wg.Go(func() {
			if err := c.b().End(c.Context(), hash(n)); err != nil {
				c.Errorf("unexpected: %v", err)
			}
		})
		wg.Wait()
		c.gone(n, "alice")
	}
}

func (c *contract) list() {
	for _, n := range []int{2, 0, 1, 3} {
		r := c.session(n, "alice")
		r.Created = c.now.Add(time.Duration(n) * time.Microsecond)
		if n == 3 {
			r.Until = c.now.Add(time.Minute)
		}
		c.must(c.a().Create(c.Context(), r, most, c.now))
	}
	c.add(4, "bob")
	for at, want := range map[time.Time][]int{c.now: {3, 2, 1, 0}, c.now.Add(time.Minute): {2, 1, 0}, c.now.Add(time.Hour): {}} {
		got, err := c.b().List(c.Context(), "alice", at)
		c.must(err)
		if len(got) != len(want) {
			c.Errorf("got %d sessions, want %d", len(got), len(want))
			continue
		}
		for i, n := range want {
			if got[i].ID != id(n) {
				c.Errorf("place %d: got %s, want session %d", i, got[i].ID, n)
			}
		}
	}
	got, err := c.b().List(c.Context(), "alice", c.now)
	c.must(err)
	if len(got) > 1 {
		want := c.session(2, "alice")
		want.Created = c.now.Add(2 * time.Microsecond)
		c.same(got[1], want)
	}
}

func (c *contract) names() {
	subjects := []string{"alice", "Alice", "ALICE", "alice ", " alice", "älice", "a\u0308lice", "ａlice", "alıce", "straße", "strasse"}
	for n, subject := range subjects {
		c.add(n, subject)
	}
	for n, subject := range subjects {
		list, err := c.b().List(c.Context(), subject, c.now)
		c.must(err)
		if len(list) != 1 || list[0].ID != id(n) {
			c.Errorf("%q: got %d sessions, want its own", subject, len(list))
		}
		c.must(c.a().EndSubject(c.Context(), subject))
		c.gone(n, subject)
		for later := n + 1; later < len(subjects); later++ {
			c.kept(c.session(later, subjects[later]))
		}
	}
}

func (c *contract) clocks() {
	want := c.add(0, "alice")
	behind := c.now.Add(-time.Minute)
	next := c.session(1, "alice")
	c.must(c.b().Create(c.Context(), next, most, behind)) // by a node whose clock is behind
	c.kept(want)
	c.kept(next)
	c.must(c.b().Touch(c.Context(), hash(0), want.Seen, c.now.Add(time.Minute), c.now.Add(2*time.Hour)))
	want.Seen, want.Until = c.now.Add(time.Minute), c.now.Add(2*time.Hour)
	c.kept(want)
}
