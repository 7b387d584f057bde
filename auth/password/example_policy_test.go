package password_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/sallyport-go/sallyport/auth/password"
)

func ExamplePolicy_Check() {
	policy, err := password.NewPolicy(password.PolicyConfig{Words: []string{"Sallyport"}})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	for _, pw := range []string{"correct horse battery staple", "Tr0ub4dor&3", "sallyport-alice-2026", "passwordpassword"} {
		err := policy.Check(ctx, pw, "alice", "alice@example.org")
		fmt.Println(err)
	}
	// Output:
	// <nil>
	// password: refused by the policy: too_short
	// password: refused by the policy: context
	// password: refused by the policy: common
}

// All that is wrong is said at once. The codes are for programs, Public is for the user.
func ExampleError_Reasons() {
	policy, err := password.NewPolicy(password.PolicyConfig{SecondFactor: true})
	if err != nil {
		panic(err)
	}
	err = policy.Check(context.Background(), "1234567")
	if refusal, ok := errors.AsType[*password.Error](err); ok {
		for _, reason := range refusal.Reasons() {
			fmt.Println(reason.Code)
		}
		fmt.Println(refusal.HTTPStatus(), refusal.Public())
	}
	// Output:
	// too_short
	// common
	// repetitive
	// 422 Choose another password. It has fewer than 8 characters. It is one of the most common passwords. It repeats a few characters, or counts them up or down.
}

// A list of breached passwords that cannot be asked lets nothing through: the user has to come again.
func ExamplePolicyConfig_breached() {
	policy, err := password.NewPolicy(password.PolicyConfig{
		Breached: func(context.Context, string) (bool, error) { return false, errors.New("the list is down") },
	})
	if err != nil {
		panic(err)
	}
	err = policy.Check(context.Background(), "correct horse battery staple")
	if refusal, ok := errors.AsType[*password.Error](err); ok {
		fmt.Println(refusal.HTTPStatus(), errors.Is(err, password.ErrUnchecked))
	}
	// Output: 503 true
}
