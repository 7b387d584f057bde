package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
	"github.com/sallyport-go/sallyport/internal/event"
)

// IssuerConfig configures an [Issuer]. Issuer, Audience and Keys are required.
type IssuerConfig struct {
	// Issuer names the issuer in its tokens ("iss"): an https URL without query and fragment (RFC 8414, section 2). Plain
	// http is accepted for loopback hosts.
	Issuer string
	// Audience are the services that the tokens are for ("aud"), 1 to 100.
	Audience []string
	// Keys sign: a [*KeyRing], or [*SecretKeys] if nobody else verifies.
	Keys SigningKeys
	// TTL is how long a token is valid, from 1 s to 1 h. Zero means 10 min.
	TTL time.Duration
	// Revocations, if given, is what the verifier asks; see [VerifierConfig].
	Revocations Revocations
	// Logger receives an event authn_token_created for each token. Nil means slog.Default.
	Logger *slog.Logger

	_ struct{} // keyed literals only: fields may be added later
}

// Issuer issues access tokens of RFC 9068. It is immutable and safe for concurrent use. Make one with [NewIssuer].
type Issuer struct {
	config   IssuerConfig
	verifier *Verifier
	log      *event.Log
}

const (
	defaultTTL = 10 * time.Minute
	maxTTL     = time.Hour
)

// NewIssuer returns an Issuer, or all faults of the Config.
func NewIssuer(c IssuerConfig) (*Issuer, error) {
	errs := []error{
		checkIssuer("IssuerConfig.Issuer", c.Issuer),
		checkAudience("IssuerConfig.Audience", c.Audience),
	}
	if missingKeys(c.Keys) {
		errs = append(errs, errors.New("auth: IssuerConfig.Keys is nil: give a *KeyRing"))
	}
	if c.TTL == 0 {
		c.TTL = defaultTTL
	}
	if c.TTL < time.Second || c.TTL > maxTTL {
		errs = append(errs, fmt.Errorf("auth: IssuerConfig.TTL %v is not in 1s to %v: use a refresh token for a longer login", c.TTL, maxTTL))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	c.Audience = slices.Clone(c.Audience)
	// maxTTL rather than TTL: tokens that are out remain valid when TTL is lowered.
	v, err := NewVerifier(VerifierConfig{Issuer: c.Issuer, Audience: c.Audience, Keys: c.Keys, MaxLifetime: maxTTL, Revocations: c.Revocations})
	if err != nil {
		return nil, err
	}
	return &Issuer{config: c, verifier: v, log: event.New(c.Logger, nil)}, nil
}

// Verifier returns the verifier of this issuer's tokens: it has the same name, audience and keys.
func (i *Issuer) Verifier() *Verifier { return i.verifier }

// Name returns the issuer's name ("iss").
func (i *Issuer) Name() string { return i.config.Issuer }

// Keys returns the keys that sign.
func (i *Issuer) Keys() SigningKeys { return i.config.Keys }

// Revocations returns what the verifier asks, or nil.
func (i *Issuer) Revocations() Revocations { return i.config.Revocations }

// TTL returns how long a token is valid.
func (i *Issuer) TTL() time.Duration { return i.config.TTL }

// Grant says what a token states. Subject and Client are required.
type Grant struct {
	// Subject is whom the token speaks for ("sub"); Client is who asked for it ("client_id"); Session is the login that it comes
	// from ("sid"). Up to 255 bytes each.
	Subject, Client, Session string
	// Audience is what the token is for: some of the issuer's. Empty means all of them.
	Audience []string
	// Scopes are what the client may do for the subject ("scope"); Roles are what the subject is ("roles").
	Scopes, Roles []string
	// AuthTime is when the subject proved who they are ("auth_time"); ACR and AMR say how. Zero leaves them out.
	AuthTime time.Time
	ACR      string
	AMR      []string
	// KeyThumbprint is that of the key which the sender of the token must prove to hold (RFC 7638, in base64url; "cnf" with "jkt", RFC 9449,
	// section 6.1), and CertificateThumbprint that of a client certificate ("x5t#S256", RFC 8705, section 3.1). Empty leaves them out.
	KeyThumbprint, CertificateThumbprint string
	// Extra are further claims, under names that are not registered for a meaning here.
	Extra map[string]any

	_ struct{} // keyed literals only: fields may be added later
}

// Token is an access token. It prints as its id, never as its value.
type Token struct {
	// Value is the token itself: whoever has it is the subject.
	Value string `json:"-"`
	// ID names the token ("jti"): 128 random bits.
	ID string
	// Expiry is when it ends.
	Expiry time.Time
}

// Format prints the id for every verb.
func (t Token) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "token %s", t.ID) }

// LogValue is the id.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.ID) }

