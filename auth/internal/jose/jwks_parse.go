package jose

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MaxSetKeys is how many keys a set of somebody else has.
const MaxSetKeys = 100

// The causes for which a set as a whole is refused.
var (
	errSet       = errors.New(`jose: not a JWK set: a JSON object with an array "keys" of objects`)
	errSetSize   = fmt.Errorf("jose: the JWK set has more than %d keys", MaxSetKeys)
	errSymmetric = errors.New("jose: the JWK set holds a symmetric key, which whoever reads it can sign with")
	errTwice     = errors.New("jose: the JWK set has two keys for signatures with one kid")
)

// PublicSet is the part of a JWK set that verifies signatures.
type PublicSet struct {
	Keys    []*PublicKey // their ids differ
	Skipped []error      // why others cannot be used, each with the place of the key in the set
}

// ParsePublicSet reads a JWK set (RFC 7517, section 5) that a provider publishes. Members that it does not know are ignored.
//
// A key that cannot be used is skipped (section 5 again): one of an unknown type or algorithm, one that is broken, weak, without
// kid, meant for another purpose (use, key_ops), or with its private half beside it. The set is refused as a whole if
// two keys share a kid, because a token would not say which of them it means, and if it holds a symmetric key: RFC 8725,
// section 2.1, tells what happens where both kinds meet.
//
// A key is for the one algorithm that it names, which must be among algorithms. One that names none is for the first of
// algorithms that it fits.
func ParsePublicSet(text string, algorithms []Algorithm) (PublicSet, error) {
	texts, err := splitSet(text)
	if err != nil {
		return PublicSet{}, err
	}
	var set PublicSet
	seen := make(map[string]bool, len(texts))
	for i, text := range texts {
		skip := func(err error) { set.Skipped = append(set.Skipped, fmt.Errorf("key %d: %w", i+1, err)) }
		k, err := readJWK(text)
		if k.kty == "oct" {
			return PublicSet{}, errSymmetric
		}
		if err != nil {
			skip(err)
			continue
		}
		if err := k.purpose(algorithms); err != nil {
			skip(err)
			continue
		}
		if seen[k.kid] {
			return PublicSet{}, errTwice
		}
		seen[k.kid] = true
		key, err := k.public(algorithms)
		if err != nil {
			skip(err)
			continue
		}
		set.Keys = append(set.Keys, key)
	}
	return set, nil
}

// splitSet returns the texts of the keys.
func splitSet(text string) ([]Value, error) {
	members, ok := ParseObject(strings.Trim(text, " \t\r\n"), nil)
	if !ok {
		return nil, errSet
	}
	i := slices.IndexFunc(members, func(m Member) bool { return m.Name == "keys" })
	if i < 0 {
		return nil, errSet
	}
	texts, ok := members[i].Value.elements(MaxSetKeys + 1)
	switch {
	case !ok:
		return nil, errSet
	case len(texts) > MaxSetKeys:
		return nil, errSetSize
	}
	return texts, nil
}

// elements returns the texts of the values of an array, the first limit of them.
func (v Value) elements(limit int) ([]Value, bool) {
	if v == "" || v[0] != '[' {
		return nil, false
	}
	p := parser{s: string(v), i: 1}
	var texts []Value
	if p.space(); p.accept(']') {
		return nil, true
	}
	for len(texts) < limit {
		p.space()
		start := p.i
		if !p.value(0) { // not after ParseObject
			return nil, false
		}
		texts = append(texts, Value(p.s[start:p.i]))
		if p.space(); !p.accept(',') {
			break
		}
	}
	return texts, true
}
