package auth

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"time"

	"github.com/sallyport-go/sallyport/internal/event"
)

// fresh returns the keys, or ErrUnavailable if the ring follows a file and has not seen it for too long.
//
// That happens where the file cannot be read, and where the process, or the whole machine, was paused: then other nodes may have gone
// through a rotation meanwhile, and the first request finds out before Run does.
func (k *KeyRing) fresh(ctx context.Context) (*ringKeys, error) {
	if k.stale(time.Now()) {
		if err := k.refresh(ctx, k.schedule.ask); err != nil {
			return nil, fmt.Errorf("%w: the key file was not seen for too long: %w", ErrUnavailable, err)
		}
	}
	return k.current.Load(), nil
}

// sighting is when a file was good, and until when what was seen may be used, by both clocks: the monotonic one of most systems stands
// still while the machine sleeps, and the other one can be set back.
type sighting struct {
	until     time.Time
	wallUntil int64 // in milliseconds since 1970
}

func (s schedule) sightingAt(t time.Time) *sighting {
	until := t.Add(s.publish / 2)
	return &sighting{until, until.UnixMilli()}
}

// stale says whether the ring follows a file and saw it last so long ago that the laws of [schedule] no longer hold.
func (k *KeyRing) stale(now time.Time) bool {
	seen := k.seen.Load()
	return seen != nil && (now.After(seen.until) || now.UnixMilli() > seen.wallUntil)
}

// refresh looks at the file, unless somebody did so less than pause ago, and returns what went wrong at the last look.
func (k *KeyRing) refresh(ctx context.Context, pause time.Duration) error {
	if err := k.enter(ctx); err != nil {
		return err
	}
	defer k.leave()
	if now := time.Now(); now.Sub(k.looked) < pause && (k.failed != nil || !k.stale(now)) {
		return k.failed
	}
	return k.look()
}

// look reads the file and takes over what is in it if that is good. The caller has entered.
func (k *KeyRing) look() error {
	began := time.Now() // what is read may change at once
	text, err := readKeyFile(k.path)
	if err == nil && digest(text) != k.text {
		err = k.adopt(text)
	}
	k.looked, k.failed = time.Now(), err
	if err == nil && k.seen.Load() != nil {
		k.seen.Store(k.schedule.sightingAt(began))
	}
	return err
}

// adopt takes over keys that another process has written.
func (k *KeyRing) adopt(text []byte) error {
	set, err := parseRing(k.path, text)
	if err != nil {
		return err
	}
	k.current.Store(set)
	k.text = digest(text)
	k.log.Emit(context.Background(), slog.LevelInfo, event.CryptKeyChange, slog.String("change", "followed"),
		slog.String("kid", set.active.Public().ID()), slog.String("alg", string(set.active.Public().Algorithm())), slog.Int("keys", len(set.keys)))
	return nil
}

// enter waits until nobody else of this process looks at the file or changes it, or until ctx ends.
func (k *KeyRing) enter(ctx context.Context) error {
	select {
	case k.busy <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("auth: the key file is being read or changed: %w", context.Cause(ctx))
	}
}

func (k *KeyRing) leave() { <-k.busy }

// digest tells texts apart without keeping the keys in them a second time.
func digest(text []byte) [sha256.Size]byte { return sha256.Sum256(text) }
