package rbac_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/casbin/casbin/v2/model"
	"github.com/casbin/casbin/v2/persist"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/rbac"
)

// events returns a logger and a function that returns what it wrote since the last call.
func events(t *testing.T) (*slog.Logger, func() []map[string]any) {
	t.Helper()
	var mu sync.Mutex
	var buf bytes.Buffer
	write := writer(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return buf.Write(p)
	})
	return slog.New(slog.NewJSONHandler(write, nil)), func() []map[string]any {
		mu.Lock()
		defer mu.Unlock()
		var all []map[string]any
		for dec := json.NewDecoder(&buf); dec.More(); {
			var one map[string]any
			require.NoError(t, dec.Decode(&one))
			delete(one, "time")
			delete(one, "msg")
			all = append(all, one)
		}
		return all
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

func TestReloadTakesEffectAtTheNextDecision(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.csv")
	write := func(text string) { require.NoError(t, os.WriteFile(path, []byte(text), 0o600)) }
	write(allowed)
	log, logged := events(t)
	e, err := rbac.New(rbac.Config{Source: rbac.File(path), Subject: header, Logger: log})
	require.NoError(t, err)
	may := func() bool {
		d, err := e.Authorize(t.Context(), rbac.Request{Subject: "alice", Object: "notes", Action: "read"})
		require.NoError(t, err)
		return d.Allowed()
	}
	require.True(t, may())
	require.Empty(t, logged())

	write("p, bob, *, notes, read, allow\ng, alice, role:x, *")
	require.True(t, may(), "nothing changes before Reload")
	require.NoError(t, e.Reload(t.Context()))
	assert.False(t, may())
	assert.Equal(t, []map[string]any{{"level": "INFO", "event": "authz_change", "outcome": "loaded", "rules": 1.0, "roles_given": 1.0}}, logged())

	write(allowed)
	require.NoError(t, e.Reload(t.Context()))
	assert.True(t, may())
}

func TestReloadKeepsTheLastGoodPolicy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.csv")
	require.NoError(t, os.WriteFile(path, []byte(allowed), 0o600))
	log, logged := events(t)
	e, err := rbac.New(rbac.Config{Source: rbac.File(path), Subject: header, Logger: log})
	require.NoError(t, err)
	for name, text := range map[string]string{
		"emptied":   "",
		"truncated": allowed[:len(allowed)-7],
		"mistyped":  allowed + "\np, mallory, *, notes, read, alow",
		"circle":    allowed + "\ng, role:a, role:a, *",
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
			require.Error(t, e.Reload(t.Context()))
			d, err := e.Authorize(t.Context(), rbac.Request{Subject: "alice", Object: "notes", Action: "read"})
			require.NoError(t, err)
			assert.True(t, d.Allowed())
			got := logged()
			require.Len(t, got, 1)
			assert.Equal(t, "authz_change", got[0]["event"])
			assert.Equal(t, "ERROR", got[0]["level"])
		})
	}
	require.NoError(t, os.Remove(path))
	assert.ErrorIs(t, e.Reload(t.Context()), os.ErrNotExist)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, e.Reload(ctx), context.Canceled)
}

// contextual is an adapter with LoadPolicyCtx.
type contextual struct {
	adapter
	persist.ContextAdapter
	load func(context.Context, model.Model) error
}

func (c contextual) LoadPolicyCtx(ctx context.Context, m model.Model) error { return c.load(ctx, m) }

func TestContextReachesTheAdapter(t *testing.T) {
	type key struct{}
	var seen any
	e, err := rbac.New(rbac.Config{Subject: header, Source: rbac.Adapter(contextual{load: func(ctx context.Context, m model.Model) error {
		seen = ctx.Value(key{})
		return persist.LoadPolicyLine(allowed, m)
	}})})
	require.NoError(t, err)
	require.NoError(t, e.Reload(context.WithValue(t.Context(), key{}, "here")))
	assert.Equal(t, "here", seen)
}

// Of two policies one allows by a role and the other denies by another role. Any mix of the two would find no rule.
func TestDecisionSeesOnePolicyOrTheOther(t *testing.T) {
	policies := [2][]string{
		{"p, role:a, *, notes, read, allow", "g, alice, role:a, *", "p, role:a, t, *, *, allow"},
		{"p, role:b, *, notes, read, deny", "p, role:b, *, notes, write, allow", "g, alice, role:b, *"},
	}
	var turn atomic.Int64
	source := adapter(func(m model.Model) error {
		if turn.Load()%5 == 4 {
			return errors.New("down")
		}
		for _, line := range policies[turn.Load()%2] {
			if err := persist.LoadPolicyLine(line, m); err != nil {
				return err
			}
		}
		return nil
	})
	log, _ := events(t)
	e, err := rbac.New(rbac.Config{Source: rbac.Adapter(source), Subject: header, Logger: log})
	require.NoError(t, err)

	var readers sync.WaitGroup
	done := make(chan struct{})
	var seen [2]atomic.Int64
	for range 4 {
		readers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				d, err := e.Authorize(context.Background(), rbac.Request{Subject: "alice", Tenant: []string{"", "t", "u"}[i%3], Object: "notes", Action: "read"})
				if !assert.NoError(t, err) {
					return
				}
				rule, ok := d.Rule()
				want := map[rbac.Effect]string{rbac.Allow: "role:a", rbac.Deny: "role:b"}[d.Effect]
				if !assert.True(t, ok) || !assert.Equal(t, want, rule.Subject) || !assert.Equal(t, []string{"alice", want}, d.Roles()) {
					return
				}
				seen[d.Effect].Add(1)
			}
		})
	}
	for turn.Load() < 200 || (seen[0].Load() == 0 || seen[1].Load() == 0) && turn.Load() < 100_000 {
		turn.Add(1)
		_ = e.Reload(t.Context()) // some fail by design
	}
	close(done)
	readers.Wait()
	assert.NotZero(t, seen[rbac.Allow].Load())
	assert.NotZero(t, seen[rbac.Deny].Load())
}
