package password_test

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"

	"github.com/sallyport-go/sallyport/auth/password"
)

// However one hash is written, it is right for one password, and it is that password's alone.
func FuzzFormsOfOneHashAgree(f *testing.F) {
	f.Add("pw", "pw", []byte("0123456789abcdef"))
	f.Add(strings.Repeat("x", 72), strings.Repeat("x", 73), []byte("0123456789abcdef"))
	f.Add(strings.Repeat("x", 73), strings.Repeat("x", 72), []byte("0123456789abcdef"))
	f.Add("", "", []byte("0123456789abcdef"))
	f.Add("a", "a\x00", []byte("\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8"))
	h := password.Cheap(2)
	f.Fuzz(func(t *testing.T, pw, other string, salt []byte) {
		if len(salt) < 4 || len(salt) > 32 || len(pw) > 2048 || len(other) > 2048 {
			return
		}
		for form, encoded := range forms(t, pw, salt) {
			again, _, _, ok := password.Reencode(encoded)
			require.True(t, ok, form)
			require.Equal(t, encoded, again, form)
			for _, candidate := range []string{pw, other} {
				res, err := h.Verify(t.Context(), candidate, encoded)
				require.NoError(t, err)
				_, refused := h.Hash(t.Context(), candidate)
				want := candidate == pw && refused == nil && (len(pw) <= 72 || !strings.HasPrefix(form, "bcrypt "))
				assert.Equal(t, password.Result{OK: want, Rehash: want}, res, form)
			}
		}
	})
}

// forms are what others may have written for pw. Django's salts are text, so the salt is taken in hexadecimal.
func forms(t *testing.T, pw string, raw []byte) map[string]string {
	t.Helper()
	salt := hex.EncodeToString(raw)
	padded, plain := base64.StdEncoding, base64.RawStdEncoding
	s := plain.EncodeToString([]byte(salt))
	derived, err := pbkdf2.Key(sha256.New, pw, []byte(salt), 3, 32)
	require.NoError(t, err)
	mixed, err := scrypt.Key([]byte(pw), []byte(salt), 4, 2, 1, 64)
	require.NoError(t, err)
	digest := sha256.Sum256([]byte(pw))
	hashed, err := bcrypt.GenerateFromPassword([]byte(hex.EncodeToString(digest[:])), bcrypt.MinCost)
	require.NoError(t, err)
	all := map[string]string{
		"pbkdf2 Django":        fmt.Sprintf("pbkdf2_sha256$3$%s$%s", salt, padded.EncodeToString(derived)),
		"pbkdf2 PHC":           fmt.Sprintf("$pbkdf2-sha256$i=3$%s$%s", s, plain.EncodeToString(derived)),
		"pbkdf2 passlib":       fmt.Sprintf("$pbkdf2-sha256$3$%s$%s", strings.ReplaceAll(s, "+", "."), strings.ReplaceAll(plain.EncodeToString(derived), "+", ".")),
		"scrypt PHC":           fmt.Sprintf("$scrypt$ln=2,r=2,p=1$%s$%s", s, plain.EncodeToString(mixed)),
		"scrypt Django":        fmt.Sprintf("scrypt$4$%s$2$1$%s", salt, padded.EncodeToString(mixed)),
		"bcrypt_sha256 Django": "bcrypt_sha256$" + string(hashed),
	}
	if len(pw) <= 72 && !strings.Contains(pw, "\x00") {
		bare, err := bcrypt.GenerateFromPassword([]byte(pw), bcrypt.MinCost)
		require.NoError(t, err)
		all["bcrypt 2a"], all["bcrypt Django"] = string(bare), "bcrypt$"+string(bare)
		all["bcrypt 2y"] = "$2y$" + string(bare[4:])
	}
	return all
}
