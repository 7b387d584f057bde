package password_test

import (
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/password"
)

const salt, key = "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

var unreadable = map[string]string{
	"not PHC":                 "plain",
	"only a dollar":           "$",
	"only the name":           "$argon2id",
	"name and nothing":        "$argon2id$",
	"other scheme":            "$argon2i$v=19$m=19456,t=2,p=1$" + salt + "$" + key,
	"unknown scheme":          "$md5$" + salt + "$" + key,
	"scheme in capitals":      "$ARGON2ID$v=19$m=19456,t=2,p=1$" + salt + "$" + key,
	"old version":             "$argon2id$v=16$m=19456,t=2,p=1$" + salt + "$" + key,
	"no version":              "$argon2id$m=19456,t=2,p=1$" + salt + "$" + key,
	"memory of 4 TiB":         "$argon2id$v=19$m=4294967295,t=1,p=1$" + salt + "$" + key,
	"memory over 32 bits":     "$argon2id$v=19$m=4294967304,t=1,p=1$" + salt + "$" + key,
	"memory one too many":     "$argon2id$v=19$m=262145,t=1,p=1$" + salt + "$" + key,
	"memory zero":             "$argon2id$v=19$m=0,t=1,p=1$" + salt + "$" + key,
	"memory under 8 × lanes":  "$argon2id$v=19$m=31,t=1,p=4$" + salt + "$" + key,
	"memory negative":         "$argon2id$v=19$m=-8,t=1,p=1$" + salt + "$" + key,
	"memory with plus":        "$argon2id$v=19$m=+19456,t=2,p=1$" + salt + "$" + key,
	"memory with zeros":       "$argon2id$v=19$m=019456,t=2,p=1$" + salt + "$" + key,
	"memory in hex":           "$argon2id$v=19$m=0x4c00,t=2,p=1$" + salt + "$" + key,
	"memory with underscore":  "$argon2id$v=19$m=19_456,t=2,p=1$" + salt + "$" + key,
	"passes zero":             "$argon2id$v=19$m=19456,t=0,p=1$" + salt + "$" + key,
	"passes huge":             "$argon2id$v=19$m=8,t=4294967295,p=1$" + salt + "$" + key,
	"passes one too many":     "$argon2id$v=19$m=8,t=33,p=1$" + salt + "$" + key,
	"lanes zero":              "$argon2id$v=19$m=19456,t=2,p=0$" + salt + "$" + key,
	"lanes one too many":      "$argon2id$v=19$m=19456,t=2,p=17$" + salt + "$" + key,
	"lanes wrap to one":       "$argon2id$v=19$m=19456,t=2,p=257$" + salt + "$" + key,
	"memory × passes":         "$argon2id$v=19$m=262144,t=5,p=1$" + salt + "$" + key,
	"parameters out of order": "$argon2id$v=19$t=2,m=19456,p=1$" + salt + "$" + key,
	"parameter repeated":      "$argon2id$v=19$m=19456,m=19456,t=2,p=1$" + salt + "$" + key,
	"keyid empty":             "$argon2id$v=19$m=19456,t=2,p=1,keyid=$" + salt + "$" + key,
	"keyid of 9 bytes":        "$argon2id$v=19$m=19456,t=2,p=1,keyid=AAAAAAAAAAAA$" + salt + "$" + key,
	"keyid twice":             "$argon2id$v=19$m=19456,t=2,p=1,keyid=AAAA,keyid=AAAA$" + salt + "$" + key,
	"data":                    "$argon2id$v=19$m=19456,t=2,p=1,data=AAAA$" + salt + "$" + key,
	"no salt":                 "$argon2id$v=19$m=19456,t=2,p=1$$" + key,
	"salt missing":            "$argon2id$v=19$m=19456,t=2,p=1$" + key,
	"salt of 7 bytes":         "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAA$" + key,
	"salt of 65 bytes":        "$argon2id$v=19$m=19456,t=2,p=1$" + strings.Repeat("A", 87) + "$" + key,
	"no key":                  "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$",
	"key of 4 bytes":          "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$AAAAAA",
	"key of 65 bytes":         "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + strings.Repeat("A", 87),
	"base64 padded":           "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "==$" + key + "=",
	"base64url":               "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$_" + key[1:],
	"base64 trailing bits":    "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + key[1:] + "B",
	"line break in the key":   "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + key + "\n",
	"line break in the salt":  "$argon2id$v=19$m=19456,t=2,p=1$\r\n" + salt + "$" + key,
	"leading space":           " $argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + key,
	"fifth part":              "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + key + "$",
	"NUL":                     "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + key + "\x00",
	"100 KB":                  "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + strings.Repeat("A", 100_000),
	"100 KB of dollars":       strings.Repeat("$", 100_000),
}

