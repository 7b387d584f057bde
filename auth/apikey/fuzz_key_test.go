package apikey_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/apikey"
)

// FuzzKeyHasOneSpelling: what is parsed is byte for byte what its parts compose to, for that prefix and no other; and no text with
// one character changed, or two neighbours exchanged, is parsed.
func FuzzKeyHasOneSpelling(f *testing.F) {
	f.Add("acme", apikey.Compose("acme", strings.Repeat("0", 16), strings.Repeat("z", 43)), uint(7), byte('x'))
	f.Add("acme_live", apikey.Compose("acme_live", "0123456789abcdef", strings.Repeat("Q", 43)), uint(70), byte('0'))
	f.Add("acme", "acme_", uint(0), byte('_'))
	f.Add("acme", apikey.Compose("acme", strings.Repeat("_", 16), strings.Repeat("z", 43)), uint(0), byte(0))
	f.Fuzz(func(t *testing.T, prefix, text string, at uint, c byte) {
		id, ok := apikey.Parse(prefix, text)
		if !ok {
			require.Empty(t, id)
			return
		}
		body := strings.TrimPrefix(text, prefix+"_")
		require.Equal(t, id, body[:16])
		require.Equal(t, text, apikey.Compose(prefix, id, body[16:59]))
		_, ok = apikey.Parse(prefix+"_", text)
		require.False(t, ok)

		i := int(at % uint(len(text)))
		if text[i] != c {
			_, ok = apikey.Parse(prefix, text[:i]+string([]byte{c})+text[i+1:])
			require.False(t, ok, "one character is wrong")
		}
		if i > 0 && text[i] != text[i-1] {
			_, ok = apikey.Parse(prefix, text[:i-1]+text[i:i+1]+text[i-1:i]+text[i+1:])
			require.False(t, ok, "two are exchanged")
		}
	})
}

// FuzzComposedKeyIsParsed: every name and secret of letters and digits makes a key that is parsed to that name.
func FuzzComposedKeyIsParsed(f *testing.F) {
	f.Add("0123456789abcdef", strings.Repeat("z", 43))
	f.Fuzz(func(t *testing.T, id, secret string) {
		sound := len(id) == 16 && len(secret) == 43 && !strings.ContainsFunc(id+secret, func(r rune) bool {
			return !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z')
		})
		got, ok := apikey.Parse("acme", apikey.Compose("acme", id, secret))
		if len(id)+len(secret) == 59 && len(id) != 16 {
			return // the same text is another pair
		}
		require.Equal(t, sound, ok)
		if ok {
			require.Equal(t, id, got)
		}
	})
}
