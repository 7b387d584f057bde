package password_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/password"
)

// bcrypt.hashpw(b'x' * 72, K) (python3-bcrypt 3.2.2), with a cost of 4
const of72 = "$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i"

func TestAttackBcryptIgnoresWhatIsBeyond72Bytes(t *testing.T) {
	strict, insecure := password.Cheap(1), password.CheapInsecure(1)
	x := func(n int) string { return strings.Repeat("x", n) }
	for name, c := range map[string]struct {
		h       *password.Hasher
		encoded string
		pw      string
		want    bool
	}{
		"72 bytes":                         {strict, of72, x(72), true},
		"71 bytes":                         {strict, of72, x(71), false},
		"73 bytes":                         {strict, of72, x(73), false},
		"another end":                      {strict, of72, x(72) + "y", false},
		"1,024 bytes":                      {strict, of72, x(1024), false},
		"Django, 73 bytes":                 {strict, "bcrypt$" + of72, x(73), false},
		"insecure, 72 bytes":               {insecure, of72, x(72), true},
		"insecure, 73 bytes":               {insecure, of72, x(73), true},
		"insecure, another end":            {insecure, of72, x(72) + "ü", true},
		"insecure, Django":                 {insecure, "bcrypt$" + of72, x(73), true},
		"insecure, another start":          {insecure, of72, "y" + x(72), false},
		"insecure, over 1,024 bytes":       {insecure, of72, x(1025), false},
		"insecure, a NUL beyond 72":        {insecure, of72, x(72) + "\x00", false},
		"insecure, not UTF-8 beyond 72":    {insecure, of72, x(72) + "\xff", false},
		"insecure touches no other scheme": {insecure, phc(x(72), 8, 1, 1, 16, 32), x(73), false},
	} {
		t.Run(name, func(t *testing.T) {
			res, err := c.h.Verify(t.Context(), c.pw, c.encoded)
			require.NoError(t, err)
			assert.Equal(t, password.Result{OK: c.want, Rehash: c.want}, res)
		})
	}
}

// The new hash is of the whole password: from then on its end counts.
func TestRehashEndsTheTruncation(t *testing.T) {
	h := newHasher(t, password.Config{InsecureTruncate72: true})
	pw := strings.Repeat("x", 72) + "the end"
	res, err := h.Verify(t.Context(), pw, of72)
	require.NoError(t, err)
	require.True(t, res.Rehash)
	encoded, err := h.Hash(t.Context(), pw)
	require.NoError(t, err)
	for candidate, want := range map[string]bool{pw: true, pw[:72]: false, pw + "x": false} {
		res, err := h.Verify(t.Context(), candidate, encoded)
		require.NoError(t, err)
		assert.Equal(t, want, res.OK)
	}
}

// Django's bcrypt_sha256 gives bcrypt 64 characters, however long the password is.
func TestHashedBcryptHasNoLimit(t *testing.T) {
	res, err := password.Cheap(1).Verify(t.Context(), strings.Repeat("x", 73), foreign["Django bcrypt_sha256"])
	require.NoError(t, err)
	assert.False(t, res.OK)
	const encoded = "bcrypt_sha256$$2b$06$abcdefghijklmnopqrstuut64rh3WLtalBKZAwBxivBg1ZSAOy/M."
	long := strings.Repeat("long password ", 10) // BCryptSHA256PasswordHasher().encode(it, K)
	res, err = password.Cheap(1).Verify(t.Context(), long, encoded)
	require.NoError(t, err)
	assert.True(t, res.OK)
}
