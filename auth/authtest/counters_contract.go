package authtest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/auth/throttle"
)

// CountersContract tests an implementation of [throttle.Counters], with nodes as for [StoreContract].
func CountersContract(t *testing.T, newCounters func(t *testing.T) []throttle.Counters) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*countersContract)
	}{
		{"an unknown key has the zero count", (*countersContract).unknown},
		{"counts are kept in the order of the keys, for every node", (*countersContract).kept},
		{"counts run down with time, and are rounded up", (*countersContract).runDown},
		{"what change does not want is not kept", (*countersContract).unchanged},
		{"a count that is taken back is gone", (*countersContract).takenBack},
		{"keys differ by bytes", (*countersContract).keys},
		{"clocks of nodes differ", (*countersContract).clocks},
		{"a caller that is gone leaves all or nothing", (*countersContract).cancelled},
		{"a change that panics leaves nothing, and no lock", (*countersContract).panics},
		{"of a hundred parallel updates none is lost", (*countersContract).hundred},
		{"keys in any order do not lock each other out", (*countersContract).crossed},
		{"a pair is familiar until its time", (*countersContract).familiar},
		{"pairs do not disturb each other", (*countersContract).pairs},
		{"an account with many networks keeps the last", (*countersContract).manyNetworks},
	} {
		t.Run(c.name, func(t *testing.T) {
			nodes := newCounters(t)
			if len(nodes) == 0 {
				t.Fatal("newCounters returned no node")
			}
			c.test(&countersContract{T: t, nodes: nodes, now: contractNow})
		})
	}
}

type countersContract struct {
	*testing.T
	nodes []throttle.Counters
	now   time.Time
}

func (c *countersContract) a() throttle.Counters { return c.nodes[0] }
func (c *countersContract) b() throttle.Counters { return c.nodes[len(c.nodes)-1] }

// countKey is a key as throttle makes them: the kind, and a hash of the rest.
func countKey(kind byte, n int) throttle.Key {
	k := throttle.Key(sha256.Sum256(fmt.Append(nil, n)))
	k[0] = kind
	return k
}

// countKeys are one of each kind, not in the order of their bytes.
func countKeys(n int) []throttle.Key {
	return []throttle.Key{countKey(3, n), countKey(0, n), countKey(4, n), countKey(1, n), countKey(2, n)}
}

func seconds(heat, wait float64) throttle.Count {
	return throttle.Count{Heat: time.Duration(heat * float64(time.Second)), Wait: time.Duration(wait * float64(time.Second))}
}

func (c *countersContract) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatalf("unexpected: %v", err)
	}
}

func (c *countersContract) put(node throttle.Counters, at time.Time, keys []throttle.Key, counts ...throttle.Count) {
	c.Helper()
	c.must(node.Update(c.Context(), keys, at, func(found []throttle.Count) bool { return copy(found, counts) > 0 }))
}

// are says what both nodes read, to the millisecond and rounded up.
func (c *countersContract) are(at time.Time, keys []throttle.Key, want ...throttle.Count) {
	c.Helper()
	for _, node := range []throttle.Counters{c.a(), c.b()} {
		c.must(node.Update(c.Context(), keys, at, func(found []throttle.Count) bool {
			if len(found) != len(keys) {
				c.Fatalf("%d counts of %d keys", len(found), len(keys))
			}
			for i, got := range found {
				if !rounded(got.Heat, want[i].Heat) || !rounded(got.Wait, want[i].Wait) {
					c.Errorf("key %d: got %v, want %v", i, got, want[i])
				}
			}
			return false
		}))
	}
}

func rounded(got, want time.Duration) bool { return want <= got && got <= want+time.Millisecond }

func (c *countersContract) unknown() {
	for n := 1; n <= 5; n++ {
		c.are(c.now, countKeys(1)[:n], make([]throttle.Count, n)...)
	}
}

