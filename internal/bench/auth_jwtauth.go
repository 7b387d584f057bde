package bench

import (
	"net/http"

	"github.com/go-chi/jwtauth/v5"
	"github.com/lestrrat-go/jwx/v2/jwt"
)

// chiJWTAuth is github.com/go-chi/jwtauth/v5, which is built on jwx.
func chiJWTAuth(c *credential, token string) (Task, error) {
	ja := c.jwtauth()
	return Task{Name: "go-chi/jwtauth", Do: each(func() error {
		_, err := jwtauth.VerifyToken(ja, token)
		return err
	})}, nil
}

func (c *credential) jwtauth() *jwtauth.JWTAuth {
	return jwtauth.New(c.alg, nil, c.verifies(), jwt.WithIssuer(issuer), jwt.WithAudience(audience))
}

// chiMiddleware is the pair of middlewares that its documentation shows.
func chiMiddleware(c *credential) (func(http.Handler) http.Handler, error) {
	ja := c.jwtauth()
	return func(next http.Handler) http.Handler {
		return jwtauth.Verifier(ja)(jwtauth.Authenticator(ja)(next))
	}, nil
}
