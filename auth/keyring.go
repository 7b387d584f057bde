package auth

import (
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
	"github.com/sallyport-go/sallyport/internal/event"
)

// KeyRingConfig configures a [KeyRing]. Processes with the same file have the same settings, but for Rotate.
type KeyRingConfig struct {
	// Path is the file of the keys, with mode 0600: a JWK set (RFC 7517) with private keys, or one private key in PEM (PKCS #8, SEC 1
	// or PKCS #1), which can only be read. A file that is missing is made, with one new key. Empty means a new key in memory at
	// each start, after which no earlier token is valid.
	Path string
	// Signers are keys that stay where they are, such as in a KMS or an HSM, up to 16, in place of Path.
	Signers []SignerKey
	// Algorithm is that of new keys. If the key that signs is for another, Run moves to this one: its key is published at once and
	// signs after Publish. Empty means that of the key that signs, and ES256 for the first. An RSA key in PEM is for this one, or RS256.
	Algorithm Algorithm
	// Rotate is how long a key signs, from Publish and the life of a token up to 3 years. Zero means 90 days; negative means
	// that this process leaves rotation to others, or to calls of [KeyRing.Rotate].
	Rotate time.Duration
	// Publish is how long a key is published before it signs, from 15 min to 30 days. Verifiers that fetch the JWK set learn of it in
	// that time, and a process that cannot read the file goes on for half of it. Zero means 24 h.
	Publish time.Duration
	// Poll is how often Run looks at the file, from 1 s to 5 min. Zero means 30 s.
	Poll time.Duration
	// Logger receives an event crypt_key_change when a key is made, published, activated, retired, forgotten, removed, or followed
	// from the file, and sys_availability_fail when the file cannot be read or a rotation fails. Nil means slog.Default at the time
	// of each event.
	Logger *slog.Logger

	_ struct{} // keyed literals only: fields may be added later
}

// SignerKey is a key of which only the use is given.
type SignerKey struct {
	// Signer signs. Its public key is an *ecdsa.PublicKey, *rsa.PublicKey or ed25519.PublicKey and stays the same: with a KMS, name one
	// version of a key. An ECDSA signature is in ASN.1, as crypto/ecdsa has it. Each signature is verified before it is used.
	Signer crypto.Signer
	// Algorithm is what it signs with. Empty means RS256 for an RSA key, and otherwise the only one that fits the key.
	Algorithm Algorithm
	// ID names the key in tokens ("kid"): 1 to 128 bytes of visible ASCII. Empty means its thumbprint (RFC 7638).
	ID string

	_ struct{} // keyed literals only: fields may be added later
}

// KeyRing holds the keys of an [Issuer]: one that signs, and all that verify. It is safe for concurrent use. Make one with
// [NewKeyRing], and have it rotate with [KeyRing.Run].
//
// The life of a key, with the defaults of KeyRingConfig:
//
//	next      24 h         published, but does not sign yet, until everybody who verifies has it (Publish)
//	active    90 days      signs; its successor is published in the last 24 h of it (Rotate)
//	retired   25 h 2 min   verifies what it signed: Publish, the longest life of a token, which is 1 h, and 2 min for clocks
//
// All three are in the JWK set. A key that others may have is taken out at any time with [KeyRing.Remove].
//
// Every process that opens the same file has the same keys, those included that start at the same moment and find no file. With Run it
// follows the file, and without one it has the keys that it began with, so that each process with a file that is rotated has to
// run its ring. The file is replaced as a whole, by one process at a time. Two things keep a rotation from being noticed: a key
// signs only when every process that is allowed to decide has seen it, and goes only when no process signs with it and no token under
// it lives. A process that follows a file and could not read it for half of Publish, or was asleep for so long, must look
// again before it decides; while it cannot, the answer is [ErrUnavailable]. Up to then the last good keys are used.
//
// A key of another algorithm can follow: change Algorithm. With Signers, put the new key behind the old one, start again, exchange
// the two after Publish, and leave the old one out when its last token has expired.
type KeyRing struct {
	path      string         // empty if in memory
	algorithm jose.Algorithm // of new keys; empty for that of the active key
	schedule  schedule
	fixed     error // why the keys cannot be changed, if so
	log       *event.Log

	current atomic.Pointer[ringKeys]
	running atomic.Bool
	opened  time.Time
	seen    atomic.Pointer[sighting] // of the last good file, once it is followed

	busy   chan struct{}     // held by whoever looks at the file or changes the keys, and guards what follows
	text   [sha256.Size]byte // of the file as it was taken over last
	looked time.Time         // when the file was looked at last
	failed error             // what was wrong with it then
}

