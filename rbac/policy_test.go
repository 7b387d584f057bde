package rbac_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/casbin/casbin/v2/model"
	"github.com/casbin/casbin/v2/persist"
	fileadapter "github.com/casbin/casbin/v2/persist/file-adapter"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/rbac"
)

const allowed = "p, alice, *, notes, read, allow"

// policyErr builds an engine on one policy file and returns the faults.
func policyErr(text string) error {
	_, err := rbac.New(rbac.Config{Source: rbac.Files(fstest.MapFS{"policy.csv": {Data: []byte(text)}}, "policy.csv"), Subject: header})
	return err
}

func TestMalformedPolicyIsRefusedWithItsPlace(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"short p":                 {"p, alice, notes, read, allow", "policy.csv:1: a p line has 6 fields and this has 5"},
		"p without effect":        {allowed + "\np, alice, *, notes, read", "policy.csv:2: a p line has 6 fields and this has 5"},
		"overlong p":              {"p, alice, *, notes, read, allow, x", "policy.csv:1: a p line has 6 fields and this has 7"},
		"trailing comma":          {"p, alice, *, notes, read, allow,", "this has 7"},
		"short g":                 {"g, alice, role:x", "policy.csv:1: a g line has 4 fields and this has 3"},
		"overlong g":              {"g, alice, role:x, *, y", "a g line has 4 fields and this has 5"},
		"unknown kind":            {"p2, alice, *, notes, read, allow", "policy.csv:1: a line begins with p or g"},
		"upper case kind":         {"P, alice, *, notes, read, allow", "a line begins with p or g"},
		"no kind":                 {", alice, *, notes, read, allow", "a line begins with p or g"},
		"lone word":               {"allow", `policy.csv:1: a line begins with p or g, then a comma: "p, subject or role`},
		"no p before a rule":      {allowed + "\nadmin, *, notes, read, allow", `policy.csv:2: a line begins with p or g, then a comma: put "p, " before this one`},
		"no p before a denial":    {allowed + "\nadmin, *, notes, read, deny ", `policy.csv:2: a line begins with p or g, then a comma: put "p, " before this one`},
		"no g before a role":      {allowed + "\nalice, role:x, *", `policy.csv:2: a line begins with p or g, then a comma: put "g, " before this one`},
		"no comma":                {"p alice, *, notes, read, allow", `put "p, " before this one`},
		"effect in capitals":      {"p, alice, *, notes, read, Allow", "the effect is neither allow nor deny"},
		"empty effect":            {"p, alice, *, notes, read, ", "the effect is neither allow nor deny"},
		"effect with comment":     {"p, alice, *, notes, read, allow # why", "the effect is neither allow nor deny"},
		"tenant with comment":     {allowed + "\ng, bob, role:x, acme # why", "policy.csv:2: the tenant has a character that is not plain"},
		"empty subject":           {"p, , *, notes, read, allow", "the subject is empty"},
		"empty tenant":            {"p, alice, , notes, read, allow", "the tenant is empty"},
		"empty object":            {"p, alice, *, , read, allow", "the object is empty"},
		"empty action":            {"p, alice, *, notes, , allow", "the action is empty"},
		"empty member":            {"g, , role:x, *", "the member is empty"},
		"empty role":              {"g, alice, , *", "the role is empty"},
		"everybody":               {"p, *, *, notes, read, allow", "the subject is *"},
		"everybody has a role":    {"g, *, role:x, *", "the member is *"},
		"every role":              {"g, alice, *, *", "the role is *"},
		"prefix only":             {"g, alice, role:, *", "the role has nothing after role:"},
		"object pattern":          {"p, alice, *, notes*, read, allow", "the object has a * beside other characters"},
		"tenant pattern":          {"p, alice, ac*, notes, read, allow", "the tenant has a * beside other characters"},
		"subject pattern":         {"p, al*, *, notes, read, allow", "the subject has a * beside other characters"},
		"space before comma":      {"p, alice , *, notes, read, allow", "the subject ends in a space"},
		"quoted":                  {`p, "alice", *, notes, read, allow`, "the subject has a character that is not plain"},
		"quoted comma":            {`p, "alice, bob", *, notes, read, allow`, "this has 7"},
		"tab inside":              {"p, al\tice, *, notes, read, allow", "not plain"},
		"non-breaking space":      {"p, al\u00a0ice, *, notes, read, allow", "not plain"},
		"zero-width space":        {"p, alice\u200b, *, notes, read, allow", "control or invisible"},
		"direction override":      {"# \u202eeverybody may\n" + allowed, "policy.csv:1: the line has a control or invisible character"},
		"NUL":                     {"p, alice\x00, *, notes, read, allow", "control or invisible"},
		"carriage return in line": {"# old mac\r" + allowed, "control or invisible"},
		"not UTF-8":               {"p, alice\xff, *, notes, read, allow", "policy.csv:1: the line is not UTF-8"},
		"byte order mark":         {"\ufeff" + allowed, "policy.csv:1: begins with a byte order mark"},
		"long value":              {"p, " + strings.Repeat("a", 2049) + ", *, notes, read, allow", "the subject has more than 2048 bytes"},
		"long line":               {"# " + strings.Repeat("a", 16<<10), "policy.csv:1: the line has more than 16384 bytes"},
		"repeated p":              {allowed + "\n\n" + allowed, "policy.csv:3: repeats policy.csv:1"},
		"repeated g":              {allowed + "\ng, a, role:x, *\ng,a,role:x,*", "policy.csv:3: repeats policy.csv:2"},
		"empty":                   {"", "the policy has no p line"},
		"only comments":           {"# p, alice, *, notes, read, allow\n\n", "the policy has no p line"},
		"only roles":              {"g, alice, role:x, *", "the policy has no p line"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.ErrorContains(t, policyErr(test.text), test.want)
		})
	}
}

