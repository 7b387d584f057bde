package password_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/password"
)

const (
	bcrypt53 = "abcdefghijklmnopqrstuu10cNU3mXRamSUZYs8I8M/Szu..qXq5K"
	key20    = "AAAAAAAAAAAAAAAAAAAAAAAAAAA"
)

var unreadableSchemes = map[string]string{
	"bcrypt cost 31":              "$2b$31$" + bcrypt53,
	"bcrypt cost 16":              "$2b$16$" + bcrypt53,
	"bcrypt cost 3":               "$2b$03$" + bcrypt53,
	"bcrypt cost 0":               "$2b$00$" + bcrypt53,
	"bcrypt cost of one digit":    "$2b$4$" + bcrypt53,
	"bcrypt cost of three digits": "$2b$004$" + bcrypt53,
	"bcrypt cost with plus":       "$2b$+5$" + bcrypt53,
	"bcrypt 2x":                   "$2x$05$" + bcrypt53,
	"bcrypt 2":                    "$2$05$" + bcrypt53,
	"bcrypt 2c":                   "$2c$05$" + bcrypt53,
	"bcrypt short":                "$2b$05$" + bcrypt53[:52],
	"bcrypt long":                 "$2b$05$" + bcrypt53 + ".",
	"bcrypt only the salt":        "$2b$05$" + bcrypt53[:22],
	"bcrypt other alphabet":       "$2b$05$+" + bcrypt53[1:53],
	"bcrypt stray bits":           "$2b$05$" + bcrypt53[:52] + "/",
	"bcrypt NUL":                  "$2b$05$" + bcrypt53[:52] + "\x00",

	"scrypt N of 2^40":      "$scrypt$ln=40,r=8,p=1$" + salt + "$" + key,
	"scrypt N of 2^21":      "$scrypt$ln=21,r=1,p=1$" + salt + "$" + key,
	"scrypt N of 1":         "$scrypt$ln=0,r=8,p=1$" + salt + "$" + key,
	"scrypt N beyond words": "$scrypt$ln=64,r=8,p=1$" + salt + "$" + key,
	"scrypt work":           "$scrypt$ln=18,r=9,p=1$" + salt + "$" + key,
	"scrypt r of 0":         "$scrypt$ln=14,r=0,p=1$" + salt + "$" + key,
	"scrypt r of 33":        "$scrypt$ln=4,r=33,p=1$" + salt + "$" + key,
	"scrypt r huge":         "$scrypt$ln=1,r=4294967295,p=1$" + salt + "$" + key,
	"scrypt p of 0":         "$scrypt$ln=14,r=8,p=0$" + salt + "$" + key,
	"scrypt p of 33":        "$scrypt$ln=4,r=8,p=33$" + salt + "$" + key,
	"scrypt p huge":         "$scrypt$ln=1,r=8,p=1073741824$" + salt + "$" + key,
	"scrypt out of order":   "$scrypt$r=8,ln=14,p=1$" + salt + "$" + key,
	"scrypt no salt":        "$scrypt$ln=14,r=8,p=1$$" + key,
	"scrypt salt missing":   "$scrypt$ln=14,r=8,p=1$" + key,
	"scrypt no key":         "$scrypt$ln=14,r=8,p=1$" + salt + "$",
	"scrypt of libsodium":   "$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D",

	"pbkdf2 10^9 iterations":      "$pbkdf2-sha256$i=1000000000$" + salt + "$" + key,
	"pbkdf2 one iteration more":   "$pbkdf2-sha256$i=5000001$" + salt + "$" + key,
	"pbkdf2 no iteration":         "$pbkdf2-sha256$i=0$" + salt + "$" + key,
	"pbkdf2 over 32 bits":         "$pbkdf2-sha256$i=4294967297$" + salt + "$" + key,
	"pbkdf2 iterations negative":  "$pbkdf2-sha256$i=-1$" + salt + "$" + key,
	"pbkdf2 iterations twice":     "$pbkdf2-sha256$i=1,i=1$" + salt + "$" + key,
	"pbkdf2 other length":         "$pbkdf2-sha256$i=1000,l=33$" + salt + "$" + key,
	"pbkdf2 length without i":     "$pbkdf2-sha256$1000,l=32$" + salt + "$" + key,
	"pbkdf2 key over the digest":  "$pbkdf2-sha256$i=1000$" + salt + "$" + key + "A",
	"pbkdf2 sha1 over the digest": "$pbkdf2$i=1000$" + salt + "$" + key20 + "A",
	"pbkdf2 other digest":         "$pbkdf2-md5$i=1000$" + salt + "$" + key20,
	"pbkdf2 no salt":              "$pbkdf2-sha256$i=1000$$" + key,
	"pbkdf2 salt missing":         "$pbkdf2-sha256$i=1000$" + key,
	"pbkdf2 plus in passlib's":    "$pbkdf2-sha256$1000$" + salt + "$+" + key[1:],
	"pbkdf2 dot in a PHC string":  "$pbkdf2-sha256$i=1000$" + salt + "$." + key[1:],
	"pbkdf2 salt of 100 KB":       "$pbkdf2-sha256$i=1000$" + strings.Repeat("A", 100_000) + "$" + key,

	"Django unknown":                "md5$saltsalt$5f4dcc3b5aa765d61d8327deb882cf99",
	"Django only a name":            "pbkdf2_sha256",
	"Django name and nothing":       "pbkdf2_sha256$",
	"Django 10^9 iterations":        "pbkdf2_sha256$1000000000$saltsaltsalt$" + key + "=",
	"Django key unpadded":           "pbkdf2_sha256$1000$saltsaltsalt$" + key,
	"Django no salt":                "pbkdf2_sha256$1000$$" + key + "=",
	"Django salt of 7 bytes":        "pbkdf2_sha256$1000$saltsal$" + key + "=",
	"Django salt of 65 bytes":       "pbkdf2_sha256$1000$" + strings.Repeat("s", 65) + "$" + key + "=",
	"Django salt not visible":       "pbkdf2_sha256$1000$salt salt$" + key + "=",
	"Django fourth part":            "pbkdf2_sha256$1000$saltsaltsalt$" + key + "=$",
	"Django sha1 over the digest":   "pbkdf2_sha1$1000$saltsaltsalt$" + key + "=",
	"Django scrypt N of 2^40":       "scrypt$1099511627776$saltsaltsalt$8$1$" + key + "=",
	"Django scrypt N odd":           "scrypt$16385$saltsaltsalt$8$1$" + key + "=",
	"Django scrypt N of 0":          "scrypt$0$saltsaltsalt$8$1$" + key + "=",
	"Django scrypt N of 1":          "scrypt$1$saltsaltsalt$8$1$" + key + "=",
	"Django scrypt no salt":         "scrypt$16384$$8$1$" + key + "=",
	"Django scrypt short":           "scrypt$16384$saltsaltsalt$8$" + key + "=",
	"Django scrypt r huge":          "scrypt$2$saltsaltsalt$99999999$1$" + key + "=",
	"Django argon2i":                "argon2$argon2i$v=19$m=512,t=2,p=2$" + salt + "$" + key,
	"Django argon2 with bcrypt":     "argon2$2b$05$" + bcrypt53,
	"Django argon2, two dollars":    "argon2$$argon2id$v=19$m=512,t=2,p=2$" + salt + "$" + key,
	"Django bcrypt cost 31":         "bcrypt$$2b$31$" + bcrypt53,
	"Django bcrypt, one dollar":     "bcrypt$2b$05$" + bcrypt53,
	"Django bcrypt with argon2":     "bcrypt$$argon2id$v=19$m=512,t=2,p=2$" + salt + "$" + key,
	"Django bcrypt_sha256, nothing": "bcrypt_sha256$$2b$",
	"Django wrapped twice":          "bcrypt$bcrypt$$2b$05$" + bcrypt53,
}

