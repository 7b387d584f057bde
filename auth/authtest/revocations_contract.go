package authtest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/auth/store"
)

// RevocationsContract tests an implementation of [store.Revocations], with nodes as for [StoreContract].
func RevocationsContract(t *testing.T, newStore func(t *testing.T) []store.Revocations) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*revocationsContract)
	}{
		{"what was not denied passes", (*revocationsContract).nothing},
		{"a token is denied on every node before the method returns", (*revocationsContract).token},
		{"a session is denied with what is yet to be issued", (*revocationsContract).session},
		{"a subject is denied up to a whole second", (*revocationsContract).subject},
		{"token, session and subject are different names", (*revocationsContract).kinds},
		{"names differ by bytes", (*revocationsContract).names},
		{"what cannot be denied is an error", (*revocationsContract).invalid},
		{"a denial lasts as long as a verifier's leeway", (*revocationsContract).leeway},
		{"denying again takes nothing back", (*revocationsContract).again},
		{"clocks of nodes differ", (*revocationsContract).clocks},
		{"a hundred parallel denials all hold", (*revocationsContract).hundred},
		{"a hundred parallel denials of one subject", (*revocationsContract).hundredOfOne},
	} {
		t.Run(c.name, func(t *testing.T) {
			nodes := newStore(t)
			if len(nodes) == 0 {
				t.Fatal("newStore returned no node")
			}
			now := contractNow
			c.test(&revocationsContract{T: t, nodes: nodes, now: now, until: now.Add(10 * time.Minute)})
		})
	}
}

type revocationsContract struct {
	*testing.T
	nodes      []store.Revocations
	now, until time.Time
}

func (c *revocationsContract) a() store.Revocations { return c.nodes[0] }
func (c *revocationsContract) b() store.Revocations { return c.nodes[len(c.nodes)-1] }

func (c *revocationsContract) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatalf("unexpected: %v", err)
	}
}

// access is what a token says of itself.
type access struct {
	subject, session, id string
	issued               time.Time
}

func (c *revocationsContract) token1() access { return access{"alice", "session-1", "token-1", c.now} }

// revoked asks both nodes at the instant.
func (c *revocationsContract) revoked(want bool, a access, at time.Time) {
	c.Helper()
	for _, node := range []store.Revocations{c.a(), c.b()} {
		got, err := node.Revoked(c.Context(), a.subject, a.session, a.id, a.issued, at)
		if err != nil || got != want {
			c.Errorf("%q, %q, %q issued %v at %v: got %t, %v, want %t", a.subject, a.session, a.id, a.issued, at, got, err, want)
		}
	}
}

func (c *revocationsContract) nothing() {
	c.revoked(false, c.token1(), c.now)
	c.revoked(false, access{"alice", "", "", c.now}, c.now)
	c.revoked(false, access{"", "", "", time.Time{}}, c.now)
	c.must(c.a().DenyToken(c.Context(), "token-2", c.until, c.now))
	c.must(c.a().DenySession(c.Context(), "session-2", c.until, c.now))
	c.must(c.a().DenyBefore(c.Context(), "bob", c.now, c.until, c.now))
	c.revoked(false, c.token1(), c.now)
	c.revoked(false, access{"alice", "", "", c.now}, c.now)
	c.revoked(false, access{"", "", "", time.Time{}}, c.now)
}

func (c *revocationsContract) token() {
	c.must(c.a().DenyToken(c.Context(), "token-1", c.until, c.now))
	c.revoked(true, c.token1(), c.now)
	c.revoked(true, access{"", "", "token-1", c.now.Add(time.Hour)}, c.now)
	c.revoked(false, access{"alice", "session-1", "token-2", c.now}, c.now)
}

func (c *revocationsContract) session() {
	c.must(c.a().DenySession(c.Context(), "session-1", c.until, c.now))
	c.revoked(true, c.token1(), c.now)
	c.revoked(true, access{"alice", "session-1", "token-2", c.now.Add(time.Minute)}, c.now.Add(time.Minute))
	c.revoked(true, access{"", "session-1", "", c.now}, c.now)
	c.revoked(false, access{"alice", "session-2", "token-2", c.now}, c.now)
}

