package clients_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestJavaScriptClients(t *testing.T) {
	node := os.Getenv("SALLYPORT_TEST_NODE")
	if node == "" {
		t.Skip("SALLYPORT_TEST_NODE is empty")
	}
	c := exec.CommandContext(t.Context(), node, "--test", "--test-reporter=spec", ".")
	c.Dir = "npm"
	c.Env = append(os.Environ(), "BASE="+start(t))
	out, err := c.CombinedOutput()
	t.Logf("%s", out)
	require.NoError(t, err)
}
