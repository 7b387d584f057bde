package throttle

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/internal/event"
)

const (
	// maxHeld is how many callers may be inside Begin before pauses are refused instead of waited out.
	maxHeld = 1024
	// settleWithin bounds how long a login waits for shared counters after the password was compared.
	settleWithin = 2 * time.Second
)

// Attempt is one that may go on. It counts as a failure unless it is told otherwise, by the first call of Succeeded or
// Undecided; later calls do nothing. It is safe for concurrent use.
type Attempt struct {
	throttle *Throttle
	visitor  visitor
	keys     []Key // what it was counted for

	entered       time.Time
	before, after [kinds]Count // in the order of keys

	settled atomic.Bool
}

// Begin counts an attempt to log in as name, and says whether it may go on. Call it before the password is hashed, with the name as the
// client has sent it, and at no other time: each call counts.
//
// Names count together if they are the same without case, accents (and other combining marks that no letter is made of),
// spaces, and characters that are controls or invisible, after compatibility decomposition (NFKD). Of longer names the first
// 1,024 bytes count.
//
// The error is an [*Error]: [ErrLimited] if the attempt must wait for longer than [Config.Hold], which is not counted and raises
// the event authn_login_fail_max or, if it is for the network's failures, excess_rate_limit_exceeded; [ErrUnavailable] if the
// [Counters] cannot answer, or the request's context ends while Begin waits, which is not counted either.
func (t *Throttle) Begin(r *http.Request, name string) (*Attempt, error) {
	patience := t.hold
	if t.begins.Add(1) > maxHeld {
		patience = 0
	}
	defer t.begins.Add(-1)

	ctx := r.Context()
	a := &Attempt{throttle: t, visitor: newVisitor(t.clientAddr(r), name), entered: time.Now()}
	wait, limit, err := a.enter(ctx, patience)
	switch {
	case err != nil:
		t.unavailable(ctx, err)
		return nil, &Error{kind: ErrUnavailable, cause: err}
	case wait > patience:
		t.limited(r, name, limit, wait)
		return nil, &Error{kind: ErrLimited, limit: limit, wait: wait}
	case !sleep(ctx, wait):
		a.Undecided(ctx)
		return nil, &Error{kind: ErrUnavailable, cause: context.Cause(ctx)}
	}
	return a, nil
}

// enter counts the attempt for all of its keys, or for none if one of them asks for more patience than there is. It returns
// the longest wait, and what asks for it.
func (a *Attempt) enter(ctx context.Context, patience time.Duration) (wait time.Duration, limit string, err error) {
	t, v := a.throttle, &a.visitor
	familiar, err := t.counters.Familiar(ctx, v.spelling, v.network, a.entered)
	if err != nil {
		return 0, "", err
	}
	a.keys = v.keys(familiar)
	err = t.counters.Update(ctx, a.keys, a.entered, func(counts []Count) bool {
		wait = 0
		mended := false
		for i, k := range a.keys {
			l := t.limits[k[0]]
			a.before[i] = l.sane(counts[i], t.hold)
			a.after[i] = l.add(a.before[i])
			if a.before[i].Wait > wait {
				wait, limit = a.before[i].Wait, limitNames[k[0]]
			}
			mended = mended || a.before[i] != counts[i]
		}
		if wait > patience {
			copy(counts, a.before[:]) // if it is not kept that they were mended, the wait begins anew each time
			return mended
		}
		copy(counts, a.after[:])
		return true
	})
	return wait, limit, err
}

// Succeeded says that the login has succeeded: the attempt was no failure, and the network is familiar with the name from now
// on. It does not fail: if the [Counters] cannot answer, the attempt remains a failure, and the event sys_availability_fail is
// raised. The end of ctx does not keep it from its work, which takes at most two seconds.
func (a *Attempt) Succeeded(ctx context.Context) { a.settle(ctx, true) }

// Undecided says that no password was compared, because hashing had no room or the users could not be asked. The attempt was
// no failure. Otherwise it is like [Attempt.Succeeded].
func (a *Attempt) Undecided(ctx context.Context) { a.settle(ctx, false) }

// Trust makes the network of r familiar with name, as a login does. Call it when the user has proved who they are in another
// way, such as a link sent by e-mail, a passkey or a new registration; name is what the user will log in with.
func (t *Throttle) Trust(r *http.Request, name string) {
	a := &Attempt{throttle: t, visitor: newVisitor(t.clientAddr(r), name)}
	a.settle(r.Context(), true)
}

func (a *Attempt) settle(ctx context.Context, success bool) {
	if a.settled.Swap(true) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWithin)
	defer cancel()
	t, v, now := a.throttle, &a.visitor, time.Now()
	keys := a.keys
	if success && (len(keys) == 0 || keys[0] != v.familiar) {
		keys = append(keys[:len(keys):len(keys)], v.familiar)
	}
	err := t.counters.Update(ctx, keys, now, func(counts []Count) bool {
		for i, k := range keys {
			if success && k == v.familiar {
				counts[i] = Count{}
				continue
			}
			counts[i] = takeBack(counts[i], a.before[i], a.after[i], now.Sub(a.entered))
		}
		return true
	})
	if err != nil {
		t.unavailable(ctx, err)
	}
	if !success {
		return
	}
	if err := t.counters.Remember(ctx, v.spelling, v.network, now.Add(t.familiar), now); err != nil {
		t.unavailable(ctx, err)
	}
}

// sleep says whether the time passed before the context ended.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// limited raises the event of a refusal. The name is told only if it has failed repeatedly: once in a while, people type a
// password into its field.
func (t *Throttle) limited(r *http.Request, name, limit string, wait time.Duration) {
	attrs := []slog.Attr{slog.String("limit", limit), slog.Duration("retry_after", wait)}
	eventName := event.AuthnLoginFailMax
	if limit == limitNames[network] || limit == limitNames[site] {
		eventName = event.ExcessRateLimitExceeded
	} else {
		attrs = append(attrs, slog.String("name", name))
	}
	t.log.Request(r, slog.LevelWarn, eventName, attrs...)
}

// unavailable raises no event if it is the client who has gone away.
func (t *Throttle) unavailable(ctx context.Context, err error) {
	if ctx.Err() == context.Canceled {
		return
	}
	t.log.Emit(ctx, slog.LevelError, event.AvailabilityFail,
		slog.String("reason", ErrUnavailable.Error()), slog.String("cause", err.Error()))
}
