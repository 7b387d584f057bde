package rbac_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	casbin "github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	fileadapter "github.com/casbin/casbin/v2/persist/file-adapter"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/rbac"
)

func newEngine(t *testing.T, lines ...string) *rbac.Engine {
	t.Helper()
	e, err := rbac.New(rbac.Config{Source: rbac.Rules(lines...), Subject: header})
	require.NoError(t, err)
	return e
}

// office is a policy with each feature of the model.
var office = []string{
	"p, role:viewer, *, notes, read, allow",     // 1
	"p, role:editor, *, notes, write, allow",    // 2
	"p, role:editor, acme, bills, read, allow",  // 3
	"p, role:admin, *, *, *, allow",             // 4
	"p, role:auditor, *, *, read, allow",        // 5
	"p, role:owner, *, notes, *, allow",         // 6
	"p, role:intern, *, notes, write, deny",     // 7
	"p, role:suspended, *, *, *, deny",          // 8
	"p, alice, *, notes, share, allow",          // 9
	"p, bob, globex, bills, read, allow",        // 10
	"g, role:editor, role:viewer, *",            // 11
	"g, alice, role:editor, *",                  // 12
	"g, bob, role:editor, acme",                 // 13
	"g, carol, role:admin, globex",              // 14
	"g, dave, role:editor, *",                   // 15
	"g, dave, role:intern, acme",                // 16
	"g, plain, group, *",                        // 17: a role without the prefix
	"p, group, *, notes, read, allow",           // 18
	"p, role:editor, globex, notes, read, deny", // 19
}

func TestDecisions(t *testing.T) {
	e := newEngine(t, office...)
	for name, test := range map[string]struct {
		req  rbac.Request
		want string // effect, line of the rule or 0, chain
	}{
		"own rule":                        {rbac.Request{Subject: "alice", Object: "notes", Action: "share"}, "allow 9 [alice]"},
		"role":                            {rbac.Request{Subject: "alice", Object: "notes", Action: "write"}, "allow 2 [alice role:editor]"},
		"inherited role":                  {rbac.Request{Subject: "alice", Object: "notes", Action: "read"}, "allow 1 [alice role:editor role:viewer]"},
		"no rule for the action":          {rbac.Request{Subject: "alice", Object: "notes", Action: "delete"}, "deny 0 []"},
		"no rule for the object":          {rbac.Request{Subject: "alice", Object: "bills", Action: "read"}, "deny 0 []"},
		"unknown subject":                 {rbac.Request{Subject: "mallory", Object: "notes", Action: "read"}, "deny 0 []"},
		"names are case-sensitive":        {rbac.Request{Subject: "Alice", Object: "notes", Action: "read"}, "deny 0 []"},
		"rule for every tenant":           {rbac.Request{Subject: "alice", Tenant: "acme", Object: "notes", Action: "write"}, "allow 2 [alice role:editor]"},
		"tenant nobody heard of":          {rbac.Request{Subject: "alice", Tenant: "new", Object: "notes", Action: "write"}, "allow 2 [alice role:editor]"},
		"rule of a tenant":                {rbac.Request{Subject: "alice", Tenant: "acme", Object: "bills", Action: "read"}, "allow 3 [alice role:editor]"},
		"rule of another tenant":          {rbac.Request{Subject: "alice", Tenant: "other", Object: "bills", Action: "read"}, "deny 0 []"},
		"role in its tenant":              {rbac.Request{Subject: "bob", Tenant: "acme", Object: "notes", Action: "write"}, "allow 2 [bob role:editor]"},
		"tenant's role, shared hierarchy": {rbac.Request{Subject: "bob", Tenant: "acme", Object: "notes", Action: "read"}, "allow 1 [bob role:editor role:viewer]"},
		"role in another tenant":          {rbac.Request{Subject: "bob", Tenant: "globex", Object: "notes", Action: "write"}, "deny 0 []"},
		"role in a tenant, none asked":    {rbac.Request{Subject: "bob", Object: "notes", Action: "write"}, "deny 0 []"},
		"own rule in a tenant":            {rbac.Request{Subject: "bob", Tenant: "globex", Object: "bills", Action: "read"}, "allow 10 [bob]"},
		"wildcards":                       {rbac.Request{Subject: "carol", Tenant: "globex", Object: "anything", Action: "whatever"}, "allow 4 [carol role:admin]"},
		"wildcards elsewhere":             {rbac.Request{Subject: "carol", Tenant: "acme", Object: "anything", Action: "whatever"}, "deny 0 []"},
		"every object, one action":        {rbac.Request{Subject: "x", Roles: []string{"auditor"}, Object: "bills", Action: "read"}, "allow 5 [x role:auditor]"},
		"every object, other action":      {rbac.Request{Subject: "x", Roles: []string{"auditor"}, Object: "bills", Action: "write"}, "deny 0 []"},
		"one object, every action":        {rbac.Request{Subject: "x", Roles: []string{"owner"}, Object: "notes", Action: "burn"}, "allow 6 [x role:owner]"},
		"a deny wins":                     {rbac.Request{Subject: "dave", Tenant: "acme", Object: "notes", Action: "write"}, "deny 7 [dave role:intern]"},
		"a deny in another tenant":        {rbac.Request{Subject: "dave", Tenant: "globex", Object: "notes", Action: "write"}, "allow 2 [dave role:editor]"},
		"a deny of a tenant":              {rbac.Request{Subject: "alice", Tenant: "globex", Object: "notes", Action: "read"}, "deny 19 [alice role:editor]"},
		"vouched role":                    {rbac.Request{Subject: "x", Roles: []string{"editor"}, Object: "notes", Action: "read"}, "allow 1 [x role:editor role:viewer]"},
		"vouched role with prefix":        {rbac.Request{Subject: "x", Roles: []string{"role:editor"}, Object: "notes", Action: "read"}, "allow 1 [x role:editor role:viewer]"},
		"vouched twice":                   {rbac.Request{Subject: "x", Roles: []string{"editor", "role:editor"}, Object: "notes", Action: "write"}, "allow 2 [x role:editor]"},
		"vouched and unknown":             {rbac.Request{Subject: "x", Roles: []string{"", "?", "editor"}, Object: "notes", Action: "write"}, "allow 2 [x role:editor]"},
		"a vouched role denies":           {rbac.Request{Subject: "alice", Roles: []string{"intern"}, Object: "notes", Action: "write"}, "deny 7 [alice role:intern]"},
		"the second vouched role denies":  {rbac.Request{Subject: "x", Roles: []string{"admin", "suspended"}, Object: "notes", Action: "read"}, "deny 8 [x role:suspended]"},
		"role without prefix":             {rbac.Request{Subject: "plain", Object: "notes", Action: "read"}, "allow 18 [plain group]"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := e.Authorize(t.Context(), test.req)
			require.NoError(t, err)
			rule, _ := d.Rule()
			assert.Equal(t, test.want, fmt.Sprint(d.Effect, rule.Line, d.Roles()))
			assert.Equal(t, d.Effect == rbac.Allow, d.Allowed())
			assert.NotEmpty(t, d.Reason())
		})
	}
}

