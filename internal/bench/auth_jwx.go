package bench

import (
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwt"
)

// jwxParse is jwt.Parse of github.com/lestrrat-go/jwx/v2, whose primitives are ours as well.
func jwxParse(c *credential, token string) (Task, error) {
	key := jwt.WithKey(jwa.SignatureAlgorithm(c.alg), c.verifies())
	return Task{Name: "jwx, jwt.Parse", Do: each(func() error {
		_, err := jwt.Parse([]byte(token), key, jwt.WithIssuer(issuer), jwt.WithAudience(audience))
		return err
	})}, nil
}
