package auth

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/auth/internal/jose"
)

// How long a set of keys is fresh, whatever the provider says.
const (
	minFresh     = time.Minute
	maxFresh     = 24 * time.Hour
	defaultFresh = 5 * time.Minute // if it says nothing
)

// remoteSet is what one fetch brought. It is never changed.
type remoteSet struct {
	byID        map[string]*jose.PublicKey
	same        *remoteSet // the first of the sets in a row that have these keys
	refreshAt   time.Time  // when to look for a newer one
	freshUntil  time.Time  // when it needs to be confirmed
	usableUntil time.Time  // when it verifies nothing more
}

func newRemoteSet(keys []*jose.PublicKey, fetched time.Time, fresh, maxStale time.Duration) *remoteSet {
	s := &remoteSet{
		byID:        make(map[string]*jose.PublicKey, len(keys)),
		refreshAt:   fetched.Add(fresh / 5 * 4),
		freshUntil:  fetched.Add(fresh),
		usableUntil: fetched.Add(fresh + maxStale),
	}
	for _, k := range keys {
		s.byID[k.ID()] = k
	}
	s.same = s
	return s
}

// usable says whether s can decide anything at the instant now. A nil set cannot.
func (s *remoteSet) usable(now time.Time) bool {
	return s != nil && len(s.byID) > 0 && now.Before(s.usableUntil)
}

// current returns a key that needs no second thought at the instant now, or nil.
func (s *remoteSet) current(id string, now time.Time) *jose.PublicKey {
	if s == nil || !now.Before(s.refreshAt) {
		return nil
	}
	return s.byID[id]
}

// differences returns, in order, the ids that s has and old has not, those that old had, and those that mean another key. Old may
// be nil.
func (s *remoteSet) differences(old *remoteSet) (added, removed, replaced []string) {
	var before map[string]*jose.PublicKey
	if old != nil {
		before = old.byID
	}
	for id, key := range s.byID {
		if was := before[id]; was == nil {
			added = append(added, id)
		} else if !key.Equal(was) {
			replaced = append(replaced, id)
		}
	}
	for id := range before {
		if s.byID[id] == nil {
			removed = append(removed, id)
		}
	}
	slices.Sort(added)
	slices.Sort(removed)
	slices.Sort(replaced)
	return added, removed, replaced
}

// freshness returns for how long an answer that was received at the instant now is fresh (RFC 9111, section 4.2), within bounds.
//
// What is not understood counts as no longer fresh, as does what must not be stored: keys have to be held for a while, and then it
// is the shortest.
func freshness(h http.Header, now time.Time) time.Duration {
	fresh, known := maxAge(h)
	if !known {
		fresh, known = untilExpires(h, now)
	}
	if !known {
		return defaultFresh
	}
	return min(max(fresh, minFresh), maxFresh)
}

// maxAge reads Cache-Control and Age. Of several values section 4.2.1 takes the first or none; the shortest is safe with both.
func maxAge(h http.Header) (fresh time.Duration, known bool) {
	shortest := func(d time.Duration) {
		if !known || d < fresh {
			fresh, known = d, true
		}
	}
	for _, field := range h.Values("Cache-Control") {
		for directive := range strings.SplitSeq(field, ",") {
			name, value, _ := strings.Cut(directive, "=")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "max-age":
				shortest(seconds(value))
			case "no-store", "no-cache":
				shortest(0)
			}
		}
	}
	return fresh - seconds(h.Get("Age")), known
}

// seconds reads delta-seconds (section 1.2.2), quoted or not, and cuts what is far beyond the bounds. Anything else is none.
func seconds(s string) time.Duration {
	s = strings.Trim(strings.TrimSpace(s), `"`)
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil { // too large for the type
		return 2 * maxFresh
	}
	return min(time.Duration(n)*time.Second, 2*maxFresh)
}

// untilExpires reads Expires and Date (section 5.3).
func untilExpires(h http.Header, now time.Time) (fresh time.Duration, known bool) {
	expires := h.Get("Expires")
	if expires == "" {
		return 0, false
	}
	end, err := http.ParseTime(expires)
	if err != nil { // what is no date counts as one in the past
		return 0, true
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return end.Sub(now), true
}

// unknownKeys remembers the ids that the provider turned out not to know, so that they are not asked for again and again. Ids are added
// at most once a cooldown and kept for unknownFor cooldowns, which bounds their number by unknownFor + 1.
type unknownKeys map[string]time.Time // until when

// unknownFor also bounds for how long somebody who guesses the id of a key to come can delay its discovery by asking for it
// too early.
const unknownFor = 10

func (u unknownKeys) has(id string, now time.Time) bool { return now.Before(u[id]) }

func (u unknownKeys) add(id string, now time.Time, cooldown time.Duration) {
	for other, until := range u {
		if !now.Before(until) {
			delete(u, other)
		}
	}
	u[id] = now.Add(unknownFor * cooldown)
}
