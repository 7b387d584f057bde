package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/sallyport-go/sallyport/validate"
)

// Fault is one thing that is wrong with a token of the reference.
type Fault string

// The faults that every peer can be asked to find.
const (
	NoFault       Fault = ""
	OtherKey      Fault = "the key of a stranger"
	OtherIssuer   Fault = "another issuer"
	OtherAudience Fault = "another audience"
	Expired       Fault = "expired"
	Changed       Fault = "one letter of the claims changed"
)

// Faults are all of them, and none.
var Faults = []Fault{NoFault, OtherKey, OtherIssuer, OtherAudience, Expired, Changed}

// Verifying returns the tasks that verify a token with each fault, the bare check of the signature left out, and the middlewares that
// are sent it.
func Verifying(alg string) (map[Fault][]Task, error) {
	c, err := newCredential(alg)
	if err != nil {
		return nil, err
	}
	all := map[Fault][]Task{}
	for _, f := range Faults {
		if all[f], err = c.verifying(f); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (c *credential) verifying(f Fault) ([]Task, error) {
	token, err := c.faulty(f)
	if err != nil {
		return nil, err
	}
	v, err := c.verifier(-1)
	if err != nil {
		return nil, err
	}
	tasks := []Task{{Name: "sallyport", Do: each(func() error { _, err := v.Verify(context.Background(), token); return err })}}
	for _, peer := range []func(*credential, string) (Task, error){golangJWT, goJOSE, jwxParse, chiJWTAuth, auth0Validator} {
		t, err := peer(c, token)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, t)
	}
	for name, peer := range map[string]func(*credential) (func(http.Handler) http.Handler, error){
		"chi": chiMiddleware, "golang-jwt": golangJWTMiddleware, "auth0": auth0Middleware,
	} {
		m, err := peer(c)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, Task{Name: "middleware of " + name, Do: serveAll(m, requestsWith([]string{token}))})
	}
	return tasks, nil
}

func (c *credential) faulty(f Fault) (string, error) {
	claims := referenceClaims(1)
	switch f {
	case OtherKey:
		stranger, err := newCredential(c.alg)
		if err != nil {
			return "", err
		}
		return stranger.sign(claims)
	case OtherIssuer:
		claims.Issuer = "https://stranger.example"
	case OtherAudience:
		claims.Audience = jwt.ClaimStrings{"https://stranger.example"}
	case Expired:
		claims.ExpiresAt = jwt.NewNumericDate(time.Now().Add(-10 * time.Minute))
		claims.IssuedAt = jwt.NewNumericDate(time.Now().Add(-20 * time.Minute))
	}
	token, err := c.sign(claims)
	if f == Changed {
		middle := len(token) / 2 // which is in the claims
		token = token[:middle] + string(token[middle]^1) + token[middle+1:]
	}
	return token, err
}

// Decoded is what one of the decoders made of a body.
type Decoded struct {
	Value any
	Err   error
}

// Decode has ours and each peer of package validate decode a body.
func Decode(body string) (map[string]Decoded, error) {
	typ, err := validate.Compile[order](validate.Config{})
	if err != nil {
		return nil, err
	}
	out := map[string]Decoded{}
	for name, decode := range map[string]func(*http.Request) (order, error){
		"sallyport":     func(r *http.Request) (order, error) { return typ.JSON(r) },
		"encoding/json": encodingJSONDecode(), "json v2": encodingJSONv2Decode(), "goccy/go-json": goccyJSONDecode(),
	} {
		err := decodesBody(body, func(r *http.Request) (order, error) {
			o, err := decode(r)
			out[name] = Decoded{o, err}
			return o, err
		})(1)
		if err != nil && out[name].Err == nil {
			return nil, err
		}
	}
	return out, nil
}

// OrderBody is the reference body.
const OrderBody = orderBody

// Asked is what one of the stores makes of the reference query.
type Asked struct {
	Text  string
	Args  []any
	Found any
	Title string
}

// Ask has ours and each peer of package sqlguard ask a database with so many rows.
func Ask(ctx context.Context, rows int) (map[string]Asked, error) {
	pool, err := openNotes(rows)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	ours, err := guarded(pool)
	if err != nil {
		return nil, err
	}
	out := map[string]Asked{}
	f := reference()
	for _, s := range []store{ours, byHand(pool), withSquirrel(pool), withSQLX(pool)} {
		var a Asked
		var errs [3]error
		a.Text, a.Args, errs[0] = s.text(&f)
		a.Found, errs[1] = s.find(ctx, &f)
		a.Title, errs[2] = s.one(ctx, 17)
		if err := errors.Join(errs[:]...); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		out[s.name] = a
	}
	return out, nil
}
