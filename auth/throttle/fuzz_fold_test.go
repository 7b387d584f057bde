package throttle_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"golang.org/x/text/unicode/norm"

	"github.com/sallyport-go/sallyport/auth/throttle"
)

// Folding ends in one form, whatever a client does to a name that a table of users may undo.
func FuzzFoldMeetsVariants(f *testing.F) {
	for _, s := range []string{"", "alice", "José", "ﬃ", "gıthub", "ẞ", "σς", "\u200b", "\xff", "ᾳ", "रवि", "한글", "ǰ", "\u0345"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 128 || !utf8.ValidString(s) { // a cut, and bytes that are no text, have no variants
			return
		}
		want := throttle.Fold(s)
		assert.Equal(t, want, throttle.Fold(want), "folding twice changes nothing")
		if !strings.Contains(norm.NFKD.String(s), "\u0345") { // an accent, although it has an upper case, which is the iota
			assert.Equal(t, want, throttle.Fold(strings.ToUpper(s)))
		}
		assert.Equal(t, want, throttle.Fold(norm.NFC.String(s)))
		assert.Equal(t, want, throttle.Fold(norm.NFKC.String(s)))
		assert.Equal(t, want, throttle.Fold(" \u200b"+s+"\u0301 "))
	})
}
