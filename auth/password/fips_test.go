package password_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/password"
)

// A process that may compute approved functions only (GODEBUG=fips140=only) refuses PBKDF2 with a salt under 16 bytes. That is no
// wrong password. It runs in a process of its own, because the setting is read at the start.
func TestFunctionThatMayNotBeComputedIsAnErrorAndNotANo(t *testing.T) {
	const child = "SALLYPORT_TEST_FIPS"
	if os.Getenv(child) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), child+"=1", "GODEBUG=fips140=only")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		return
	}
	res, err := password.Cheap(1).Verify(t.Context(), staple, foreign["Django pbkdf2_sha256"])
	assert.ErrorIs(t, err, password.ErrEncoding)
	assert.Equal(t, password.Result{}, res)
}
