package apikeytest

import (
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/auth/apikey"
)

func (c *contract) create() { c.kept(c.add(0, "alice")) }

func (c *contract) createTwice() {
	want := c.add(0, "alice")
	again := c.key(0, "mallory")
	again.Hash = hash(1)
	c.is(c.b().Create(c.Context(), again, most, c.now), apikey.ErrExists)
	c.kept(want)
}

func (c *contract) createInvalid() {
	for name, spoil := range map[string]func(*apikey.Record){
		"no id":                func(r *apikey.Record) { r.ID = "" },
		"short id":             func(r *apikey.Record) { r.ID = r.ID[1:] },
		"long id":              func(r *apikey.Record) { r.ID += "0" },
		"id with _":            func(r *apikey.Record) { r.ID = "_" + r.ID[1:] },
		"no hash":              func(r *apikey.Record) { r.Hash = apikey.Hash{} },
		"no subject":           func(r *apikey.Record) { r.Subject = "" },
		"long subject":         func(r *apikey.Record) { r.Subject = strings.Repeat("s", 256) },
		"NUL in subject":       func(r *apikey.Record) { r.Subject = "alice\x00" },
		"subject no UTF-8":     func(r *apikey.Record) { r.Subject = "alice\xff" },
		"long name":            func(r *apikey.Record) { r.Name = strings.Repeat("n", 101) },
		"line break in name":   func(r *apikey.Record) { r.Name = "a\nb" },
		"name no UTF-8":        func(r *apikey.Record) { r.Name = "\xff" },
		"scope with space":     func(r *apikey.Record) { r.Scopes = []string{"a b"} },
		"empty scope":          func(r *apikey.Record) { r.Scopes = []string{""} },
		"long scope":           func(r *apikey.Record) { r.Scopes = []string{strings.Repeat("s", 256)} },
		"scopes over 4,096":    func(r *apikey.Record) { r.Scopes = repeat(strings.Repeat("s", 255), 17) },
		"more than 100 scopes": func(r *apikey.Record) { r.Scopes = repeat("s", 101) },
		"no creation":          func(r *apikey.Record) { r.Created = time.Time{} },
		"no expiry":            func(r *apikey.Record) { r.Expiry = time.Time{} },
	} {
		r := c.key(0, "alice")
		spoil(&r)
		if err := c.a().Create(c.Context(), r, most, c.now); err == nil || errors.Is(err, apikey.ErrUnavailable) {
			c.Errorf("%s: got %v, want an error about the record", name, err)
		}
	}
	_, err := c.a().Lookup(c.Context(), id(0))
	c.is(err, apikey.ErrUnknown)
}

func repeat(s string, n int) []string { return strings.Fields(strings.Repeat(s+" ", n)) }

func (c *contract) createTooMany() {
	create := func(n int, subject string, now time.Time) error {
		return c.nodes[n%len(c.nodes)].Create(c.Context(), c.key(n, subject), 3, now)
	}
	for n := range 3 {
		c.must(create(n, "alice", c.now))
	}
	c.is(create(3, "alice", c.now), apikey.ErrTooMany)
	c.must(create(4, "bob", c.now))
	c.must(c.a().Revoke(c.Context(), id(0), "", c.now)) // what has ended does not count
	c.must(create(5, "alice", c.now))
	c.is(create(6, "alice", c.now), apikey.ErrTooMany)
	c.must(create(7, "alice", c.now.Add(time.Hour)))
	_, err := c.b().Lookup(c.Context(), id(3))
	c.is(err, apikey.ErrUnknown)
}

func (c *contract) createTooManyEnded() {
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for n := worker; n < apikey.MaxKept; n += 8 {
				r := c.key(n, "alice")
				r.Revoked = c.now
				c.quietly(c.a().Create(c.Context(), r, 1, c.now))
			}
		})
	}
	wg.Wait()
	c.is(c.b().Create(c.Context(), c.key(apikey.MaxKept, "alice"), 1, c.now), apikey.ErrTooMany)
	got, err := c.b().List(c.Context(), "alice")
	c.must(err)
	if len(got) != apikey.MaxKept {
		c.Errorf("got %d keys, want all %d", len(got), apikey.MaxKept)
	}
}

func (c *contract) roundTrip() {
	for n, want := range []apikey.Record{
		{Subject: "s"},
		{Subject: strings.Repeat("s", 255), Name: strings.Repeat("ü", 50), Scopes: repeat(strings.Repeat("s", 255), 16)},
		{Subject: " 🂡 ", Name: ` '";--\% `, Scopes: []string{"!#$%&'()*+,-./:;<=>?@[]^_`{|}~", "b", "a", "b"}, LastUsed: c.now, Revoked: c.now.Add(time.Second)},
		{Subject: "s", Scopes: repeat("s", 100)},
	} {
		want.ID, want.Hash, want.Created, want.Expiry = id(n), hash(n), c.now, c.now.Add(40_000*time.Hour+time.Microsecond)
		c.must(c.a().Create(c.Context(), want, most, c.now))
		c.kept(want)
	}
}

func (c *contract) isolation() {
	want := c.key(0, "alice")
	lent := c.add(0, "alice")
	lent.Scopes[0] = "admin"
	got, err := c.a().Lookup(c.Context(), id(0))
	c.must(err)
	c.same(got, want)
	got.Scopes[0] = "admin"
	list, err := c.a().List(c.Context(), "alice")
	c.must(err)
	c.same(list[0], want)
	list[0].Scopes[0] = "admin"
	c.kept(want)
}

// createRace: whoever comes second does not replace, or become, the first.
func (c *contract) createRace() {
	const callers = 20
	errs := make([]error, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			r := c.key(0, "alice")
			r.Hash = hash(i)
			errs[i] = c.nodes[i%len(c.nodes)].Create(c.Context(), r, most, c.now)
		})
	}
	wg.Wait()
	won := -1
	for i, err := range errs {
		switch {
		case err != nil:
			c.is(err, apikey.ErrExists)
		case won >= 0:
			c.Errorf("both %d and %d were created", won, i)
		default:
			won = i
		}
	}
	if won < 0 {
		c.Fatal("none was created")
	}
	want := c.key(0, "alice")
	want.Hash = hash(won)
	c.kept(want)
}
