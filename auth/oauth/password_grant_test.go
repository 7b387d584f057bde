package oauth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/oauth"
	"github.com/sallyport-go/sallyport/auth/password"
	"github.com/sallyport-go/sallyport/auth/store"
)

func TestLogin(t *testing.T) {
	f := newFixture(t)
	before := time.Now().Truncate(time.Second)
	a := f.login()
	assert.Equal(t, "Bearer", a.TokenType)
	assert.InDelta(t, 600, a.ExpiresIn, 1)
	assert.Equal(t, "notes:read notes:write", a.Scope)
	assert.Regexp(t, `^spr_[A-Za-z0-9_-]{70}$`, a.RefreshToken)

	p := f.principal(a)
	assert.Equal(t, "u-1", p.Subject())
	assert.Equal(t, "app", p.Client())
	assert.Equal(t, []string{"notes:read", "notes:write"}, p.Scopes())
	assert.Equal(t, []string{"editor"}, p.Roles())
	assert.Equal(t, []string{"pwd"}, p.AMR())
	assert.False(t, p.AuthTime().Before(before))
	assert.Len(t, p.Session(), 22)
	assert.NotContains(t, a.RefreshToken, p.Session())
	assert.Equal(t, 1, f.events("authn_login_success"))
}

func TestLoginWithoutRefresh(t *testing.T) {
	f := newFixture(t, func(c *oauth.Config) { c.Refresh = nil })
	a := f.login()
	assert.NotContains(t, a.body, "refresh_token")
	assert.Empty(t, f.principal(a).Session())
	assert.Equal(t, "unsupported_grant_type", f.refresh(oauth.NewRefreshToken()).Error)
}

// RFC 6749, section 3.3: granted is what the user and the client may both have.
func TestScope(t *testing.T) {
	for name, c := range map[string]struct {
		user, client []string
		wanted       string
		granted      string
		code         string
	}{
		"omitted, client without limit":   {[]string{"a", "b"}, nil, "", "a b", ""},
		"omitted, client with limit":      {[]string{"a", "b"}, []string{"b", "c"}, "", "b", ""},
		"omitted, nothing in common":      {[]string{"a"}, []string{"b"}, "", "", ""},
		"omitted, user without any":       {nil, nil, "", "", ""},
		"some":                            {[]string{"a", "b"}, nil, "b", "b", ""},
		"order of the request":            {[]string{"a", "b"}, nil, "b a", "b a", ""},
		"repeated":                        {[]string{"a", "b"}, nil, "a a", "a", ""},
		"more than the user has":          {[]string{"a"}, nil, "a admin", "a", ""},
		"more than the client has":        {[]string{"a", "b"}, []string{"a"}, "a b", "a", ""},
		"nothing that the user has":       {[]string{"a"}, nil, "admin", "", "invalid_scope"},
		"nothing that the client has":     {[]string{"a"}, []string{"b"}, "a", "", "invalid_scope"},
		"case counts":                     {[]string{"a"}, nil, "A", "", "invalid_scope"},
		"user and client without any":     {nil, nil, "a", "", "invalid_scope"},
		"a hundred and one":               {[]string{"a"}, nil, "a " + strings.Join(numbers(100), " "), "", "invalid_scope"},
		"a hundred, one of them the user": {[]string{"a"}, nil, "a " + strings.Join(numbers(99), " "), "a", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, func(cfg *oauth.Config) { cfg.Password.Scopes = c.client })
			f.users.change("alice", func(u *oauth.User) { u.Scopes = c.user })
			a := f.form("grant_type", "password", "username", "alice", "password", alicePW, "scope", c.wanted)
			assert.Equal(t, c.code, a.Error)
			assert.Equal(t, c.granted, a.Scope)
			if c.code == "" {
				assert.Equal(t, c.granted, strings.Join(f.principal(a).Scopes(), " "))
			}
		})
	}
}

func numbers(n int) (list []string) {
	for i := range n {
		list = append(list, "s"+strings.Repeat("x", i))
	}
	return list
}

// OWASP ASVS 5.0, 6.3.8.
func TestAttackUserEnumeration(t *testing.T) {
	f := newFixture(t)
	attempts := map[string][2]string{
		"wrong password":          {"alice", "wrong"},
		"unknown user":            {"mallory", alicePW},
		"disabled, right":         {"dora", alicePW},
		"disabled, wrong":         {"dora", "wrong"},
		"without a password":      {"nopw", alicePW},
		"unreadable hash":         {"broken", alicePW},
		"name in another case":    {"Alice", alicePW},
		"name that is too long":   {strings.Repeat("a", 256), alicePW},
		"name with a line break":  {"alice\n", alicePW},
		"name that is not UTF-8":  {"alice\xff", alicePW},
		"name with NUL":           {"alice\x00", alicePW},
		"password with NUL":       {"alice", alicePW + "\x00"},
		"password that is long":   {"alice", strings.Repeat("x", 1025)},
		"password not UTF-8":      {"alice", "\xff"},
		"password with a space":   {"alice", alicePW + " "},
		"password as SQL":         {"alice", "' OR 1=1 --"},
		"long password, no user":  {"mallory", strings.Repeat("x", 1025)},
		"name and password alike": {"nopw", "nopw"},
	}
	want := f.form("grant_type", "password", "username", "alice", "password", "wrong")
	n := 0
	for name, c := range attempts {
		n++
		f.addr = fmt.Sprintf("198.51.100.%d:1", n) // so that it is not the throttle that answers
		t.Run(name, func(t *testing.T) {
			f.t = t
			a := f.form("grant_type", "password", "username", c[0], "password", c[1])
			assert.Equal(t, 400, a.status)
			assert.Equal(t, "invalid_grant", a.Error)
			assert.Equal(t, want.body, a.body)
			assert.Equal(t, want.header, a.header)

			// Every one of them has to pass the budget for hashing: with a context that has ended, nobody does.
			r := newRequest(t, "grant_type=password&username=a&password=b")
			ctx, cancel := context.WithCancel(r.Context())
			cancel()
			r = newRequest(t, "grant_type=password&username="+escape(c[0])+"&password="+escape(c[1])).WithContext(ctx)
			assert.Equal(t, http.StatusServiceUnavailable, f.send(r).status)
		})
	}
	assert.Equal(t, len(attempts)+1, f.events("authn_login_fail"))
}

