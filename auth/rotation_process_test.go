package auth_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth"
)

// What the test binary does as another process, by a variable of the environment.
const (
	processRole = "AUTH_TEST_PROCESS"
	processPath = "AUTH_TEST_KEYS"
)

func TestMain(m *testing.M) {
	var err error
	switch role := os.Getenv(processRole); role {
	case "":
		os.Exit(m.Run())
	case "stop":
		err = auth.StopBeforeRename(os.Getenv(processPath))
		fmt.Println("stopped", err)
		_, _ = io.Copy(io.Discard, os.Stdin)
	default:
		err = serveNode(role == "rotates")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// The life of a key in these tests: each is published for as long as many looks take, and kept for the life of a token, 1 s.
const (
	shortPublish = 600 * time.Millisecond
	shortRotate  = 800 * time.Millisecond
	shortLife    = time.Second
	shortPoll    = 20 * time.Millisecond
)

// newNode opens the ring of a node, and returns its issuer as well.
func newNode(path string, rotates bool) (*auth.KeyRing, *auth.Issuer, error) {
	k, err := auth.NewKeyRing(auth.KeyRingConfig{Path: path, Logger: quiet})
	if err != nil {
		return nil, nil, err
	}
	rotate := shortRotate
	if !rotates {
		rotate = 0
	}
	k.Hasten(rotate, shortPublish, shortLife, shortPoll)
	i, err := auth.NewIssuer(auth.IssuerConfig{Issuer: testIssuer, Audience: []string{testAudience}, Keys: k, TTL: shortLife, Logger: quiet})
	return k, i, err
}

// serveNode is a node: it answers "issue" with a token, "knows <kid>" with whether it has the key, and a token with "ok" or a refusal.
func serveNode(rotates bool) error {
	k, issuer, err := newNode(os.Getenv(processPath), rotates)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var done sync.WaitGroup
	done.Go(func() { _ = k.Run(ctx) })
	defer done.Wait()
	defer cancel()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		answer := "ok"
		if kid, asks := strings.CutPrefix(lines.Text(), "knows "); asks {
			answer = strconv.FormatBool(k.Knows(kid))
		} else if lines.Text() == "issue" {
			token, err := issuer.Issue(ctx, auth.Grant{Subject: "alice", Client: "web"})
			if answer = token.Value; err != nil {
				answer = "error: " + err.Error()
			}
		} else if _, err := issuer.Verifier().Verify(ctx, lines.Text()); err != nil {
			answer = "error: " + err.Error()
		}
		fmt.Println(answer)
	}
	return nil
}

// process is the test binary in another role.
type process struct {
	t   testing.TB
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func startProcess(t testing.TB, role, path string) *process {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	p := &process{t: t, cmd: exec.CommandContext(t.Context(), self)}
	p.cmd.Env = append(os.Environ(), processRole+"="+role, processPath+"="+path)
	p.cmd.Stderr = os.Stderr
	p.in, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.out = bufio.NewScanner(out)
	require.NoError(t, p.cmd.Start())
	return p
}

func (p *process) read() string {
	p.t.Helper()
	require.True(p.t, p.out.Scan(), "the process has ended")
	return p.out.Text()
}

func (p *process) ask(question string) string {
	p.t.Helper()
	_, err := fmt.Fprintln(p.in, question)
	require.NoError(p.t, err)
	return p.read()
}

// end lets the process end by itself.
func (p *process) end() {
	p.t.Helper()
	require.NoError(p.t, p.in.Close())
	require.NoError(p.t, p.cmd.Wait())
}

// Two processes share a file, issue tokens and verify those of each other, while six keys follow one another.
func TestRotationBetweenTwoProcessesRefusesNoValidToken(t *testing.T) {
	for _, role := range []string{"follows", "rotates"} {
		t.Run(role, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keys.json")
			k, issuer, err := newNode(path, true)
			require.NoError(t, err)
			stop := run(t, k)
			defer stop()
			other := startProcess(t, role, path)

			here, there := map[string]bool{}, map[string]bool{} // the keys that have signed
			var live []auth.Token
			verified := 0
			deadline := time.Now().Add(2 * time.Minute)
			for (len(here) < 6 || len(there) < 6) && time.Now().Before(deadline) {
				token, err := issuer.Issue(t.Context(), auth.Grant{Subject: "alice", Client: "web"})
				require.NoError(t, err)
				here[kidOf(t, token.Value)] = true
				issued := time.Now().Truncate(time.Second)
				theirs := other.ask("issue")
				require.NotContains(t, theirs, "error")
				there[kidOf(t, theirs)] = true
				// Tokens are verified while they are new and once more when they are old.
				live = append(live, token, auth.Token{Value: theirs, Expiry: issued.Add(shortLife)})
				check := []auth.Token{token, live[len(live)-1]}
				for len(live) > 0 && time.Until(live[0].Expiry) < shortLife/4 {
					check, live = append(check, live[0]), live[1:]
				}
				for _, token := range check {
					answer := other.ask(token.Value)
					_, err := issuer.Verifier().Verify(t.Context(), token.Value)
					if time.Now().After(token.Expiry) { // too late for this one: its key may be gone
						continue
					}
					require.NoError(t, err)
					require.Equal(t, "ok", answer)
					verified++
				}
			}
			other.end()
			assert.GreaterOrEqual(t, len(here), 6, "five rotations were seen here")
			assert.GreaterOrEqual(t, len(there), 6, "and there")
			assert.Greater(t, verified, 100)
			stop()
			require.NoError(t, k.Look(t.Context()))
			assert.LessOrEqual(t, len(k.States()), 6)
			assert.LessOrEqual(t, len(there), len(here)+1, "two that rotate rotate no faster")
			info, err := os.Stat(path)
			require.NoError(t, err)
			assert.Equal(t, os.FileMode(0o600), info.Mode())
		})
	}
}

// A key is in the file, and signs nothing yet, when the other process learns of it.
func TestNextKeyIsKnownToTheOtherProcessBeforeItSigns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	k, _, err := newNode(path, false)
	require.NoError(t, err)
	k.Hasten(0, time.Hour, time.Hour, time.Hour)
	other := startProcess(t, "follows", path)
	first := other.ask("issue")
	require.NoError(t, k.Rotate(t.Context()))
	var next string
	for id, state := range k.States() {
		if state == "next" {
			next = id
		}
	}
	require.NotEmpty(t, next)
	require.Eventually(t, func() bool { return other.ask("knows "+next) == "true" }, time.Minute, shortPoll)
	assert.Equal(t, kidOf(t, first), kidOf(t, other.ask("issue")))
	other.end()
}

