package bench

import (
	"context"
	"net/http"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// golangJWT is github.com/golang-jwt/jwt/v5 with the checks of the claims that it has. It decodes into a struct, which is its fast way.
func golangJWT(c *credential, token string) (Task, error) {
	verify := c.golangJWT()
	t := Task{Name: "golang-jwt", Do: each(func() error { _, err := verify(token); return err })}
	if c.alg == "HS256" {
		t.Target = Target{AtMost: 0.35}
	}
	return t, nil
}

func (c *credential) golangJWT() func(token string) (*claims, error) {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{c.alg}), jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithStrictDecoding())
	key := c.verifies()
	find := func(*jwt.Token) (any, error) { return key, nil }
	return func(token string) (*claims, error) {
		found := &claims{}
		if _, err := parser.ParseWithClaims(token, found, find); err != nil {
			return nil, err
		}
		return found, nil
	}
}

// golangJWTMiddleware is what most services have: a few lines around golang-jwt.
func golangJWTMiddleware(c *credential) (func(http.Handler) http.Handler, error) {
	verify := c.golangJWT()
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			if !ok {
				http.Error(w, "unauthorized", http.StatusUnauthorized)
				return
			}
			found, err := verify(token)
			if err != nil {
				http.Error(w, "unauthorized", http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, found)))
		})
	}, nil
}
