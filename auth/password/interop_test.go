package password_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/password"
)

const staple = "correct horse battery staple"

// foreign has hashes of staple by other implementations, all of Debian 12, with the command or call that wrote them. In the
// calls P is staple, S is b'sixteen byte sal' and K is b'$2b$06$abcdefghijklmnopqrstuu'.
var foreign = map[string]string{
	// echo -n "$P" | argon2 saltsaltsaltsalt -id -t 3 -k 12288 -p 2 -l 32 -e
	"argon2 of the reference": "$argon2id$v=19$m=12288,t=3,p=2$c2FsdHNhbHRzYWx0c2FsdA$ghd1IjlTEx+pvItvHL4NVyxxxaMVUNg9Uvjifmv2APc",
	// htpasswd -nbBC 5 u "$P"; htpasswd -nbBC 10 u "$P" (apache2-utils 2.4)
	"htpasswd, cost 5":  "$2y$05$DYQOsnLG7QiviD85r.GsTuly4OOhENZ6XUw1PtICLeXcTNs6vcmja",
	"htpasswd, cost 10": "$2y$10$/6k2YakhbHVo3ZWyghB37uWGE2rrYsI3IiJw2VuhAX5PfNv.YQW4y",
	// bcrypt.hashpw(P, K), and with $2a$ (python3-bcrypt 3.2.2)
	"bcrypt 2b": "$2b$06$abcdefghijklmnopqrstuu10cNU3mXRamSUZYs8I8M/Szu..qXq5K",
	"bcrypt 2a": "$2a$06$abcdefghijklmnopqrstuu10cNU3mXRamSUZYs8I8M/Szu..qXq5K",
	// passlib.hash (1.7.4): pbkdf2_sha1.using(salt=S, rounds=1000).hash(P), pbkdf2_sha256.using(salt=bytes(range(240, 256)),
	// rounds=29000).hash(P), pbkdf2_sha512.using(salt=S, rounds=25000).hash(P), scrypt.using(salt=S, rounds=10, block_size=8,
	// parallelism=2).hash(P), argon2.using(salt=S, memory_cost=8192, rounds=2, parallelism=1).hash(P)
	"passlib pbkdf2_sha1":   "$pbkdf2$1000$c2l4dGVlbiBieXRlIHNhbA$.vQy0OKq6Ci25kSEKCZjhfZz.68",
	"passlib pbkdf2_sha256": "$pbkdf2-sha256$29000$8PHy8/T19vf4.fr7/P3./w$TIQYWp/SSsGPoi.1mD0fYa.nVEgUooOxmJUVsSgmQa8",
	"passlib pbkdf2_sha512": "$pbkdf2-sha512$25000$c2l4dGVlbiBieXRlIHNhbA$jQ8Pe1TQWnJavXmw5Wfe9PbAmpoPqBBLuyackebOjMtlvk8cYKMd/m/NaUBif8jEpbZDtkkLfBXHilbX1AgABw",
	"passlib scrypt":        "$scrypt$ln=10,r=8,p=2$c2l4dGVlbiBieXRlIHNhbA$gmMax06yxSXV4Wvv/vVmLvv7tcXrnMQNsoPRM32Imbg",
	"passlib argon2":        "$argon2id$v=19$m=8192,t=2,p=1$c2l4dGVlbiBieXRlIHNhbA$AigRgTQm3OJ8F54zaAJlpA",
	// hashlib.pbkdf2_hmac('sha256', P, S, 4096), and with 'sha512' (Python 3.11), written by hand as PHC strings
	"hashlib pbkdf2 sha256":             "$pbkdf2-sha256$i=4096$c2l4dGVlbiBieXRlIHNhbA$6P+F+NTK018m2W5zCpA6QOs8o35EpAtaocIlQJ/R964",
	"hashlib pbkdf2 sha256 with length": "$pbkdf2-sha256$i=4096,l=32$c2l4dGVlbiBieXRlIHNhbA$6P+F+NTK018m2W5zCpA6QOs8o35EpAtaocIlQJ/R964",
	"hashlib pbkdf2 sha512":             "$pbkdf2-sha512$i=4096$c2l4dGVlbiBieXRlIHNhbA$PbTpmF7POk4nva5rj9SB7pXF+k4CGOkairHq90F8MnPdL1zbNStzn6YeGMUwBZDGReP7d1H9EK7Fdwxlge3caA",
	// django.contrib.auth.hashers (3.2.25): PBKDF2PasswordHasher().encode(P, 'saltsaltsalt', 260000),
	// PBKDF2SHA1PasswordHasher().encode(P, 'saltsaltsalt', 1000), make_password(P, 'saltsaltsaltsalt', 'argon2'),
	// BCryptSHA256PasswordHasher().encode(P, K), BCryptPasswordHasher().encode(P, K)
	"Django pbkdf2_sha256": "pbkdf2_sha256$260000$saltsaltsalt$7+X//o6q/Glm64W8l5Ex5gsqPj74VbnqH9yy0h3gEQc=",
	"Django pbkdf2_sha1":   "pbkdf2_sha1$1000$saltsaltsalt$MNEV9u2pN6dwoHiByKLtK5AJwGc=",
	"Django argon2":        "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0c2FsdA$QVPHaDbgLG5NTYm/53coqg",
	"Django bcrypt_sha256": "bcrypt_sha256$$2b$06$abcdefghijklmnopqrstuu0fvItMVmHGNN1PrEQLjYqpCInt.8Hom",
	"Django bcrypt":        "bcrypt$$2b$06$abcdefghijklmnopqrstuu10cNU3mXRamSUZYs8I8M/Szu..qXq5K",
	// hashlib.scrypt(P, salt=b'saltsaltsaltsaltsaltsa', n=1 << 14, r=8, p=5, dklen=64), written by hand as Django 5 does
	"Django scrypt": "scrypt$16384$saltsaltsaltsaltsaltsa$8$5$rmEiXvvW5cDAAQKBqkBL3D5F1XaNDtUAdTqna9xK890BuT+JeXH6Vu8FchvITvTZyDkDAtwWOSQd/FrGqvbCRA==",
}

