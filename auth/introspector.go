package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

// IntrospectorConfig configures an [Introspector]. URL, ClientID, ClientSecret, Issuer and Audience are required.
type IntrospectorConfig struct {
	// URL is the introspection endpoint (RFC 7662), https except on loopback hosts, of up to 2,048 bytes.
	URL string
	// ClientID and ClientSecret are what this service authenticates with there, by HTTP Basic (RFC 6749, section 2.3.1).
	ClientID, ClientSecret string
	// Issuer vouches for the subjects, and must be the "iss" of an answer that has one.
	Issuer string
	// Audience are the names of this service. An answer must be for one of them ("aud").
	Audience []string
	// InsecureAnyAudience takes answers without "aud" as well, from servers that do not tell whom a token is for. A token for another
	// service then passes here.
	InsecureAnyAudience bool
	// MaxStale is how long an answer may be used again, at most 60 s and never beyond the token's end; a token that was not good is not
	// asked about again for 5 s at most. A revoked token passes for as long. Zero asks each time.
	MaxStale time.Duration
	// CacheSize is how many answers are remembered, up to 1,048,576. Zero means 8,192. It needs MaxStale.
	CacheSize int
	// Client makes the requests, without redirects to another host. Nil means one that verifies certificates. Each takes five seconds at most.
	Client *http.Client

	_ struct{} // keyed literals only: fields may be added later
}

// Introspector verifies opaque tokens by asking the server that issued them: a [TokenVerifier] for [Bearer]. It is safe for concurrent
// use. Make one with [NewIntrospector].
//
// An answer must say that the token is active, that it is a bearer token, so that no refresh token passes, whom it speaks for, and that it is
// for this service. If the server cannot be asked, or answers in another form, the request gets 503.
type Introspector struct {
	config IntrospectorConfig
	client *http.Client
	cache  *tokenCache
}

const (
	maxIntrospectionStale = time.Minute
	maxInactiveStale      = 5 * time.Second
	maxIntrospection      = 64 << 10 // bytes of an answer
)

// NewIntrospector returns an Introspector, or all faults of the Config.
func NewIntrospector(c IntrospectorConfig) (*Introspector, error) {
	errs := []error{
		checkRemoteURL("IntrospectorConfig.URL", c.URL),
		checkIssuer("IntrospectorConfig.Issuer", c.Issuer),
		checkAudience("IntrospectorConfig.Audience", c.Audience),
		checkClient("IntrospectorConfig.Client", c.Client),
	}
	if c.ClientID == "" || c.ClientSecret == "" {
		errs = append(errs, errors.New("auth: IntrospectorConfig.ClientID or ClientSecret is empty: the endpoint is for clients that authenticate (RFC 7662, section 2.1)"))
	}
	if c.MaxStale < 0 || c.MaxStale > maxIntrospectionStale {
		errs = append(errs, fmt.Errorf("auth: IntrospectorConfig.MaxStale %v is not in 0 to %v: a revoked token passes for as long", c.MaxStale, maxIntrospectionStale))
	}
	if c.CacheSize < 0 || c.CacheSize > maxCacheSize || c.CacheSize > 0 && c.MaxStale == 0 {
		errs = append(errs, fmt.Errorf("auth: IntrospectorConfig.CacheSize %d is not in 0 to %d, or is given without MaxStale: leave it zero", c.CacheSize, maxCacheSize))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	i := &Introspector{config: c, client: strictClient(c.Client)}
	i.config.Audience = append([]string(nil), c.Audience...)
	if c.Client == nil {
		i.client.Transport.(*http.Transport).DisableKeepAlives = false // asked about each request
	}
	if c.MaxStale > 0 {
		if c.CacheSize == 0 {
			c.CacheSize = defaultCacheSize
		}
		i.cache = newTokenCache(c.CacheSize)
	}
	return i, nil
}

// LogValue shows where it asks, and no secret.
func (i *Introspector) LogValue() slog.Value {
	return slog.StringValue("Introspector(" + i.config.Issuer + ")")
}

// Format writes what LogValue returns, whatever the verb.
func (i *Introspector) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, i.LogValue().String()) }

// inactive is what is remembered of a token that was not good.
var inactive = &Principal{}

