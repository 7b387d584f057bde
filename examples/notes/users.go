package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/sallyport-go/sallyport/auth/oauth"
	"github.com/sallyport-go/sallyport/auth/password"
	"github.com/sallyport-go/sallyport/sqlguard"
	"github.com/sallyport-go/sallyport/validate"
)

// users is the table of users as the token endpoint sees it. The id is what tokens and the policy name: it never changes and is
// never given to somebody else, as a name may be.
type users struct{ db *database }

type userRow struct {
	ID       string `db:"id"`
	Hash     string `db:"hash"`
	Disabled bool   `db:"disabled"`
}

func (u users) Lookup(ctx context.Context, name string) (oauth.User, error) {
	return u.one(ctx, sqlguard.Q(`SELECT id, hash, disabled FROM users WHERE name = ?`, name))
}

func (u users) LookupSubject(ctx context.Context, subject string) (oauth.User, error) {
	return u.one(ctx, sqlguard.Q(`SELECT id, hash, disabled FROM users WHERE id = ?`, subject))
}

func (u users) one(ctx context.Context, q sqlguard.SQL) (oauth.User, error) {
	row, err := sqlguard.One[userRow](ctx, u.db, q)
	if errors.Is(err, sqlguard.ErrNoRows) {
		return oauth.User{}, oauth.ErrUnknownUser
	}
	return oauth.User{Subject: row.ID, Hash: row.Hash, Disabled: row.Disabled}, err
}

// Upgrade replaces a hash that was made with weaker parameters, unless the password has been changed meanwhile.
func (u users) Upgrade(ctx context.Context, subject, old, hash string) error {
	_, err := u.db.Exec(ctx, sqlguard.Q(`UPDATE users SET hash = ? WHERE id = ? AND hash = ?`, hash, subject, old))
	return err
}

// seeded is a user that this start has made, with the password if it was made too.
type seeded struct {
	name     string
	password validate.Secret
	made     bool
}

// seed makes the first users, with the passwords that the settings give or random ones. Users that are there stay as they are.
func (u users) seed(ctx context.Context, hasher *password.Hasher, passwords seeds) ([]seeded, error) {
	var made []seeded
	for _, name := range []string{"alice", "bob", "admin"} {
		if _, err := u.Lookup(ctx, name); err == nil {
			continue
		} else if !errors.Is(err, oauth.ErrUnknownUser) {
			return nil, fmt.Errorf("NOTES_DB: looking for the first users: %w", err)
		}
		s := seeded{name: name}
		s.password, s.made = passwords.of(name)
		hash, err := hasher.Hash(ctx, s.password.Reveal())
		if err != nil {
			return nil, fmt.Errorf("NOTES_SEED_PASSWORDS: the password of %s: %w", name, err)
		}
		res, err := u.db.Exec(ctx, sqlguard.Q(
			`INSERT INTO users (id, name, hash) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, "u-"+name, name, hash))
		if err != nil {
			return nil, fmt.Errorf("NOTES_DB: making the first users: %w", err)
		}
		if res.RowsAffected == 1 { // another process may have been faster
			made = append(made, s)
		}
	}
	return made, nil
}

type me struct {
	ID   string `json:"id" db:"id"`
	Name string `json:"name" db:"name"`
}

func (s *service) me(ctx context.Context, _ struct{}) (me, error) {
	p, err := principal(ctx)
	if err != nil {
		return me{}, err
	}
	return sqlguard.One[me](ctx, s.db, sqlguard.Q(`SELECT id, name FROM users WHERE id = ?`, p.Subject()))
}

type listedUser struct {
	ID       string `json:"id" db:"id"`
	Name     string `json:"name" db:"name"`
	Disabled bool   `json:"disabled" db:"disabled"`
}

func (s *service) listUsers(ctx context.Context, _ struct{}) ([]listedUser, error) {
	return sqlguard.All[listedUser](ctx, s.db, sqlguard.Q(`SELECT id, name, disabled FROM users ORDER BY name`))
}
