package throttle_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/sallyport-go/sallyport/auth/throttle"
)

const day = 24 * time.Hour

// after is a count some time later.
func after(c throttle.Count, d time.Duration) throttle.Count {
	return throttle.Count{Heat: max(c.Heat-d, 0), Wait: max(c.Wait-d, 0)}
}

func TestPausesDouble(t *testing.T) {
	l := throttle.Limit{Free: 3, First: time.Second, Most: time.Minute}
	var c throttle.Count
	var pauses []time.Duration
	for range 8 {
		c = l.Add(after(c, c.Wait))
		pauses = append(pauses, c.Wait)
	}
	s := time.Second
	assert.Equal(t, []time.Duration{0, 0, s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s}, pauses)

	for range 8 {
		c = l.Add(after(c, c.Wait))
		assert.LessOrEqual(t, c.Wait, l.Most)
	}
	assert.Equal(t, l.Most, c.Wait)
}

func TestFailuresAreForgottenOneByOne(t *testing.T) {
	l := throttle.Limit{Free: 3, First: time.Second, Most: time.Minute}
	var c throttle.Count
	for range 3 {
		c = l.Add(after(c, c.Wait))
	}
	assert.Positive(t, l.Add(after(c, 2*time.Minute-1)).Wait, "one forgotten, one more is the third")
	assert.Zero(t, l.Add(after(c, 2*time.Minute)).Wait)
	assert.Zero(t, l.Add(after(c, 3*time.Minute)).Wait)
	assert.Equal(t, l.Add(throttle.Count{}), l.Add(after(c, time.Hour)), "as if nothing had been")
}

// The bounds that the documentation states for a day. NIST SP 800-63B-4, section 3.2.2, has 100.
func TestDefaultLimitsAllowWhatIsDocumented(t *testing.T) {
	limits := throttle.Default()
	var perDay []int64
	for _, l := range limits {
		perDay = append(perDay, l.PerDay())
	}
	assert.Equal(t, []int64{66, 66, 58, 1548, 12325}, perDay)
}

// How often a strategy gets through within a day, if it waits between its attempts as pace says.
func inADay(l throttle.Limit, warmUp, hold time.Duration, pace func(n int, c throttle.Count) time.Duration) (passed int64) {
	var c throttle.Count
	for n, now := 0, -warmUp; now < day; n++ {
		if c = l.Sane(c, hold); c.Wait <= hold {
			c = l.Add(c)
			if now >= 0 {
				passed++
			}
		}
		d := max(pace(n, c), time.Millisecond)
		c, now = after(c, d), now+d
	}
	return passed
}

func TestAttackNoPaceGetsMoreThanADaysBound(t *testing.T) {
	paces := map[string]func(l throttle.Limit) func(int, throttle.Count) time.Duration{
		"as soon as it may": func(throttle.Limit) func(int, throttle.Count) time.Duration {
			return func(_ int, c throttle.Count) time.Duration { return c.Wait }
		},
		"a burst after all was forgotten": func(l throttle.Limit) func(int, throttle.Count) time.Duration {
			return func(n int, c throttle.Count) time.Duration {
				if n == 0 {
					return 2 * day
				}
				return c.Wait
			}
		},
		"below the free ones": func(l throttle.Limit) func(int, throttle.Count) time.Duration {
			return func(_ int, c throttle.Count) time.Duration {
				if c.Wait > 0 {
					return l.Most
				}
				return 0
			}
		},
		"every minute": func(throttle.Limit) func(int, throttle.Count) time.Duration {
			return func(int, throttle.Count) time.Duration { return time.Minute }
		},
	}
	for name, pace := range paces {
		for kind, l := range throttle.Default() {
			for _, hold := range []time.Duration{0, 10 * time.Second} {
				for _, warmUp := range []time.Duration{0, time.Hour, day} {
					assert.LessOrEqual(t, inADay(l, warmUp, hold, pace(l)), l.PerDay(), "%s, limit %d, hold %v, warm-up %v", name, kind, hold, warmUp)
				}
			}
		}
	}
}

func TestStrangersNeedDaysForAHundredFailures(t *testing.T) {
	l := throttle.Default()[2]
	var c throttle.Count
	var took time.Duration
	for range 100 {
		took += c.Wait
		c = l.Add(after(c, c.Wait))
	}
	assert.Greater(t, took, 2*day)
}

func TestCountsOutOfRangeAreBroughtBack(t *testing.T) {
	l := throttle.Limit{Free: 5, First: time.Second, Most: time.Minute}
	const forever = 1<<63 - 1
	c := l.Sane(throttle.Count{Heat: forever, Wait: forever}, time.Second)
	assert.Equal(t, time.Minute+time.Second, c.Wait)
	assert.Equal(t, 13*time.Minute, c.Heat)
	assert.Equal(t, throttle.Count{}, l.Sane(throttle.Count{Heat: -forever - 1, Wait: -1}, 0))
}

func TestTakeBackLeavesWhatOthersAdded(t *testing.T) {
	l := throttle.Limit{Free: 1, First: time.Second, Most: time.Minute}
	none := throttle.Count{}
	mine := l.Add(none)
	both := l.Add(mine)
	assert.Equal(t, throttle.Count{Heat: time.Minute, Wait: 2 * time.Second}, throttle.TakeBack(both, none, mine, 0))

	// Half a minute later, half of mine has passed by itself.
	assert.Equal(t, throttle.Count{Heat: time.Minute}, throttle.TakeBack(after(both, 30*time.Second), none, mine, 30*time.Second))

	// An hour later all of mine has, and what is there is of others.
	assert.Equal(t, mine, throttle.TakeBack(mine, none, l.Add(none), time.Hour))

	// What was there before passes first.
	assert.Equal(t, throttle.Count{Heat: 30 * time.Second}, throttle.TakeBack(after(both, 30*time.Second), mine, both, 30*time.Second))

	assert.Equal(t, none, throttle.TakeBack(none, mine, both, 0), "never below nothing")
	assert.Equal(t, mine, throttle.TakeBack(both, mine, both, -time.Hour), "a clock that was set back")
}
