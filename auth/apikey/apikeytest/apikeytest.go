// Package apikeytest tests a store of API keys that an application or a library adds.
//
//	func TestStore(t *testing.T) {
//		apikeytest.StoreContract(t, func(t *testing.T) []apikey.Store { return []apikey.Store{open(t)} })
//	}
//
// # Security model
//
// The contract is what apikey.Keys relies on: that what was revoked stays revoked whatever else happens at the time, that a user
// cannot end another's key, that names which differ in a byte are different names. A store that passes it can still lose what it
// said to have kept when the power fails; that is for the store's own tests.
package apikeytest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/auth/apikey"
)

// StoreContract tests an implementation of [apikey.Store]. Each call of newStore returns at least one node on data of its own, which
// is empty; several nodes on the same data are tested against each other. No state is left between the calls.
func StoreContract(t *testing.T, newStore func(t *testing.T) []apikey.Store) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*contract)
	}{
		{"create is seen by every node before it returns", (*contract).create},
		{"create does not replace a key", (*contract).createTwice},
		{"create refuses what cannot be kept", (*contract).createInvalid},
		{"create counts the live keys of the subject", (*contract).createTooMany},
		{"a subject's keys that have ended are bounded", (*contract).createTooManyEnded},
		{"records keep every byte", (*contract).roundTrip},
		{"nothing is shared with the caller", (*contract).isolation},
		{"unknown keys", (*contract).unknown},
		{"lookup judges nothing", (*contract).lookupEnded},
		{"touch goes forward only", (*contract).touch},
		{"revoke a key", (*contract).revoke},
		{"revoke the key of another", (*contract).revokeOther},
		{"revoke a subject", (*contract).revokeSubject},
		{"list the newest first", (*contract).list},
		{"names differ by bytes", (*contract).names},
		{"revocation beats a touch", (*contract).revokeRace},
		{"of many revocations the first instant stays", (*contract).revokeMany},
		{"of many of one name exactly one is created", (*contract).createRace},
		{"sweep", (*contract).sweep},
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
	nodes []apikey.Store
	now   time.Time
}

// most is more than a test creates, unless it is about that.
const most = 500

// a and b are two nodes, or one twice.
func (c *contract) a() apikey.Store { return c.nodes[0] }
func (c *contract) b() apikey.Store { return c.nodes[len(c.nodes)-1] }

// id returns the name of the n-th key.
func id(n int) string { return fmt.Sprintf("aZ09%012d", n) }

func hash(n int) apikey.Hash { return sha256.Sum256(fmt.Append(nil, n)) }

func (c *contract) key(n int, subject string) apikey.Record {
	return apikey.Record{ID: id(n), Hash: hash(n), Subject: subject, Name: "a script", Scopes: []string{"notes:read", "notes:write"},
		Created: c.now, Expiry: c.now.Add(time.Hour)}
}

func (c *contract) add(n int, subject string) apikey.Record {
	c.Helper()
	r := c.key(n, subject)
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

func (c *contract) same(got, want apikey.Record) {
	c.Helper()
	if len(got.Scopes) == 0 && len(want.Scopes) == 0 { // nil or empty: both are none
		got.Scopes = want.Scopes
	}
	if !reflect.DeepEqual(got, want) {
		c.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// kept asks both nodes, and says that the key is just like this.
func (c *contract) kept(want apikey.Record) {
	c.Helper()
	for _, node := range []apikey.Store{c.a(), c.b()} {
		got, err := node.Lookup(c.Context(), want.ID)
		c.must(err)
		c.same(got, want)
	}
}

func (c *contract) list() {
	for _, n := range []int{2, 0, 1} {
		r := c.key(n, "alice")
		r.Created = c.now.Add(time.Duration(n) * time.Microsecond)
		c.must(c.a().Create(c.Context(), r, most, c.now))
	}
	c.add(3, "bob")
	c.must(c.a().Revoke(c.Context(), id(1), "", c.now))
	got, err := c.b().List(c.Context(), "alice")
	c.must(err)
	if len(got) != 3 || got[0].ID != id(2) || got[1].ID != id(1) || got[2].ID != id(0) {
		c.Errorf("got %d keys, want three, the newest first: %+v", len(got), got)
	}
	got, err = c.b().List(c.Context(), "nobody")
	if err != nil || len(got) != 0 {
		c.Errorf("got %d keys and %v, want none", len(got), err)
	}
}