func TestZeroIsDenied(t *testing.T) {
	var d rbac.Decision
	assert.False(t, d.Allowed())
	assert.Equal(t, "deny", d.Effect.String())
	assert.NotEmpty(t, d.Reason())
	assert.Nil(t, d.Roles())
	_, ok := d.Rule()
	assert.False(t, ok)

	_, err := new(rbac.Engine).Authorize(t.Context(), rbac.Request{Subject: "alice", Object: "notes", Action: "read"})
	assert.ErrorIs(t, err, rbac.ErrUnavailable)
	assert.ErrorIs(t, new(rbac.Engine).Reload(t.Context()), rbac.ErrUnavailable)
}

func TestFailsClosed(t *testing.T) {
	e := newEngine(t, append(slices.Clone(office), "g, everything, role:admin, *")...)
	ok := rbac.Request{Subject: "everything", Object: "notes", Action: "read"}
	long := strings.Repeat("x", 2049)
	for name, test := range map[string]struct {
		change func(*rbac.Request)
		reason string
	}{
		"empty subject":   {func(r *rbac.Request) { r.Subject = "" }, "the subject is empty"},
		"empty object":    {func(r *rbac.Request) { r.Object = "" }, "the object or the action is empty"},
		"empty action":    {func(r *rbac.Request) { r.Action = "" }, "the object or the action is empty"},
		"zero":            {func(r *rbac.Request) { *r = rbac.Request{} }, "the subject is empty"},
		"empty with role": {func(r *rbac.Request) { r.Subject, r.Roles = "", []string{"admin"} }, "the subject is empty"},
		"wild subject":    {func(r *rbac.Request) { r.Subject = "*" }, "the request holds the wildcard of the policy"},
		"wild tenant":     {func(r *rbac.Request) { r.Tenant = "*" }, "the request holds the wildcard of the policy"},
		"wild object":     {func(r *rbac.Request) { r.Object = "*" }, "the request holds the wildcard of the policy"},
		"wild action":     {func(r *rbac.Request) { r.Action = "*" }, "the request holds the wildcard of the policy"},
		"long subject":    {func(r *rbac.Request) { r.Subject = long }, "a value of the request is too long"},
		"long tenant":     {func(r *rbac.Request) { r.Tenant = long }, "a value of the request is too long"},
		"long object":     {func(r *rbac.Request) { r.Object = long }, "a value of the request is too long"},
		"long action":     {func(r *rbac.Request) { r.Action = long }, "a value of the request is too long"},
		"101 roles":       {func(r *rbac.Request) { r.Roles = make([]string, 101) }, "the token vouches for too many roles"},
		"role as subject": {func(r *rbac.Request) { r.Subject = "role:admin" }, "the subject has the name of a role"},
		"no such role":    {func(r *rbac.Request) { r.Subject = "role:new" }, "the subject has the name of a role"},
		"group's name":    {func(r *rbac.Request) { r.Subject = "group" }, "the subject has the name of a role"},
	} {
		t.Run(name, func(t *testing.T) {
			req := ok
			test.change(&req)
			d, err := e.Authorize(t.Context(), req)
			require.NoError(t, err)
			assert.False(t, d.Allowed())
			assert.Equal(t, test.reason, d.Reason())
		})
	}
	ok.Roles = make([]string, 100)
	d, err := e.Authorize(t.Context(), ok)
	require.NoError(t, err)
	assert.True(t, d.Allowed(), "what each case changes was allowed before")
}