func TestAttackStoredHashOutOfBounds(t *testing.T) {
	h := password.Cheap(1)
	for name, encoded := range unreadable {
		t.Run(name, func(t *testing.T) {
			_, _, _, ok := password.Reencode(encoded)
			assert.False(t, ok)
			res, err := h.Verify(t.Context(), "", encoded)
			assert.ErrorIs(t, err, password.ErrEncoding)
			assert.Equal(t, password.Result{}, res)
		})
	}
}

func TestAttackStoredHashAllocatesNothingOfItsSize(t *testing.T) {
	h := password.Cheap(1) // its own work is 8 KiB
	for name, encoded := range unreadable {
		allocated := bytesAllocated(func() { _, _ = h.Verify(t.Context(), "pw", encoded) })
		assert.Less(t, allocated, uint64(64<<10), name)
	}
}

func bytesAllocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestAttackUnknownUserCostsTheSame(t *testing.T) {
	// Bytes allocated stand for work here: a clock would make the test flaky.
	h := newHasher(t, password.Config{})
	known, err := h.Hash(t.Context(), "pw")
	require.NoError(t, err)
	work := func(pw, encoded string) float64 {
		var res password.Result
		allocated := bytesAllocated(func() { res, _ = h.Verify(t.Context(), pw, encoded) })
		assert.False(t, res.OK)
		return math.Round(float64(allocated) / (1 << 20))
	}
	want := work("wrong", known)
	require.InDelta(t, 19, want, 1)
	for name, c := range map[string]struct{ pw, encoded string }{
		"unknown user":         {"wrong", ""},
		"unreadable hash":      {"wrong", "$md5$"},
		"impossible password":  {"wrong\x00", known},
		"oversized password":   {strings.Repeat("x", 1<<20), known},
		"impossible, unknown":  {"\xff", ""},
		"empty password":       {"", known},
		"empty, unknown":       {"", ""},
		"empty and unreadable": {"", "x"},
	} {
		assert.Equal(t, want, work(c.pw, c.encoded), name)
	}
}

func TestAttackCheapStoredHashIsToppedUp(t *testing.T) {
	const today, passes = 19456, 2
	for _, c := range []struct{ memory, time uint32 }{{8, 1}, {8, 32}, {4096, 1}, {7168, 5}, {9216, 4}, {12288, 3}, {19456, 1}, {19455, 2}} {
		topUp, total := password.MissingWork(c.memory, c.time, today, passes)
		assert.InDelta(t, today*passes, total, 16, "%+v", c)
		assert.LessOrEqual(t, topUp, uint32(today), "%+v: never more memory than today's", c)
	}
	_, total := password.MissingWork(65536, 3, today, passes)
	assert.Equal(t, uint64(65536*3), total)
}

// The rest of the work is done, not only computed: 8 MiB in one pass lack 30 MiB × passes, which are two of 15 MiB.
func TestAttackCheapStoredHashIsNotToldByItsWork(t *testing.T) {
	h := newHasher(t, password.Config{})
	cheap := phc("pw", 8192, 1, 1, 16, 32)
	for _, pw := range []string{"wrong", "\x00", "pw"} {
		allocated := bytesAllocated(func() { _, _ = h.Verify(t.Context(), pw, cheap) })
		assert.InDelta(t, 8+15, float64(allocated)/(1<<20), 1, "%q", pw)
	}
}

func TestAttackEmptyStoredHashNeverMatches(t *testing.T) {
	h := newHasher(t, password.Config{})
	for _, pw := range []string{"", "\x00", "x"} {
		res, err := h.Verify(t.Context(), pw, "")
		require.NoError(t, err)
		assert.Equal(t, password.Result{}, res)
	}
	empty := phc("", 19456, 2, 1, 16, 32)
	for _, pw := range []string{"", "\x00", "\xff", strings.Repeat("x", password.MaxPassword+1)} {
		res, err := h.Verify(t.Context(), pw, empty) // the stored hash of nothing opens for nothing
		require.NoError(t, err)
		assert.Equal(t, password.Result{}, res)
	}
}

func TestAttackPasswordsThatOtherPartsWouldCut(t *testing.T) {
	h := newHasher(t, password.Config{})
	for name, pw := range map[string]string{
		"empty":          "",
		"NUL":            "hunter2\x00ignored by C",
		"invalid UTF-8":  "caf\xe9",
		"surrogate":      "\xed\xa0\x80",
		"one byte more":  strings.Repeat("x", password.MaxPassword+1),
		"hash-flood 1MB": strings.Repeat("x", 1<<20),
	} {
		_, err := h.Hash(t.Context(), pw)
		assert.ErrorIs(t, err, password.ErrPassword, name)
	}
}
