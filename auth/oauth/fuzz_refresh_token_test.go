package oauth_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/oauth"
)

// A token has one spelling, and its successor is of the same login.
func FuzzRefreshTokenHasOneSpelling(f *testing.F) {
	valid := oauth.NewRefreshToken()
	for _, s := range []string{valid, valid + "=", valid + "\n", strings.ToUpper(valid), valid[4:], "spr_", "", "spr_" + strings.Repeat("A", 70),
		valid[:20] + "\n" + valid[21:], strings.Replace(valid, "_", "-", 1)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		again, family, next, ok := oauth.ParseRefreshToken(s)
		if !ok {
			return
		}
		assert.Equal(t, s, again)
		again, nextFamily, _, ok := oauth.ParseRefreshToken(next)
		assert.True(t, ok)
		assert.Equal(t, next, again)
		assert.NotEqual(t, s, next)
		assert.Equal(t, family, nextFamily)
	})
}

func TestRefreshTokenWithOneByteChangedIsNone(t *testing.T) {
	valid := oauth.NewRefreshToken()
	_, _, _, ok := oauth.ParseRefreshToken(valid)
	require.True(t, ok)
	for i := range len(valid) {
		for _, c := range []byte("A_-z0=\n \x00") {
			if valid[i] == c {
				continue
			}
			_, _, _, ok := oauth.ParseRefreshToken(valid[:i] + string(c) + valid[i+1:])
			assert.False(t, ok, "byte %d is %q", i, c)
		}
	}
}

// RFC 6749, section 10.10: who has held a token cannot guess the next.
func TestAttackSuccessorIsGuessed(t *testing.T) {
	token := oauth.NewRefreshToken()
	seen := map[byte]int{}
	for range 100 {
		_, _, next, ok := oauth.ParseRefreshToken(token)
		require.True(t, ok)
		a, b := secret(t, token), secret(t, next)
		same := 0
		for i := range a {
			seen[b[i]]++
			if a[i] == b[i] {
				same++
			}
		}
		assert.Less(t, same, 8, "of 32 bytes")
		token = next
	}
	assert.Greater(t, len(seen), 250, "all bytes occur")
}

func secret(t *testing.T, token string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, "spr_"))
	require.NoError(t, err)
	require.Len(t, raw, 52)
	return raw[16:48]
}

func TestRefreshTokensDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		token := oauth.NewRefreshToken()
		_, family, _, ok := oauth.ParseRefreshToken(token)
		require.True(t, ok)
		assert.False(t, seen[token] || seen[family])
		seen[token], seen[family] = true, true
	}
}
