package bench

import (
	"context"
	"maps"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sallyport-go/sallyport/auth"
)

// Auth returns the races of package auth.
func Auth(size Size) ([]Race, func(), error) {
	var races []Race
	for _, alg := range []string{"ES256", "EdDSA", "RS256", "HS256"} {
		r, err := verifyRace(alg)
		if err != nil {
			return nil, nil, err
		}
		races = append(races, r)
	}
	for _, build := range []func(Size) ([]Race, error){cachedRaces, guardRaces} {
		more, err := build(size)
		if err != nil {
			return nil, nil, err
		}
		races = append(races, more...)
	}
	return races, func() {}, nil
}

// verifyRace verifies one token again and again, with nothing remembered.
func verifyRace(alg string) (Race, error) {
	c, err := newCredential(alg)
	if err != nil {
		return Race{}, err
	}
	token, err := c.token(0)
	if err != nil {
		return Race{}, err
	}
	v, err := c.verifier(-1)
	if err != nil {
		return Race{}, err
	}
	ctx := context.Background()
	r := Race{Name: "auth: verify " + alg + ", nothing cached", MaxAllocs: 18}
	r.Ours = Task{Name: "sallyport", Do: each(func() error { _, err := v.Verify(ctx, token); return err })}
	for _, peer := range []func(*credential, string) (Task, error){rawSignature, golangJWT, goJOSE, jwxParse, chiJWTAuth, auth0Validator} {
		t, err := peer(c, token)
		if err != nil {
			return Race{}, err
		}
		r.Others = append(r.Others, t)
	}
	return r, nil
}

// cachedRaces look up tokens that were verified before.
func cachedRaces(size Size) ([]Race, error) {
	c, err := newCredential("ES256")
	if err != nil {
		return nil, err
	}
	v, err := c.verifier(cacheSize)
	if err != nil {
		return nil, err
	}
	tokens, plain, err := c.live(v, size.Tokens)
	if err != nil {
		return nil, err
	}
	verify := func() func(int) error { return verifyAll(v, tokens) }
	lookUp := func() func(int) error { return lookUpAll(plain, tokens) }
	return []Race{{
		Name: "auth: verify, cached", MaxAllocs: 0,
		Ours:   Task{Name: "sallyport", Do: verify()},
		Others: []Task{{Name: "a plain map of the tokens", Do: lookUp(), Target: Target{AtMost: 1.7}}},
	}, {
		Name: "auth: verify, cached, on all cores", MaxAllocs: 0, Parallel: true,
		Ours: Task{Name: "sallyport", Do: onAllCores(verify)},
		Others: []Task{
			{Name: "the same on one core", Do: verify()},
			{Name: "a plain map of the tokens, which nobody may change", Do: onAllCores(lookUp)},
		},
	}}, nil
}

// cacheSize holds all tokens that are in use.
const cacheSize = 16_384

// live returns that many tokens, which v has verified and remembers, and a map of them. They are not the very bytes that are the keys,
// which would be equal at once: they come from a network. Nor are they in the order of the map, which would be ready for each
// before it is asked.
func (c *credential) live(v *auth.Verifier, n int) ([]string, map[string]*auth.Principal, error) {
	plain := make(map[string]*auth.Principal, n)
	for i := range n {
		token, err := c.token(i)
		if err != nil {
			return nil, nil, err
		}
		if plain[token], err = v.Verify(context.Background(), token); err != nil {
			return nil, nil, err
		}
	}
	tokens := slices.Collect(maps.Keys(plain))
	rand.Shuffle(len(tokens), func(i, k int) { tokens[i], tokens[k] = tokens[k], tokens[i] })
	for i := range tokens {
		tokens[i] = strings.Clone(tokens[i])
	}
	return tokens, plain, nil
}

func verifyAll(v *auth.Verifier, tokens []string) func(int) error {
	ctx, at := context.Background(), 0
	return func(n int) error {
		for range n {
			if at++; at >= len(tokens) {
				at = 0
			}
			if _, err := v.Verify(ctx, tokens[at]); err != nil {
				return err
			}
		}
		return nil
	}
}

func lookUpAll(plain map[string]*auth.Principal, tokens []string) func(int) error {
	at := 0
	return func(n int) error {
		for range n {
			if at++; at >= len(tokens) {
				at = 0
			}
			if plain[tokens[at]] == nil {
				return errMissing
			}
		}
		return nil
	}
}

// onAllCores shares the work out. Each core has a task of its own, which is made once.
func onAllCores(make func() func(int) error) func(int) error {
	var tasks []func(int) error
	for range runtime.GOMAXPROCS(0) {
		tasks = append(tasks, make())
	}
	return func(n int) error {
		var wg sync.WaitGroup
		var failed atomic.Pointer[error]
		for i, do := range tasks {
			share := (n + i) / len(tasks)
			wg.Go(func() {
				if err := do(share); err != nil {
					failed.Store(&err)
				}
			})
		}
		wg.Wait()
		if err := failed.Load(); err != nil {
			return *err
		}
		return nil
	}
}

// guardRaces compare whole middleware. The tokens of a service are in use many times each; the peers verify them every time.
func guardRaces(size Size) ([]Race, error) {
	c, err := newCredential("ES256")
	if err != nil {
		return nil, err
	}
	one, err := guardRace(c, "auth: middleware, one token", 1)
	if err != nil {
		return nil, err
	}
	many, err := guardRace(c, "auth: middleware, all tokens", size.Tokens)
	if err != nil {
		return nil, err
	}
	return []Race{one, many}, nil
}

func guardRace(c *credential, name string, n int) (Race, error) {
	v, err := c.verifier(cacheSize)
	if err != nil {
		return Race{}, err
	}
	tokens, _, err := c.live(v, n)
	if err != nil {
		return Race{}, err
	}
	guard, err := auth.New(auth.Config{Authenticator: auth.Bearer(v)})
	if err != nil {
		return Race{}, err
	}
	requests := requestsWith(tokens)
	r := Race{Name: name, MaxAllocs: -1}
	r.Ours = Task{Name: "sallyport", Do: serveAll(guard.Handler, requests)}
	for _, peer := range []struct {
		name   string
		make   func(*credential) (func(http.Handler) http.Handler, error)
		target Target
	}{
		{"a value into the request's context", contextOnly, Target{AtMost: 1.6}},
		{"go-chi/jwtauth", chiMiddleware, Target{AtLeast: 300}},
		{"golang-jwt, by hand", golangJWTMiddleware, Target{AtLeast: 200}},
		{"auth0/go-jwt-middleware", auth0Middleware, Target{}},
	} {
		m, err := peer.make(c)
		if err != nil {
			return Race{}, err
		}
		r.Others = append(r.Others, Task{Name: peer.name, Do: serveAll(m, requests), Target: peer.target})
	}
	return r, nil
}
