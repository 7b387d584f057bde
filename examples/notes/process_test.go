package main_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/tlsutil"
)

// program is built once; every test starts it as a process of its own.
var program string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "notes")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "notes.exe")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

const (
	alicePassword = "alice likes long passwords"
	bobPassword   = "bob likes long passwords"
	adminPassword = "admin likes long passwords"
	seedPasswords = "alice:" + alicePassword + ",bob:" + bobPassword + ",admin:" + adminPassword
)

// service is a running program.
type service struct {
	t        *testing.T
	cmd      *exec.Cmd
	https    string // https://127.0.0.1:port
	redirect string // http://127.0.0.1:port
	client   *http.Client
	stdout   string
	stderr   *lockedBuffer
	done     chan error
}

// start runs the program with its data in dir, on free ports.
func start(t *testing.T, dir string, env ...string) *service {
	t.Helper()
	s := &service{t: t, stderr: &lockedBuffer{}, done: make(chan error, 1)}
	s.cmd = command(context.Background(), dir, env...)
	s.cmd.Stderr = s.stderr
	out, err := s.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, s.cmd.Start())

	greeting := make(chan string, 1)
	go func() {
		var text strings.Builder
		for lines := bufio.NewScanner(out); lines.Scan(); {
			text.WriteString(lines.Text() + "\n")
			if strings.Contains(lines.Text(), "notes?q=") { // the last line
				greeting <- text.String()
			}
		}
		s.done <- s.cmd.Wait()
	}()
	t.Cleanup(func() { _ = s.cmd.Process.Kill() })
	select {
	case s.stdout = <-greeting:
	case err := <-s.done:
		require.FailNow(t, "the program ended", "%v\n%s", err, s.stderr)
	case <-time.After(30 * time.Second):
		require.FailNow(t, "the program does not start", "%s", s.stderr)
	}
	m := regexp.MustCompile(`listens on (https://\S+); (http://\S+) leads there`).FindStringSubmatch(s.stdout)
	require.Len(t, m, 3, s.stdout)
	s.https, s.redirect = m[1], m[2]

	pem, err := os.ReadFile(filepath.Join(dir, "data", "tls", "ca.pem"))
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(pem))
	s.client, err = tlsutil.HTTPClient(tlsutil.ClientConfig{Roots: roots})
	require.NoError(t, err)
	return s
}

func command(ctx context.Context, dir string, env ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "SYSTEMROOT=" + os.Getenv("SYSTEMROOT"),
		"NOTES_ADDR=127.0.0.1:0", "NOTES_REDIRECT_ADDR=127.0.0.1:0", "NOTES_SEED_PASSWORDS=" + seedPasswords}, env...)
	return cmd
}

// stop asks the program to end, and expects that it drains and exits 0.
func (s *service) stop() {
	s.t.Helper()
	s.client.CloseIdleConnections()
	require.NoError(s.t, s.cmd.Process.Signal(os.Interrupt))
	select {
	case err := <-s.done:
		require.NoError(s.t, err, "the exit status: %s", s.stderr)
	case <-time.After(30 * time.Second):
		require.FailNow(s.t, "the program does not end")
	}
}

// kill ends the program as a crash would.
func (s *service) kill() {
	s.t.Helper()
	require.NoError(s.t, s.cmd.Process.Signal(syscall.SIGKILL))
	<-s.done
	s.client.CloseIdleConnections()
}

// answer is what came back, with its body read.
type answer struct {
	status int
	header http.Header
	text   string
}

// object decodes the body.
func (a answer) object(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.text), &v), a.text)
	return v
}

// list decodes the body.
func (a answer) list(t *testing.T) []map[string]any {
	t.Helper()
	var v []map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.text), &v), a.text)
	return v
}

// call sends a request with a JSON body, if there is one.
func (s *service) call(method, path, token, body string) answer {
	s.t.Helper()
	contentType := ""
	if body != "" {
		contentType = "application/json"
	}
	return s.send(method, path, token, contentType, body)
}

func (s *service) send(method, path, token, contentType, body string) answer {
	s.t.Helper()
	a, err := s.try(method, path, token, contentType, body)
	require.NoError(s.t, err)
	return a
}

func (s *service) try(method, path, token, contentType, body string) (answer, error) {
	req, err := http.NewRequestWithContext(context.Background(), method, s.https+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(text)}, err
}

func (s *service) form(values url.Values) answer {
	s.t.Helper()
	return s.send("POST", "/token", "", "application/x-www-form-urlencoded", values.Encode())
}

type tokens struct{ access, refresh string }

func (s *service) login(name, password string) tokens {
	s.t.Helper()
	a := s.form(url.Values{"grant_type": {"password"}, "username": {name}, "password": {password}})
	require.Equal(s.t, 200, a.status, a.text)
	return s.tokens(a)
}

func (s *service) tokens(a answer) tokens {
	s.t.Helper()
	body := a.object(s.t)
	access, _ := body["access_token"].(string)
	refresh, _ := body["refresh_token"].(string)
	require.NotEmpty(s.t, access)
	require.NotEmpty(s.t, refresh)
	return tokens{access, refresh}
}

// lockedBuffer collects what the program logs.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
