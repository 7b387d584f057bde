package authtest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/auth/store"
	"github.com/sallyport-go/sallyport/auth/throttle"
)

// StoreContract tests a store: as [RefreshContract] does and, if it offers their interfaces, as [GraceContract],
// [RevocationsContract] and [CountersContract] do. Each call of newStore returns at least one node on data of its own, which is
// empty; several nodes on the same data are tested against each other. No state is left between the calls.
func StoreContract(t *testing.T, newStore func(t *testing.T) []store.RefreshTokens) {
	t.Helper()
	offered := newStore(t)
	if len(offered) == 0 {
		t.Fatal("newStore returned no node")
	}
	t.Run("refresh", func(t *testing.T) { RefreshContract(t, newStore) })
	if _, ok := offered[0].(store.GraceTokens); ok {
		t.Run("grace", func(t *testing.T) { GraceContract(t, as[store.GraceTokens](newStore)) })
	}
	if _, ok := offered[0].(store.Revocations); ok {
		t.Run("revocations", func(t *testing.T) { RevocationsContract(t, as[store.Revocations](newStore)) })
	}
	if _, ok := offered[0].(throttle.Counters); ok {
		t.Run("counters", func(t *testing.T) { CountersContract(t, as[throttle.Counters](newStore)) })
	}
}

// as is newStore for another interface of its nodes.
func as[T any](newStore func(t *testing.T) []store.RefreshTokens) func(t *testing.T) []T {
	return func(t *testing.T) []T {
		t.Helper()
		var nodes []T
		for _, n := range newStore(t) {
			node, ok := n.(T)
			if !ok {
				t.Fatal("nodes of one store offer different interfaces")
			}
			nodes = append(nodes, node)
		}
		return nodes
	}
}

// RefreshContract tests an implementation of [store.RefreshTokens], with nodes as for [StoreContract].
func RefreshContract(t *testing.T, newStore func(t *testing.T) []store.RefreshTokens) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*contract)
	}{
		{"create is seen by every node before it returns", (*contract).create},
		{"create does not replace a family", (*contract).createTwice},
		{"create refuses what cannot be kept", (*contract).createInvalid},
		{"records keep every byte", (*contract).roundTrip},
		{"nothing is shared with the caller", (*contract).isolation},
		{"unknown families", (*contract).unknown},
		{"rotation replaces the token in force", (*contract).rotate},
		{"lookup consumes nothing", (*contract).lookupTwice},
		{"reuse revokes the family", (*contract).reuse},
		{"reuse revokes the family even if the caller hangs up", (*contract).reuseCancelled},
		{"idle and absolute expiry", (*contract).expiry},
		{"revoke a family", (*contract).revokeFamily},
		{"revoke a subject", (*contract).revokeSubject},
		{"names differ by bytes", (*contract).names},
		{"clocks of nodes differ", (*contract).clocks},
		{"of a hundred parallel uses exactly one wins", (*contract).hundred},
		{"revocation beats rotation", (*contract).revokeRace},
		{"families do not disturb each other", (*contract).parallelFamilies},
	} {
		t.Run(c.name, func(t *testing.T) {
			nodes := newStore(t)
			if len(nodes) == 0 {
				t.Fatal("newStore returned no node")
			}
			c.test(&contract{T: t, nodes: nodes, now: contractNow})
		})
	}
}

// contractNow is far from the clock of any server, and not at a whole second.
var contractNow = time.Date(2031, 5, 6, 7, 8, 9, 123456000, time.UTC)

type contract struct {
	*testing.T
	nodes []store.RefreshTokens
	now   time.Time
}

// a and b are two nodes, or one twice.
func (c *contract) a() store.RefreshTokens { return c.nodes[0] }
func (c *contract) b() store.RefreshTokens { return c.nodes[len(c.nodes)-1] }

func hash(n int) store.Hash { return sha256.Sum256(fmt.Append(nil, n)) }

func (c *contract) family(name, subject string) store.Refresh {
	return store.Refresh{
		Family: name, Hash: hash(0), Subject: subject, Client: "app", Scopes: []string{"notes:read", "notes:write"},
		AuthTime: c.now.Add(-time.Second), AMR: []string{"pwd", "otp"}, Until: c.now.Add(time.Hour), Expiry: c.now.Add(10 * time.Hour),
	}
}

func (c *contract) add(name, subject string) store.Refresh {
	c.Helper()
	r := c.family(name, subject)
	c.must(c.a().Create(c.Context(), r, c.now))
	return r
}

func (c *contract) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatalf("unexpected: %v", err)
	}
}