// Issue signs a token. It fails, without a token, if the Grant states what this issuer's own verifier would refuse: then also for a
// session that was revoked ([ErrRevoked]). Right after all tokens of a subject were revoked, it waits for up to a second.
func (i *Issuer) Issue(ctx context.Context, g Grant) (Token, error) {
	if err := i.check(g); err != nil {
		return Token{}, err
	}
	id := newTokenID()
	now, err := i.waitOut(ctx, g, id)
	if err != nil {
		return Token{}, err
	}
	t := Token{ID: id, Expiry: now.Add(i.config.TTL)}
	payload, err := json.Marshal(i.claims(g, t, now), json.Deterministic(true))
	if err != nil {
		return Token{}, errors.New("auth: Grant.Extra cannot be written as JSON: give plain values") // the encoder's text quotes them
	}
	if err := readClaims(&claims{}, string(payload), &i.verifier.profile); err != nil { // depth, repeated names
		return Token{}, fmt.Errorf("auth: the Grant makes a token that nobody would accept: %w", err)
	}
	if t.Value, err = i.config.Keys.sign(typeAccessToken, payload); err != nil {
		return Token{}, fmt.Errorf("auth: %w", err)
	}
	if len(t.Value) > jose.MaxToken {
		return Token{}, fmt.Errorf("auth: the Grant makes a token of %d bytes, more than %d: state less", len(t.Value), jose.MaxToken)
	}
	i.log.Emit(ctx, slog.LevelInfo, event.AuthnTokenCreated,
		slog.String("subject", g.Subject), slog.String("client", g.Client), slog.String("jti", t.ID))
	return t, nil
}

// waitOut returns the second to issue at. Where all that a subject was issued until now has been revoked, what is issued within the same
// second is revoked as well, since "iat" is in seconds. So a new login has to wait for the next one.
func (i *Issuer) waitOut(ctx context.Context, g Grant, id string) (time.Time, error) {
	for attempt := 0; ; attempt++ {
		now := time.Now()
		second := now.Truncate(time.Second)
		if i.config.Revocations == nil {
			return second, nil
		}
		revoked, err := i.config.Revocations.Revoked(ctx, g.Subject, g.Session, id, second, now)
		switch {
		case err != nil:
			return now, &Error{kind: ErrUnavailable, cause: err, detail: "whether the subject was revoked cannot be found out", subject: g.Subject}
		case !revoked:
			return second, nil
		case attempt > 0: // not for the second alone: the session, or a time ahead
			return now, &Error{kind: ErrRevoked, subject: g.Subject}
		}
		timer := time.NewTimer(second.Add(time.Second).Sub(now))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return now, &Error{kind: ErrUnavailable, cause: context.Cause(ctx), detail: "the context ended while a revocation was waited out", subject: g.Subject}
		}
	}
}

func (i *Issuer) check(g Grant) error {
	_, err := NewPrincipal(Identity{Subject: g.Subject, Client: g.Client, Session: g.Session, Scopes: g.Scopes, Roles: g.Roles, ACR: g.ACR, AMR: g.AMR})
	errs := []error{err}
	if g.Client == "" {
		errs = append(errs, errors.New("auth: Grant.Client is empty: name the client that asks (RFC 9068, section 2.2)"))
	}
	if g.AuthTime.After(time.Now().Add(i.verifier.leeway)) {
		errs = append(errs, errors.New("auth: Grant.AuthTime is in the future: give the instant of the login, or nothing"))
	}
	for _, a := range g.Audience {
		if !slices.Contains(i.config.Audience, a) {
			errs = append(errs, errors.New("auth: Grant.Audience has a name that is not in IssuerConfig.Audience: add it there"))
			break
		}
	}
	for name := range g.Extra {
		if confusable(name) {
			errs = append(errs, errors.New("auth: Grant.Extra has a registered claim: use the field of Grant, or another name"))
			break
		}
	}
	return errors.Join(errs...)
}

func (i *Issuer) claims(g Grant, t Token, now time.Time) map[string]any {
	c := maps.Clone(g.Extra)
	if c == nil {
		c = make(map[string]any, 12)
	}
	audience := g.Audience
	if len(audience) == 0 {
		audience = i.config.Audience
	}
	c["iss"], c["sub"], c["client_id"], c["aud"] = i.config.Issuer, g.Subject, g.Client, audience
	if len(audience) == 1 {
		c["aud"] = audience[0]
	}
	c["jti"], c["iat"], c["exp"] = t.ID, now.Unix(), t.Expiry.Unix()
	for name, v := range map[string]string{"sid": g.Session, "acr": g.ACR, "scope": strings.Join(g.Scopes, " ")} {
		if v != "" {
			c[name] = v
		}
	}
	for name, v := range map[string][]string{"roles": g.Roles, "amr": g.AMR} {
		if len(v) > 0 {
			c[name] = v
		}
	}
	if !g.AuthTime.IsZero() {
		c["auth_time"] = g.AuthTime.Unix()
	}
	cnf := map[string]string{}
	if g.KeyThumbprint != "" {
		cnf["jkt"] = g.KeyThumbprint
	}
	if g.CertificateThumbprint != "" {
		cnf["x5t#S256"] = g.CertificateThumbprint
	}
	if len(cnf) > 0 {
		c["cnf"] = cnf
	}
	return c
}

func newTokenID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}