// NewKeyRing opens the file of the keys, or makes it. The error names all faults: settings out of bounds, a file that others
// may read or write, or keys that must not be used: RSA of less than 2048 bits or with an exponent that is even or below 65537, a curve
// that does not fit the algorithm, a key for another use, one key or one kid twice.
func NewKeyRing(c KeyRingConfig) (*KeyRing, error) {
	schedule, err := newSchedule(c.Rotate, c.Publish, c.Poll)
	if err := errors.Join(c.check(), err); err != nil {
		return nil, err
	}
	k := &KeyRing{path: c.Path, algorithm: jose.Algorithm(c.Algorithm), schedule: schedule, log: event.New(c.Logger, nil),
		opened: time.Now(), busy: make(chan struct{}, 1)}
	var set *ringKeys
	made := false
	switch {
	case len(c.Signers) > 0:
		set, err = signerRing(c.Signers)
		k.fixed = errors.New("auth: the keys of a ring of Signers change with its Config only")
	case c.Path == "":
		set, err = newRing(k.algorithm)
		made = true
	default:
		set, made, err = k.open(c.Rotate)
	}
	if err != nil {
		return nil, err
	}
	k.current.Store(set)
	if made {
		k.reportChanges(context.Background(), []keyChange{{"made", set.active.Public()}})
	}
	return k, nil
}

func (c *KeyRingConfig) check() error {
	var errs []error
	if c.Algorithm != "" && !jose.Algorithm(c.Algorithm).Known() {
		errs = append(errs, fmt.Errorf("auth: KeyRingConfig.Algorithm %q is not known: use ES256, ES384, ES512, EdDSA, or RS or PS with 256, 384 or 512", c.Algorithm))
	}
	if strings.ContainsAny(c.Path, "\r\n\x00") { // most likely the keys themselves, which must not be quoted in any error
		errs = append(errs, errors.New("auth: KeyRingConfig.Path is not the path of a file, but has line breaks: give the path"))
	}
	if len(c.Signers) > 0 && (c.Path != "" || c.Algorithm != "" || c.Rotate > 0) {
		errs = append(errs, errors.New("auth: KeyRingConfig.Signers is given, and Path, Algorithm or Rotate, which are for keys in a file: give one or the other"))
	}
	if len(c.Signers) > maxRingKeys {
		errs = append(errs, fmt.Errorf("auth: KeyRingConfig.Signers has more than %d keys: remove old ones", maxRingKeys))
	}
	return errors.Join(errs...)
}

// open takes over the file at k.path, or makes it. Rotate is that of the Config.
func (k *KeyRing) open(rotate time.Duration) (set *ringKeys, made bool, err error) {
	text, made, err := openKeyFile(k.path, k.algorithm)
	if err != nil {
		return nil, false, err
	}
	if isPEM(text) {
		if rotate > 0 {
			return nil, false, errors.New("auth: KeyRingConfig.Rotate is given, but the file is PEM and holds one key only: leave the field zero, or use a JWK set")
		}
		k.fixed = errors.New("auth: a key file in PEM holds one key only and is not changed: use a JWK set")
		set, err := pemRing(k.path, text, k.algorithm)
		return set, false, err
	}
	if set, err = parseRing(k.path, text); err != nil {
		return nil, false, err
	}
	alg := set.active.Public().Algorithm()
	if k.schedule.rotate == 0 && k.algorithm != "" && alg != k.algorithm { // nothing would ever bring it about
		return nil, false, fmt.Errorf("auth: KeyRingConfig.Algorithm is %s, but the active key of the file is for %s: leave the field empty, or Rotate zero to move", k.algorithm, alg)
	}
	k.text = digest(text)
	return set, made, nil
}

// newRing returns a ring with one new key.
func newRing(alg jose.Algorithm) (*ringKeys, error) {
	key, err := newRingKey(alg, stateActive, time.Now().Round(time.Millisecond))
	if err != nil {
		return nil, err
	}
	return newRingKeys([]ringKey{key})
}

// sign returns a token under the key that signs now.
func (k *KeyRing) sign(typ string, payload []byte) (string, error) {
	set, err := k.fresh(context.Background())
	if err != nil {
		return "", err
	}
	header, err := joseHeader(set.active.Public().Algorithm(), set.active.Public().ID(), typ)
	if err != nil {
		return "", err
	}
	signed := jose.SigningInput(header, payload)
	signature, err := set.active.Sign(signed)
	if err != nil { // a signer elsewhere cannot be reached, or is broken
		return "", fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return jose.Join(signed, signature), nil
}

func (k *KeyRing) state(now time.Time) any {
	if k.stale(now) {
		return nil
	}
	return k.current.Load()
}

func (k *KeyRing) key(ctx context.Context, id string, alg jose.Algorithm) (jose.Key, error) {
	set, err := k.fresh(ctx)
	if err != nil {
		return nil, err
	}
	key := set.byID[id]
	if key == nil && k.seen.Load() != nil && jose.ValidKeyID(id) {
		// Not in the course of a rotation, but after another node has removed a key.
		if err := k.refresh(ctx, k.schedule.ask); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		key = k.current.Load().byID[id]
	}
	switch {
	case key == nil:
		return nil, ErrUnknownKey
	case key.Algorithm() != alg:
		return nil, ErrAlgorithm
	}
	return key, nil
}
