package redisstore_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// server is a Redis of the test's own, in a directory of its own, that may be killed and started again.
type server struct {
	addr string
	args []string
	cmd  *exec.Cmd
}

// newServer starts one. Like the tests of the shared one it needs SALLYPORT_TEST_REDIS, and the program redis-server besides.
func newServer(t *testing.T, args ...string) *server {
	t.Helper()
	if os.Getenv(envRedis) == "" {
		t.Skipf("%s is not set", envRedis)
	}
	port, bus := freePort(t), freePort(t)
	s := &server{addr: "127.0.0.1:" + port}
	s.args = append([]string{"--bind", "127.0.0.1", "--port", port, "--dir", t.TempDir(), "--save", "", "--cluster-port", bus}, args...)
	s.start(t)
	t.Cleanup(func() { s.kill(t) })
	return s
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// start returns when the server answers.
func (s *server) start(t *testing.T) {
	t.Helper()
	s.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), "redis-server", s.args...)
	require.NoError(t, s.cmd.Start())
	client := redis.NewClient(s.options())
	defer func() { _ = client.Close() }()
	require.Eventually(t, func() bool { return client.Ping(t.Context()).Err() == nil }, 20*time.Second, 5*time.Millisecond)
}

// kill ends the server as a loss of power would end it, but for what the operating system has not yet written.
func (s *server) kill(t *testing.T) {
	t.Helper()
	if s.cmd == nil {
		return
	}
	require.NoError(t, s.cmd.Process.Kill())
	_ = s.cmd.Wait() // reports the kill
	s.cmd = nil
}

func (s *server) options() *redis.Options {
	return &redis.Options{Addr: s.addr, ContextTimeoutEnabled: true, DialerRetries: 1}
}
