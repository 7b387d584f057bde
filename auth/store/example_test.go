package store_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-go/sallyport/auth/store"
)

func ExampleMemory() {
	ctx, now := context.Background(), time.Now()
	tokens, err := store.NewMemory(store.Config{})
	if err != nil {
		panic(err)
	}
	first, second := sha256.Sum256([]byte("first token")), sha256.Sum256([]byte("second token"))
	err = tokens.Create(ctx, store.Refresh{
		Family: "8f14e45fceea167a", Hash: first, Subject: "alice", Client: "app",
		AuthTime: now, Until: now.Add(time.Hour), Expiry: now.Add(24 * time.Hour),
	}, now)
	fmt.Println(err)

	// Each token is used once. The second use of one means that it is in two hands, and ends the login.
	fmt.Println(tokens.Rotate(ctx, "8f14e45fceea167a", first, second, now.Add(2*time.Hour), now))
	fmt.Println(tokens.Rotate(ctx, "8f14e45fceea167a", first, second, now.Add(2*time.Hour), now))
	_, err = tokens.Lookup(ctx, "8f14e45fceea167a", now)
	fmt.Println(errors.Is(err, store.ErrUnknown))
	// Output:
	// <nil>
	// <nil>
	// store: the token was used before
	// true
}
