// Package sessiontest tests a store of sessions that an application or a library adds.
//
//	func TestStore(t *testing.T) {
//		sessiontest.StoreContract(t, func(t *testing.T) []session.Store { return []session.Store{open(t)} })
//	}
//
// # Security model
//
// The contract is what session.Sessions relies on: that what has ended stays ended whatever else happens at the time, that no use prolongs
// a session beyond its end, that a user cannot end another's session, that names which differ in a byte are different names. A store that
// passes it can still lose what it said to have done when the power fails; that is for the store's own tests.
package sessiontest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/auth/session"
)

// StoreContract tests an implementation of [session.Store]. Each call of newStore returns at least one node on data of its own, which is
// empty; several nodes on the same data are tested against each other. No state is left between the calls.
func StoreContract(t *testing.T, newStore func(t *testing.T) []session.Store) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*contract)
	}{
		{"create is seen by every node before it returns", (*contract).create},
		{"create does not replace a session", (*contract).createTwice},
		{"create refuses what cannot be kept", (*contract).createInvalid},
		{"create counts the live sessions of the subject", (*contract).createTooMany},
		{"create removes what the subject has no more", (*contract).createRemoves},
		{"records keep every byte", (*contract).roundTrip},
		{"nothing is shared with the caller", (*contract).isolation},
		{"unknown sessions", (*contract).unknown},
		{"lookup judges nothing", (*contract).lookupEnded},
		{"touch is compare and set", (*contract).touch},
		{"touch never outlives the expiry", (*contract).touchExpiry},
		{"of a hundred touches at once one writes", (*contract).touchRace},
		{"end a session", (*contract).end},
		{"end a session by its name", (*contract).endID},
		{"end a session of another", (*contract).endOther},
		{"end a subject", (*contract).endSubject},
		{"the end beats a touch", (*contract).endRace},
		{"list what is live, the newest first", (*contract).list},
		{"names differ by bytes", (*contract).names},
		{"clocks of nodes differ", (*contract).clocks},
	} {
		t.Run(c.name, func(t *testing.T) {
			nodes := newStore(t)
			if len(nodes) == 0 {
				t.Fatal("newStore returned no node")
			}
			c.test(&contract{T: t, nodes: nodes, now: time.Date(2031, 5, 6, 7, 8, 9, 123456000, time.UTC)})
		})
	}
}

type contract struct {
	*testing.T
	nodes []session.Store
	now   time.Time
}

// most is more than a test creates, unless it is about that.
const most = 500

// a and b are two nodes, or one twice.
func (c *contract) a() session.Store { return c.nodes[0] }
func (c *contract) b() session.Store { return c.nodes[len(c.nodes)-1] }

// id returns the name of the n-th session.
func id(n int) string { return fmt.Sprintf("aZ09-_%016d", n) }

func hash(n int) session.Hash { return sha256.Sum256(fmt.Append(nil, n)) }

func (c *contract) session(n int, subject string) session.Record {
	return session.Record{
		ID: id(n), Hash: hash(n), Subject: subject, Client: "web", Scopes: []string{"notes:read", "notes:write"}, Roles: []string{"team lead", "dev"},
		ACR: "urn:example:mfa", AMR: []string{"pwd", "otp"}, AuthTime: c.now.Add(-time.Second), UserAgent: "a browser",
		Created: c.now, Seen: c.now, Until: c.now.Add(time.Hour), Expiry: c.now.Add(10 * time.Hour),
	}
}

func (c *contract) add(n int, subject string) session.Record {
	c.Helper()
	r := c.session(n, subject)
	c.must(c.a().Create(c.Context(), r, most, c.now))
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

func (c *contract) same(got, want session.Record) {
	c.Helper()
	for _, l := range []struct{ got, want *[]string }{{&got.Scopes, &want.Scopes}, {&got.Roles, &want.Roles}, {&got.AMR, &want.AMR}} {
		if len(*l.got) == 0 && len(*l.want) == 0 { // nil or empty: both are none
			*l.got = *l.want
		}
	}
	if !reflect.DeepEqual(got, want) {
		c.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// kept asks both nodes, and says that the session is just like this.
func (c *contract) kept(want session.Record) {
	c.Helper()
	for _, node := range []session.Store{c.a(), c.b()} {
		got, err := node.Lookup(c.Context(), want.Hash)
		c.must(err)
		c.same(got, want)
	}
}

// gone asks both nodes, and says that there is no such session, in no way.
func (c *contract) gone(n int, subject string) {
	c.Helper()
	for _, node := range []session.Store{c.a(), c.b()} {
		got, err := node.Lookup(c.Context(), hash(n))
		c.is(err, session.ErrUnknown)
		c.same(got, session.Record{})
		list, err := node.List(c.Context(), subject, c.now)
		c.must(err)
		for _, r := range list {
			if r.ID == id(n) {
				c.Errorf("session %d is in the list", n)
			}
		}
	}
}