// Verify returns who the token speaks for, or an [*Error].
func (i *Introspector) Verify(ctx context.Context, token string) (*Principal, error) {
	if len(token) > jose.MaxToken || !token68(token) {
		return nil, refusal(ErrMalformed, "not a token68 of up to 8 KiB")
	}
	now := time.Now()
	if p := i.cache.get(token, i, now); p == inactive {
		return nil, refusal(ErrInvalidCredentials, "the issuer says that the token is not active")
	} else if p != nil {
		return p, nil
	}
	text, err := i.ask(ctx, token)
	if err != nil {
		return nil, &Error{kind: ErrUnavailable, cause: err, detail: "the issuer cannot be asked about the token"}
	}
	p, err := i.read(text, time.Now())
	if err != nil {
		if errors.Is(err, ErrInvalidCredentials) {
			i.remember(token, inactive, now, now.Add(maxInactiveStale))
		}
		return nil, err
	}
	until := now.Add(i.config.MaxStale)
	if e := p.id.Expiry; !e.IsZero() && e.Before(until) {
		until = e
	}
	i.remember(token, p, now, until)
	return p, nil
}

func (i *Introspector) remember(token string, p *Principal, now, until time.Time) {
	if last := now.Add(i.config.MaxStale); until.After(last) {
		until = last
	}
	i.cache.put(token, cachedToken{principal: p, keys: i, from: now.UnixMicro(), until: until.UnixMicro()})
}

// ask sends the token and returns the body of the answer. Its errors do not have the token.
func (i *Introspector) ask(ctx context.Context, token string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, i.config.URL, strings.NewReader(form))
	if err != nil {
		return "", errors.New("the URL cannot be parsed")
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(i.config.ClientID), url.QueryEscape(i.config.ClientSecret))
	res, err := i.client.Do(r)
	if err != nil {
		return "", withoutURL(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the answer has status %d, not 200", res.StatusCode)
	}
	if media, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")); media != "application/json" {
		return "", errors.New("the answer is not application/json")
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, maxIntrospection+1))
	if err != nil || len(text) > maxIntrospection {
		return "", fmt.Errorf("the answer breaks off, or has more than %d bytes", maxIntrospection)
	}
	return strings.Trim(string(text), " \t\r\n"), nil
}

var errIntrospection = errors.New("the answer is not one of RFC 7662, section 2.2")

// read turns an answer into a principal. What is no such answer is an outage; what says no, a refusal.
func (i *Introspector) read(text string, now time.Time) (*Principal, error) {
	outage := &Error{kind: ErrUnavailable, cause: errIntrospection, detail: "the issuer cannot be asked about the token"}
	members, ok := jose.ParseObject(text, nil)
	if !ok {
		return nil, outage
	}
	c := claims{Issuer: i.config.Issuer}
	var active, kind string
	for _, m := range members {
		switch m.Name {
		case "active":
			active = string(m.Value)
		case "token_type":
			kind, _ = m.Value.Text()
		case "cnf":
			c.Confirmation = &confirmation{} // whatever it asks for is not asked for here
		default:
			bit, known := claimNames[m.Name]
			if known && !c.read(m.Name, m.Value) || !known && confusable(m.Name) || miscased(m.Name, "active", "token_type") {
				return nil, outage
			}
			c.has |= bit
		}
	}
	switch {
	case active == "false":
		return nil, refusal(ErrInvalidCredentials, "the issuer says that the token is not active")
	case active != "true":
		return nil, outage
	case !strings.EqualFold(kind, schemeBearer):
		return nil, refusal(ErrType, "token_type is not Bearer")
	case c.Confirmation != nil:
		return nil, refusal(ErrBinding, "")
	case c.Issuer != i.config.Issuer:
		return nil, refusal(ErrIssuer, "")
	case c.has&hasSubject == 0:
		return nil, refusal(ErrClaims, "sub is missing")
	case c.has&hasAudience == 0 && !i.config.InsecureAnyAudience, c.has&hasAudience != 0 && !meets(c.Audience, i.config.Audience):
		return nil, refusal(ErrAudience, "")
	case c.has&hasExpiry != 0 && !now.Before(c.Expiry):
		return nil, refusal(ErrExpired, "")
	case c.has&hasNotBefore != 0 && now.Before(c.NotBefore):
		return nil, refusal(ErrNotYetValid, "nbf")
	}
	return c.principal(text, ""), nil
}
