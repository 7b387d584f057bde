package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
	"github.com/sallyport-go/sallyport/internal/event"
)

// RemoteKeysConfig configures [RemoteKeys]. URL is required.
type RemoteKeysConfig struct {
	// URL is where the provider publishes its keys as a JWK set (RFC 7517, section 5): the "jwks_uri" of its metadata. It is
	// https, or http for loopback hosts.
	URL string
	// Client fetches the keys. Nil means one that asks for TLS 1.2 or more and trusts the authorities of the system. A copy is used, which
	// follows redirects within the host only; it must verify certificates.
	Client *http.Client
	// Algorithms are those that a key may be for, the preferred first. Empty means all. A key is for the one algorithm that
	// it names ("alg"), and is skipped if that is not among them. A key that names none is for the first of them that it fits, so
	// that with all of them an RSA key is for RS256, and for PS256 only if that comes before RS256 or without it.
	Algorithms []Algorithm
	// MaxStale is how long keys are used beyond their lifetime while the provider cannot be reached, at most 24 h. A key that was
	// withdrawn in that time verifies for as long. Zero means 1 h, the time that most access tokens live; negative none.
	MaxStale time.Duration
	// Cooldown is the least time between two fetches for the sake of a key that is not known, and the longest between two attempts
	// while the provider is down, 1 s to 1 h. Zero means 30 s.
	Cooldown time.Duration
	// Logger receives an event crypt_key_change when the provider's keys change, with how many were skipped and why the first of
	// them, and sys_availability_fail when they cannot be fetched. Nil means slog.Default at the time of each event.
	Logger *slog.Logger

	_ struct{} // keyed literals only: fields may be added later
}

// RemoteKeys are the keys of a provider that publishes them at a URL. It is safe for concurrent use. Make one with [NewRemoteKeys] or
// [Discover].
//
// Nothing is fetched before the first token comes, so that a service starts while its provider is down. From then on the keys
// live as long as the provider says (Cache-Control, Age, Expires; RFC 9111, section 4.2), but one minute to 24 h, and 5 minutes if it
// says nothing. The first token in the last fifth of that time has them fetched anew, and waits for nothing; one that comes
// after that time waits. If the fetch fails, the keys are good for [RemoteKeysConfig].MaxStale more. Tokens that cannot be decided
// about, without keys or with a key that is not known while the last fetch failed, end in [ErrUnavailable].
//
// A key that is not known is looked for at the provider, at most once a Cooldown, and not again for ten of them if the provider
// did not know it either. Otherwise it is [ErrUnknownKey].
//
// What the provider publishes last is what holds: a key that is withdrawn is gone with the next fetch, even if it was the only
// one. Keeping it would make the one way to revoke a key wait for MaxStale. Without any key left the answer is 503, not 401, until
// there is one. A document that is no JWK set, and a set that is refused as a whole (more than 100 keys or 1 MiB, a kid twice,
// a symmetric key), count as a failed fetch. A key in a set that is weak, broken, meant for something else or without kid is skipped.
//
// There is nothing to close: fetches run in a goroutine of their own, since the end of one request must not end what others wait for,
// but only one at a time, only when a request asks for it, and for five seconds at most, if the transport of a Client of your own heeds
// the context of its requests.
type RemoteKeys struct {
	url        string
	client     *http.Client
	algorithms []jose.Algorithm
	maxStale   time.Duration
	cooldown   time.Duration
	log        *event.Log

	set atomic.Pointer[remoteSet] // nil before the first; changed by the flight alone

	mu       sync.Mutex
	flight   *flight     // the fetch that is under way, or nil
	failures int         // of fetches, since the last that succeeded
	lastErr  error       // of the last fetch
	retryAt  time.Time   // no fetch before that, after a failure
	askAt    time.Time   // no fetch for an unknown key before that
	unknown  unknownKeys // ids that the provider did not know
}

const (
	defaultMaxStale = time.Hour
	maxMaxStale     = 24 * time.Hour
	defaultCooldown = 30 * time.Second
	minCooldown     = time.Second
	maxCooldown     = time.Hour
)

// allAlgorithms are the default of RemoteKeysConfig.Algorithms, in the order of preference.
func allAlgorithms() []Algorithm {
	return []Algorithm{ES256, ES384, ES512, EdDSA, RS256, RS384, RS512, PS256, PS384, PS512}
}

// NewRemoteKeys returns the keys at a URL without fetching them, or all faults of the Config.
func NewRemoteKeys(c RemoteKeysConfig) (*RemoteKeys, error) {
	if err := errors.Join(checkRemoteURL("RemoteKeysConfig.URL", c.URL), c.check()); err != nil {
		return nil, err
	}
	k := &RemoteKeys{
		url:      c.URL,
		client:   strictClient(c.Client),
		maxStale: max(c.MaxStale, 0),
		cooldown: c.Cooldown,
		log:      event.New(c.Logger, nil),
		unknown:  unknownKeys{},
	}
	if c.MaxStale == 0 {
		k.maxStale = defaultMaxStale
	}
	if c.Cooldown == 0 {
		k.cooldown = defaultCooldown
	}
	if len(c.Algorithms) == 0 {
		c.Algorithms = allAlgorithms()
	}
	for _, alg := range c.Algorithms {
		k.algorithms = append(k.algorithms, jose.Algorithm(alg))
	}
	return k, nil
}

