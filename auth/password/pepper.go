package password

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

const (
	maxPeppers                 = 16
	maxPepperID                = 8 // bytes; the most that a keyid has in a PHC string of Argon2
	minPepperKey, maxPepperKey = 32, 1024
)

// Pepper is a secret key that every password is mixed with before it is hashed, so that who has a copy of the database alone
// has nothing to guess at (NIST SP 800-63B-4, section 3.1.1.2, calls it the keyed hashing operation). Keep the key where the
// database and its backups are not: in a secret store or the environment.
//
// It shows its id alone, with every verb of fmt and in log/slog, and has no text form. The key is in a closure, where no
// printer that walks values by reflection can follow, even from an unexported field.
type Pepper struct {
	id  string
	key func() []byte
}

// NewPepper returns a pepper with a name of 1 to 8 letters, digits and signs of "-._", which is written into every hash, and
// a key of 32 to 1,024 random bytes (head -c 32 /dev/urandom), of which it takes a copy. What is wrong with them is said by [New].
func NewPepper(id string, key []byte) Pepper {
	key = slices.Clone(key)
	return Pepper{id: id, key: func() []byte { return key }}
}

// String returns the id, without the key.
func (p Pepper) String() string { return "Pepper(" + p.id + ")" }

// Format writes what String returns, whatever the verb.
func (p Pepper) Format(s fmt.State, _ rune) { _, _ = fmt.Fprint(s, p.String()) }

// LogValue returns what String returns.
func (p Pepper) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalText fails: a secret is not written along with other things.
func (p Pepper) MarshalText() ([]byte, error) {
	return nil, errors.New("password: a Pepper is not written as text")
}

// mix returns base64(HMAC-SHA-384(key, pw)): 64 characters, which no function of hashing cuts, and none of them NUL.
func (p Pepper) mix(pw string) string {
	mac := hmac.New(sha512.New384, p.key())
	mac.Write([]byte(pw))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// equal does not hurry, so it needs no constant time: it compares keys of one configuration with one another.
func (p Pepper) equal(other Pepper) bool { return slices.Equal(p.key(), other.key()) }

// peppers are in the order of the configuration: the first is today's.
type peppers []Pepper

// today is the id of the pepper for new hashes, or empty.
func (ps peppers) today() string {
	if len(ps) == 0 {
		return ""
	}
	return ps[0].id
}

// mix returns what is hashed for pw: pw itself if id is empty. It is false if the pepper is not there.
func (ps peppers) mix(pw, id string) (string, bool) {
	if id == "" {
		return pw, true
	}
	i := slices.IndexFunc(ps, func(p Pepper) bool { return p.id == id })
	if i < 0 {
		return "", false
	}
	return ps[i].mix(pw), true
}

func (ps peppers) has(id string) bool {
	return id == "" || slices.ContainsFunc(ps, func(p Pepper) bool { return p.id == id })
}

func (ps peppers) faults() []error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("password: Config.Peppers"+format, args...))
	}
	if len(ps) > maxPeppers {
		fault(" has %d peppers, more than %d: leave out those that no stored hash has", len(ps), maxPeppers)
		ps = ps[:maxPeppers]
	}
	for i, p := range ps {
		if p.key == nil {
			fault("[%d] is empty: make it with NewPepper", i)
			continue
		}
		if !goodPepperID(p.id) {
			fault("[%d] has an id that is not 1 to %d letters, digits and signs of -._: rename it", i, maxPepperID)
		}
		if key := p.key(); len(key) < minPepperKey || len(key) > maxPepperKey {
			fault("[%d] has a key of %d bytes, not %d to %d: make one with head -c 32 /dev/urandom", i, len(key), minPepperKey, maxPepperKey)
		} else if len(slices.Compact(slices.Clone(key))) == 1 {
			fault("[%d] has a key of one byte repeated: make one with head -c 32 /dev/urandom", i)
		}
		for j, other := range ps[:i] {
			if other.key == nil {
				continue
			}
			if other.id == p.id {
				fault("[%d] has the id of Peppers[%d]: give each its own", i, j)
			}
			if other.equal(p) {
				fault("[%d] has the key of Peppers[%d]: a new pepper needs a new key", i, j)
			}
		}
	}
	return faults
}

func goodPepperID(id string) bool {
	const signs = "-._0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return id != "" && len(id) <= maxPepperID && strings.Trim(id, signs) == ""
}
