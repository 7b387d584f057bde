// Package authtest tests what an application or a library adds to auth.
//
// A store is held to its contract by one call, for refresh tokens and for as much else of auth/store and auth/throttle as it offers:
//
//	func TestStore(t *testing.T) {
//		authtest.StoreContract(t, func(t *testing.T) []store.RefreshTokens { return []store.RefreshTokens{open(t)} })
//	}
//
// # Security model
//
// The contract is what auth, auth/oauth and auth/throttle rely on: that a token is used once, that reuse ends the family, that what
// was revoked stays revoked on every node, that no count is lost, that names which differ in a byte are different names. A store that
// passes it can still lose what it said to have kept when the power fails; that is for the store's own tests.
package authtest
