package password_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/password"
)

// What the policy accepts, Hash accepts, and it is long enough by code points; what it refuses, it refuses with a reason.
func FuzzAcceptedByThePolicyCanBeHashed(f *testing.F) {
	f.Add("drilled maple oyster", "maple")
	f.Add("passwordpassword", "")
	f.Add("alexander1999 alexander", "alexander")
	f.Add("\xff", "\xff")
	f.Add("🂡🂢🂣🂤🂱🂲🂳🃁🃂🃃🃄🃑🃒🃓", "\u0130")
	f.Add(strings.Repeat("ﷺ", 341), "ﷺ")
	h := password.Cheap(2)
	p := newPolicy(f, password.PolicyConfig{Words: []string{"Sallyport"}})
	f.Fuzz(func(t *testing.T, pw, word string) {
		if err := p.Check(t.Context(), pw, word); err != nil {
			var refusal *password.Error
			require.ErrorAs(t, err, &refusal)
			assert.NotEmpty(t, refusal.Reasons())
			return
		}
		assert.GreaterOrEqual(t, utf8.RuneCountInString(pw), 15)
		_, err := h.Hash(t.Context(), pw)
		assert.NoError(t, err)
	})
}

// The unit of a text, repeated, gives the text, and no shorter unit does.
func FuzzPeriodRepeatedIsTheText(f *testing.F) {
	f.Add("abcabcab")
	f.Add("aabaab")
	f.Add("щщщ")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 256 || !utf8.ValidString(s) {
			return
		}
		repeats := func(n int) bool { return strings.HasPrefix(strings.Repeat(s[:n], len(s)/n+1), s) }
		unit := password.Period(s)
		if s == "" {
			assert.Empty(t, unit)
			return
		}
		assert.True(t, repeats(len(unit)))
		assert.True(t, utf8.ValidString(unit))
		for n := 1; n < len(unit) && 2*n <= len(s); n++ {
			assert.False(t, repeats(n), "%d", n)
		}
	})
}
