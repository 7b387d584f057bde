package password_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sallyport-go/sallyport/auth/password"
)

// Users of a Django application move in with the passwords they have. Each hash is made anew when its user comes.
func ExampleHasher_Verify_django() {
	ctx := context.Background()
	hasher, err := password.New(password.Config{})
	if err != nil {
		panic(err)
	}
	stored := "pbkdf2_sha256$260000$saltsaltsalt$7+X//o6q/Glm64W8l5Ex5gsqPj74VbnqH9yy0h3gEQc="
	res, err := hasher.Verify(ctx, "correct horse battery staple", stored)
	fmt.Println(res.OK, res.Rehash, err)
	if res.Rehash {
		if encoded, err := hasher.Hash(ctx, "correct horse battery staple"); err == nil {
			stored = encoded
		}
	}
	fmt.Println(strings.Split(stored, "$")[1])
	// Output:
	// true true <nil>
	// argon2id
}

// bcrypt looks at 72 bytes only. So a longer password is not right, whatever the stored hash is of.
func ExampleHasher_Verify_bcryptLimit() {
	hasher, err := password.New(password.Config{})
	if err != nil {
		panic(err)
	}
	of72 := "$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i"
	for _, n := range []int{72, 73} {
		res, err := hasher.Verify(context.Background(), strings.Repeat("x", n), of72)
		fmt.Println(n, res.OK, err)
	}
	// Output:
	// 72 true <nil>
	// 73 false <nil>
}

// The first pepper is for new hashes. The second verifies what was hashed with it, and asks for it to be made anew.
func ExampleNewPepper() {
	ctx := context.Background()
	january := password.NewPepper("2026-01", []byte("32 random bytes from a secret store"))
	july := password.NewPepper("2026-07", []byte("32 other bytes of the secret store"))
	before, err := password.New(password.Config{Peppers: []password.Pepper{january}})
	if err != nil {
		panic(err)
	}
	after, err := password.New(password.Config{Peppers: []password.Pepper{july, january}})
	if err != nil {
		panic(err)
	}
	encoded, err := before.Hash(ctx, "correct horse battery staple")
	if err != nil {
		panic(err)
	}
	res, err := after.Verify(ctx, "correct horse battery staple", encoded)
	fmt.Println(res.OK, res.Rehash, err)
	fmt.Printf("%+v\n", july)
	// Output:
	// true true <nil>
	// Pepper(2026-07)
}

// A pepper that is gone is not a wrong password: nobody whose hash has it can log in until it is back.
func ExampleNewPepper_lost() {
	hasher, err := password.New(password.Config{})
	if err != nil {
		panic(err)
	}
	_, err = hasher.Verify(context.Background(), "correct horse battery staple",
		"$argon2id$v=19$m=19456,t=2,p=1,keyid=MjAyNi0xMQ$c2l4dGVlbiBieXRlIHNhbA$MF05jKJ+PJ++7T7VJsf69aJ8DrnJ2u3bh8woXWSRydU")
	fmt.Println(errors.Is(err, password.ErrPepper))
	// Output: true
}
