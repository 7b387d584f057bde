package apikey

import (
	"net/http"
	"strings"

	"github.com/sallyport-go/sallyport/auth"
)

// BearerOr returns an Authenticator for a header Authorization that carries, as bearer token, either a key or a token of another
// kind, which goes to others:
//
//	either, err := keys.BearerOr(issuer.Verifier())
//	…
//	guard, err := auth.New(auth.Config{Authenticator: either})
//
// The prefix decides, and nothing is tried twice: what begins like a key is never shown to others, and what does not is never
// looked for among the keys. The rest is as with [auth.Bearer], whose fault about others it returns. Do not put it into [auth.First]
// together with auth.Bearer, because both claim the same header. For keys alone, auth.Bearer(keys) is enough.
func (k *Keys) BearerOr(others auth.TokenVerifier) (auth.Authenticator, error) {
	b := &bearer{keys: k, own: auth.Bearer(k), others: auth.Bearer(others)}
	if _, err := auth.New(auth.Config{Authenticator: b.others}); err != nil {
		return nil, err
	}
	return b, nil
}

type bearer struct {
	keys        *Keys
	own, others auth.Authenticator
}

func (b *bearer) Schemes() []string { return b.own.Schemes() }

// Presents says whether there is a bearer token of either kind.
func (b *bearer) Presents(r *http.Request) bool {
	p, ok := b.own.(interface{ Presents(*http.Request) bool })
	return ok && p.Presents(r)
}

func (b *bearer) Authenticate(r *http.Request) (*auth.Principal, error) {
	if !b.isKey(r) {
		return b.others.Authenticate(r) // also if the header is repeated or malformed: both say the same
	}
	p, err := b.own.Authenticate(r)
	b.keys.record(r, err)
	return p, err
}

func (b *bearer) isKey(r *http.Request) bool {
	values := r.Header["Authorization"]
	if len(values) != 1 {
		return false
	}
	_, token, _ := strings.Cut(values[0], " ")
	return owns(b.keys.prefix, token)
}
