package auth

import (
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

// ringKey is a key with its state.
type ringKey struct {
	key   *jose.PrivateKey
	state keyState
	since time.Time // when it came into the state, to the millisecond
}

type keyState string

// A key is published before it signs and verifies after it has signed. All three states are published and verify.
const (
	stateNext    keyState = "next"
	stateActive  keyState = "active"
	stateRetired keyState = "retired"
)

// maxRingKeys bounds the public set, which every verifier fetches.
const maxRingKeys = 16

// ringKeys is one state of the ring. It is never changed.
type ringKeys struct {
	keys   []ringKey
	active *jose.PrivateKey
	byID   map[string]*jose.PublicKey
	jwks   []byte // the public set
	etag   string
}

func newRingKeys(keys []ringKey) (*ringKeys, error) {
	if len(keys) > maxRingKeys {
		return nil, fmt.Errorf("auth: the key ring has more than %d keys: remove retired ones", maxRingKeys)
	}
	set := &ringKeys{keys: keys, byID: make(map[string]*jose.PublicKey, len(keys))}
	prints := make(map[string]bool, len(keys))
	for _, k := range keys {
		thumbprint, err := k.key.Public().Thumbprint()
		if err != nil {
			return nil, fmt.Errorf("auth: %w", err)
		}
		if prints[thumbprint] { // to retire one would retire nothing
			return nil, errors.New("auth: the key ring has one key twice: remove one")
		}
		prints[thumbprint] = true
		if _, twice := set.byID[k.key.Public().ID()]; twice {
			return nil, errors.New("auth: the key ring has two keys with one kid: remove one")
		}
		set.byID[k.key.Public().ID()] = k.key.Public()
		if k.state == stateActive {
			if set.active != nil {
				return nil, errors.New("auth: the key ring has two active keys: make one of them retired")
			}
			set.active = k.key
		}
	}
	if set.active == nil {
		return nil, errors.New("auth: the key ring has no active key: make one of them active")
	}
	return set, set.publish(keys)
}

// newRingKey makes a key that is in the state from the instant now.
func newRingKey(alg jose.Algorithm, state keyState, now time.Time) (ringKey, error) {
	if alg == "" {
		alg = jose.ES256
	}
	key, err := jose.Generate(alg)
	if err != nil {
		return ringKey{}, fmt.Errorf("auth: %w", err)
	}
	return ringKey{key, state, now}, nil
}