func (c *countersContract) kept() {
	for n := 1; n <= 5; n++ {
		keys := countKeys(n)[:n]
		var want []throttle.Count
		for i := range keys {
			want = append(want, seconds(float64(100*n+i), float64(i)))
		}
		c.put(c.nodes[n%len(c.nodes)], c.now, keys, want...)
		c.are(c.now, keys, want...)
		for i := range keys {
			c.are(c.now, keys[i:i+1], want[i])
		}
	}
	keys := countKeys(5)
	reversed := []throttle.Key{keys[4], keys[3], keys[2], keys[1], keys[0]}
	c.are(c.now, reversed, seconds(504, 4), seconds(503, 3), seconds(502, 2), seconds(501, 1), seconds(500, 0))
	// Some are there and some are not.
	c.put(c.a(), c.now, []throttle.Key{keys[2], countKey(0, 99)}, seconds(7, 6), seconds(8, 0))
	c.are(c.now, []throttle.Key{countKey(0, 99), keys[1], countKey(1, 99), keys[2]}, seconds(8, 0), seconds(501, 1), throttle.Count{}, seconds(7, 6))
}

func (c *countersContract) runDown() {
	keys := countKeys(1)[:2]
	c.put(c.a(), c.now, keys, throttle.Count{Heat: 24*time.Hour + 1, Wait: time.Nanosecond}, throttle.Count{Wait: time.Minute})
	c.are(c.now, keys, throttle.Count{Heat: 24*time.Hour + 1, Wait: time.Nanosecond}, throttle.Count{Wait: time.Minute})
	c.are(c.now.Add(59*time.Second), keys, seconds(86400-59, 0), seconds(0, 1))
	c.are(c.now.Add(time.Minute+time.Millisecond), keys, throttle.Count{Heat: 24*time.Hour - time.Minute - time.Millisecond}, throttle.Count{})
	c.are(c.now.Add(25*time.Hour), keys, throttle.Count{}, throttle.Count{})
	c.are(c.now.Add(1_000_000*time.Hour), keys, throttle.Count{}, throttle.Count{})
}

func (c *countersContract) unchanged() {
	keys := countKeys(1)[:2]
	c.put(c.a(), c.now, keys, seconds(10, 1), seconds(20, 2))
	c.must(c.b().Update(c.Context(), keys, c.now, func(found []throttle.Count) bool {
		found[0], found[1] = seconds(99, 99), throttle.Count{}
		return false
	}))
	c.are(c.now, keys, seconds(10, 1), seconds(20, 2))
}

func (c *countersContract) takenBack() {
	keys := countKeys(1)[:2]
	c.put(c.a(), c.now, keys, seconds(10, 1), seconds(20, 2))
	c.put(c.b(), c.now, keys, throttle.Count{}, seconds(3, 0))
	c.are(c.now, keys, throttle.Count{}, seconds(3, 0))
	c.put(c.a(), c.now, keys, seconds(4, 0), seconds(3, 0))
	c.are(c.now, keys, seconds(4, 0), seconds(3, 0))
}

func (c *countersContract) keys() {
	var low, high, last throttle.Key
	high[31], last[31] = 0x80, 0xff
	odd := throttle.Key{1, 0, '\'', '\\', '{', '}', ' ', '%', 0xff, 0xfe, '\n'}
	keys := []throttle.Key{low, high, last, odd}
	for i, k := range keys {
		c.put(c.a(), c.now, []throttle.Key{k}, seconds(float64(i+1), 0))
	}
	c.are(c.now, keys, seconds(1, 0), seconds(2, 0), seconds(3, 0), seconds(4, 0))
}

// clocks: a node that is behind sees more, one that is ahead less, and neither breaks it for the other.
func (c *countersContract) clocks() {
	keys := countKeys(1)[:1]
	c.put(c.a(), c.now, keys, seconds(10, 5))
	c.are(c.now.Add(-time.Minute), keys, seconds(70, 65))
	c.are(c.now.Add(time.Minute), keys, throttle.Count{})
	c.are(c.now, keys, seconds(10, 5)) // it was judged, not recorded
}

func (c *countersContract) cancelled() {
	keys := countKeys(1)
	c.put(c.a(), c.now, keys, seconds(1, 0), seconds(1, 0), seconds(1, 0), seconds(1, 0), seconds(1, 0))
	gone, cancel := context.WithCancel(c.Context())
	err := c.a().Update(gone, keys, c.now, func(found []throttle.Count) bool {
		cancel() // between reading and writing
		for i := range found {
			found[i] = seconds(2, 0)
		}
		return true
	})
	want := seconds(2, 0)
	if err != nil {
		want = seconds(1, 0)
	}
	c.are(c.now, keys, want, want, want, want, want)
	c.put(c.b(), c.now, keys[:1], seconds(3, 0)) // nothing is locked
	if err := c.a().Update(gone, keys, c.now, func([]throttle.Count) bool { return true }); err == nil {
		c.are(c.now, keys, seconds(3, 0), want, want, want, want)
	}
}

