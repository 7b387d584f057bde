package password_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/auth/password"
)

// BenchmarkTiming is what a stranger with a clock sees of a user, beside an unknown one: the ratio of the mean times, and Welch's
// t of the difference, over 200 answers an iteration, in an order drawn by lot, since an order with a period falls into step
// with the garbage collector. A t within ±4.5 is what tests of constant time call no
// difference; it grows with the number of samples if there is one. Pass -benchtime=10x for 2,000.
func BenchmarkTiming(b *testing.B) {
	plain := newHasher(b, password.Config{})
	decoy := newHasher(b, password.Config{Decoy: foreign["htpasswd, cost 10"]})
	known := func(h *password.Hasher) string {
		encoded, err := h.Hash(b.Context(), "pw")
		if err != nil {
			b.Fatal(err)
		}
		return encoded
	}
	for _, c := range []struct {
		name, pw, encoded string
		h                 *password.Hasher
	}{
		{"unknown", "pw", "", plain},
		{"known-right", "pw", known(plain), plain},
		{"known-wrong", "no", known(plain), plain},
		{"unreadable", "no", "$md5$", plain},
		{"argon2id-12MiB-1", "no", phc("pw", 12288, 1, 1, 16, 32), plain},
		{"bcrypt-6", "no", foreign["bcrypt 2b"], plain},
		{"pbkdf2-29000", "no", foreign["passlib pbkdf2_sha256"], plain},
		{"scrypt-10-8-2", "no", foreign["passlib scrypt"], plain},
		{"bcrypt-10-dearer", "no", foreign["htpasswd, cost 10"], plain},
		{"bcrypt-10-is-decoy", "no", foreign["htpasswd, cost 10"], decoy},
		{"decoy-known", "no", known(decoy), decoy},
		{"decoy-bcrypt-6", "no", foreign["bcrypt 2b"], decoy},
		{"decoy-pbkdf2-260000", "no", foreign["Django pbkdf2_sha256"], decoy},
	} {
		b.Run(c.name, func(b *testing.B) {
			clock := func(pw, encoded string) float64 {
				start := time.Now()
				_, _ = c.h.Verify(b.Context(), pw, encoded)
				return float64(time.Since(start))
			}
			clock(c.pw, c.encoded) // measures its class, if need be
			var user, nobody sample
			lot := rand.New(rand.NewPCG(1, 2))
			for b.Loop() {
				for range 200 {
					if lot.IntN(2) == 0 {
						user.add(clock(c.pw, c.encoded))
					} else {
						nobody.add(clock("no", ""))
					}
				}
			}
			b.ReportMetric(user.mean/nobody.mean, "ratio")
			b.ReportMetric(welch(user, nobody), "welch-t")
			b.ReportMetric(user.mean/1e6, "user-ms")
			b.ReportMetric(nobody.mean/1e6, "unknown-ms")
		})
	}
}

// sample keeps a mean and the sum of squares about it (Welford's method).
type sample struct{ n, mean, squares float64 }

func (s *sample) add(x float64) {
	s.n++
	d := x - s.mean
	s.mean += d / s.n
	s.squares += d * (x - s.mean)
}

func welch(a, b sample) float64 {
	return (a.mean - b.mean) / math.Sqrt(a.squares/(a.n-1)/a.n+b.squares/(b.n-1)/b.n)
}
