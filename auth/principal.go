package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
)

// Principal is who sent a request. It is immutable and safe to share. A person is identified by issuer and subject together,
// never by a claim that can be given to somebody else later, such as an e-mail address (OpenID Connect Core, section 5.7).
type Principal struct {
	id       Identity
	payload  string // of the verified token; empty if there was none
	issuedAt time.Time
	cnf      *confirmation // the key that the sender must hold, nil if whoever has the token may use it
	asked    atomic.Int64  // when it was last found not to be revoked, in microseconds since 1970
}

// Identity describes a principal that did not come from a token, such as a session, a client certificate or a gateway's header.
// Subject is required.
type Identity struct {
	// Issuer is who vouches for the subject; Subject is its name there, 1 to 255 bytes of UTF-8 without control characters.
	Issuer, Subject string
	// Client is the OAuth 2.0 client that acts for the subject, TokenID names the credential, and Session the login.
	Client, TokenID, Session string
	// Scopes are what the client was granted (RFC 6749, section 3.3), Roles what the issuer says that the subject is.
	Scopes, Roles []string
	// AuthTime is when the subject proved who they are, Expiry when the credential ends.
	AuthTime, Expiry time.Time
	// ACR and AMR say how well they proved it (RFC 9068, section 2.2.1).
	ACR string
	AMR []string

	_ struct{} // keyed literals only: fields may be added later
}

// NewPrincipal returns the principal, or all faults of the Identity. It is for an [Authenticator] of your own.
func NewPrincipal(id Identity) (*Principal, error) {
	var errs []error
	if id.Subject == "" || !plain(id.Subject, maxName) {
		errs = append(errs, fmt.Errorf("auth: Identity.Subject is not 1 to %d bytes of UTF-8 without control characters: give a stable user id", maxName))
	}
	for _, f := range []struct{ field, value string }{
		{"Issuer", id.Issuer}, {"Client", id.Client}, {"TokenID", id.TokenID}, {"Session", id.Session}, {"ACR", id.ACR},
	} {
		if !plain(f.value, maxName) {
			errs = append(errs, fmt.Errorf("auth: Identity.%s is longer than %d bytes, not UTF-8, or has control characters: shorten or clean it", f.field, maxName))
		}
	}
	if len(id.Scopes) > maxListed || !allFunc(id.Scopes, validScope) {
		errs = append(errs, fmt.Errorf("auth: Identity.Scopes has more than %d, or one with other characters than RFC 6749, section 3.3, allows: mend them", maxListed))
	}
	for _, f := range []struct {
		field  string
		values []string
	}{{"Roles", id.Roles}, {"AMR", id.AMR}} {
		if len(f.values) > maxListed || !allFunc(f.values, func(s string) bool { return s != "" && plain(s, maxName) }) {
			errs = append(errs, fmt.Errorf("auth: Identity.%s has more than %d, or one that is empty, longer than %d bytes or has control characters: mend them", f.field, maxListed, maxName))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	id.Scopes, id.Roles, id.AMR = slices.Clone(id.Scopes), slices.Clone(id.Roles), slices.Clone(id.AMR)
	return &Principal{id: id}, nil
}

// Issuer returns who vouches for the subject ("iss").
func (p *Principal) Issuer() string { return p.id.Issuer }

// Subject returns the subject's name at the issuer ("sub"), behind the prefix that [Issuers] gives to it.
func (p *Principal) Subject() string { return p.id.Subject }

// Client returns the client that acts for the subject ("client_id").
func (p *Principal) Client() string { return p.id.Client }

// TokenID returns the name of the token ("jti").
func (p *Principal) TokenID() string { return p.id.TokenID }

// Session returns the login that the token came from ("sid"), or nothing.
func (p *Principal) Session() string { return p.id.Session }

// Scopes returns a copy of the granted scopes, in the order of the token ("scope").
func (p *Principal) Scopes() []string { return slices.Clone(p.id.Scopes) }

// HasScope says whether scope was granted. It does not allocate.
func (p *Principal) HasScope(scope string) bool { return slices.Contains(p.id.Scopes, scope) }

// Roles returns a copy of the roles that the issuer names ("roles", RFC 9068, section 2.2.3.1).
func (p *Principal) Roles() []string { return slices.Clone(p.id.Roles) }

// IssuedAt returns when the token was issued ("iat"), or the zero time.
func (p *Principal) IssuedAt() time.Time { return p.issuedAt }

// AuthTime returns when the subject proved who they are ("auth_time"), or the zero time.
func (p *Principal) AuthTime() time.Time { return p.id.AuthTime }

// Expiry returns when the credential ends ("exp"), or the zero time.
func (p *Principal) Expiry() time.Time { return p.id.Expiry }

// ACR returns the class of the proof ("acr"), or nothing.
func (p *Principal) ACR() string { return p.id.ACR }

// AMR returns a copy of the methods of the proof ("amr").
func (p *Principal) AMR() []string { return slices.Clone(p.id.AMR) }

// Claims decodes the payload of the verified token into dst, a pointer to a struct or map. Names must match in letter case, and
// claims without a field in dst are passed over. They are the issuer's own: "sub" is without the prefix that [Issuers] gives. It fails for a principal that did not come from a token.
func (p *Principal) Claims(dst any) error {
	if p.payload == "" {
		return errors.New("auth: the principal has no token, and so no claims")
	}
	if err := json.Unmarshal([]byte(p.payload), dst); err != nil {
		return fmt.Errorf("auth: the claims do not fit %T", dst) // the decoder's own text may quote them
	}
	return nil
}

// FromContext returns the principal of the request whose context ctx is.
func FromContext(ctx context.Context) (*Principal, bool) {
	passed, _ := ctx.Value(passKey{}).(*pass)
	if passed == nil {
		return nil, false
	}
	return passed.principal, true
}

// NewContext returns a context that carries p for [FromContext]. It is for middleware that authenticates without a [Guard], and for
// tests of handlers; no Guard takes it for its own decision.
func NewContext(ctx context.Context, p *Principal) context.Context {
	if p == nil { // nobody, not somebody who is nil
		return context.WithValue(ctx, passKey{}, (*pass)(nil))
	}
	return context.WithValue(ctx, passKey{}, &pass{principal: p})
}

// Subject returns the subject of the request's principal. It is a value for rbac.Config.Subject.
func Subject(r *http.Request) (string, bool) {
	p, ok := FromContext(r.Context())
	if !ok {
		return "", false
	}
	return p.id.Subject, true
}

// Roles returns the roles that the token of the request vouches for. It is a value for rbac.Config.Roles.
func Roles(r *http.Request) []string {
	p, ok := FromContext(r.Context())
	if !ok {
		return nil
	}
	return p.Roles()
}

const (
	maxName   = 255 // bytes of a subject and of the other names
	maxListed = 100 // scopes, roles, methods, audiences
)

// plain says whether s is at most limit bytes of UTF-8 without control characters.
func plain(s string, limit int) bool {
	if len(s) > limit || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r < ' ' || 0x7f <= r && r < 0xa0 {
			return false
		}
	}
	return true
}

func allFunc(list []string, ok func(string) bool) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !ok(s) })
}
