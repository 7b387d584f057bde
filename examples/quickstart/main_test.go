package main_test

import (
	"bufio"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/tlsutil"
)

// The program is built and run, and does what its printed line says.
func TestQuickstart(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "quickstart.exe")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, string(out))

	cmd := exec.CommandContext(t.Context(), program, "127.0.0.1:0")
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "AppData="+dir)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	m := regexp.MustCompile(`^curl --cacert "(.+)" (https://\S+) -H 'Authorization: Bearer (\S+)' --json '(.+)'`).FindStringSubmatch(line)
	require.Len(t, m, 5, line)

	pem, err := os.ReadFile(m[1])
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(pem))
	client, err := tlsutil.HTTPClient(tlsutil.ClientConfig{Roots: roots})
	require.NoError(t, err)
	post := func(token, body string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m[2], strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		res, err := client.Do(req)
		require.NoError(t, err)
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return res.StatusCode, string(text)
	}

	status, text := post(m[3], m[4])
	assert.Equal(t, 200, status)
	assert.JSONEq(t, `{"text": "alice greets Bob"}`, text)
	status, _ = post("nonsense", m[4])
	assert.Equal(t, 401, status)
	status, text = post(m[3], `{"name": "", "colour": 1}`)
	assert.Equal(t, 422, status, text)

	client.CloseIdleConnections()
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	assert.NoError(t, cmd.Wait(), "it drains and exits 0")
}

// The first program of README.md is this one, to the letter.
func TestReadmeShowsThisProgram(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	program, err := os.ReadFile("main.go")
	require.NoError(t, err)
	assert.Contains(t, string(readme), "```go\n"+string(program)+"```\n")
	assert.LessOrEqual(t, strings.Count(string(program), "\n"), 80)
	assert.LessOrEqual(t, strings.Count(string(readme), "\n"), 150)
}
