// Package authtest tests what an application or a library adds to auth.
//
// A store of refresh tokens is held to its contract by one call:
//
//	func TestStore(t *testing.T) {
//		authtest.StoreContract(t, func(t *testing.T) []store.RefreshTokens { return []store.RefreshTokens{open(t)} })
//	}
//
// # Security model
//
// The contract is what auth/oauth relies on: that a token is used once, that reuse ends the family, that what was revoked stays
// revoked, that names which differ in a byte are different names. A store that passes it can still lose what it said to have
// kept when the power fails; that is for the store's own tests.
package authtest