// check returns the faults of all fields but URL.
func (c *RemoteKeysConfig) check() error {
	errs := []error{checkClient("RemoteKeysConfig.Client", c.Client)}
	for i, alg := range c.Algorithms {
		if !jose.Algorithm(alg).Known() {
			errs = append(errs, fmt.Errorf("auth: RemoteKeysConfig.Algorithms has %q, which is not known: use ES256, ES384, ES512, EdDSA, or RS or PS with 256, 384 or 512", alg))
		} else if slices.Contains(c.Algorithms[:i], alg) {
			errs = append(errs, fmt.Errorf("auth: RemoteKeysConfig.Algorithms has %s twice: remove one", alg))
		}
	}
	if c.MaxStale > maxMaxStale {
		errs = append(errs, fmt.Errorf("auth: RemoteKeysConfig.MaxStale %v is more than %v: shorten it, since withdrawn keys live as long", c.MaxStale, maxMaxStale))
	}
	if c.Cooldown != 0 && (c.Cooldown < minCooldown || c.Cooldown > maxCooldown) {
		errs = append(errs, fmt.Errorf("auth: RemoteKeysConfig.Cooldown %v is not in %v to %v: leave it zero for %v", c.Cooldown, minCooldown, maxCooldown, defaultCooldown))
	}
	return errors.Join(errs...)
}

// state names the keys in use, and brings about the fetch that is due as key does, so that tokens that are remembered keep the
// keys young as well. It is nil where key would wait.
func (k *RemoteKeys) state(now time.Time) any {
	set := k.set.Load()
	if !set.usable(now) {
		return nil
	}
	if !now.Before(set.refreshAt) {
		k.mu.Lock()
		defer k.mu.Unlock()
		if set = k.set.Load(); !set.usable(now) || k.refresh(set, now) != nil {
			return nil
		}
	}
	return set.same
}

func (k *RemoteKeys) key(ctx context.Context, id string, alg jose.Algorithm) (jose.Key, error) {
	if id == "" { // no set has it
		return nil, ErrUnknownKey
	}
	key := k.set.Load().current(id, time.Now())
	if key == nil {
		var err error
		if key, err = k.consult(ctx, id); err != nil {
			return nil, err
		}
	}
	if key.Algorithm() != alg {
		return nil, ErrAlgorithm
	}
	return key, nil
}

// consult finds a key where the set is old or has no such key, and waits for a fetch if it must.
func (k *RemoteKeys) consult(ctx context.Context, id string) (*jose.PublicKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if f := k.due(id, time.Now()); f != nil {
		k.mu.Unlock()
		err := f.wait(ctx)
		k.mu.Lock()
		if err != nil {
			return nil, err
		}
	}
	return k.answer(id, time.Now())
}

// due starts the fetch that is due, if any, and returns the one to wait for, if any. The caller holds the lock.
func (k *RemoteKeys) due(id string, now time.Time) *flight {
	set := k.set.Load()
	if !set.usable(now) {
		return k.start(id, now)
	}
	if set.byID[id] == nil {
		return k.dueForUnknown(id, now)
	}
	return k.refresh(set, now)
}

// refresh starts the fetch that a set in use needs by its age, and returns the one to wait for, if any. The caller holds the lock.
func (k *RemoteKeys) refresh(set *remoteSet, now time.Time) *flight {
	switch {
	case now.Before(set.refreshAt): // another request was faster
		return nil
	case now.Before(set.freshUntil), k.failures > 0: // in an outage nobody pays for the attempts to end it
		k.start("", now)
		return nil
	}
	return k.start("", now)
}

// dueForUnknown is due for a key that a set in use does not have.
func (k *RemoteKeys) dueForUnknown(id string, now time.Time) *flight {
	if k.unknown.has(id, now) || k.flight == nil && now.Before(k.askAt) {
		return nil
	}
	f := k.start(id, now)
	if f != nil {
		f.asked = true // joined or started: the question is answered by it
	}
	return f
}

// answer finds a key in what there is now. The caller holds the lock.
func (k *RemoteKeys) answer(id string, now time.Time) (*jose.PublicKey, error) {
	set := k.set.Load()
	usable := set.usable(now)
	if usable {
		if key := set.byID[id]; key != nil {
			return key, nil
		}
	}
	switch {
	case k.lastErr != nil:
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, k.lastErr)
	case usable:
		return nil, ErrUnknownKey
	}
	return nil, fmt.Errorf("%w: the keys have become too old", ErrUnavailable)
}
