package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

// PublicKeys are keys of an issuer that were brought here by other means than HTTP, such as a file beside the program. They never
// change. Make them with [NewPublicKeys].
type PublicKeys struct {
	byID map[string]*jose.PublicKey
}

// NewPublicKeys reads a JWK set (RFC 7517, section 5) under the rules of [RemoteKeys]: up to 1 MiB and 100 keys, a key that cannot be
// used is passed over, and a set with a symmetric key or with two keys of one id is refused. It is an error if no key is left.
func NewPublicKeys(jwks []byte) (*PublicKeys, error) {
	if len(jwks) > maxDocument {
		return nil, fmt.Errorf("auth: the JWK set is larger than %d bytes: leave out keys that are not in use", maxDocument)
	}
	algorithms := make([]jose.Algorithm, 0, len(allAlgorithms()))
	for _, alg := range allAlgorithms() {
		algorithms = append(algorithms, jose.Algorithm(alg))
	}
	set, err := jose.ParsePublicSet(string(jwks), algorithms)
	if err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	if len(set.Keys) == 0 {
		return nil, fmt.Errorf("auth: the JWK set has no key that verifies signatures: %w", errors.Join(set.Skipped...))
	}
	k := &PublicKeys{byID: make(map[string]*jose.PublicKey, len(set.Keys))}
	for _, key := range set.Keys {
		k.byID[key.ID()] = key
	}
	return k, nil
}

func (k *PublicKeys) key(_ context.Context, id string, alg jose.Algorithm) (jose.Key, error) {
	key := k.byID[id]
	switch {
	case key == nil:
		return nil, ErrUnknownKey
	case key.Algorithm() != alg:
		return nil, ErrAlgorithm
	}
	return key, nil
}

func (k *PublicKeys) state(time.Time) any { return k }