func TestUsersAreAskedOnlyForWhatCanBeAName(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{strings.Repeat("é", 128), "a\nb", "a\x00", "\xff", "a\u0085b", strings.Repeat("a", 255), "Ａlice ", "' OR 1=1 --"} {
		f.form("grant_type", "password", "username", name, "password", "x")
	}
	assert.Equal(t, []string{strings.Repeat("a", 255), "Ａlice ", "' OR 1=1 --"}, f.users.asked, "as they are, no other")
}

func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteString("%" + string("0123456789ABCDEF"[s[i]>>4]) + string("0123456789ABCDEF"[s[i]&15]))
	}
	return b.String()
}

func TestUsersThatCannotAnswerRefuseNobody(t *testing.T) {
	f := newFixture(t)
	f.users.fail(errors.New("no connection"))
	for _, name := range []string{"alice", "mallory"} {
		a := f.form("grant_type", "password", "username", name, "password", "x")
		assert.Equal(t, 503, a.status)
		assert.Equal(t, "temporarily_unavailable", a.Error)
		assert.Equal(t, "5", a.header.Get("Retry-After"))
		assert.NotContains(t, a.body, "connection")
	}
	assert.Equal(t, 2, f.events("sys_availability_fail"))
	assert.Zero(t, f.events("authn_login_fail"))
}

func TestBusyHasherSaysWhenToTryAgain(t *testing.T) {
	f := newFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a := f.send(newRequest(t, loginForm).WithContext(ctx))
	assert.Equal(t, 503, a.status)
	assert.Equal(t, "1", a.header.Get("Retry-After"), "the hasher's own")
}

func TestFullStoreIsUnavailable(t *testing.T) {
	memory, err := store.NewMemory(store.Config{Families: 1})
	require.NoError(t, err)
	f := newFixture(t, func(c *oauth.Config) { c.Refresh.Store = memory })
	f.login()
	a := f.form("grant_type", "password", "username", "alice", "password", alicePW)
	assert.Equal(t, 503, a.status)
	assert.NotContains(t, a.body, "access_token")
}

func TestUserThatNoTokenCanStateIsAServerError(t *testing.T) {
	for name, change := range map[string]func(*oauth.User){
		"no subject":   func(u *oauth.User) { u.Subject = "" },
		"long subject": func(u *oauth.User) { u.Subject = strings.Repeat("x", 256) },
		"no scope":     func(u *oauth.User) { u.Scopes = []string{"not one"} },
		"scopes":       func(u *oauth.User) { u.Scopes = numbers(100) },
		"role":         func(u *oauth.User) { u.Roles = []string{"a\nb"} },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.users.change("alice", change)
			a := f.form("grant_type", "password", "username", "alice", "password", alicePW)
			assert.Equal(t, 500, a.status)
			assert.Equal(t, "server_error", a.Error)
			assert.Equal(t, 1, f.events("sys_availability_fail"))
			assert.Zero(t, f.events("authn_login_success"))
		})
	}
}

func TestHashIsUpgradedAtLogin(t *testing.T) {
	other, err := password.New(password.Config{Memory: 12288, Time: 3})
	require.NoError(t, err)
	old, err := other.Hash(t.Context(), alicePW)
	require.NoError(t, err)
	f := newFixture(t)
	f.users.change("alice", func(u *oauth.User) { u.Hash = old })

	f.form("grant_type", "password", "username", "alice", "password", "wrong")
	assert.Empty(t, f.users.upgraded, "only the right password is worth a hash")
	f.login()
	require.Len(t, f.users.upgraded, 3)
	assert.Equal(t, []string{"u-1", old}, f.users.upgraded[:2])
	result, err := hasher().Verify(t.Context(), alicePW, f.users.upgraded[2])
	require.NoError(t, err)
	assert.Equal(t, password.Result{OK: true}, result)

	f.users.upErr = errors.New("read-only")
	f.login()
	assert.Equal(t, 1, f.events("sys_availability_fail"))
	f.users.change("dora", func(u *oauth.User) { u.Hash = old })
	f.users.upgraded = nil
	f.form("grant_type", "password", "username", "dora", "password", alicePW)
	assert.Empty(t, f.users.upgraded)
}
