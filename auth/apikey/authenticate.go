package apikey

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/internal/event"
)

// scheme is what a 401 names, which must name one (RFC 9110, section 11.6.1). No scheme is registered for a header of its own.
const scheme = "ApiKey"

// Schemes implements [auth.Authenticator]: the challenge is ApiKey with the realm.
func (k *Keys) Schemes() []string { return []string{scheme} }

// Presents says whether the header of [Config.Header] is there and not empty. [auth.First] asks it.
func (k *Keys) Presents(r *http.Request) bool {
	for _, v := range r.Header[k.header] {
		if v != "" {
			return true
		}
	}
	return false
}

// Authenticate reads the key from the header of [Config.Header] and from no other place. The header may be there once; a comma
// in it is that of a proxy that joined two. An empty one counts as none.
func (k *Keys) Authenticate(r *http.Request) (*auth.Principal, error) {
	values := r.Header[k.header]
	switch {
	case len(values) == 0 || len(values) == 1 && values[0] == "":
		return nil, auth.ErrNoCredentials
	case len(values) > 1 || strings.Contains(values[0], ","):
		return nil, &refused{kind: auth.ErrInvalidRequest, detail: "more than one key in the request"}
	}
	p, err := k.Verify(r.Context(), values[0])
	k.record(r, err)
	return p, err
}

// Verify implements [auth.TokenVerifier], so that auth.Bearer(keys) reads keys from the Authorization header, and other
// transports can be served. The error follows the rules of [auth.Authenticator].
func (k *Keys) Verify(ctx context.Context, key string) (*auth.Principal, error) {
	id, ok := parse(k.prefix, key)
	if !ok {
		return nil, &refused{kind: auth.ErrInvalidCredentials, detail: "not a key of this service, or mistyped"}
	}
	shown := Hash(sha256.Sum256([]byte(key)))
	r, err := k.store.Lookup(ctx, id)
	unknown := errors.Is(err, ErrUnknown)
	if err != nil && !unknown {
		return nil, &unavailable{cause: err}
	}
	if unknown {
		r = Record{Hash: k.decoy} // the same work for a key that is not there
	}
	same := subtle.ConstantTimeCompare(shown[:], r.Hash[:]) == 1
	now := time.Now()
	switch {
	case unknown:
		return nil, &refused{kind: auth.ErrInvalidCredentials, detail: "unknown key"}
	case !same: // said before anything else of the key is
		return nil, &refused{kind: auth.ErrInvalidCredentials, detail: "the name of a key with the secret of none", id: r.ID, subject: r.Subject}
	case !r.Revoked.IsZero():
		return nil, &refused{kind: auth.ErrRevoked, detail: "revoked key", id: r.ID, subject: r.Subject}
	case !r.Live(now):
		return nil, &refused{kind: auth.ErrExpired, detail: "expired key", id: r.ID, subject: r.Subject}
	}
	p, err := auth.NewPrincipal(auth.Identity{Issuer: k.issuer, Subject: r.Subject, TokenID: r.ID, Scopes: r.Scopes, Expiry: r.Expiry})
	if err != nil { // the store returned what it does not take
		return nil, &unavailable{cause: err}
	}
	k.touch(ctx, r, now)
	return p, nil
}

// record raises the event of a refused key that exists. The Guard raises one of each refusal, but does not know whose key it was.
func (k *Keys) record(r *http.Request, err error) {
	e, ok := errors.AsType[*refused](err)
	if !ok || e.id == "" {
		return
	}
	k.log.Request(r, slog.LevelWarn, event.AuthnTokenRefused, slog.String("kind", "api key"), slog.String("reason", e.detail),
		slog.String("key_id", e.id), slog.String("subject", e.subject))
}

// refused is a key that is not accepted, for a Guard.
type refused struct {
	kind        error // one of auth
	detail      string
	id, subject string // of the key that it concerns, if there is one
}

func (e *refused) Error() string { return "apikey: " + e.detail }
func (e *refused) Unwrap() error { return e.kind }

// unavailable is a decision that could not be made. It does not unwrap to what the store said, in which a Guard could find a reason to
// answer 401.
type unavailable struct{ cause error }

func (e *unavailable) Error() string { return "apikey: the store: " + e.cause.Error() }
func (e *unavailable) Is(target error) bool {
	return target == ErrUnavailable || target == auth.ErrUnavailable
}
