package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

// KeySet is one of the sets of [KeySets].
type KeySet struct {
	Keys Keys
	// Algorithms are those that the set is asked for. If two sets have one in common, the first that knows the key decides.
	Algorithms []Algorithm
	// Until is when the set ends: from then on its keys are unknown. One set may have no end.
	Until time.Time

	_ struct{} // keyed literals only: fields may be added later
}

// KeySets joins sets of keys under one issuer, to move it from one algorithm or provider to another while tokens of both are in use:
//
//	keys, err := auth.NewKeySets(
//		auth.KeySet{Keys: ring, Algorithms: []auth.Algorithm{auth.ES256}},
//		auth.KeySet{Keys: old, Algorithms: []auth.Algorithm{auth.RS256}, Until: moved.Add(24 * time.Hour)},
//	)
//
// The token's algorithm chooses the sets and its key id the key, before any signature is checked. So a key is only ever used with
// the algorithms of its set, and every set but one has an end date, by which the move is over.
type KeySets struct {
	sets  []KeySet
	known atomic.Pointer[setStates]
}

const maxKeySets = 4

// setStates are the states of all sets at one time.
type setStates [maxKeySets]any

// ended is the state of a set after its end.
type ended struct{}

// NewKeySets joins 1 to 4 sets, or returns all faults of them.
func NewKeySets(sets ...KeySet) (*KeySets, error) {
	var errs []error
	if len(sets) == 0 || len(sets) > maxKeySets {
		errs = append(errs, fmt.Errorf("auth: NewKeySets has not 1 to %d sets: give the one in use and the one that it replaces", maxKeySets))
	}
	endless := 0
	k := &KeySets{}
	for i, s := range sets {
		if missingKeys(s.Keys) {
			errs = append(errs, fmt.Errorf("auth: KeySet %d has nil Keys: give a *KeyRing or *RemoteKeys", i))
		}
		if len(s.Algorithms) == 0 || slices.ContainsFunc(s.Algorithms, func(a Algorithm) bool { return !a.known() }) {
			errs = append(errs, fmt.Errorf("auth: KeySet %d has no Algorithms, or one that is not known: name those of its keys, such as auth.ES256", i))
		}
		if s.Until.IsZero() {
			endless++
		}
		s.Algorithms = slices.Clone(s.Algorithms)
		k.sets = append(k.sets, s)
	}
	if endless > 1 {
		errs = append(errs, errors.New("auth: more than one KeySet has no Until: say when the old ones end"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return k, nil
}

func (k *KeySets) key(ctx context.Context, id string, alg jose.Algorithm) (jose.Key, error) {
	now := time.Now()
	fault := ErrAlgorithm
	for _, s := range k.sets {
		if !s.live(now) || !slices.Contains(s.Algorithms, Algorithm(alg)) {
			continue
		}
		found, err := s.Keys.key(ctx, id, alg)
		switch {
		case err == nil:
			return found, nil
		case errors.Is(err, ErrUnavailable): // another set may have the key; if none has, nobody knows
			fault = err
		case errors.Is(err, ErrUnknownKey) && errors.Is(fault, ErrAlgorithm):
			fault = err
		}
	}
	return nil, fault
}

func (s KeySet) live(now time.Time) bool { return s.Until.IsZero() || now.Before(s.Until) }

func (k *KeySets) state(now time.Time) any {
	var states setStates
	for i, s := range k.sets {
		if !s.live(now) {
			states[i] = ended{}
		} else if states[i] = s.Keys.state(now); states[i] == nil {
			return nil
		}
	}
	for {
		known := k.known.Load()
		if known != nil && *known == states {
			return known
		}
		// A new pointer each time: what was replaced never comes back, even if the sets did.
		if next := &states; k.known.CompareAndSwap(known, next) {
			return next
		}
	}
}
