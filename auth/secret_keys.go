package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

// SecretKey is a key for [HS256]. It shows its id alone, however it is printed.
type SecretKey struct {
	// ID names the key in tokens ("kid"): 1 to 128 bytes of visible ASCII. Empty, for an issuer that has one secret without a name:
	// then there can be no other key, and "kid" is not looked at.
	ID string
	// Secret is 32 to 1,024 random bytes: head -c 32 /dev/urandom.
	Secret []byte

	_ struct{} // keyed literals only: fields may be added later
}

// String returns the id, without the secret.
func (k SecretKey) String() string { return "SecretKey(" + k.ID + ")" }

// Format writes what String returns, whatever the verb.
func (k SecretKey) Format(s fmt.State, _ rune) { _, _ = fmt.Fprint(s, k.String()) }

// LogValue returns what String returns.
func (k SecretKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText fails: a secret is not written along with other things.
func (k SecretKey) MarshalText() ([]byte, error) {
	return nil, errors.New("auth: a SecretKey is not written as text")
}

// SecretKeys are keys for [HS256], which everybody who verifies a token can also sign with. Take it where issuer and verifier are one
// program, or where the issuer has nothing better, and a [*KeyRing] everywhere else. It has no public set, and is never in one set
// with public keys, so that no public key can be taken for a secret (RFC 8725, section 2.1).
type SecretKeys struct {
	active *jose.SecretKey // also the only one, if it has no id
	byID   map[string]*jose.SecretKey
}

// NewSecretKeys returns the keys, 1 to 16, or all faults of them. The first signs; all verify. To change it, first add the new one behind
// the old one everywhere, then exchange the two, and leave the old one out after the life of a token.
func NewSecretKeys(keys ...SecretKey) (*SecretKeys, error) {
	var errs []error
	if len(keys) == 0 || len(keys) > maxRingKeys {
		errs = append(errs, fmt.Errorf("auth: NewSecretKeys has not 1 to %d keys: give the one that signs first", maxRingKeys))
	}
	s := &SecretKeys{byID: map[string]*jose.SecretKey{}}
	for i, k := range keys {
		key, err := jose.NewSecretKey(k.Secret, k.ID)
		if err != nil {
			errs = append(errs, fmt.Errorf("auth: SecretKey %d: %w: make one with head -c 32 /dev/urandom", i, err))
			continue
		}
		if k.ID == "" && len(keys) > 1 {
			errs = append(errs, fmt.Errorf("auth: SecretKey %d has no ID and is not the only one: name each, so that tokens say which they mean", i))
		}
		if s.byID[k.ID] != nil {
			errs = append(errs, fmt.Errorf("auth: SecretKey %d has the ID of another: give each its own", i))
		}
		s.byID[k.ID] = key
		if i == 0 {
			s.active = key
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

func (k *SecretKeys) key(_ context.Context, id string, alg jose.Algorithm) (jose.Key, error) {
	key := k.byID[id]
	if k.active.ID() == "" {
		key = k.active
	}
	switch {
	case alg != jose.HS256:
		return nil, ErrAlgorithm
	case key == nil:
		return nil, ErrUnknownKey
	}
	return key, nil
}

func (k *SecretKeys) state(time.Time) any { return k }

func (k *SecretKeys) sign(typ string, payload []byte) (string, error) {
	header, err := joseHeader(jose.HS256, k.active.ID(), typ)
	if err != nil {
		return "", err
	}
	signed := jose.SigningInput(header, payload)
	return jose.Join(signed, k.active.Sign(signed)), nil
}
