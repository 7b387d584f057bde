package archtest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/internal/archtest"
)

func TestArrowsOfThisModule(t *testing.T) {
	faults, err := archtest.Check("../..")
	require.NoError(t, err)
	assert.Empty(t, faults, strings.Join(faults, "\n"))
}

// Each violation is planted in a small module and must be found; each honest arrow must pass.
func TestPlantedViolationIsFound(t *testing.T) {
	const ours = "github.com/sallyport-go/sallyport/"
	for name, c := range map[string]struct {
		file, imported, fault string
	}{
		"house to house":                  {"rbac/a.go", ours + "auth", "rbac imports " + ours + "auth: the five packages meet by function seams, never by import"},
		"house to a room of another":      {"auth/oauth/a.go", ours + "validate/openapi", "auth/oauth imports " + ours + "validate/openapi: the five packages meet by function seams, never by import"},
		"house to house in a test":        {"rbac/a_test.go", ours + "auth", "rbac imports " + ours + "auth in a test: the five packages meet by function seams, never by import"},
		"house to house on windows only":  {"rbac/a_windows.go", ours + "auth", "rbac imports " + ours + "auth: the five packages meet by function seams, never by import"},
		"house to bench":                  {"auth/a.go", ours + "internal/bench", "auth imports " + ours + "internal/bench: the five packages meet by function seams, never by import"},
		"common room to a house":          {"internal/event/a.go", ours + "auth", "internal/event imports " + ours + "auth: the common rooms lean on nobody"},
		"password to auth":                {"auth/password/a.go", ours + "auth", "auth/password imports " + ours + "auth: it stands alone"},
		"jwx outside jose":                {"auth/a.go", "github.com/lestrrat-go/jwx/v2/jwt", "auth imports github.com/lestrrat-go/jwx/v2/jwt: only auth/internal/jose may"},
		"jwx in a test outside jose":      {"auth/a_test.go", "github.com/lestrrat-go/jwx/v2/jwt", "auth imports github.com/lestrrat-go/jwx/v2/jwt in a test: only auth/internal/jose may"},
		"a driver in the root module":     {"sqlguard/a_test.go", "modernc.org/sqlite", "sqlguard imports modernc.org/sqlite in a test: it is not among the dependencies of the root module"},
		"testify outside tests":           {"auth/authtest/a.go", "github.com/stretchr/testify/require", "auth/authtest imports github.com/stretchr/testify/require: it is for tests only"},
		"a light package that grew heavy": {"tlsutil/a.go", "github.com/casbin/casbin/v2", "tlsutil brings in github.com/casbin/casbin/v2: it may add nothing outside golang.org/x"},
		"honest common room":              {"rbac/a.go", ours + "internal/problem", ""},
		"honest own room":                 {"auth/a.go", ours + "auth/internal/jose", ""},
		"honest jose":                     {"auth/internal/jose/a.go", "github.com/lestrrat-go/jwx/v2/jwk", ""},
		"honest x":                        {"tlsutil/a.go", "golang.org/x/crypto/acme/autocert", ""},
		"honest testify":                  {"tlsutil/a_test.go", "github.com/stretchr/testify/require", ""},
	} {
		t.Run(name, func(t *testing.T) {
			faults, err := archtest.Check(plant(t, c.file, c.imported))
			require.NoError(t, err)
			if c.fault == "" {
				assert.Empty(t, faults)
				return
			}
			assert.Contains(t, faults, c.fault)
		})
	}
}

func TestHeavinessIsFoundBehindOwnRooms(t *testing.T) {
	root := plant(t, "tlsutil/a.go", "github.com/sallyport-go/sallyport/tlsutil/internal/x")
	write(t, filepath.Join(root, "tlsutil/internal/x/x.go"), "github.com/casbin/casbin/v2")
	faults, err := archtest.Check(root)
	require.NoError(t, err)
	assert.Contains(t, faults, "tlsutil brings in github.com/casbin/casbin/v2: it may add nothing outside golang.org/x")
}

func TestNestedModulesAreLeftOut(t *testing.T) {
	root := plant(t, "sqlguard/vet/a.go", "golang.org/x/tools/go/analysis")
	require.NoError(t, os.WriteFile(filepath.Join(root, "sqlguard/vet/go.mod"), []byte("module x\n"), 0o600))
	faults, err := archtest.Check(root)
	require.NoError(t, err)
	assert.Empty(t, faults)
}

func plant(t *testing.T, file, imported string) (root string) {
	t.Helper()
	root = t.TempDir()
	write(t, filepath.Join(root, filepath.FromSlash(file)), imported)
	return root
}

func write(t *testing.T, file, imported string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
	require.NoError(t, os.WriteFile(file, []byte("package x\n\nimport _ \""+imported+"\"\n"), 0o600))
}
