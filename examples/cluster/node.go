package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
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
	"time"
)

// The users of examples/notes.
const (
	alicePassword = "alice likes long passwords"
	bobPassword   = "bob likes long passwords"
)

// node is a process of examples/notes.
type node struct {
	base   string
	client *http.Client
	cmd    *exec.Cmd
	ended  chan struct{}
	once   sync.Once
}

var listening = regexp.MustCompile(`notes listens on (https://[^;]+);`)

func startNode(ctx context.Context, program, dir string, s settings) (*node, error) {
	n := &node{cmd: exec.CommandContext(ctx, program), ended: make(chan struct{})}
	n.cmd.Dir = dir
	n.cmd.Env = append(os.Environ(), "NOTES_ADDR=127.0.0.1:0", "NOTES_REDIRECT_ADDR=127.0.0.1:0", "NOTES_DATA="+dir, "NOTES_DB="+s.db, "NOTES_LOGINS="+s.logins,
		"NOTES_SEED_PASSWORDS=alice:"+alicePassword+",bob:"+bobPassword)
	said := &strings.Builder{}
	n.cmd.Stderr = said
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := n.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	found := listening.FindStringSubmatch(line)
	if err != nil || found == nil {
		_ = n.cmd.Wait() // what it said is the reason
		return nil, fmt.Errorf("did not start: %s", said)
	}
	go func() {
		_, _ = io.Copy(io.Discard, out)
		_ = n.cmd.Wait() // a node that was killed is no failure
		close(n.ended)
	}()
	n.base = found[1]
	n.client, err = trusting(filepath.Join(dir, "tls"))
	return n, err
}

// trusting returns a client for the development certificates in the folder.
func trusting(dir string) (*http.Client, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.pem"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		roots.AppendCertsFromPEM(text)
	}
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, MaxIdleConnsPerHost: 64}}, nil
}

// kill ends the process as a crash does.
func (n *node) kill() {
	n.once.Do(func() { _ = n.cmd.Process.Kill() }) // it may have ended by itself
	<-n.ended
}

// tokens is an answer of the token endpoint.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Error   string `json:"error"`
	status  int
}

func (n *node) post(ctx context.Context, path string, form url.Values) (tokens, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, n.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return tokens{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := n.client.Do(r)
	if err != nil {
		return tokens{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return tokens{}, err
	}
	t := tokens{status: res.StatusCode}
	if len(body) > 0 {
		err = json.Unmarshal(body, &t)
	}
	return t, err
}

func (n *node) login(ctx context.Context, name, password string) (tokens, error) {
	return n.post(ctx, "/token", url.Values{"grant_type": {"password"}, "username": {name}, "password": {password}})
}

func (n *node) refresh(ctx context.Context, token string) (tokens, error) {
	return n.post(ctx, "/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

// use returns the status of a request with the token.
func (n *node) use(ctx context.Context, token string) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, n.base+"/users/me", nil)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := n.client.Do(r)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, errors.Join(discard(res.Body), res.Body.Close())
}

func discard(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}
