package rbac_test

import (
	"bufio"
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/casbin/casbin/v2/model"
	"github.com/casbin/casbin/v2/persist"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/rbac"
)

// casbinRows reads text as Casbin's file adapter does.
func casbinRows(t *testing.T, m model.Model, text []byte) (p, g [][]string) {
	t.Helper()
	scanner := bufio.NewScanner(bytes.NewReader(text))
	for scanner.Scan() {
		require.NoError(t, persist.LoadPolicyLine(strings.TrimSpace(scanner.Text()), m))
	}
	require.NoError(t, scanner.Err())
	return m["p"]["p"].Policy, m["g"]["g"].Policy
}

// What the strict reader accepts, Casbin reads to the same rules; what it refuses, it refuses with a place.
func FuzzStrictReaderAgreesWithCasbin(f *testing.F) {
	modelText, err := os.ReadFile("model.conf")
	require.NoError(f, err)
	m, err := model.NewModelFromString(string(modelText))
	require.NoError(f, err)
	for _, s := range []string{notesPolicy, allowed, "", "#", " # x", "\ufeffp", "p,a,*,b,c,deny\r\n", "g,\ta, role:b,*", "p, \"a\", *, b, c, allow",
		"p, a , *, b, c, allow", "p, a, *, b, c, allow # x", "p,\u00a0a,*,b,c,allow", "p\x00", "g, a, a, *\ng, a, a, *", "p,a,*,b,c,allow\u2003", "\u0085p,a,*,b,c,allow", "p,,,,,"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, g, faults := rbac.ReadCSV("f.csv", text)
		if len(faults) > 0 {
			for _, err := range faults {
				assert.Regexp(t, `^rbac: f\.csv:[1-9][0-9]*: `, err.Error())
			}
			return
		}
		m.ClearPolicy()
		wantP, wantG := casbinRows(t, m, text)
		assert.Equal(t, wantP, p)
		assert.Equal(t, wantG, g)
	})
}
