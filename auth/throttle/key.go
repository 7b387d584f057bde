package throttle

import (
	"crypto/sha256"
	"net/netip"
)

// A kind of count, and the first byte of its keys.
const (
	familiarPair = iota // a spelling and a network that are familiar
	pair                // a name and a network
	account             // a name
	network             // a network
	site                // the /48 of an IPv6 address
	kinds

	spelling = kinds // a name as it was spelled; it has no count
)

// limitNames are the words for the log.
var limitNames = [kinds]string{"familiar", "pair", "account", "network", "site"}

// visitor is who wants to log in, as far as it is counted.
type visitor struct {
	spelling, network Key // are they familiar with each other?
	familiar          Key // the key of their own count
	pair, account     Key
	site              Key
	hasSite           bool
}

func newVisitor(addr netip.Addr, name string) visitor {
	near, far := networksOf(addr)
	folded := fold(name)
	return visitor{
		spelling: newKey(spelling, netip.Prefix{}, name),
		network:  newKey(network, near, ""),
		familiar: newKey(familiarPair, near, name),
		pair:     newKey(pair, near, folded),
		account:  newKey(account, netip.Prefix{}, folded),
		site:     newKey(site, far, ""),
		hasSite:  far.IsValid(),
	}
}

// keys are those of the counts that an attempt is counted for: its own if the pair is familiar, else all others.
func (v *visitor) keys(familiar bool) []Key {
	switch {
	case familiar:
		return []Key{v.familiar}
	case v.hasSite:
		return []Key{v.pair, v.account, v.network, v.site}
	}
	return []Key{v.pair, v.account, v.network}
}

// newKey hashes fields of fixed size and then the name, so that no two inputs run into each other.
func newKey(kind byte, p netip.Prefix, name string) Key {
	addr := p.Addr().As16() // of the zero Addr: zeros, and Bits tells it apart
	buf := make([]byte, 0, 128)
	buf = append(buf, kind, byte(p.Bits()))
	buf = append(buf, addr[:]...)
	buf = append(buf, name...)
	k := Key(sha256.Sum256(buf))
	k[0] = kind
	return k
}

// nat64 is how IPv4 clients look to a server that has IPv6 only (RFC 6052, section 2.1).
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// networksOf returns the network that a client is taken to own, and for IPv6 the /48 around it. Of an IPv6 address a host
// picks the lower 64 bits itself (RFC 4291, section 2.5.1), and a site gets up to a /48 (RFC 6177).
func networksOf(addr netip.Addr) (near, far netip.Prefix) {
	addr = addr.Unmap().WithZone("")
	if nat64.Contains(addr) {
		b := addr.As16()
		addr = netip.AddrFrom4([4]byte(b[12:]))
	}
	switch {
	case addr.Is4():
		near, _ = addr.Prefix(32)
	case addr.Is6():
		near, _ = addr.Prefix(64)
		far, _ = addr.Prefix(48)
	}
	return near, far
}