func TestClaimedRoleCannotNameAPerson(t *testing.T) {
	e := newEngine(t, office...)
	for _, claim := range []string{"alice", "role:alice", " alice", "role:role:editor", "group", "role:group", "ROLE:editor", "Role:admin", "role: admin"} {
		for _, action := range []string{"share", "read", "write"} {
			d, err := e.Authorize(t.Context(), rbac.Request{Subject: "mallory", Roles: []string{claim}, Object: "notes", Action: action})
			require.NoError(t, err)
			assert.False(t, d.Allowed(), "%q %s", claim, action)
		}
	}
}

func TestEndedContextIsNoDecision(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d, err := newEngine(t, allowed).Authorize(ctx, rbac.Request{Subject: "alice", Object: "notes", Action: "read"})
	assert.ErrorIs(t, err, rbac.ErrUnavailable)
	assert.ErrorIs(t, err, context.Canceled)
	assert.False(t, d.Allowed())
	var refusal *rbac.Error
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, 503, refusal.HTTPStatus())
	assert.NotEmpty(t, refusal.Header().Get("Retry-After"))
}

// plainCasbin is Casbin as its users set it up, with the published model and a policy file.
func plainCasbin(t *testing.T, lines ...string) *casbin.Enforcer {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.csv")
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600))
	e, err := casbin.NewEnforcer("model.conf", fileadapter.NewAdapter(path))
	require.NoError(t, err)
	return e
}

// randomPolicy returns rules about a few names, so that requests about them meet rules often. Roles inherit only from roles with
// a higher number, which makes no circle.
func randomPolicy(rng *rand.Rand) []string {
	pick := func(from ...string) string { return from[rng.IntN(len(from))] }
	lines := map[string]bool{}
	for range 3 + rng.IntN(12) {
		lines[fmt.Sprintf("p, %s, %s, %s, %s, %s", pick("u0", "u1", "role:r0", "role:r1", "role:r2", "role:r3", "role:r4"), pick("*", "*", "t0", "t1"),
			pick("*", "o0", "o1"), pick("*", "a0", "a1"), pick("allow", "allow", "allow", "deny"))] = true
	}
	for range rng.IntN(8) {
		low := rng.IntN(4)
		lines[fmt.Sprintf("g, role:r%d, role:r%d, %s", low, low+1+rng.IntN(4-low), pick("*", "*", "t0", "t2"))] = true
	}
	for range rng.IntN(5) {
		lines[fmt.Sprintf("g, u%d, role:r%d, %s", rng.IntN(3), rng.IntN(5), pick("*", "t0", "t1", "t2"))] = true
	}
	policy := make([]string, 0, len(lines))
	for line := range lines {
		policy = append(policy, line)
	}
	slices.Sort(policy)
	rng.Shuffle(len(policy), func(i, j int) { policy[i], policy[j] = policy[j], policy[i] })
	return policy
}

