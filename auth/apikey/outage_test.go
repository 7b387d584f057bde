package apikey_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/apikey"
)

func TestStoreThatCannotAnswerIs503AndNever401(t *testing.T) {
	store := &altered{Store: newMemory(t, apikey.MemoryConfig{})}
	k := newKeys(t, apikey.Config{Store: store})
	key, _ := create(t, k, apikey.Grant{})
	h := newGuard(t, k).Handler(ok)
	refusal := guardError(t, auth.ErrInvalidCredentials)
	for name, cause := range map[string]error{
		"unavailable":             apikey.ErrUnavailable,
		"wrapped":                 fmt.Errorf("store: %w", apikey.ErrUnavailable),
		"unheard of":              errors.New("disk on fire"),
		"cancelled":               context.Canceled,
		"full":                    apikey.ErrFull,
		"login of its own":        fmt.Errorf("store: %w", auth.ErrInvalidCredentials),
		"no login of its own":     auth.ErrNoCredentials,
		"a refusal of its own":    refusal,
		"unknown among the words": errors.New(apikey.ErrUnknown.Error()),
	} {
		t.Run(name, func(t *testing.T) {
			store.lookup = func(apikey.Record, error) (apikey.Record, error) { return apikey.Record{}, cause }
			w := serve(h, withKey(t, key))
			assert.Equal(t, http.StatusServiceUnavailable, w.Code)
			assert.NotEmpty(t, w.Header().Get("Retry-After"))
			assert.Empty(t, w.Header().Get("WWW-Authenticate"))
			_, err := k.Verify(t.Context(), key)
			assert.ErrorIs(t, err, apikey.ErrUnavailable)
		})
	}
	store.lookup = nil
	assert.Equal(t, http.StatusOK, serve(h, withKey(t, key)).Code)
}

// guardError returns what a Guard makes of cause.
func guardError(t *testing.T, cause error) *auth.Error {
	t.Helper()
	g := newGuard(t, auth.Bearer(verifierFunc(func(context.Context, string) (*auth.Principal, error) { return nil, cause })))
	_, err := g.Check(request(t, "Authorization", "Bearer x"))
	e, ok := errors.AsType[*auth.Error](err)
	require.True(t, ok)
	return e
}

type verifierFunc func(ctx context.Context, token string) (*auth.Principal, error)

func (f verifierFunc) Verify(ctx context.Context, token string) (*auth.Principal, error) {
	return f(ctx, token)
}

// A record that no principal can be made of is the store's fault and not the client's.
func TestStoreThatReturnsNonsenseIs503(t *testing.T) {
	store := &altered{Store: newMemory(t, apikey.MemoryConfig{})}
	k := newKeys(t, apikey.Config{Store: store})
	key, _ := create(t, k, apikey.Grant{})
	h := newGuard(t, k).Handler(ok)
	for name, spoil := range map[string]func(*apikey.Record){
		"no subject": func(r *apikey.Record) { r.Subject = "" },
		"bad scope":  func(r *apikey.Record) { r.Scopes = []string{"a b"} },
	} {
		store.lookup = func(r apikey.Record, err error) (apikey.Record, error) { spoil(&r); return r, err }
		assert.Equal(t, http.StatusServiceUnavailable, serve(h, withKey(t, key)).Code, name)
	}
	store.lookup = func(r apikey.Record, err error) (apikey.Record, error) {
		r.Expiry = r.Expiry.AddDate(-9, 0, 0)
		return r, err
	}
	assert.Equal(t, http.StatusUnauthorized, serve(h, withKey(t, key)).Code, "a key without an end has ended")
}

func TestErrorsOfManagement(t *testing.T) {
	store := &altered{Store: newMemory(t, apikey.MemoryConfig{})}
	k := newKeys(t, apikey.Config{Store: store, PerSubject: 1})
	id := apikey.Compose("acme", "0123456789abcdef", "")[5:21]
	secret := errors.New("driver said alice-secret")
	for name, c := range map[string]struct {
		cause, kind error
		status      int
		retry       string
	}{
		"unavailable": {fmt.Errorf("x: %w", apikey.ErrUnavailable), apikey.ErrUnavailable, 503, "5"},
		"unheard of":  {secret, apikey.ErrUnavailable, 503, "5"},
		"exists":      {apikey.ErrExists, apikey.ErrUnavailable, 503, "5"},
		"full":        {apikey.ErrFull, apikey.ErrFull, 503, "5"},
		"too many":    {apikey.ErrTooMany, apikey.ErrTooMany, 409, ""},
		"unknown":     {apikey.ErrUnknown, apikey.ErrUnknown, 404, ""},
	} {
		store.create, store.fail = func(apikey.Record) error { return c.cause }, c.cause
		key, r, err := k.Create(t.Context(), apikey.Grant{Subject: "alice"})
		assert.Empty(t, key.Reveal(), name)
		assert.Zero(t, r, name)
		_, list := k.List(t.Context(), "alice")
		for _, err := range []error{err, list, k.Revoke(t.Context(), id), k.RevokeOwn(t.Context(), "alice", id), k.RevokeSubject(t.Context(), "alice")} {
			e, ok := errors.AsType[*apikey.Error](err)
			require.True(t, ok, name)
			assert.ErrorIs(t, err, c.kind, name)
			assert.ErrorIs(t, err, c.cause, name)
			assert.Equal(t, c.status, e.HTTPStatus(), name)
			assert.Equal(t, c.retry, e.Header().Get("Retry-After"), name)
			assert.NotContains(t, e.Public(), "secret", name)
			assert.NotEmpty(t, e.Public(), name)
		}
	}
}
