package bench

import (
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// more are the claims of the reference token that a peer's own struct does not have.
type more struct {
	Client   string   `json:"client_id"`
	Session  string   `json:"sid"`
	Scope    string   `json:"scope"`
	Roles    []string `json:"roles"`
	AuthTime int64    `json:"auth_time"`
}

// goJOSE is github.com/go-jose/go-jose/v4/jwt.
func goJOSE(c *credential, token string) (Task, error) {
	algorithms := []jose.SignatureAlgorithm{jose.SignatureAlgorithm(c.alg)}
	key := c.verifies()
	return Task{Name: "go-jose", Do: each(func() error {
		parsed, err := jwt.ParseSigned(token, algorithms)
		if err != nil {
			return err
		}
		var standard jwt.Claims
		var rest more
		if err := parsed.Claims(key, &standard, &rest); err != nil {
			return err
		}
		return standard.Validate(jwt.Expected{Issuer: issuer, AnyAudience: jwt.Audience{audience}, Time: time.Now()})
	})}, nil
}
