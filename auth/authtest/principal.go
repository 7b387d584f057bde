package authtest

import (
	"net/http"
	"testing"

	"github.com/sallyport-go/sallyport/auth"
)

// WithPrincipal returns r with a principal in its context, for tests of a handler without the Guard before it: there
// [auth.FromContext] finds it. A Guard does not take it.
func WithPrincipal(t testing.TB, r *http.Request, id auth.Identity) *http.Request {
	t.Helper()
	p, err := auth.NewPrincipal(id)
	if err != nil {
		t.Fatalf("authtest: %v", err)
	}
	return r.WithContext(auth.NewContext(r.Context(), p))
}
