package main

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/rbac"
	"github.com/sallyport-go/sallyport/sqlguard"
	"github.com/sallyport-go/sallyport/validate"
)

type note struct {
	ID      string  `json:"id" db:"id"`
	Owner   string  `json:"owner" db:"owner"`
	Title   string  `json:"title" db:"title"`
	Body    string  `json:"body" db:"body"`
	Created instant `json:"created" db:"created"`
	Updated instant `json:"updated" db:"updated"`
}

// instant is a point in time as the database keeps it: milliseconds since 1970, the same on every database.
type instant int64

func now() instant { return instant(time.Now().UnixMilli()) }

func (i instant) MarshalText() ([]byte, error) { return time.UnixMilli(int64(i)).UTC().MarshalText() }

// sortable is what a client may order by, and the SQL that it means. Nothing else reaches ORDER BY.
var sortable = sqlguard.Choices{"created": "created", "updated": "updated", "title": "title"}

type listNotes struct {
	Q     string `in:"query" json:"q" validate:"max=100"`
	Sort  string `in:"query" json:"sort" default:"-created" validate:"max=100"`
	Limit int    `in:"query" json:"limit" default:"20" validate:"min=1,max=100"`
}

func (s *service) listNotes(ctx context.Context, in listNotes) ([]note, error) {
	order, err := sortable.Sort(in.Sort, "id")
	if err != nil {
		return nil, err
	}
	found := sqlguard.Or(sqlguard.Contains("title", in.Q), sqlguard.Contains("body", in.Q))
	return sqlguard.All[note](ctx, s.db, sqlguard.Q(
		`SELECT id, owner, title, body, created, updated FROM notes ? ? LIMIT ?`,
		sqlguard.Where(sqlguard.If(in.Q != "", found)), order, in.Limit))
}

type createNote struct {
	Title string `json:"title" validate:"required,min=1,max=200"`
	Body  string `json:"body" validate:"max=20000"`
}

func (s *service) createNote(ctx context.Context, in createNote) (validate.Response[note], error) {
	me, err := principal(ctx)
	if err != nil {
		return validate.Response[note]{}, err
	}
	at := now()
	n := note{ID: rand.Text(), Owner: me.Subject(), Title: in.Title, Body: in.Body, Created: at, Updated: at}
	_, err = s.db.Exec(ctx, sqlguard.Q(
		`INSERT INTO notes (id, owner, title, body, created, updated) VALUES (?, ?, ?, ?, ?, ?)`,
		n.ID, n.Owner, n.Title, n.Body, n.Created, n.Updated))
	return validate.Response[note]{
		Status: http.StatusCreated,
		Header: http.Header{"Location": {"/notes/" + n.ID}},
		Body:   n,
	}, err
}

type oneNote struct {
	ID string `in:"path" json:"id" validate:"max=64"`
}

func (s *service) getNote(ctx context.Context, in oneNote) (note, error) {
	return noteByID(ctx, s.db, in.ID)
}

// noteByID answers 404 by itself: sqlguard's error for no row says so.
func noteByID(ctx context.Context, db sqlguard.Querier, id string) (note, error) {
	return sqlguard.One[note](ctx, db, sqlguard.Q(
		`SELECT id, owner, title, body, created, updated FROM notes WHERE id = ?`, id))
}

type patchNote struct {
	ID    string                    `in:"path" json:"id" validate:"max=64"`
	Title validate.Optional[string] `json:"title" validate:"min=1,max=200"`
	Body  validate.Optional[string] `json:"body" validate:"max=20000"`
}

func (s *service) patchNote(ctx context.Context, in patchNote) (changed note, err error) {
	title, hasTitle := in.Title.Get()
	body, hasBody := in.Body.Get()
	err = s.db.Write(ctx, func(tx *sqlguard.Tx) error {
		if err := s.mayChange(ctx, tx, in.ID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlguard.Q(`UPDATE notes SET ? WHERE id = ?`, sqlguard.Join(sqlguard.Comma,
			sqlguard.If(hasTitle, sqlguard.Q(`title = ?`, title)),
			sqlguard.If(hasBody, sqlguard.Q(`body = ?`, body)),
			sqlguard.Q(`updated = ?`, now())), in.ID))
		if err != nil {
			return err
		}
		changed, err = noteByID(ctx, tx, in.ID)
		return err
	})
	return changed, err
}

func (s *service) deleteNote(ctx context.Context, in oneNote) (struct{}, error) {
	return struct{}{}, s.db.Write(ctx, func(tx *sqlguard.Tx) error {
		if err := s.mayChange(ctx, tx, in.ID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlguard.Q(`DELETE FROM notes WHERE id = ?`, in.ID))
		return err
	})
}

// mayChange is the check that a permission on a route cannot make: editors change their own notes, and whoever may manage
// notes changes all.
func (s *service) mayChange(ctx context.Context, tx *sqlguard.Tx, id string) error {
	me, err := principal(ctx)
	if err != nil {
		return err
	}
	n, err := noteByID(ctx, tx, id)
	if err != nil || n.Owner == me.Subject() {
		return err
	}
	decision, err := s.policy.Authorize(ctx, rbac.Request{Subject: me.Subject(), Object: "notes", Action: "manage"})
	if err != nil {
		return err
	}
	if !decision.Allowed() {
		return refusal{http.StatusForbidden, "The note belongs to somebody else."}
	}
	return nil
}

// principal is who sent the request. The routes of these handlers are not public, so that somebody always is there; a mistake in
// the routes must not become an action by nobody.
func principal(ctx context.Context) (*auth.Principal, error) {
	p, ok := auth.FromContext(ctx)
	if !ok {
		return nil, refusal{http.StatusUnauthorized, "Nobody is logged in."}
	}
	return p, nil
}

// refusal is an answer of this program's own. The packages render every error that has these methods.
type refusal struct {
	status int
	text   string
}

func (r refusal) Error() string   { return r.text }
func (r refusal) HTTPStatus() int { return r.status }
func (r refusal) Public() string  { return r.text }
