package auth_test

import (
	"path/filepath"
	"testing"

	"github.com/sallyport-go/sallyport/auth"
)

// What it costs to ask, at each token that is remembered, whether the file was seen lately.
func BenchmarkRememberedTokenOfARing(b *testing.B) {
	for _, name := range []string{"still", "running"} {
		b.Run(name, func(b *testing.B) {
			k, err := auth.NewKeyRing(auth.KeyRingConfig{Path: filepath.Join(b.TempDir(), "keys.json"), Logger: quiet})
			if err != nil {
				b.Fatal(err)
			}
			if name == "running" {
				run(b, k)
			}
			v := newVerifier(b, k)
			token := issueBy(b, k).Value
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(b.Context(), token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
