package bench

import (
	"context"
	"net/http"

	jwtmiddleware "github.com/auth0/go-jwt-middleware/v2"
	"github.com/auth0/go-jwt-middleware/v2/validator"
)

// auth0Validator is the validator of github.com/auth0/go-jwt-middleware/v2, which is built on version 2 of go-jose.
func auth0Validator(c *credential, token string) (Task, error) {
	v, err := c.auth0()
	if err != nil {
		return Task{}, err
	}
	ctx := context.Background()
	return Task{Name: "auth0/go-jwt-middleware", Do: each(func() error {
		_, err := v.ValidateToken(ctx, token)
		return err
	})}, nil
}

// Validate makes more the custom claims of the validator.
func (m *more) Validate(context.Context) error { return nil }

func (c *credential) auth0() (*validator.Validator, error) {
	key := c.verifies()
	return validator.New(func(context.Context) (any, error) { return key, nil }, validator.SignatureAlgorithm(c.alg), issuer, []string{audience},
		validator.WithCustomClaims(func() validator.CustomClaims { return &more{} }))
}

func auth0Middleware(c *credential) (func(http.Handler) http.Handler, error) {
	v, err := c.auth0()
	if err != nil {
		return nil, err
	}
	return jwtmiddleware.New(v.ValidateToken).CheckJWT, nil
}
