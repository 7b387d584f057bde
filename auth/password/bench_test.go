package password_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/argon2"

	"github.com/sallyport-go/sallyport/auth/password"
)

// What the clock shows of a user. The answers up to "cheaper" should take alike, and as long as BenchmarkArgon2id.
func BenchmarkVerify(b *testing.B) {
	h := newHasher(b, password.Config{})
	encoded, err := h.Hash(b.Context(), "pw")
	require.NoError(b, err)
	for _, c := range []struct{ name, pw, encoded string }{
		{"right", "pw", encoded},
		{"wrong", "no", encoded},
		{"unknown", "pw", ""},
		{"impossible", strings.Repeat("x", 1<<20), encoded},
		{"unreadable", "pw", "$md5$"},
		{"cheaper", "pw", phc("pw", 12288, 1, 1, 16, 32)},
		{"dearer", "pw", phc("pw", 65536, 3, 4, 16, 32)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = h.Verify(b.Context(), c.pw, c.encoded)
			}
		})
	}
}

// BenchmarkArgon2id is the bare hash.
func BenchmarkArgon2id(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		bare()
	}
}

// BenchmarkBudget is what everything but the hash costs.
func BenchmarkBudget(b *testing.B) {
	h := password.Cheap(1)
	b.ReportAllocs()
	for b.Loop() {
		release, err := h.Acquire(b.Context(), 1)
		if err != nil {
			b.Fatal(err)
		}
		release()
	}
}

func bare() {
	argon2.IDKey([]byte("pw"), make([]byte, 16), password.DefaultTime, password.DefaultMemory, password.DefaultParallelism, 32)
}
