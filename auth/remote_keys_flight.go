package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
	"github.com/sallyport-go/sallyport/internal/event"
)

// flight is one fetch, which any number of requests may wait for.
type flight struct {
	done  chan struct{} // closed at the end
	id    string        // of the key for whose sake it was started, or empty
	asked bool          // somebody waits for a key that is not known
}

func (f *flight) wait(ctx context.Context) error {
	select {
	case <-f.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: the request ended before the keys came: %w", ErrUnavailable, context.Cause(ctx))
	}
}

// start returns the flight that is under way, or a new one, or nil if it is too early for one. The caller holds the lock.
func (k *RemoteKeys) start(id string, now time.Time) *flight {
	if k.flight == nil && !now.Before(k.retryAt) {
		k.flight = &flight{done: make(chan struct{}), id: id}
		go k.fly(k.flight) // owned by no request; ends within fetchTimeout
	}
	return k.flight
}

// noKeys is a set that leaves nothing to verify with.
func noKeys(skipped []error) error {
	if len(skipped) == 0 {
		return errors.New("auth: the provider publishes no keys")
	}
	return fmt.Errorf("auth: the provider publishes no key that can be used, for one because of %w", skipped[0])
}

// fly fetches once. The new set is in use, and the events are written, before those who wait go on.
func (k *RemoteKeys) fly(f *flight) {
	defer close(f.done)
	old := k.set.Load()
	set, skipped, err := k.load()
	if err == nil {
		added, removed, replaced := set.differences(old)
		changed := len(added)+len(removed)+len(replaced) > 0
		if !changed && old != nil {
			set.same = old.same
		}
		k.set.Store(set)
		if changed {
			k.reportChange(set, added, removed, replaced, skipped)
		}
		if len(set.byID) == 0 {
			err = noKeys(skipped)
		}
	}
	if err != nil {
		k.reportFailure(err)
	}
	k.land(f, err)
}

// load fetches the set. It counts the set's life from before the request, when it may have left the provider's hands.
func (k *RemoteKeys) load() (set *remoteSet, skipped []error, err error) {
	began := time.Now()
	text, header, err := fetch(context.Background(), k.client, k.url)
	if err != nil {
		return nil, nil, fmt.Errorf("auth: the keys cannot be fetched: %w", err)
	}
	found, err := jose.ParsePublicSet(text, k.algorithms)
	if err != nil {
		return nil, nil, fmt.Errorf("auth: the keys cannot be used: %w", err)
	}
	return newRemoteSet(found.Keys, began, freshness(header, time.Now()), k.maxStale), found.Skipped, nil
}

// firstRetry is the pause after the first failure. It doubles with each further one, up to the cooldown.
const firstRetry = 250 * time.Millisecond

// land ends the flight.
func (k *RemoteKeys) land(f *flight, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now, set := time.Now(), k.set.Load()
	k.flight, k.lastErr = nil, err
	missed := f.id != "" && (set == nil || set.byID[f.id] == nil)
	if f.asked || missed {
		k.askAt = now.Add(k.cooldown)
	}
	if err != nil {
		pause := k.cooldown
		if k.failures < 16 { // 250 ms << 16 is more than any cooldown
			pause = min(pause, firstRetry<<k.failures)
		}
		k.failures++
		k.retryAt = now.Add(pause)
		return
	}
	k.failures, k.retryAt = 0, time.Time{}
	if missed {
		k.unknown.add(f.id, now, k.cooldown)
	}
}

func (k *RemoteKeys) reportFailure(err error) {
	level, consequence := slog.LevelError, "tokens of the provider are answered with 503"
	if set := k.set.Load(); set.usable(time.Now()) {
		level, consequence = slog.LevelWarn, "the last keys are used"
	}
	k.log.Emit(context.Background(), level, event.AvailabilityFail,
		slog.String("source", k.source()), slog.String("cause", err.Error()), slog.String("consequence", consequence))
}

// reportChange writes an event. Another key under the id of an old one is worth a look: either the provider is careless, or somebody
// else answers in its name.
func (k *RemoteKeys) reportChange(set *remoteSet, added, removed, replaced []string, skipped []error) {
	level := slog.LevelInfo
	if len(replaced) > 0 {
		level = slog.LevelWarn
	}
	attrs := []slog.Attr{slog.String("change", "fetched"), slog.String("source", k.source()), slog.Int("keys", len(set.byID))}
	for _, list := range []struct {
		name string
		ids  []string
	}{{"added", added}, {"removed", removed}, {"replaced", replaced}} {
		if len(list.ids) > 0 {
			attrs = append(attrs, slog.String(list.name, strings.Join(list.ids, " ")))
		}
	}
	if len(skipped) > 0 {
		attrs = append(attrs, slog.Int("skipped", len(skipped)), slog.String("reason", skipped[0].Error()))
	}
	k.log.Emit(context.Background(), level, event.CryptKeyChange, attrs...)
}

// source is the URL without its query, which may be confidential.
func (k *RemoteKeys) source() string {
	u, err := url.Parse(k.url)
	if err != nil { // it was parsed at the start
		return ""
	}
	u.RawQuery = ""
	return u.String()
}
