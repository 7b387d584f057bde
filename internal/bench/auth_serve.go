package bench

import (
	"context"
	"errors"
	"net"
	"net/http"
)

// requestsWith returns a request with each token, with the context that a server gives to its requests.
func requestsWith(tokens []string) []*http.Request {
	ctx := context.WithValue(context.Background(), http.ServerContextKey, &http.Server{})
	ctx = context.WithValue(ctx, http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443})
	requests := make([]*http.Request, len(tokens))
	for i, token := range tokens {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/orders/17", nil)
		if err != nil { // not with a constant
			panic(err)
		}
		r.Header.Set("Accept", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		r.RemoteAddr = "192.0.2.1:50000"
		requests[i] = r
	}
	return requests
}

var errNotServed = errors.New("the middleware did not call the handler once for each request")

// serveAll sends the requests through the middleware, in turn, and counts those that arrive.
func serveAll(middleware func(http.Handler) http.Handler, requests []*http.Request) func(int) error {
	arrived, at := 0, 0
	h := middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived++ }))
	w := &discard{header: http.Header{}}
	return func(n int) error {
		arrived = 0
		for range n {
			if at++; at >= len(requests) {
				at = 0
			}
			h.ServeHTTP(w, requests[at])
		}
		if arrived != n {
			return errNotServed
		}
		return nil
	}
}

// discard is a ResponseWriter that keeps nothing.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

type contextKey struct{}

// contextOnly puts a value into the request's context, which is the least that a middleware does that tells the handler who is there.
func contextOnly(*credential) (func(http.Handler) http.Handler, error) {
	somebody := &struct{ name string }{"alice"}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, somebody)))
		})
	}, nil
}