func TestVerifyReadsWhatOthersWrote(t *testing.T) {
	h := password.Cheap(1)
	for name, encoded := range foreign {
		t.Run(name, func(t *testing.T) {
			again, _, _, ok := password.Reencode(encoded)
			require.True(t, ok)
			assert.Equal(t, encoded, again)

			res, err := h.Verify(t.Context(), staple, encoded)
			require.NoError(t, err)
			assert.Equal(t, password.Result{OK: true, Rehash: true}, res, "to be made anew, as another's")
			for _, wrong := range []string{"", "Correct horse battery staple", staple + "\x00"} {
				res, err = h.Verify(t.Context(), wrong, encoded)
				require.NoError(t, err)
				assert.Equal(t, password.Result{}, res, "%q", wrong)
			}
		})
	}
}

// htpasswd -nbBC 4 u 'pässwörd ☃'
func TestBytesOverASCIIAreTheSameToBcrypt(t *testing.T) {
	res, err := password.Cheap(1).Verify(t.Context(), "pässwörd ☃", "$2y$04$KyCi5sCkCBTXzdbSHhEVxONb8YZkQTFCP4hJCyTZ8M7Q0p7wR1egS")
	require.NoError(t, err)
	assert.True(t, res.OK)
}

// Some implementations fill the bits of the salt's last character that carry nothing; all of them ignore these.
func TestBcryptSaltWithStrayBits(t *testing.T) {
	encoded := strings.Replace(foreign["bcrypt 2b"], "stuu10", "stuv10", 1)
	res, err := password.Cheap(1).Verify(t.Context(), staple, encoded)
	require.NoError(t, err)
	assert.True(t, res.OK)
	again, _, _, ok := password.Reencode(encoded)
	require.True(t, ok)
	assert.Equal(t, encoded, again)
}

// What Django writes for a user without a password, and what Unix writes before the hash of one who is locked out.
func TestAttackUnusablePasswordMatchesNothing(t *testing.T) {
	h := password.Cheap(1)
	for _, encoded := range []string{"!", "!7uUuKkJGFTtDXskH8tGBkk7yKmcNKJVHGkVIGY3N", "!" + foreign["htpasswd, cost 5"]} {
		for _, pw := range []string{"", "!", staple, encoded} {
			res, err := h.Verify(t.Context(), pw, encoded)
			require.NoError(t, err)
			assert.Equal(t, password.Result{}, res)
		}
	}
}
