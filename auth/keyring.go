package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
	"github.com/sallyport-go/sallyport/internal/event"
)

// KeyRingConfig configures a [KeyRing].
type KeyRingConfig struct {
	// Path is the file of the keys, a JWK set (RFC 7517) with private keys and mode 0600. A file that is missing is made, with one new
	// key. Empty means a new key in memory at each start, after which no earlier token is valid.
	Path string
	// Algorithm is that of the key to sign with. Empty means that of the file, and ES256 for a new key.
	Algorithm Algorithm
	// Logger receives an event crypt_key_change when a key is made. Nil means slog.Default.
	Logger *slog.Logger

	_ struct{} // keyed literals only: fields may be added later
}

// KeyRing holds the keys of an [Issuer]: one that signs, and all that verify. It is safe for concurrent use. Make one with
// [NewKeyRing].
//
// Every process that opens the same file has the same keys, those included that start at the same moment and find no file.
type KeyRing struct {
	current atomic.Pointer[ringKeys]
}

// ringKeys is one state of the ring. It is never changed.
type ringKeys struct {
	active *jose.PrivateKey
	byID   map[string]*jose.PublicKey
	jwks   []byte // the public set
	etag   string
}

// NewKeyRing opens the file of the keys, or makes it. The error names all faults: an algorithm that is not known, a file that others
// may read or write, or keys that must not be used.
func NewKeyRing(c KeyRingConfig) (*KeyRing, error) {
	if c.Algorithm != "" && !jose.Algorithm(c.Algorithm).Known() {
		return nil, fmt.Errorf("auth: KeyRingConfig.Algorithm %q is not known: use ES256, ES384, ES512, EdDSA, or RS or PS with 256, 384 or 512", c.Algorithm)
	}
	if strings.ContainsAny(c.Path, "\r\n\x00") { // most likely the keys themselves, which must not be quoted in any error
		return nil, errors.New("auth: KeyRingConfig.Path is not the path of a file, but has line breaks: give the path")
	}
	var keys []ringKey
	var made bool
	var err error
	if c.Path == "" {
		keys, err = newKeys(c.Algorithm)
		made = true
	} else {
		keys, made, err = openKeyFile(c.Path, c.Algorithm)
	}
	if err != nil {
		return nil, err
	}
	set, err := newRingKeys(keys)
	if err != nil {
		return nil, err
	}
	alg := set.active.Public().Algorithm()
	if want := jose.Algorithm(c.Algorithm); want != "" && alg != want {
		return nil, fmt.Errorf("auth: KeyRingConfig.Algorithm is %s, but the active key of the file is for %s: leave the field empty or use another file", want, alg)
	}
	if made {
		event.New(c.Logger, nil).Emit(context.Background(), slog.LevelInfo, event.CryptKeyChange,
			slog.String("change", "made"), slog.String("kid", set.active.Public().ID()), slog.String("alg", string(alg)))
	}
	k := &KeyRing{}
	k.current.Store(set)
	return k, nil
}

// ringKey is a key with its state.
type ringKey struct {
	key   *jose.PrivateKey
	state keyState
	since int64 // when it came into the state, in seconds since 1970
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

func newKeys(alg Algorithm) ([]ringKey, error) {
	if alg == "" {
		alg = ES256
	}
	key, err := jose.Generate(jose.Algorithm(alg))
	if err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	return []ringKey{{key, stateActive, time.Now().Unix()}}, nil
}

func newRingKeys(keys []ringKey) (*ringKeys, error) {
	if len(keys) > maxRingKeys {
		return nil, fmt.Errorf("auth: the key file has more than %d keys: remove retired ones", maxRingKeys)
	}
	set := &ringKeys{byID: make(map[string]*jose.PublicKey, len(keys))}
	prints := make(map[string]bool, len(keys))
	for _, k := range keys {
		thumbprint, err := k.key.Public().Thumbprint()
		if err != nil {
			return nil, fmt.Errorf("auth: %w", err)
		}
		if prints[thumbprint] { // to retire one would retire nothing
			return nil, errors.New("auth: the key file has one key twice: remove one")
		}
		prints[thumbprint] = true
		if _, twice := set.byID[k.key.Public().ID()]; twice {
			return nil, errors.New("auth: the key file has two keys with one kid: remove one")
		}
		set.byID[k.key.Public().ID()] = k.key.Public()
		if k.state == stateActive {
			if set.active != nil {
				return nil, errors.New("auth: the key file has two active keys: make one of them retired")
			}
			set.active = k.key
		}
	}
	if set.active == nil {
		return nil, errors.New("auth: the key file has no active key: make one of them active")
	}
	return set, set.publish(keys)
}

// sign returns a token under the key that signs now.
func (k *KeyRing) sign(typ string, payload []byte) (string, error) {
	key := k.current.Load().active
	header, err := joseHeader(key.Public().Algorithm(), key.Public().ID(), typ)
	if err != nil {
		return "", err
	}
	signed := jose.SigningInput(header, payload)
	signature, err := key.Sign(signed)
	if err != nil {
		return "", err
	}
	return jose.Join(signed, signature), nil
}

func (k *KeyRing) state(time.Time) any { return k.current.Load() }

func (k *KeyRing) key(_ context.Context, id string, alg jose.Algorithm) (jose.Key, error) {
	key, ok := k.current.Load().byID[id]
	if !ok {
		return nil, ErrUnknownKey
	}
	if key.Algorithm() != alg {
		return nil, ErrAlgorithm
	}
	return key, nil
}
