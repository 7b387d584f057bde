package store_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sallyport-go/sallyport/auth/store"
)

func ExampleRevocations() {
	kept, err := store.NewMemory(store.Config{})
	if err != nil {
		panic(err)
	}
	var denied store.Revocations = kept // or what sqlstore.New or redisstore.New returned
	ctx, now := context.Background(), time.Now()
	ends := now.Add(10 * time.Minute) // the longest that an access token lives

	// Alice changes her password: whatever she was issued until now is worth nothing.
	if err := denied.DenyBefore(ctx, "alice", now, ends, now); err != nil {
		panic(err)
	}
	fmt.Println(denied.Revoked(ctx, "alice", "laptop", "t1", now.Add(-time.Minute), now))

	// She logs in again, and later out on one device.
	later := now.Add(time.Minute)
	fmt.Println(denied.Revoked(ctx, "alice", "phone", "t2", later, later))
	if err := denied.DenySession(ctx, "phone", ends, later); err != nil {
		panic(err)
	}
	fmt.Println(denied.Revoked(ctx, "alice", "phone", "t2", later, later))
	// Output:
	// true <nil>
	// false <nil>
	// true <nil>
}
