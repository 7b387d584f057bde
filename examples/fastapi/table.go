package main

import (
	"context"

	"github.com/sallyport-go/sallyport/auth/oauth"
	"github.com/sallyport-go/sallyport/auth/password"
)

// person is a user as the tutorial shows one.
type person struct {
	Username string `json:"username"`
	Email    string `json:"email"`
	FullName string `json:"full_name"`
	Disabled bool   `json:"disabled"`
}

// table has the two users of the tutorial. It never changes.
type table struct {
	people map[string]person
	hashes map[string]string
	compat bool
}

func newTable(ctx context.Context, hasher *password.Hasher, compat bool) (*table, error) {
	t := &table{hashes: map[string]string{}, compat: compat, people: map[string]person{
		"johndoe": {"johndoe", "johndoe@example.com", "John Doe", false},
		"alice":   {"alice", "alicechains@example.com", "Alice Chains", true},
	}}
	for name, pw := range map[string]string{"johndoe": "secret", "alice": "secretalice"} {
		hash, err := hasher.Hash(ctx, pw)
		if err != nil {
			return nil, err
		}
		t.hashes[name] = hash
	}
	return t, nil
}

func (t *table) find(name string) (person, bool) {
	p, ok := t.people[name]
	return p, ok
}

// Lookup lets the disabled log in where the tutorial does, which finds out later.
func (t *table) Lookup(_ context.Context, name string) (oauth.User, error) {
	p, ok := t.find(name)
	if !ok {
		return oauth.User{}, oauth.ErrUnknownUser
	}
	return oauth.User{
		Subject: name, Hash: t.hashes[name], Scopes: []string{scopeMe, scopeItems}, Disabled: p.Disabled && !t.compat,
	}, nil
}

// LookupSubject is the same: the tutorial's subject is the name.
func (t *table) LookupSubject(ctx context.Context, subject string) (oauth.User, error) {
	return t.Lookup(ctx, subject)
}

// Upgrade has nothing to do: the hashes are new at each start.
func (*table) Upgrade(context.Context, string, string, string) error { return nil }
