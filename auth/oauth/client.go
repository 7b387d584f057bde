package oauth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
)

// GrantType is a grant by its name in requests and metadata.
type GrantType string

// The grants.
const (
	GrantPassword          GrantType = "password"           // RFC 6749, section 4.3
	GrantRefreshToken      GrantType = "refresh_token"      // RFC 6749, section 6
	GrantClientCredentials GrantType = "client_credentials" // RFC 6749, section 4.4
)

// Client is a client that is registered with the service (RFC 6749, section 2). ID and Grants are required.
type Client struct {
	// ID names the client: 1 to 255 bytes of printable ASCII without space and colon.
	ID string
	// Secrets are the hashes of what the client authenticates with, up to 4, so that one can be exchanged for another while both are in
	// use. Without one the client is public: it has nothing to authenticate with, and anybody can claim to be it (section 2.1).
	Secrets []SecretHash
	// Grants are those that the client may use.
	Grants []GrantType
	// Scopes are the most that the client may have, up to 100. Empty means all that the user may have, and for client_credentials none.
	Scopes []string
	// Introspect lets the client ask about the tokens of others: it is a resource server (RFC 7662). It needs a secret.
	Introspect bool

	_ struct{} // keyed literals only: fields may be added later
}

// SecretHash is the SHA-256 of a client's secret. Secrets are random and long, so that a fast hash protects them.
type SecretHash [sha256.Size]byte

// NewSecret returns a secret of 256 random bits, to be given to a client once, and its hash, to be kept. It is found in source code and
// logs by the expression \bspc_[A-Za-z0-9_-]{43}.
func NewSecret() (secret string, hash SecretHash) {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	secret = "spc_" + base64.RawURLEncoding.EncodeToString(b[:])
	return secret, HashSecret(secret)
}

// HashSecret returns the hash of a secret that was made elsewhere. It must have 128 random bits at least: whoever reads the hash of a
// guessable one can guess it.
func HashSecret(secret string) SecretHash { return sha256.Sum256([]byte(secret)) }

const (
	maxName    = 255 // bytes of a user's name or a client_id
	maxSecrets = 4
	maxClients = 10_000
)

func (c *Client) public() bool { return len(c.Secrets) == 0 }

func (c *Client) may(g GrantType) bool { return slices.Contains(c.Grants, g) }

// knows compares hashes, all of them, so that the time it takes tells nothing about a secret.
func (c *Client) knows(secret string) bool {
	hash := HashSecret(secret)
	known := 0
	for _, s := range c.Secrets {
		known |= subtle.ConstantTimeCompare(s[:], hash[:])
	}
	return known == 1
}

func (c *Client) faults(field string, on map[GrantType]bool) (errs []error) {
	if !validClientID(c.ID) {
		errs = append(errs, fmt.Errorf("oauth: %s.ID is not 1 to %d bytes of printable ASCII without space and colon: give a name such as app", field, maxName))
	}
	if len(c.Secrets) > maxSecrets || slices.Contains(c.Secrets, SecretHash{}) || slices.Contains(c.Secrets, HashSecret("")) {
		errs = append(errs, fmt.Errorf("oauth: %s.Secrets has more than %d, or one of nothing: give the results of NewSecret", field, maxSecrets))
	}
	if !validScopes(c.Scopes) {
		errs = append(errs, fmt.Errorf("oauth: %s.Scopes has more than %d, or one with other characters than RFC 6749, section 3.3, allows: mend them", field, maxScopes))
	}
	for _, g := range c.Grants {
		if !on[g] {
			errs = append(errs, fmt.Errorf("oauth: %s.Grants has %q, which is off or not known: configure it, or leave it out", field, g))
		}
	}
	if c.public() && (c.Introspect || c.may(GrantClientCredentials)) {
		errs = append(errs, fmt.Errorf("oauth: %s may introspect or use client_credentials, and has no secret: give it one (RFC 6749, section 4.4)", field))
	}
	if len(c.Grants) == 0 && !c.Introspect {
		errs = append(errs, fmt.Errorf("oauth: %s has no Grants and may not introspect: say what it may do", field))
	}
	return errs
}

func validScopes(scopes []string) bool {
	return len(scopes) <= maxScopes && !slices.ContainsFunc(scopes, func(s string) bool { return !validScope(s) })
}

// validClientID is narrower than RFC 6749, appendix A.1: a space is easily overlooked, and a colon ends the name in Basic credentials.
func validClientID(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == ':' {
			return false
		}
	}
	return s != "" && len(s) <= maxName
}

// register returns the clients by their ids, or all faults of them.
func (c Config) register() (map[string]*Client, error) {
	on := map[GrantType]bool{
		GrantPassword: c.Password != nil, GrantRefreshToken: c.Refresh != nil, GrantClientCredentials: c.ClientCredentials != nil,
	}
	var errs []error
	if len(c.Clients) > maxClients {
		return nil, fmt.Errorf("oauth: Config.Clients has more than %d: this is a service with few clients", maxClients)
	}
	clients := make(map[string]*Client, len(c.Clients)+1)
	if c.Password != nil && c.Password.ClientID != "" {
		public := &Client{ID: c.Password.ClientID, Scopes: slices.Clone(c.Password.Scopes), Grants: []GrantType{GrantPassword}}
		if c.Refresh != nil {
			public.Grants = append(public.Grants, GrantRefreshToken)
		}
		clients[public.ID] = public
	}
	for i, registered := range c.Clients {
		field := fmt.Sprintf("Config.Clients[%d]", i)
		errs = append(errs, registered.faults(field, on)...)
		if clients[registered.ID] != nil {
			errs = append(errs, fmt.Errorf("oauth: %s.ID is that of another client: give each its own", field))
		}
		own := registered
		own.Secrets, own.Grants, own.Scopes = slices.Clone(own.Secrets), slices.Clone(own.Grants), slices.Clone(own.Scopes)
		clients[own.ID] = &own
	}
	return clients, errors.Join(errs...)
}