// A vouched role is, for plain Casbin, a g line more.
func TestDecidesAsPlainCasbinDoes(t *testing.T) {
	effects := map[rbac.Effect]int{}
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 5))
		lines := randomPolicy(rng)
		e := newEngine(t, lines...)
		for range 8 {
			pick := func(from ...string) string { return from[rng.IntN(len(from))] }
			req := rbac.Request{Subject: pick("u0", "u1", "u2", "nobody"), Tenant: pick("", "t0", "t1", "t2", "t3"), Object: pick("o0", "o1", "o9"), Action: pick("a0", "a1", "a9")}
			with := slices.Clone(lines)
			for range rng.IntN(3) {
				role := pick("r0", "r1", "r2", "r3", "r4", "r9")
				req.Roles = append(req.Roles, role)
				with = append(with, "g, "+req.Subject+", role:"+role+", *")
			}
			tenant := req.Tenant
			if tenant == "" {
				tenant = "*"
			}
			want, err := plainCasbin(t, with...).Enforce(req.Subject, tenant, req.Object, req.Action)
			require.NoError(t, err)
			d, err := e.Authorize(t.Context(), req)
			require.NoError(t, err)
			require.Equal(t, want, d.Allowed(), "%+v\n%s", req, strings.Join(lines, "\n"))
			effects[d.Effect]++
			if rule, ok := d.Rule(); ok {
				chain := d.Roles()
				require.Equal(t, req.Subject, chain[0])
				require.Equal(t, rule.Subject, chain[len(chain)-1])
			}
		}
	}
	assert.Greater(t, effects[rbac.Allow], 100, "the comparison has met both effects")
	assert.Greater(t, effects[rbac.Deny], 100)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestMemoryDoesNotGrowWithUnknownNames(t *testing.T) {
	const rounds, size = 1_500, 2_000 // what is remembered would be 3 MB at least
	name := func(i int) string { return fmt.Sprintf("%0*d", size, i) }

	e := newEngine(t, office...)
	grown := func(req func(i int) rbac.Request) int64 {
		before := heap()
		for i := range rounds {
			_, err := e.Authorize(t.Context(), req(i))
			require.NoError(t, err)
		}
		after := heap()
		runtime.KeepAlive(e)
		return int64(after) - int64(before)
	}
	for what, req := range map[string]func(i int) rbac.Request{
		"subject": func(i int) rbac.Request { return rbac.Request{Subject: name(i), Object: "notes", Action: "read"} },
		"role": func(i int) rbac.Request {
			return rbac.Request{Subject: "alice", Roles: []string{name(i)}, Object: "notes", Action: "read"}
		},
		"tenant": func(i int) rbac.Request {
			return rbac.Request{Subject: "alice", Tenant: name(i), Object: "notes", Action: "read"}
		},
		"object": func(i int) rbac.Request { return rbac.Request{Subject: "alice", Object: name(i), Action: "read"} },
		"action": func(i int) rbac.Request { return rbac.Request{Subject: "alice", Object: "notes", Action: name(i)} },
	} {
		assert.Less(t, grown(req), int64(1<<20), what)
	}

	// Plain Casbin remembers every subject: the measurement can fail.
	c := plainCasbin(t, office...)
	before := heap()
	for i := range rounds {
		_, err := c.Enforce(name(i), "*", "notes", "read")
		require.NoError(t, err)
	}
	assert.Greater(t, int64(heap())-int64(before), int64(2<<20))
	runtime.KeepAlive(c)
}

func TestModelIsValid(t *testing.T) {
	_, err := model.NewModelFromFile("model.conf")
	assert.NoError(t, err)
}

func BenchmarkAuthorize(b *testing.B) {
	e, err := rbac.New(rbac.Config{Source: rbac.Rules(office...), Subject: header})
	require.NoError(b, err)
	req := rbac.Request{Subject: "alice", Tenant: "acme", Object: "notes", Action: "read"}
	b.ReportAllocs()
	for b.Loop() {
		if d, err := e.Authorize(b.Context(), req); err != nil || !d.Allowed() {
			b.Fatal(d, err)
		}
	}
}

// A role that the issuer spells in another way than the policy gives nothing; the reason says so, without naming what came with the request.
func TestVouchedRoleThatThePolicyDoesNotKnow(t *testing.T) {
	e := newEngine(t, office...)
	for name, test := range map[string]struct {
		roles []string
		want  string
	}{
		"none":        {nil, "no rule allows it"},
		"empty":       {[]string{"", "role:"}, "no rule allows it"},
		"unknown":     {[]string{"Canary"}, "no rule allows it, and the policy has no line about a role that was vouched for"},
		"one of two":  {[]string{"viewer", "Canary"}, "no rule allows it, and the policy has no line about a role that was vouched for"},
		"all known":   {[]string{"viewer"}, "no rule allows it"},
		"with prefix": {[]string{"role:Canary"}, "no rule allows it, and the policy has no line about a role that was vouched for"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := e.Authorize(t.Context(), rbac.Request{Subject: "zoe", Roles: test.roles, Object: "notes", Action: "shred"})
			require.NoError(t, err)
			assert.False(t, d.Allowed())
			assert.Equal(t, test.want, d.Reason())
		})
	}
	d, err := e.Authorize(t.Context(), rbac.Request{Subject: "zoe", Roles: []string{"viewer", "Canary"}, Object: "notes", Action: "read"})
	require.NoError(t, err)
	assert.True(t, d.Allowed(), "a role of another application is no obstacle")
}
