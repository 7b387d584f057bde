package tlsutil

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// hostSet holds the hosts of a Config. It maps each to the form that it has in a URL: the same, or in brackets.
type hostSet map[string]string

// newHostSet reads the hosts of a Config. The field is named in the faults.
func newHostSet(f *faults, field string, hosts []string) hostSet {
	set := make(hostSet, len(hosts))
	for i, h := range hosts {
		name, err := bareHost(h)
		if err != nil {
			f.add("%s[%d] %q %w", field, i, h, err)
			continue
		}
		set[name] = name
		if strings.Contains(name, ":") {
			set[name] = "[" + name + "]"
		}
	}
	return set
}

// find returns the form for URLs of the listed host that hostport names. Nothing of hostport itself is returned.
func (s hostSet) find(hostport string) (string, bool) {
	if h, ok := s[hostport]; ok && strings.IndexByte(hostport, ':') < 0 {
		return h, true // the usual case: a bare name in lower case
	}
	name, ok := hostName(hostport)
	if !ok {
		return "", false
	}
	h, ok := s[name]
	return h, ok
}

// hostName reads the host of an authority (RFC 9110, section 7.2): in lower case, without port, without brackets and without the
// dot at the end. What is left may still be no name at all: it is only ever compared with names that are.
func hostName(hostport string) (string, bool) {
	if strings.HasPrefix(hostport, "[") {
		literal, port, ok := strings.Cut(hostport[1:], "]")
		if !ok || !validPort(port) {
			return "", false
		}
		addr, err := netip.ParseAddr(literal)
		if err != nil || !addr.Is6() || addr.Zone() != "" {
			return "", false
		}
		return addr.String(), true
	}
	host, port := hostport, ""
	if i := strings.IndexByte(hostport, ':'); i >= 0 {
		host, port = hostport[:i], hostport[i:]
	}
	host = strings.TrimSuffix(host, ".") // example.com. is the same name in DNS
	if host == "" || !validPort(port) {
		return "", false
	}
	return strings.ToLower(host), true
}

// validPort takes what may follow a host: nothing, ":", or ":" and a number from 1 to 65535. Which number is not checked, because
// ports are mapped on the way.
func validPort(s string) bool {
	if s == "" || s == ":" {
		return true
	}
	digits, ok := strings.CutPrefix(s, ":")
	if !ok || digits[0] < '1' || digits[0] > '9' { // no sign, no leading zero
		return false
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	return err == nil && n > 0
}

// bareHost reads a host of a Config: a DNS name in ASCII or an address, and returns the form to compare with.
func bareHost(s string) (string, error) {
	literal := s
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		literal = s[1 : len(s)-1]
	}
	if addr, err := netip.ParseAddr(literal); err == nil {
		if addr.Zone() != "" {
			return "", errors.New("is an address with a zone, which no URL for others can name: leave the zone out")
		}
		return addr.String(), nil
	}
	name := strings.ToLower(s)
	if strings.HasPrefix(name, "*.") {
		return "", errors.New("is a wildcard: list each host")
	}
	if !dnsName(name) {
		return "", errors.New("is not a bare host: write example.com, xn--bcher-kva.example, 192.0.2.1 or 2001:db8::1, without scheme, port, path or final dot")
	}
	return name, nil
}

// dnsName says whether s is a host name in lower case (RFC 1123, section 2.1) that no reader takes for an IPv4 address.
func dnsName(s string) bool {
	if len(s) == 0 || len(s) > 253 {
		return false
	}
	var last string
	for label := range strings.SplitSeq(s, ".") {
		if len(label) == 0 || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
		last = label
	}
	// "127.1" and "0x7f.1" are addresses to a browser: the last label of a name is no number (WHATWG URL, section 3.5).
	return last[0] < '0' || last[0] > '9'
}
