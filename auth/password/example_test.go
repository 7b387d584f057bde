package password_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sallyport-go/sallyport/auth/password"
)

func Example() {
	ctx := context.Background()
	hasher, err := password.New(password.Config{})
	if err != nil {
		panic(err)
	}
	encoded, err := hasher.Hash(ctx, "correct horse battery staple")
	if err != nil {
		panic(err)
	}
	fmt.Println(strings.Join(strings.Split(encoded, "$")[:4], "$"))

	res, err := hasher.Verify(ctx, "correct horse battery staple", encoded)
	fmt.Println(res.OK, res.Rehash, err)
	res, err = hasher.Verify(ctx, "Tr0ub4dor&3", encoded)
	fmt.Println(res.OK, res.Rehash, err)
	// Output:
	// $argon2id$v=19$m=19456,t=2,p=1
	// true false <nil>
	// false false <nil>
}

// An unknown user is verified too, against no hash: the answer takes as long as for a known one.
func ExampleHasher_Verify_unknownUser() {
	hasher, err := password.New(password.Config{})
	if err != nil {
		panic(err)
	}
	stored := map[string]string{} // by user name
	res, err := hasher.Verify(context.Background(), "guess", stored["mallory"])
	fmt.Println(res.OK, err)
	// Output: false <nil>
}

// An error is not a wrong password: nothing was decided, and the client should come again.
func ExampleHasher_Verify_busy() {
	hasher, err := password.New(password.Config{})
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // the client went away
	_, err = hasher.Verify(ctx, "pw", "")
	if refusal, ok := errors.AsType[*password.Error](err); ok {
		fmt.Println(refusal.HTTPStatus(), errors.Is(err, password.ErrBusy))
	}
	// Output: 503 true
}

// After a login the password is at hand, so this is when a stored hash can follow the parameters.
func ExampleHasher_Verify_rehash() {
	ctx := context.Background()
	hasher, err := password.New(password.Config{})
	if err != nil {
		panic(err)
	}
	stored := "$argon2id$v=19$m=65536,t=4,p=1$c2l4dGVlbiBieXRlIHNsdA$ojP07n3Fg1fYtHYJAR7HgNU0PiegY8i/kf8Mf3/M5l4" // from PHP
	res, err := hasher.Verify(ctx, "correct horse battery staple", stored)
	fmt.Println(res.OK, res.Rehash, err)
	if res.Rehash {
		if encoded, err := hasher.Hash(ctx, "correct horse battery staple"); err == nil {
			stored = encoded // in a database: UPDATE … SET hash = new WHERE id = … AND hash = old
		}
	}
	res, err = hasher.Verify(ctx, "correct horse battery staple", stored)
	fmt.Println(res.OK, res.Rehash, err)
	// Output:
	// true true <nil>
	// true false <nil>
}

// Hashing again and comparing the texts never succeeds: each hash has a salt of its own. Use Verify.
func ExampleHasher_Hash_compared() {
	ctx := context.Background()
	hasher, err := password.New(password.Config{})
	if err != nil {
		panic(err)
	}
	stored, err := hasher.Hash(ctx, "correct horse battery staple")
	if err != nil {
		panic(err)
	}
	again, err := hasher.Hash(ctx, "correct horse battery staple")
	fmt.Println(again == stored, err)
	// Output: false <nil>
}

// Parameters that are weaker than OWASP's minimum are no configuration.
func ExampleNew() {
	_, err := password.New(password.Config{Memory: 4096, Concurrency: -1})
	fmt.Println(err)
	// Output:
	// password: Config.Memory 4096 KiB with Time 2 is weaker than OWASP's minimum: raise it to 19456 KiB, or leave both zero
	// password: Config.Concurrency -1 is not from 1 to 1024, nor 0 for GOMAXPROCS: bring it into that range
}
