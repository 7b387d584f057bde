package redisstore_test

import (
	"testing"

	"github.com/sallyport-go/sallyport/auth"
	"github.com/sallyport-go/sallyport/auth/authtest"
	"github.com/sallyport-go/sallyport/auth/store"
	"github.com/sallyport-go/sallyport/auth/store/redisstore"
)

var _ auth.Revocations = (*redisstore.Store)(nil)

// Two nodes, with a pool of connections each.
func TestStoreKeepsTheContract(t *testing.T) {
	authtest.StoreContract(t, func(t *testing.T) []store.RefreshTokens {
		a, b := connect(t, options(t)), connect(t, options(t))
		prefix := freshPrefix(t, a)
		return []store.RefreshTokens{newStore(t, a, prefix), newStore(t, b, prefix)}
	})
}