func TestWellFormedPolicyIsRead(t *testing.T) {
	for name, text := range map[string]string{
		"no spaces":         "p,alice,*,notes,read,allow",
		"tabs after commas": "p,\talice,\t*,\tnotes,\tread,\tallow\t",
		"windows lines":     "# windows\r\n" + allowed + "\r\n",
		"indented":          "   " + allowed + "   ",
		"names with spaces": allowed + "\ng, John Smith, role:x, *\np, role:x, Acme Ltd., notes, read, deny",
		"other scripts":     allowed + "\ng, ålice, role:読者, *",
		"colon and slash":   allowed + "\np, https://id.example/7, *, /notes/{id}, GET, allow",
	} {
		t.Run(name, func(t *testing.T) { assert.NoError(t, policyErr(text)) })
	}
}

func TestAllFaultsAreReportedTogether(t *testing.T) {
	_, err := rbac.New(rbac.Config{Source: rbac.Rules("p, a", "g, b", allowed, "x")})
	require.Error(t, err)
	for _, want := range []string{"Config.Subject is nil", "rules:1:", "rules:2:", "rules:4:"} {
		assert.ErrorContains(t, err, want)
	}
	_, err = rbac.New(rbac.Config{})
	assert.ErrorContains(t, err, "rbac: Config.Subject is nil")
	assert.ErrorContains(t, err, "rbac: Config.Source is nil")
}

func TestReportOfFaultsIsBounded(t *testing.T) {
	err := policyErr(strings.Repeat("x\n", 10_000))
	require.Error(t, err)
	assert.Equal(t, 51, strings.Count(err.Error(), "\n")+1)
	assert.ErrorContains(t, err, "and 9950 more faults")
}

func TestRoleCircleIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		links []string
		want  string
	}{
		"itself":                     {[]string{"g, role:a, role:a, *"}, "rules:2: roles inherit in a circle: role:a, role:a (tenant *)"},
		"two":                        {[]string{"g, role:a, role:b, *", "g, role:b, role:a, *"}, "rules:2: roles inherit in a circle: role:a, role:b, role:a (tenant *)"},
		"in one tenant":              {[]string{"g, role:a, role:b, t", "g, role:b, role:a, t"}, "(tenant t)"},
		"across a tenant and shared": {[]string{"g, role:a, role:b, t", "g, role:b, role:a, *"}, "circle: role:a, role:b, role:a (tenant t)"},
		"behind a user":              {[]string{"g, u, role:a, *", "g, role:a, role:b, *", "g, role:b, role:a, *"}, "rules:3: roles inherit in a circle: role:a, role:b, role:a (tenant *)"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := rbac.New(rbac.Config{Source: rbac.Rules(append([]string{allowed}, test.links...)...), Subject: header})
			assert.ErrorContains(t, err, test.want)
		})
	}
}

func TestRolesThatMeetWithoutACircleAreAccepted(t *testing.T) {
	for name, links := range map[string][]string{
		"diamond":                 {"g, u, role:a, *", "g, u, role:b, *", "g, role:a, role:c, *", "g, role:b, role:c, *"},
		"opposite in two tenants": {"g, role:a, role:b, t1", "g, role:b, role:a, t2"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := rbac.New(rbac.Config{Source: rbac.Rules(append([]string{allowed}, links...)...), Subject: header})
			assert.NoError(t, err)
		})
	}
}