func (c *contract) is(err, want error) {
	c.Helper()
	if !errors.Is(err, want) {
		c.Errorf("got %v, want %v", err, want)
	}
}

func (c *contract) same(got, want store.Refresh) {
	c.Helper()
	if !reflect.DeepEqual(got, want) {
		c.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// alive and dead ask both nodes.
func (c *contract) alive(family string, token store.Hash) {
	c.Helper()
	for _, node := range []store.RefreshTokens{c.a(), c.b()} {
		r, err := node.Lookup(c.Context(), family, c.now)
		if err != nil || r.Hash != token {
			c.Errorf("%s: got %x, %v, want the family alive with %x", family, r.Hash[:4], err, token[:4])
		}
	}
}

func (c *contract) dead(family string) {
	c.Helper()
	for _, node := range []store.RefreshTokens{c.a(), c.b()} {
		r, err := node.Lookup(c.Context(), family, c.now)
		c.is(err, store.ErrUnknown)
		c.same(r, store.Refresh{})
		c.is(node.Rotate(c.Context(), family, hash(0), hash(99), c.now.Add(time.Hour), c.now), store.ErrUnknown)
	}
}

func (c *contract) create() {
	want := c.add("f", "alice")
	got, err := c.b().Lookup(c.Context(), "f", c.now)
	c.must(err)
	c.same(got, want)
}

func (c *contract) createTwice() {
	want := c.add("f", "alice")
	again := c.family("f", "mallory")
	if err := c.b().Create(c.Context(), again, c.now); err == nil {
		c.Error("a family was replaced")
	}
	got, err := c.a().Lookup(c.Context(), "f", c.now)
	c.must(err)
	c.same(got, want)
}

func (c *contract) createInvalid() {
	for name, spoil := range map[string]func(*store.Refresh){
		"no family":        func(r *store.Refresh) { r.Family = "" },
		"long family":      func(r *store.Refresh) { r.Family = strings.Repeat("f", 65) },
		"no subject":       func(r *store.Refresh) { r.Subject = "" },
		"long subject":     func(r *store.Refresh) { r.Subject = strings.Repeat("s", 256) },
		"NUL in subject":   func(r *store.Refresh) { r.Subject = "alice\x00" },
		"subject no UTF-8": func(r *store.Refresh) { r.Subject = "alice\xff" },
		"no client":        func(r *store.Refresh) { r.Client = "" },
		"scope with space": func(r *store.Refresh) { r.Scopes = []string{"a b"} },
		"empty scope":      func(r *store.Refresh) { r.Scopes = []string{""} },
		"too many scopes":  func(r *store.Refresh) { r.Scopes = []string{strings.Repeat("s", 4097)} },
		"AMR with space":   func(r *store.Refresh) { r.AMR = []string{"p w d"} },
		"no hash":          func(r *store.Refresh) { r.Hash = store.Hash{} },
		"no until":         func(r *store.Refresh) { r.Until = time.Time{} },
		"no expiry":        func(r *store.Refresh) { r.Expiry = time.Time{} },
	} {
		r := c.family("f", "alice")
		spoil(&r)
		if err := c.a().Create(c.Context(), r, c.now); err == nil || errors.Is(err, store.ErrUnavailable) {
			c.Errorf("%s: got %v, want an error about the record", name, err)
		}
	}
	c.dead("f")
}

func (c *contract) roundTrip() {
	for i, want := range []store.Refresh{
		{Subject: "s", Client: "c"},
		{Subject: strings.Repeat("s", 255), Client: strings.Repeat("ü", 127), Scopes: []string{strings.Repeat("s", 4096)}},
		{Subject: " 🂡 \t", Client: `'";--\`, Scopes: []string{"!#$%&'()*+,-./:;<=>?@[]^_`{|}~", "b", "a", "b"}, AuthTime: c.now},
	} {
		want.Family = strings.Repeat("Az09-_xx", 8)[i:]
		want.Hash, want.Until, want.Expiry = hash(i), c.now.Add(time.Microsecond), c.now.Add(1000000*time.Hour)
		c.must(c.a().Create(c.Context(), want, c.now))
		got, err := c.b().Lookup(c.Context(), want.Family, c.now)
		c.must(err)
		if len(got.Scopes) == 0 && len(want.Scopes) == 0 { // nil or empty: both are none
			got.Scopes = want.Scopes
		}
		if len(got.AMR) == 0 && len(want.AMR) == 0 {
			got.AMR = want.AMR
		}
		c.same(got, want)
	}
}

func (c *contract) isolation() {
	r := c.add("f", "alice")
	r.Scopes[0] = "admin"
	got, err := c.a().Lookup(c.Context(), "f", c.now)
	c.must(err)
	c.same(got, c.family("f", "alice"))
	got.Scopes[0] = "admin"
	got, err = c.a().Lookup(c.Context(), "f", c.now)
	c.must(err)
	c.same(got, c.family("f", "alice"))
}

func (c *contract) unknown() {
	c.add("f", "alice")
	for _, name := range []string{"", "g", "F", "f ", "f\x00", "%", "_", "' OR 1=1 --", strings.Repeat("x", 100_000), "\xff"} {
		_, err := c.a().Lookup(c.Context(), name, c.now)
		c.is(err, store.ErrUnknown)
		c.is(c.a().Rotate(c.Context(), name, hash(0), hash(1), c.now.Add(time.Hour), c.now), store.ErrUnknown)
		c.must(c.a().RevokeFamily(c.Context(), name, c.now))
		c.must(c.a().RevokeSubject(c.Context(), name, c.now))
	}
	c.alive("f", hash(0))
}

func (c *contract) rotate() {
	want := c.add("f", "alice")
	for i := range 5 {
		node := c.nodes[i%len(c.nodes)]
		until := c.now.Add(time.Duration(i+2) * time.Hour)
		c.must(node.Rotate(c.Context(), "f", hash(i), hash(i+1), until, c.now))
		want.Hash, want.Until = hash(i+1), until
		got, err := c.b().Lookup(c.Context(), "f", c.now)
		c.must(err)
		c.same(got, want)
	}
}

func (c *contract) lookupTwice() {
	c.add("f", "alice")
	for range 3 {
		c.alive("f", hash(0))
	}
	c.must(c.b().Rotate(c.Context(), "f", hash(0), hash(1), c.now.Add(time.Hour), c.now))
}

func (c *contract) reuse() {
	for _, name := range []string{"f", "g"} {
		c.add(name, "alice")
		for i := range 3 {
			c.must(c.a().Rotate(c.Context(), name, hash(i), hash(i+1), c.now.Add(time.Hour), c.now))
		}
	}
	c.is(c.b().Rotate(c.Context(), "f", hash(0), hash(9), c.now.Add(time.Hour), c.now), store.ErrReused)
	c.dead("f")
	c.alive("g", hash(3)) // another login of the same subject goes on
}

func (c *contract) reuseCancelled() {
	c.add("f", "alice")
	c.must(c.a().Rotate(c.Context(), "f", hash(0), hash(1), c.now.Add(time.Hour), c.now))
	ctx, cancel := context.WithCancel(c.Context())
	cancel()
	if err := c.a().Rotate(ctx, "f", hash(0), hash(2), c.now.Add(time.Hour), c.now); errors.Is(err, store.ErrReused) {
		c.dead("f")
	} else { // a store may also refuse to begin, but must say so
		c.is(err, store.ErrUnavailable)
		c.alive("f", hash(1))
	}
}

func (c *contract) expiry() {
	at := func(family string, now time.Time, want error) {
		c.Helper()
		_, err := c.b().Lookup(c.Context(), family, now)
		c.is(err, want)
		if want != nil {
			c.is(c.b().Rotate(c.Context(), family, hash(0), hash(1), now.Add(time.Hour), now), want)
		}
	}
	idle := c.add("idle", "alice")
	at("idle", idle.Until.Add(-time.Microsecond), nil)
	at("idle", idle.Until, store.ErrExpired)
	at("idle", idle.Expiry.Add(time.Hour), store.ErrExpired)

	absolute := c.family("absolute", "alice")
	absolute.Until = absolute.Expiry.Add(time.Hour)
	c.must(c.a().Create(c.Context(), absolute, c.now))
	at("absolute", absolute.Expiry.Add(-time.Microsecond), nil)
	at("absolute", absolute.Expiry, store.ErrExpired)

	// A use puts the idle end off, never the absolute one.
	c.must(c.a().Rotate(c.Context(), "idle", hash(0), hash(0x10), idle.Expiry.Add(time.Hour), c.now))
	_, err := c.b().Lookup(c.Context(), "idle", idle.Until)
	c.must(err)
	_, err = c.b().Lookup(c.Context(), "idle", idle.Expiry)
	c.is(err, store.ErrExpired)
}

func (c *contract) revokeFamily() {
	c.add("f", "alice")
	c.add("g", "alice")
	c.must(c.b().RevokeFamily(c.Context(), "f", c.now))
	c.dead("f")
	c.alive("g", hash(0))
	c.must(c.b().RevokeFamily(c.Context(), "f", c.now))
}

func (c *contract) revokeSubject() {
	for i := range 20 {
		c.add(fmt.Sprintf("alice-%d", i), "alice")
		c.add(fmt.Sprintf("bob-%d", i), "bob")
	}
	c.must(c.b().RevokeSubject(c.Context(), "alice", c.now))
	for i := range 20 {
		c.dead(fmt.Sprintf("alice-%d", i))
		c.alive(fmt.Sprintf("bob-%d", i), hash(0))
	}
	c.must(c.b().RevokeSubject(c.Context(), "alice", c.now))
	c.add("alice-again", "alice")
	c.alive("alice-again", hash(0))
}

// names is about databases that compare without regard to case, accents or trailing spaces unless they are told otherwise.
func (c *contract) names() {
	subjects := []string{"alice", "Alice", "ALICE", "alice ", " alice", "alicé", "alic\u0065\u0301", "ａｌｉｃｅ", "alice\t", "aliceß", "alicess", "%", "_____"}
	for i, s := range subjects {
		c.add(fmt.Sprintf("f%d", i), s)
		c.add(fmt.Sprintf("F%d", i), s)
	}
	for i, s := range subjects {
		c.must(c.a().RevokeSubject(c.Context(), s, c.now))
		c.dead(fmt.Sprintf("f%d", i))
		c.dead(fmt.Sprintf("F%d", i))
		for j := i + 1; j < len(subjects); j++ {
			c.alive(fmt.Sprintf("f%d", j), hash(0))
		}
	}
	c.add("case", "bob")
	c.add("CASE", "bob")
	c.must(c.a().RevokeFamily(c.Context(), "case", c.now))
	c.dead("case")
	c.alive("CASE", hash(0))
}

func (c *contract) clocks() {
	r := c.add("f", "alice")
	ahead := r.Until.Add(time.Second)
	_, err := c.b().Lookup(c.Context(), "f", ahead)
	c.is(err, store.ErrExpired)
	c.alive("f", hash(0)) // for the node whose clock is behind it is still there: expiry is judged, not recorded
	c.must(c.a().Rotate(c.Context(), "f", hash(0), hash(1), ahead.Add(time.Hour), c.now))
	_, err = c.b().Lookup(c.Context(), "f", ahead)
	c.must(err)
}

func (c *contract) hundred() {
	const uses = 100
	c.add("f", "alice")
	errs := make([]error, uses)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range uses {
		wg.Go(func() {
			<-start
			errs[i] = c.nodes[i%len(c.nodes)].Rotate(c.Context(), "f", hash(0), hash(i+1), c.now.Add(time.Hour), c.now)
		})
	}
	close(start)
	wg.Wait()
	won, reused := 0, 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case errors.Is(err, store.ErrReused):
			reused++
		default:
			c.is(err, store.ErrUnknown) // came after the revocation
		}
	}
	if won != 1 || reused < 1 {
		c.Errorf("%d won and %d were told of reuse, want exactly 1 and at least 1", won, reused)
	}
	c.dead("f")
}

// revokeRace: however a rotation and a revocation overlap, nothing of the family is left.
func (c *contract) revokeRace() {
	for i := range 50 {
		name := fmt.Sprintf("f%d", i)
		c.add(name, "alice")
		var wg sync.WaitGroup
		wg.Go(func() {
			err := c.a().Rotate(c.Context(), name, hash(0), hash(1), c.now.Add(time.Hour), c.now)
			if err != nil {
				c.is(err, store.ErrUnknown)
			}
		})
		wg.Go(func() {
			revoke := func() error { return c.b().RevokeFamily(c.Context(), name, c.now) }
			if i%2 == 0 {
				revoke = func() error { return c.b().RevokeSubject(c.Context(), "alice", c.now) }
			}
			if err := revoke(); err != nil {
				c.Errorf("unexpected: %v", err)
			}
		})
		wg.Wait()
		c.dead(name)
	}
}

func (c *contract) parallelFamilies() {
	const families, uses = 8, 10
	var wg sync.WaitGroup
	for i := range families {
		wg.Go(func() {
			name := fmt.Sprintf("f%d", i)
			r := c.family(name, "alice")
			node := c.nodes[i%len(c.nodes)]
			if err := node.Create(c.Context(), r, c.now); err != nil {
				c.Errorf("create %s: %v", name, err)
				return
			}
			for n := range uses {
				if err := node.Rotate(c.Context(), name, hash(n), hash(n+1), c.now.Add(time.Hour), c.now); err != nil {
					c.Errorf("rotate %s: %v", name, err)
				}
			}
		})
	}
	wg.Wait()
	for i := range families {
		c.alive(fmt.Sprintf("f%d", i), hash(uses))
	}
}
