package oauth_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/oauth"
	"github.com/sallyport-go/sallyport/auth/throttle"
)

func impatient(t testing.TB, c throttle.Config) func(*oauth.Config) {
	t.Helper()
	c.Hold, c.Logger = -1, slog.New(slog.DiscardHandler)
	limiter, err := throttle.New(c)
	require.NoError(t, err)
	return func(c *oauth.Config) { c.Throttle = limiter }
}

func (f *fixture) guess(name, pw string) reply {
	f.t.Helper()
	return f.form("grant_type", "password", "username", name, "password", pw)
}

// RFC 6749, section 4.3.2, demands a limit; OWASP ASVS 5.0, 6.1.1 and 6.3.1.
func TestGuessesAreLimitedBeforeAnythingIsLookedUp(t *testing.T) {
	aliceHash()
	synctest.Test(t, func(t *testing.T) { // where hashing takes no time
		f := newFixture(t, impatient(t, throttle.Config{}))
		for _, name := range []string{"alice", "mallory", "dora", "broken", "nopw"} {
			f.addr = "203.0.113." + map[string]string{"alice": "1", "mallory": "2", "dora": "3", "broken": "4", "nopw": "5"}[name] + ":1"
			for range 5 {
				assert.Equal(t, 400, f.guess(name, "wrong").status, name)
			}
			asked := len(f.users.asked)
			for range 3 {
				a := f.guess(name, alicePW)
				assert.Equal(t, http.StatusTooManyRequests, a.status, "%s: whether there is such a user, and whether the password is right", name)
				assert.Equal(t, "temporarily_unavailable", a.Error)
				assert.Equal(t, "Too many attempts to log in. Try again later.", a.Description)
				assert.Equal(t, "1", a.header.Get("Retry-After"))
			}
			assert.Len(t, f.users.asked, asked, "the table of users has not been asked")
		}
		f.addr = "203.0.113.99:1"
		f.login() // a stranger does not lock alice out
	})
}

func TestALimitIsThereUnlessOneIsGiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		start := time.Now()
		for range 8 {
			f.guess("alice", "wrong")
		}
		assert.GreaterOrEqual(t, time.Since(start), 3*time.Second, "waited out, as throttle.Config.Hold says")
		status := 0
		for range 8 {
			status = f.guess("alice", "wrong").status
		}
		assert.Equal(t, http.StatusTooManyRequests, status)
		assert.Positive(t, f.events("authn_login_fail_max"))
	})
}

func TestASuccessIsNoFailure(t *testing.T) {
	f := newFixture(t, impatient(t, throttle.Config{}))
	for range 30 {
		f.login()
	}
	for range 3 {
		for range 4 {
			f.guess("alice", "wrong")
		}
		f.login()
	}
}

func TestAnOutageIsNoFailure(t *testing.T) {
	f := newFixture(t, impatient(t, throttle.Config{}))
	f.users.fail(errors.New("the table is gone"))
	for range 30 {
		assert.Equal(t, http.StatusServiceUnavailable, f.guess("alice", alicePW).status)
	}
	f.users.fail(nil)
	f.login()
}

func TestAMalformedRequestIsNoFailure(t *testing.T) {
	f := newFixture(t, impatient(t, throttle.Config{}))
	for range 30 {
		r := newRequest(t, "grant_type=password&username=alice&password=wrong")
		r.SetBasicAuth("app", "secret") // as golang.org/x/oauth2 does first, when it does not know the server
		assert.Equal(t, http.StatusUnauthorized, f.send(r).status)
		assert.Equal(t, 400, f.form("grant_type", "password", "username", "alice").status)
	}
	f.login()
}

type brokenCounters struct{ throttle.Counters }

func (brokenCounters) Familiar(context.Context, throttle.Key, throttle.Key, time.Time) (bool, error) {
	return false, errors.New("the counters are gone")
}

func TestWithoutCountersNobodyIsLetIn(t *testing.T) {
	f := newFixture(t, impatient(t, throttle.Config{Counters: brokenCounters{}}))
	a := f.guess("alice", alicePW)
	assert.Equal(t, http.StatusServiceUnavailable, a.status)
	assert.NotEmpty(t, a.header.Get("Retry-After"))
}

func TestClientAddrIsTheThrottlesToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		addr := netip.MustParseAddr("198.51.100.7")
		f := newFixture(t, func(c *oauth.Config) {
			c.ClientAddr = func(*http.Request) netip.Addr { return addr }
		})
		for range 12 {
			f.guess("nobody", "wrong")
		}
		assert.Equal(t, http.StatusTooManyRequests, f.guess("nobody", "wrong").status)
		assert.Contains(t, f.log.String(), `"client_addr":"198.51.100.7"`)
		addr = netip.MustParseAddr("198.51.100.8")
		assert.Equal(t, 400, f.guess("nobody", "wrong").status, "another client")
	})
}