func (c *countersContract) panics() {
	keys := countKeys(1)
	func() {
		defer func() { _ = recover() }()
		_ = c.a().Update(c.Context(), keys, c.now, func([]throttle.Count) bool { panic("planted") })
	}()
	c.put(c.a(), c.now, keys[:1], seconds(3, 0))
	c.put(c.b(), c.now, keys[1:2], seconds(4, 0))
	c.are(c.now, keys[:3], seconds(3, 0), seconds(4, 0), throttle.Count{})
}

func addSecond(found []throttle.Count) bool {
	for i := range found {
		found[i].Heat += time.Second
		found[i].Wait += time.Second
	}
	return true
}

// hundred updates at the same instant, by callers who share some keys: attempts on one account from many networks.
func (c *countersContract) hundred() {
	const updates = 100
	shared := countKey(0, 0)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range updates {
		wg.Go(func() {
			<-start
			keys := []throttle.Key{countKey(1, i), shared, countKey(2, i%10)}
			if err := c.nodes[i%len(c.nodes)].Update(c.Context(), keys, c.now, addSecond); err != nil {
				c.Errorf("update %d: %v", i, err)
			}
		})
	}
	close(start)
	wg.Wait()
	c.are(c.now, []throttle.Key{shared}, seconds(updates, updates))
	for i := range updates {
		c.are(c.now, []throttle.Key{countKey(1, i), countKey(2, i%10)}, seconds(1, 1), seconds(updates/10, updates/10))
	}
}

func (c *countersContract) crossed() {
	const updates = 60
	all := countKeys(1)
	var wg sync.WaitGroup
	for i := range updates {
		wg.Go(func() {
			keys := make([]throttle.Key, len(all)) // rotated, and every second time reversed
			for j, k := range all {
				at := (i + j) % len(all)
				if i%2 == 0 {
					at = len(all) - 1 - at
				}
				keys[at] = k
			}
			if err := c.nodes[i%len(c.nodes)].Update(c.Context(), keys, c.now, addSecond); err != nil {
				c.Errorf("update %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	want := seconds(updates, updates)
	c.are(c.now, all, want, want, want, want, want)
}

// know says whether the pair is familiar to both nodes.
func (c *countersContract) know(want bool, account, network throttle.Key, at time.Time) {
	c.Helper()
	for _, node := range []throttle.Counters{c.a(), c.b()} {
		got, err := node.Familiar(c.Context(), account, network, at)
		if err != nil || got != want {
			c.Errorf("got %t, %v, want %t", got, err, want)
		}
	}
}

func (c *countersContract) familiar() {
	account, network := countKey(0, 1), countKey(1, 1)
	c.know(false, account, network, c.now)
	end := c.now.Add(90 * 24 * time.Hour)
	c.must(c.a().Remember(c.Context(), account, network, end, c.now))
	c.know(true, account, network, c.now)
	c.know(true, account, network, end.Add(-time.Millisecond))
	c.know(false, account, network, end)
	c.know(false, account, network, end.Add(time.Hour))
	c.must(c.b().Remember(c.Context(), account, network, end.Add(time.Hour), c.now.Add(time.Hour)))
	c.know(true, account, network, end)
}

func (c *countersContract) pairs() {
	end := c.now.Add(time.Hour)
	c.must(c.a().Remember(c.Context(), countKey(0, 1), countKey(1, 1), end, c.now))
	c.must(c.a().Remember(c.Context(), countKey(0, 2), countKey(1, 2), end, c.now))
	for account := range 4 {
		for network := range 4 {
			c.know(account == network && (account == 1 || account == 2), countKey(0, account), countKey(1, network), c.now)
		}
	}
	c.know(false, countKey(1, 1), countKey(0, 1), c.now) // not the other way round
}

func (c *countersContract) manyNetworks() {
	const networks = 200
	c.must(c.a().Remember(c.Context(), countKey(0, 1), countKey(1, 0), c.now.Add(24*time.Hour), c.now))
	for i := range networks {
		c.must(c.nodes[i%len(c.nodes)].Remember(c.Context(), countKey(0, 0), countKey(1, i), c.now.Add(time.Hour+time.Duration(i)*time.Second), c.now))
		c.know(true, countKey(0, 0), countKey(1, i), c.now)
	}
	c.know(true, countKey(0, 1), countKey(1, 0), c.now) // another account loses nothing by it
}