func (c *revocationsContract) subject() {
	c.must(c.a().DenyBefore(c.Context(), "alice", c.now, c.until, c.now))
	second := c.now.Truncate(time.Second)
	for issued, want := range map[time.Time]bool{
		{}:                                    true, // a token that does not say when
		second.Add(-time.Hour):                true,
		second:                                true,
		c.now:                                 true,
		second.Add(time.Second - 1):           true,
		second.Add(time.Second):               false,
		second.Add(time.Second + time.Minute): false,
		second.In(time.FixedZone("", -3600)):  true,
	} {
		c.revoked(want, access{"alice", "s", "t", issued}, c.now)
	}
	c.revoked(false, access{"bob", "s", "t", c.now}, c.now)
	// A "not before" that is ahead or back, as another node's clock or an administrator may give it.
	c.must(c.a().DenyBefore(c.Context(), "bob", c.now.Add(-time.Minute), c.until, c.now))
	c.revoked(false, access{"bob", "s", "t", c.now.Add(-59 * time.Second)}, c.now)
	c.revoked(true, access{"bob", "s", "t", c.now.Add(-60 * time.Second)}, c.now)
	c.must(c.a().DenyBefore(c.Context(), "carol", c.now.Add(time.Minute), c.until, c.now))
	c.revoked(true, access{"carol", "s", "t", c.now.Add(time.Minute)}, c.now)
}

func (c *revocationsContract) kinds() {
	c.must(c.a().DenyToken(c.Context(), "x", c.until, c.now))
	c.revoked(false, access{"x", "x", "", c.now}, c.now)
	c.must(c.a().DenySession(c.Context(), "y", c.until, c.now))
	c.revoked(false, access{"y", "", "y", c.now}, c.now)
	c.must(c.a().DenyBefore(c.Context(), "z", c.now, c.until, c.now))
	c.revoked(false, access{"", "z", "z", c.now}, c.now)
}

func (c *revocationsContract) names() {
	long := strings.Repeat("x", 100_000)
	names := []string{"alice", "Alice", "alice ", " alice", "alicé", "alic\u0065\u0301", "ａｌｉｃｅ", "alice\x00", "\x00", "alice\xff", "%", "_____", "*", "{a}", "a:b", "a\nb", long, long + "x"}
	for i, name := range names {
		c.must(c.a().DenyToken(c.Context(), name, c.until, c.now))
		c.must(c.a().DenySession(c.Context(), name, c.until, c.now))
		c.must(c.a().DenyBefore(c.Context(), name, c.now, c.until, c.now))
		for j, other := range names {
			c.revoked(j <= i, access{"", "", other, c.now}, c.now)
			c.revoked(j <= i, access{"", other, "", c.now}, c.now)
			c.revoked(j <= i, access{other, "", "", c.now}, c.now)
		}
	}
}

func (c *revocationsContract) invalid() {
	for name, err := range map[string]error{
		"no token":         c.a().DenyToken(c.Context(), "", c.until, c.now),
		"no session":       c.a().DenySession(c.Context(), "", c.until, c.now),
		"no subject":       c.a().DenyBefore(c.Context(), "", c.now, c.until, c.now),
		"token, no end":    c.a().DenyToken(c.Context(), "x", time.Time{}, c.now),
		"session, no end":  c.a().DenySession(c.Context(), "x", time.Time{}, c.now),
		"subject, no end":  c.a().DenyBefore(c.Context(), "x", c.now, time.Time{}, c.now),
		"subject, no time": c.a().DenyBefore(c.Context(), "x", time.Time{}, time.Time{}, c.now),
	} {
		if err == nil {
			c.Errorf("%s: no error", name)
		}
	}
	c.revoked(false, access{"x", "x", "x", c.now}, c.now)
}