// kill -9 between the new file and its rename: the lock is free, the file is the old one, and what was left behind is in nobody's way.
func TestWriterThatIsKilled(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keys.json")
	k, err := openRing(path)
	require.NoError(t, err)
	before, err := os.ReadFile(path)
	require.NoError(t, err)

	writer := startProcess(t, "stop", path)
	require.Equal(t, "stopped <nil>", writer.read())
	assert.ErrorIs(t, k.TryRotate(t.Context()), auth.ErrLocked)
	waiting, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	assert.ErrorIs(t, k.Rotate(waiting), context.DeadlineExceeded)

	require.NoError(t, writer.cmd.Process.Kill())
	require.Error(t, writer.cmd.Wait())
	assert.FileExists(t, filepath.Join(dir, ".keys.json.new"), "it was in the middle of it")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, before, after)
	_, err = openRing(path)
	require.NoError(t, err)

	require.NoError(t, k.Rotate(t.Context()))
	assert.Len(t, k.States(), 2)
	assert.NoFileExists(t, filepath.Join(dir, ".keys.json.new"))
	again, err := openRing(path)
	require.NoError(t, err)
	assert.Equal(t, k.States(), again.States())
}

// A writer that is stopped for good is noticed: the first look without the lock may be another's turn, the second is not.
func TestLockThatIsNeverGivenBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	writer := startProcess(t, "stop", keyFileAt(t, path))
	require.Equal(t, "stopped <nil>", writer.read())
	var log logBuffer
	k, err := auth.NewKeyRing(auth.KeyRingConfig{Path: path, Logger: log.logger()}) // its key is due since long
	require.NoError(t, err)
	k.Hasten(time.Hour, time.Minute, time.Hour, 5*time.Millisecond)
	stop := run(t, k)
	defer stop()
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "somebody else holds the lock") }, time.Minute, shortPoll)
	writer.end()
	require.Eventually(t, func() bool { return len(k.States()) == 2 }, time.Minute, shortPoll)
}

// keyFileAt writes a key file with one old key to path.
func keyFileAt(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(keyFile(t, testKey{"k", "ES256", p256()}.jwk(t, "active")))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return path
}
