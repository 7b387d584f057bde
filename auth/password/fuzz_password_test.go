package password_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/password"
)

// What Hash takes, Verify recognises, and nothing else does; what Hash refuses is a wrong password and no error.
func FuzzOnlyThePasswordThatWasHashedIsRight(f *testing.F) {
	f.Add("pw", "pw")
	f.Add("pw", "pw\x00")
	f.Add("", "\xff")
	f.Add("e\u0301", "\u00e9")
	f.Add(strings.Repeat("x", password.MaxPassword), strings.Repeat("x", password.MaxPassword+1))
	h := password.Cheap(2)
	f.Fuzz(func(t *testing.T, pw, other string) {
		encoded, err := h.Hash(t.Context(), pw)
		if err != nil {
			require.ErrorIs(t, err, password.ErrPassword)
			encoded = phc(pw, 8, 1, 1, 16, 32) // as something less strict may have stored it
			res, err := h.Verify(t.Context(), pw, encoded)
			require.NoError(t, err)
			assert.Equal(t, password.Result{}, res)
			return
		}
		again, _, _, ok := password.Reencode(encoded)
		assert.True(t, ok)
		assert.Equal(t, encoded, again)
		res, err := h.Verify(t.Context(), pw, encoded)
		require.NoError(t, err)
		assert.Equal(t, password.Result{OK: true}, res)
		res, err = h.Verify(t.Context(), other, encoded)
		require.NoError(t, err)
		assert.Equal(t, password.Result{OK: other == pw}, res)
	})
}
