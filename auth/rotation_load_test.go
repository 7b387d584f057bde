package auth_test

import (
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

// Many goroutines issue, and verify new and remembered tokens, while a key follows another.
func TestRotationUnderLoadRefusesNoValidToken(t *testing.T) {
	for name, path := range map[string]string{"memory": "", "file": filepath.Join(t.TempDir(), "keys.json")} {
		t.Run(name, func(t *testing.T) {
			k, issuer, err := newNode(path, true)
			require.NoError(t, err)
			stop := run(t, k)
			defer stop()
			var mu sync.Mutex
			signed := map[string]bool{}
			enough := func() bool {
				mu.Lock()
				defer mu.Unlock()
				return len(signed) >= 6
			}
			var verified atomic.Int64
			deadline := time.Now().Add(2 * time.Minute)
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for !enough() && time.Now().Before(deadline) {
						token, err := issuer.Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web"})
						if !assert.NoError(t, err) {
							return
						}
						mu.Lock()
						signed[kidOf(t, token.Value)] = true
						mu.Unlock()
						for range 20 {
							_, err := issuer.Verifier().Verify(t.Context(), token.Value)
							if time.Now().Before(token.Expiry) && !assert.NoError(t, err) {
								return
							}
							verified.Add(1)
						}
						assert.NotEmpty(t, published(t, k).Keys)
					}
				})
			}
			wg.Wait()
			assert.True(t, enough(), "five rotations were seen")
			assert.Greater(t, verified.Load(), int64(1000))
		})
	}
}
