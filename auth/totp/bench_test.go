package totp_test

import (
	"context"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/auth/totp"
)

func BenchmarkVerify(b *testing.B) {
	always := totp.StepsFunc(func(context.Context, string, int64, time.Time) (bool, error) { return true, nil })
	codes := newCodes(b, totp.Config{Steps: always})
	s := codes.NewSecret()
	b.ReportAllocs()
	for b.Loop() {
		_ = codes.Verify(b.Context(), "alice", s, "000000")
	}
}
