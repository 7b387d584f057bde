package apikey

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/internal/event"
)

const (
	touchEvery   = time.Minute
	touchTimeout = time.Second
	maxRecent    = 8192 // keys in each of the two halves of recent, which take some 2 MB
)

// touch records that a key was used, if the store has not heard of it for a minute. It comes after the decision and cannot change it.
// The write is part of the request, so that there is no queue to fill; one that takes more than a second is given up.
func (k *Keys) touch(ctx context.Context, r Record, now time.Time) {
	if now.Sub(r.LastUsed) < touchEvery || !k.touched.begin(r.ID, now) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), touchTimeout) // the key was used, whether its user waits or not
	defer cancel()
	if err := k.store.Touch(ctx, r.ID, now); err != nil {
		k.log.Emit(ctx, slog.LevelWarn, event.AvailabilityFail, slog.String("kind", "api key"), slog.String("reason", "the use of a key was not recorded"),
			slog.String("cause", err.Error()), slog.String("key_id", r.ID))
	}
}

// recent remembers which keys this process has recorded in the last minute: of many requests at once only one writes, and a
// store that reads but does not write is not asked to again by each request. When the newer half is full, the older one is
// forgotten; then only the time in the store holds writes back.
type recent struct {
	mu           sync.Mutex
	newer, older map[string]time.Time
}

// begin says whether the use of a key is to be recorded now. A clock that was set back counts as a minute.
func (t *recent) begin(id string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, half := range []map[string]time.Time{t.newer, t.older} {
		if last, ok := half[id]; ok {
			if since := now.Sub(last); since >= 0 && since < touchEvery {
				return false
			}
		}
	}
	if len(t.newer) >= maxRecent {
		t.newer, t.older = nil, t.newer
	}
	if t.newer == nil {
		t.newer = make(map[string]time.Time)
	}
	t.newer[id] = now
	return true
}