func TestAttackStoredHashOfAnotherSchemeOutOfBounds(t *testing.T) {
	h := password.Cheap(1) // its own work is 8 KiB
	for name, encoded := range unreadableSchemes {
		t.Run(name, func(t *testing.T) {
			_, _, _, ok := password.Reencode(encoded)
			assert.False(t, ok)
			var res password.Result
			var err error
			allocated := bytesAllocated(func() { res, err = h.Verify(t.Context(), "pw", encoded) })
			assert.ErrorIs(t, err, password.ErrEncoding)
			assert.Equal(t, password.Result{}, res)
			assert.Less(t, allocated, uint64(64<<10))
		})
	}
}

// The rows of the table are refused for what they are named after: next to each bound is what is accepted.
func TestStoredHashesAtTheBoundsAreRead(t *testing.T) {
	for name, encoded := range map[string]string{
		"bcrypt cost 15":         "$2b$15$" + bcrypt53,
		"bcrypt cost 4":          "$2b$04$" + bcrypt53,
		"scrypt work":            "$scrypt$ln=18,r=8,p=1$" + salt + "$" + key,
		"scrypt N of 2^20":       "$scrypt$ln=20,r=2,p=1$" + salt + "$" + key,
		"scrypt r and p":         "$scrypt$ln=11,r=32,p=32$" + salt + "$" + key,
		"pbkdf2 iterations":      "$pbkdf2-sha256$i=5000000$" + salt + "$" + key,
		"pbkdf2 one iteration":   "$pbkdf2-sha512$i=1$" + salt + "$" + strings.Repeat("A", 86),
		"pbkdf2 sha1":            "$pbkdf2$i=1$" + salt + "$" + key20[:27],
		"pbkdf2 short of digest": "$pbkdf2-sha256$i=1000,l=16$" + salt + "$" + salt,
		"Django salt of 8 bytes": "pbkdf2_sha256$1000$saltsalt$" + key + "=",
		"Django scrypt":          "scrypt$262144$saltsalt$8$1$" + key + "=",
	} {
		again, _, _, ok := password.Reencode(encoded)
		assert.True(t, ok, name)
		assert.Equal(t, encoded, again, name)
	}
}