// leeway: a verifier that forgives its clock takes a token for longer than it says.
func (c *revocationsContract) leeway() {
	c.must(c.a().DenyToken(c.Context(), "token-1", c.until, c.now))
	c.must(c.a().DenySession(c.Context(), "session-1", c.until, c.now))
	c.must(c.a().DenyBefore(c.Context(), "alice", c.now, c.until, c.now))
	late := c.until.Add(store.Leeway)
	for _, a := range []access{{"", "", "token-1", c.now}, {"", "session-1", "", c.now}, {"alice", "", "", c.now}} {
		c.revoked(true, a, late.Add(-time.Microsecond))
		c.revoked(false, a, late)
	}
	c.must(c.a().DenyToken(c.Context(), "token-2", c.now.Add(-time.Hour), c.now)) // has ended: nothing to do
	c.revoked(false, access{"", "", "token-2", c.now.Add(-2 * time.Hour)}, c.now)
}

func (c *revocationsContract) again() {
	longer := c.until.Add(time.Hour)
	c.must(c.a().DenyToken(c.Context(), "token-1", longer, c.now))
	c.must(c.b().DenyToken(c.Context(), "token-1", c.until, c.now))
	c.revoked(true, access{"", "", "token-1", c.now}, longer)
	c.must(c.a().DenySession(c.Context(), "session-1", c.until, c.now))
	c.must(c.b().DenySession(c.Context(), "session-1", longer, c.now))
	c.revoked(true, access{"", "session-1", "", c.now}, longer)

	c.must(c.a().DenyBefore(c.Context(), "alice", c.now, c.until, c.now))
	c.must(c.b().DenyBefore(c.Context(), "alice", c.now.Add(-time.Hour), longer, c.now))
	c.revoked(true, access{"alice", "", "", c.now}, c.now)
	c.revoked(true, access{"alice", "", "", c.now.Add(-time.Hour)}, longer)
	c.must(c.b().DenyBefore(c.Context(), "alice", c.now.Add(time.Hour), c.until, c.now))
	c.revoked(true, access{"alice", "", "", c.now.Add(time.Hour)}, c.now)
}

func (c *revocationsContract) clocks() {
	c.must(c.a().DenyToken(c.Context(), "token-1", c.until, c.now))
	ahead := c.until.Add(store.Leeway + time.Hour)
	c.revoked(false, access{"", "", "token-1", c.now}, ahead)
	c.must(c.b().DenyToken(c.Context(), "token-2", ahead.Add(time.Hour), ahead)) // a node whose clock is ahead may sweep
	c.revoked(true, access{"", "", "token-2", c.now}, c.now)                     // what is behind it sees
	c.must(c.a().DenyToken(c.Context(), "token-3", c.until, c.now))
	c.revoked(true, access{"", "", "token-3", c.now}, c.now)
}

func (c *revocationsContract) hundred() {
	const denials = 100
	var wg sync.WaitGroup
	for i := range denials {
		wg.Go(func() {
			node, name := c.nodes[i%len(c.nodes)], fmt.Sprint(i)
			for _, err := range []error{
				node.DenyToken(c.Context(), name, c.until, c.now),
				node.DenySession(c.Context(), name, c.until, c.now),
				node.DenyBefore(c.Context(), name, c.now, c.until, c.now),
			} {
				if err != nil {
					c.Errorf("unexpected: %v", err)
				}
			}
		})
	}
	wg.Wait()
	for i := range denials {
		name := fmt.Sprint(i)
		c.revoked(true, access{"", "", name, c.now}, c.now)
		c.revoked(true, access{"", name, "", c.now}, c.now)
		c.revoked(true, access{name, "", "", c.now}, c.now)
	}
}

// hundredOfOne: whatever order they come in, the latest "not before" and the latest end are what remains.
func (c *revocationsContract) hundredOfOne() {
	const denials = 100
	var wg sync.WaitGroup
	for _, i := range rand.Perm(denials) {
		wg.Go(func() {
			err := c.nodes[i%len(c.nodes)].DenyBefore(c.Context(), "alice", c.now.Add(time.Duration(i)*time.Second), c.until.Add(-time.Duration(i)*time.Second), c.now)
			if err != nil {
				c.Errorf("unexpected: %v", err)
			}
		})
	}
	wg.Wait()
	last := c.now.Add((denials - 1) * time.Second)
	c.revoked(true, access{"alice", "", "", last}, c.now)
	c.revoked(false, access{"alice", "", "", last.Add(time.Second)}, c.now)
	c.revoked(true, access{"alice", "", "", c.now}, c.until)
}