// chain returns the links n0 -> n1 -> … of the given number of steps, all in a tenant.
func chain(from, steps int, tenant string) []string {
	var links []string
	for i := range steps {
		links = append(links, fmt.Sprintf("g, role:n%d, role:n%d, %s", from+i, from+i+1, tenant))
	}
	return links
}

func TestDepthIsBoundedAndAllOfItIsFollowed(t *testing.T) {
	policy := append(chain(0, 10, "*"), "p, role:n10, *, notes, read, allow", "g, u, role:n1, t")
	e, err := rbac.New(rbac.Config{Source: rbac.Rules(policy...), Subject: header})
	require.NoError(t, err)
	for _, req := range []rbac.Request{
		{Subject: "u", Tenant: "t", Object: "notes", Action: "read"},                       // 10 steps
		{Subject: "x", Roles: []string{"n0"}, Object: "notes", Action: "read"},             // 10 steps from the vouched role
		{Subject: "x", Roles: []string{"role:n10"}, Object: "notes", Action: "read"},       // none
		{Subject: "u", Tenant: "t", Roles: []string{"?"}, Object: "notes", Action: "read"}, // an unknown role changes nothing
	} {
		d, err := e.Authorize(t.Context(), req)
		require.NoError(t, err)
		assert.True(t, d.Allowed(), req)
	}
	for name, links := range map[string][]string{
		"11 shared":                  chain(0, 11, "*"),
		"11 in a tenant":             chain(0, 11, "t"),
		"shared, tenant":             append(chain(0, 6, "*"), chain(6, 5, "t")...),
		"tenant, shared":             append(chain(0, 5, "t"), chain(5, 6, "*")...),
		"shared, tenant, shared":     append(append(chain(0, 4, "*"), chain(4, 3, "t")...), chain(7, 4, "*")...),
		"very long":                  chain(0, 20_000, "*"),
		"very long circle":           append(chain(0, 20_000, "*"), "g, role:n20000, role:n0, *"),
		"a wide net below the chain": append(chain(0, 10, "*"), "g, u1, role:n0, *", "g, u2, role:n0, *"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := rbac.New(rbac.Config{Source: rbac.Rules(append(links, allowed)...), Subject: header})
			require.Error(t, err)
			assert.Regexp(t, `rules:\d+: (a chain of \d+ steps|roles inherit in a circle)`, err.Error())
		})
	}
}

func TestSourcesThatCannotBeRead(t *testing.T) {
	for name, test := range map[string]struct {
		source rbac.Source
		want   string
	}{
		"missing path":                  {rbac.File(filepath.Join(t.TempDir(), "none.csv")), "none.csv"},
		"empty path":                    {rbac.File(""), "rbac: policy file "},
		"directory":                     {rbac.File(t.TempDir()), "rbac: policy file "},
		"missing in fs":                 {rbac.Files(fstest.MapFS{}, "a.csv", "b.csv"), "rbac: policy file b.csv: open b.csv: file does not exist"},
		"no names":                      {rbac.Files(fstest.MapFS{}), "rbac: Files names no file"},
		"no file system":                {rbac.Files(nil, "a.csv"), "rbac: Files has no file system"},
		"no rules":                      {rbac.Rules(), "the policy has no p line"},
		"two lines in one":              {rbac.Rules(allowed + "\ng, mallory, role:admin, *"), "rules:1: the line has a control"},
		"comment as a rule":             {rbac.Rules(allowed, "# note"), "rules:2: a line of Rules is a p or g line"},
		"nil adapter":                   {rbac.Adapter(nil), "rbac: Adapter has no adapter"},
		"typed nil adapter":             {rbac.Adapter((*fileadapter.Adapter)(nil)), "rbac: adapter: panic"},
		"adapter that panics":           {rbac.Adapter(adapter(func(model.Model) error { panic("driver") })), "rbac: adapter: panic: driver"},
		"adapter that fails":            {rbac.Adapter(adapter(func(model.Model) error { return errors.New("down") })), "rbac: adapter: down"},
		"adapter without rows":          {rbac.Adapter(adapter(func(model.Model) error { return nil })), "the policy has no p line"},
		"adapter that breaks the model": {rbac.Adapter(adapter(func(m model.Model) error { m["p"]["p"] = nil; return nil })), "rbac: adapter: panic"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := rbac.New(rbac.Config{Source: test.source, Subject: header})
			assert.ErrorContains(t, err, test.want)
		})
	}
	_, err := rbac.New(rbac.Config{Source: rbac.Files(fstest.MapFS{}, "a.csv"), Subject: header})
	assert.ErrorIs(t, err, fs.ErrNotExist)
}

