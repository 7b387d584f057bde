package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sallyport-go/sallyport/internal/event"
)

// Run keeps the ring up to date until ctx ends, and then returns nil. It looks at the file each Poll and follows its changes, and
// begins and ends rotations when they are due. Whatever goes wrong on the way is an event, and is tried again at the next look. The error
// says that a Run is under way already.
//
//	go keys.Run(ctx) // beside the server, with the same context
//
// Of the processes that have the same file, any number may rotate: one does, under a lock, and the others follow. If only one should,
// such as the only one that can write the file, give the others a negative Rotate.
//
// A ring of Signers or of a PEM file has nothing to do, and Run waits.
func (k *KeyRing) Run(ctx context.Context) error {
	if !k.running.CompareAndSwap(false, true) {
		return errors.New("auth: the key ring is run already: call Run once")
	}
	defer k.running.Store(false)
	if k.fixed != nil {
		<-ctx.Done()
		return nil
	}
	if k.path != "" {
		k.seen.CompareAndSwap(nil, k.schedule.sightingAt(k.opened))
	}
	ticker := time.NewTicker(k.schedule.poll)
	defer ticker.Stop()
	for lockedOut := 0; ctx.Err() == nil; {
		err := k.attend(ctx)
		if lockedOut++; !errors.Is(err, errLocked) {
			lockedOut = 0
		}
		if err != nil && lockedOut != 1 && ctx.Err() == nil { // once is another process that does the work
			k.reportFailure(err)
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	return nil
}

// attend looks at the file, and does what is due.
func (k *KeyRing) attend(ctx context.Context) error {
	if k.path != "" {
		if err := k.refresh(ctx, 0); err != nil {
			return err
		}
	}
	if k.schedule.rotate == 0 {
		return nil
	}
	todo, err := k.schedule.due(k.current.Load().keys, k.algorithm, time.Now(), false)
	if err != nil || todo.none() {
		return err
	}
	return k.change(ctx, false, k.step(false))
}

// Rotate begins a rotation before it is due: it publishes a next key, which signs once it has been published for Publish. A Run that
// rotates sees to that; where there is none, another call of Rotate after that time does. A call in between changes nothing.
func (k *KeyRing) Rotate(ctx context.Context) error { return k.change(ctx, true, k.step(true)) }

// Remove takes a key out at once, published or not, because somebody else may have it. Tokens under it are refused from now on, by
// other processes with the file from their next look on, and by those who fetch the JWK set when they fetch it again. If it is the key
// that signs, the next one does, or a new one if there is none, and Issue goes on.
//
// Who could read one key of a file could most likely read all: remove each.
func (k *KeyRing) Remove(ctx context.Context, kid string) error {
	return k.change(ctx, true, func(keys []ringKey, now time.Time) ([]ringKey, []keyChange, error) {
		return remove(keys, kid, k.algorithm, now)
	})
}

// changer returns keys as they are to be, and what happened to them; nothing, if they are as they should be.
type changer func(keys []ringKey, now time.Time) ([]ringKey, []keyChange, error)

func (k *KeyRing) step(early bool) changer {
	return func(keys []ringKey, now time.Time) ([]ringKey, []keyChange, error) {
		todo, err := k.schedule.due(keys, k.algorithm, now, early)
		if err != nil || todo.none() {
			return nil, nil, err
		}
		return todo.take(keys, k.algorithm, now)
	}
}

// change gives the ring, and its file, other keys. It decides about the file as it is under the lock, for which it waits or not.
func (k *KeyRing) change(ctx context.Context, wait bool, to changer) error {
	if k.fixed != nil {
		return k.fixed
	}
	var file string
	if k.path != "" {
		var err error
		var unlock func()
		if file, unlock, err = lockKeyFile(ctx, k.path, wait); err != nil {
			return fmt.Errorf("auth: the key file cannot be locked: %w", err)
		}
		defer unlock()
	}
	if err := k.enter(ctx); err != nil {
		return err
	}
	defer k.leave()
	if file != "" {
		if err := k.look(); err != nil { // what cannot be read is never replaced
			return err
		}
	}
	keys, changes, err := to(k.current.Load().keys, time.Now())
	if err != nil || len(changes) == 0 {
		return err
	}
	set, err := newRingKeys(keys) // before it is in the file, where it would be refused
	if err != nil {
		return err
	}
	if file != "" {
		text, err := marshalKeys(keys)
		if err != nil {
			return err
		}
		if err := replaceKeyFile(file, text); err != nil {
			return fmt.Errorf("auth: the key file cannot be replaced: %w", err)
		}
		k.text = digest(text)
	}
	k.current.Store(set)
	k.reportChanges(ctx, changes)
	return nil
}

func (k *KeyRing) reportChanges(ctx context.Context, changes []keyChange) {
	for _, c := range changes {
		level := slog.LevelInfo
		if c.what == "removed" {
			level = slog.LevelWarn
		}
		k.log.Emit(ctx, level, event.CryptKeyChange,
			slog.String("change", c.what), slog.String("kid", c.key.ID()), slog.String("alg", string(c.key.Algorithm())))
	}
}

func (k *KeyRing) reportFailure(err error) {
	consequence := "the keys stay as they are"
	if k.stale(time.Now()) {
		consequence = "nothing is signed and no token accepted"
	}
	k.log.Emit(context.Background(), slog.LevelError, event.AvailabilityFail,
		slog.String("source", "key ring"), slog.String("cause", err.Error()), slog.String("consequence", consequence))
}
