package auth_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

// What a key of a provider costs beside the check of a signature: no lock, and no allocation.
func BenchmarkRemoteKey(b *testing.B) {
	var e endpoint
	e.publish(publicSet(b, keyNamed("a")))
	k := remoteKeys(b, auth.RemoteKeysConfig{URL: "https://login.example", Client: &http.Client{Transport: &e}})
	require.NoError(b, k.Find(b.Context(), "a", auth.ES256))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := k.Find(b.Context(), "a", auth.ES256); err != nil {
				b.Error(err)
			}
		}
	})
}