func TestAdapterRowsAreCheckedLikeLines(t *testing.T) {
	row := func(section, kind string, values ...string) func(model.Model) error {
		return func(m model.Model) error {
			if m[section][kind] == nil {
				m[section][kind] = &model.Assertion{}
			}
			m[section][kind].Policy = append(m[section][kind].Policy, values) // past Casbin's own checks
			return nil
		}
	}
	for name, test := range map[string]struct {
		fill func(model.Model) error
		want string
	}{
		"short":          {row("p", "p", "alice", "*", "notes", "read"), "adapter:1: a p line has 6 fields"},
		"overlong":       {row("p", "p", "alice", "*", "notes", "read", "allow", ""), "adapter:1: a p line has 6 fields"},
		"no fields":      {row("p", "p"), "adapter:1: a p line has 6 fields"},
		"overlong g":     {row("g", "g", "alice", "role:x", "*", ""), "adapter:1: a g line has 4 fields"},
		"other kind":     {row("p", "p2", "alice", "*", "notes", "read", "allow"), "adapter:1: a line begins with p or g"},
		"effect":         {row("p", "p", "alice", "*", "notes", "read", ""), "adapter:1: the effect is neither"},
		"comma in value": {row("p", "p", "alice,bob", "*", "notes", "read", "allow"), "adapter:1: the subject has a character"},
		"newline":        {row("p", "p", "alice\nbob", "*", "notes", "read", "allow"), "adapter:1: the subject has a character"},
		"not UTF-8":      {row("g", "g", "a\xff", "role:x", "*"), "adapter:1: the member has a character"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := rbac.New(rbac.Config{Source: rbac.Adapter(adapter(test.fill)), Subject: header})
			assert.ErrorContains(t, err, test.want)
		})
	}
}

func TestEverySourceGivesTheSamePolicy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.csv")
	require.NoError(t, os.WriteFile(path, []byte(notesPolicy), 0o600))
	var lines []string
	for line := range strings.Lines(notesPolicy) {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	split := strings.Index(notesPolicy, "# member")
	parts := fstest.MapFS{"p.csv": {Data: []byte(notesPolicy[:split])}, "g.csv": {Data: []byte(notesPolicy[split:])}}
	for name, source := range map[string]rbac.Source{
		"policy.csv:2": rbac.File(path),
		"p.csv:2":      rbac.Files(parts, "g.csv", "p.csv"),
		"rules:1":      rbac.Rules(lines...),
		"adapter:1":    rbac.Adapter(fileadapter.NewAdapter(path)),
	} {
		e, err := rbac.New(rbac.Config{Source: source, Subject: header})
		require.NoError(t, err, name)
		d, err := e.Authorize(t.Context(), rbac.Request{Subject: "alice", Object: "notes", Action: "read"})
		require.NoError(t, err)
		rule, ok := d.Rule()
		require.True(t, ok)
		assert.Equal(t, []string{"alice", "role:editor", "role:viewer"}, d.Roles())
		assert.True(t, strings.HasSuffix(rule.String(), name+": p, role:viewer, *, notes, read, allow"), rule.String())
	}
}

func TestEndlessFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.csv")
	require.NoError(t, os.WriteFile(path, []byte(allowed+"\n"), 0o600))
	require.NoError(t, os.Truncate(path, 64<<20+1))
	_, err := rbac.New(rbac.Config{Source: rbac.File(path), Subject: header})
	assert.ErrorContains(t, err, "the file has more than 67108864 bytes")
}

func TestSourceIsCopied(t *testing.T) {
	lines := []string{allowed}
	source := rbac.Rules(lines...)
	lines[0] = "p, mallory, *, notes, read, allow"
	e, err := rbac.New(rbac.Config{Source: source, Subject: header})
	require.NoError(t, err)
	d, err := e.Authorize(t.Context(), rbac.Request{Subject: "mallory", Object: "notes", Action: "read"})
	require.NoError(t, err)
	assert.False(t, d.Allowed())
}

// adapter is a Casbin adapter that only loads.
type adapter func(model.Model) error

func (a adapter) LoadPolicy(m model.Model) error            { return a(m) }
func (adapter) SavePolicy(model.Model) error                { return errors.ErrUnsupported }
func (adapter) AddPolicy(string, string, []string) error    { return errors.ErrUnsupported }
func (adapter) RemovePolicy(string, string, []string) error { return errors.ErrUnsupported }
func (adapter) RemoveFilteredPolicy(string, string, int, ...string) error {
	return errors.ErrUnsupported
}

var _ persist.Adapter = adapter(nil)
