package clients_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The public and the confidential client of examples/fastapi, and its user.
const (
	publicID         = "fastapi"
	webID, webSecret = "web", "s3cret"
	userName, userPW = "johndoe", "secret"
	deadline         = 60 * time.Second
)

// program is examples/fastapi, built once.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "fastapi")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "fastapi")
	build := exec.Command("go", "build", "-o", file, "./fastapi")
	build.Dir = "../../examples"
	build.Stderr = os.Stderr
	return file, build.Run()
})

func TestMain(m *testing.M) {
	code := m.Run()
	if file, err := program(); err == nil {
		_ = os.RemoveAll(filepath.Dir(file)) // a folder that stays behind is no failure
	}
	os.Exit(code)
}

// start runs the program and returns its base URL.
func start(t *testing.T) string {
	t.Helper()
	file, err := program()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	c := exec.CommandContext(ctx, file, "-addr", "127.0.0.1:0")
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 10 * time.Second
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	t.Cleanup(func() {
		cancel()
		_ = c.Wait() // says that the context ended
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(strings.TrimPrefix(line, "listening on "))
}

// counted is a client that counts its requests to the token endpoint.
func counted(n *int) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: 5 * time.Second}).DialContext
	return &http.Client{Timeout: 20 * time.Second, Transport: counter{transport, n}}
}

type counter struct {
	http.RoundTripper
	n *int
}

func (c counter) RoundTrip(r *http.Request) (*http.Response, error) {
	*c.n++
	return c.RoundTripper.RoundTrip(r)
}