func TestAttackScryptTakesTheRoomOfItsMemory(t *testing.T) {
	h := newHasher(t, password.Config{Concurrency: 16}) // slots of 19 MiB
	for encoded, slots := range map[string]int{
		"$scrypt$ln=14,r=8,p=1$" + salt + "$" + key:                 1,  // 16 MiB
		"$scrypt$ln=15,r=8,p=1$" + salt + "$" + key:                 2,  // 32 MiB
		"$scrypt$ln=17,r=8,p=1$" + salt + "$" + key:                 7,  // 128 MiB
		"$scrypt$ln=18,r=8,p=1$" + salt + "$" + key:                 14, // 256 MiB
		"scrypt$131072$saltsalt$8$1$" + key + "=":                   7,
		"$2b$10$" + bcrypt53:                                        1,
		"$pbkdf2-sha256$i=1$" + salt + "$" + key:                    1,
		"argon2$argon2id$v=19$m=102400,t=2,p=8$" + salt + "$" + key: 8,
	} {
		assert.Equal(t, slots, h.Slots(encoded), encoded)
	}
	table := "$scrypt$ln=15,r=8,p=1$" + salt + "$" + key
	h.Takes(table, 1<<20) // dearer than today's, so that nothing is added
	allocated := bytesAllocated(func() {
		_, err := h.Verify(t.Context(), "pw", table)
		require.NoError(t, err)
	})
	assert.InDelta(t, 32, float64(allocated)/(1<<20), 1, "MiB")
}
