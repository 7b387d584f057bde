package sessiontest

import (
	"errors"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/auth/session"
)

func (c *contract) create() { c.kept(c.add(0, "alice")) }

func (c *contract) createTwice() {
	want := c.add(0, "alice")
	sameHash, sameID := c.session(1, "mallory"), c.session(1, "mallory")
	sameHash.Hash, sameID.ID = want.Hash, want.ID
	for _, r := range []session.Record{sameHash, sameID} {
		if err := c.b().Create(c.Context(), r, most, c.now); err == nil {
			c.Error("a session was replaced")
		}
	}
	c.kept(want)
	c.gone(1, "mallory")
}

func (c *contract) createInvalid() {
	for name, spoil := range map[string]func(*session.Record){
		"no id":             func(r *session.Record) { r.ID = "" },
		"long id":           func(r *session.Record) { r.ID += "x" },
		"id with a space":   func(r *session.Record) { r.ID = r.ID[1:] + " " },
		"no hash":           func(r *session.Record) { r.Hash = session.Hash{} },
		"no subject":        func(r *session.Record) { r.Subject = "" },
		"long subject":      func(r *session.Record) { r.Subject = strings.Repeat("s", 256) },
		"NUL in subject":    func(r *session.Record) { r.Subject = "alice\x00" },
		"subject no UTF-8":  func(r *session.Record) { r.Subject = "alice\xff" },
		"newline in a role": func(r *session.Record) { r.Roles = []string{"dev\nadmin"} },
		"empty role":        func(r *session.Record) { r.Roles = []string{""} },
		"too many scopes":   func(r *session.Record) { r.Scopes = []string{strings.Repeat("s", 4097)} },
		"long user agent":   func(r *session.Record) { r.UserAgent = strings.Repeat("s", 201) },
		"never seen":        func(r *session.Record) { r.Seen = time.Time{} },
		"no end":            func(r *session.Record) { r.Until = time.Time{} },
		"no expiry":         func(r *session.Record) { r.Expiry = time.Time{} },
		"until after end":   func(r *session.Record) { r.Until = r.Expiry.Add(time.Second) },
	} {
		r := c.session(0, "alice")
		spoil(&r)
		if err := c.a().Create(c.Context(), r, most, c.now); err == nil || errors.Is(err, session.ErrUnavailable) {
			c.Errorf("%s: got %v, want an error about the record", name, err)
		}
	}
	c.gone(0, "alice")
}

func (c *contract) createTooMany() {
	for n := range 3 {
		c.must(c.nodes[n%len(c.nodes)].Create(c.Context(), c.session(n, "alice"), 3, c.now))
	}
	c.is(c.b().Create(c.Context(), c.session(3, "alice"), 3, c.now), session.ErrTooMany)
	c.gone(3, "alice")
	for n := range 3 {
		c.kept(c.session(n, "alice")) // nobody is logged out to make room
	}
	c.must(c.b().Create(c.Context(), c.session(4, "bob"), 3, c.now))
	c.must(c.a().End(c.Context(), hash(0)))
	c.must(c.b().Create(c.Context(), c.session(3, "alice"), 3, c.now))
}

func (c *contract) createRemoves() {
	for n := range 3 {
		c.add(n, "alice")
	}
	other := c.add(3, "bob")
	later := c.now.Add(time.Hour) // none is live
	next := c.session(4, "alice")
	next.Until = later.Add(time.Hour)
	c.must(c.b().Create(c.Context(), next, 1, later))
	for n := range 3 {
		c.gone(n, "alice")
	}
	c.kept(next)
	c.kept(other)
}

func (c *contract) roundTrip() {
	for i, want := range []session.Record{
		{Subject: "s"},
		{Subject: strings.Repeat("s", 255), Client: strings.Repeat("ü", 127), Scopes: []string{strings.Repeat("s", 4096)},
			Roles: []string{strings.Repeat("r", 4096)}, AMR: []string{strings.Repeat("a", 4096)}, ACR: strings.Repeat("c", 255), UserAgent: strings.Repeat("u", 200)},
		{Subject: " 🂡 ", Client: `'";--\`, Scopes: []string{"!#$%&'()*+,-./:;<=>?@[]^_`{|}~", "b", "a", "b"}, Roles: []string{" a b ", " ", "ü"},
			AMR: []string{"pwd"}, UserAgent: `Mozilla/5.0 "'\%`, AuthTime: c.now},
	} {
		want.ID, want.Hash = id(i), hash(i)
		want.Created, want.Seen, want.Until, want.Expiry = c.now, c.now.Add(time.Microsecond), c.now.Add(2*time.Microsecond), c.now.Add(1000000*time.Hour)
		c.must(c.a().Create(c.Context(), want, most, c.now))
		c.kept(want)
	}
}

func (c *contract) isolation() {
	r := c.add(0, "alice")
	for _, spoil := range []func(session.Record){
		func(r session.Record) { r.Scopes[0] = "admin" },
		func(r session.Record) { r.Roles[0] = "admin" },
		func(r session.Record) { r.AMR[0] = "admin" },
	} {
		spoil(r)
		c.kept(c.session(0, "alice"))
		got, err := c.a().Lookup(c.Context(), hash(0))
		c.must(err)
		spoil(got)
		c.kept(c.session(0, "alice"))
		list, err := c.a().List(c.Context(), "alice", c.now)
		c.must(err)
		if len(list) != 1 {
			c.Fatalf("got %d sessions, want one", len(list))
		}
		spoil(list[0])
		c.kept(c.session(0, "alice"))
	}
}

func (c *contract) unknown() {
	want := c.add(0, "alice")
	_, err := c.a().Lookup(c.Context(), hash(1))
	c.is(err, session.ErrUnknown)
	c.must(c.a().Touch(c.Context(), hash(1), c.now, c.now.Add(time.Minute), c.now.Add(time.Hour)))
	c.must(c.a().End(c.Context(), hash(1)))
	_, err = c.a().Lookup(c.Context(), hash(1))
	c.is(err, session.ErrUnknown)
	for _, name := range []string{"", "alice\x00", "%", "_", "' OR 1=1 --", strings.Repeat("x", 100_000), "\xff", id(1), strings.ToLower(id(0))} {
		c.is(c.a().EndID(c.Context(), name, ""), session.ErrUnknown)
		c.is(c.a().EndID(c.Context(), name, "alice"), session.ErrUnknown)
		c.must(c.a().EndSubject(c.Context(), name))
		list, err := c.a().List(c.Context(), name, c.now)
		if err != nil || len(list) != 0 {
			c.Errorf("%.20q: got %d sessions and %v, want none", name, len(list), err)
		}
	}
	c.kept(want)
}
