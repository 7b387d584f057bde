package auth

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

// Bounds of the life of a key.
const (
	defaultRotate = 90 * 24 * time.Hour
	// maxRotate is the longest time that NIST SP 800-57 part 1, section 5.3.6, has a private key sign.
	maxRotate      = 3 * 365 * 24 * time.Hour
	defaultPublish = 24 * time.Hour
	// minPublish is what it takes until everybody knows a key: half of it for a node that cannot read the file, jwksMaxAge for
	// those who have just fetched its set, maxLeeway for clocks that differ, and a minute to spare.
	minPublish  = 2 * (jwksMaxAge + maxLeeway + 30*time.Second)
	maxPublish  = 30 * 24 * time.Hour
	defaultPoll = 30 * time.Second
	minPoll     = time.Second
	maxPoll     = 5 * time.Minute
	// askEvery is the least time between two looks for the sake of a token.
	askEvery = time.Second
	// maxAhead is how far in the future a key may have come into its state, by clocks that differ.
	maxAhead = time.Hour
)

// schedule is the life of the keys of one ring.
//
// Two laws make a rotation invisible. A key signs no sooner than publish after it was put into the file, and a node uses nothing that it
// saw longer than publish/2 ago: so whoever verifies knows every key that signs. A retired key stays for retain, which is longer than
// publish/2 and the life of a token together: so what a node signs with is known as long as its tokens live, even if the key was
// retired just after the node had looked.
type schedule struct {
	rotate  time.Duration // how long a key signs; zero if nothing is done by itself
	publish time.Duration // how long it is published before
	retain  time.Duration // how long it verifies afterwards
	poll    time.Duration // between two looks at the file
	ask     time.Duration // between two looks for the sake of a token
}

func newSchedule(rotate, publish, poll time.Duration) (schedule, error) {
	s := schedule{rotate: rotate, publish: publish, poll: poll, ask: askEvery}
	if s.publish == 0 {
		s.publish = defaultPublish
	}
	if s.poll == 0 {
		s.poll = defaultPoll
	}
	s.retain = s.publish + maxTTL + maxLeeway
	switch {
	case rotate < 0:
		s.rotate = 0
	case rotate == 0:
		s.rotate = defaultRotate
	}
	var errs []error
	if s.publish < minPublish || s.publish > maxPublish {
		errs = append(errs, fmt.Errorf("auth: KeyRingConfig.Publish %v is not in %v to %v: leave it zero for %v", s.publish, minPublish, maxPublish, defaultPublish))
	}
	if s.poll < minPoll || s.poll > maxPoll {
		errs = append(errs, fmt.Errorf("auth: KeyRingConfig.Poll %v is not in %v to %v: leave it zero for %v", s.poll, minPoll, maxPoll, defaultPoll))
	}
	if rotate > 0 && (rotate < s.retain || rotate > maxRotate) { // or retired keys would pile up
		errs = append(errs, fmt.Errorf("auth: KeyRingConfig.Rotate %v is not in %v (Publish and the life of a token) to %v: leave it zero for 90 days", rotate, s.retain, maxRotate))
	}
	return s, errors.Join(errs...)
}

// step is what is to be done with the keys of a ring at one time.
type step struct {
	forget   []string // ids of retired keys that no token needs
	activate string   // the id of a next key that was published long enough
	publish  bool     // a new next key
}

func (s step) none() bool { return len(s.forget) == 0 && s.activate == "" && !s.publish }

// due says what is to be done at the instant now with keys of which one is active. New keys are for alg, or for what the active one is
// for if it is empty. With early, a rotation begins before it has to.
func (s schedule) due(keys []ringKey, alg jose.Algorithm, now time.Time, early bool) (step, error) {
	var todo step
	var active, next ringKey
	for _, k := range keys {
		switch {
		case k.state == stateRetired:
			if now.Sub(k.since) >= s.retain {
				todo.forget = append(todo.forget, k.key.Public().ID())
			}
			continue
		case k.since.Sub(now) > maxAhead: // to correct it here would be worse, if the clock that is wrong is this one
			return step{}, errors.New("auth: a key of the ring is from the future: set the clock, or correct the key's since")
		case k.state == stateActive:
			active = k
		case next.key == nil || k.since.Before(next.since):
			next = k
		}
	}
	if next.key != nil {
		if now.Sub(next.since) >= s.publish {
			todo.activate = next.key.Public().ID()
		}
		return todo, nil
	}
	age, other := now.Sub(active.since), alg != "" && alg != active.key.Public().Algorithm()
	todo.publish = early || s.rotate > 0 && (other || age >= s.rotate-s.publish)
	return todo, nil
}

// keyChange is what happened to a key, for an event.
type keyChange struct {
	what string
	key  *jose.PublicKey
}

// take does what is to be done, and returns the keys as they are afterwards.
func (s step) take(keys []ringKey, alg jose.Algorithm, now time.Time) (after []ringKey, changes []keyChange, err error) {
	changed := func(what string, k ringKey) { changes = append(changes, keyChange{what, k.key.Public()}) }
	now = now.Round(time.Millisecond)
	for _, k := range keys {
		id := k.key.Public().ID()
		switch {
		case slices.Contains(s.forget, id):
			changed("forgotten", k)
			continue
		case k.state == stateActive && s.activate != "":
			k.state, k.since = stateRetired, now
			changed("retired", k)
		case k.state == stateActive && alg == "":
			alg = k.key.Public().Algorithm()
		case id == s.activate:
			k.state, k.since = stateActive, now
			changed("activated", k)
		}
		after = append(after, k)
	}
	if s.publish {
		k, err := newRingKey(alg, stateNext, now)
		if err != nil {
			return nil, nil, err
		}
		changed("published", k)
		after = append(after, k)
	}
	return after, changes, nil
}

// remove takes a key out at once. If it is the one that signs, the next one does from now on, however new it is, or a new one.
func remove(keys []ringKey, id string, alg jose.Algorithm, now time.Time) (after []ringKey, changes []keyChange, err error) {
	i := slices.IndexFunc(keys, func(k ringKey) bool { return k.key.Public().ID() == id })
	if i < 0 {
		return nil, nil, errors.New("auth: the key ring has no key with this kid: see the JWK set for those that it has")
	}
	gone, now := keys[i], now.Round(time.Millisecond)
	after = slices.Delete(slices.Clone(keys), i, i+1)
	changes = append(changes, keyChange{"removed", gone.key.Public()})
	if gone.state != stateActive {
		return after, changes, nil
	}
	heir := -1
	for j, k := range after {
		if k.state == stateNext && (heir < 0 || k.since.Before(after[heir].since)) {
			heir = j
		}
	}
	if heir < 0 {
		if alg == "" {
			alg = gone.key.Public().Algorithm()
		}
		k, err := newRingKey(alg, stateActive, now)
		if err != nil {
			return nil, nil, err
		}
		heir, after = len(after), append(after, k)
	}
	after[heir].state, after[heir].since = stateActive, now
	return after, append(changes, keyChange{"activated", after[heir].key.Public()}), nil
}
