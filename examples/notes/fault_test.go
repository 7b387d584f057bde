package main_test

import (
	"fmt"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A killed process loses nothing that it has acknowledged.
func TestKilledProcessKeepsAcknowledgedWrites(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, db string) {
		dir := t.TempDir()
		s := start(t, dir, db)
		token := s.login("alice", alicePassword).access

		var mu sync.Mutex
		var acknowledged []string
		enough := make(chan struct{})
		var writers sync.WaitGroup
		for w := range 4 {
			writers.Go(func() {
				for i := 0; ; i++ {
					a, err := s.try("POST", "/notes", token, "application/json", fmt.Sprintf(`{"title": "note %d of %d"}`, i, w))
					if err != nil || a.status != 201 {
						return // the process is gone
					}
					mu.Lock()
					acknowledged = append(acknowledged, a.header.Get("Location"))
					if len(acknowledged) == 100 {
						close(enough)
					}
					mu.Unlock()
				}
			})
		}
		select {
		case <-enough:
		case <-time.After(time.Minute):
			require.FailNow(t, "the writers write nothing")
		}
		s.kill()
		writers.Wait()

		s = start(t, dir, db)
		for _, path := range acknowledged {
			require.Equal(t, 200, s.call("GET", path, token, "").status, path)
		}
		s.stop()
	})
}

// While the database cannot be reached the answer is 503, never a pass and never 401; afterwards all works again by itself.
func TestDatabaseGoneAndBack(t *testing.T) {
	through := newProxy(t, postgresSchema(t))
	s := start(t, t.TempDir(), "NOTES_DB="+through.url)
	login := s.login("alice", alicePassword)
	require.Equal(t, 200, s.call("GET", "/notes", login.access, "").status)

	through.cut()
	for _, a := range []answer{
		s.call("GET", "/healthz", "", ""),
		s.call("GET", "/notes", login.access, ""),
		s.call("POST", "/notes", login.access, `{"title": "lost"}`),
		s.form(url.Values{"grant_type": {"password"}, "username": {"alice"}, "password": {alicePassword}}),
		s.form(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {login.refresh}}),
	} {
		assert.Equal(t, 503, a.status, a.text)
		assert.NotEmpty(t, a.header.Get("Retry-After"))
	}
	assert.Equal(t, 401, s.call("GET", "/notes", "no-token", "").status, "who is nobody stays nobody")

	through.mend()
	assert.Equal(t, 200, s.call("GET", "/healthz", "", "").status)
	assert.Equal(t, 200, s.call("GET", "/notes", login.access, "").status)
	assert.Equal(t, 200, s.form(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {login.refresh}}).status, "the refresh token was not used up")
	s.stop()
}

// proxy stands between the program and the database, and can cut the line.
type proxy struct {
	url    string
	target string

	mu    sync.Mutex
	down  bool
	conns map[net.Conn]bool
}

func newProxy(t *testing.T, database string) *proxy {
	t.Helper()
	u, err := url.Parse(database)
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { ln.Close() })
	p := &proxy{target: u.Host, conns: map[net.Conn]bool{}}
	u.Host = ln.Addr().String()
	p.url = u.String()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	t.Cleanup(p.cut)
	return p
}

func (p *proxy) serve(c net.Conn) {
	defer c.Close()
	d, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer d.Close()
	p.mu.Lock()
	if p.down {
		p.mu.Unlock()
		return
	}
	p.conns[c], p.conns[d] = true, true
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.conns, c)
		delete(p.conns, d)
		p.mu.Unlock()
	}()
	go func() {
		_, _ = d.(*net.TCPConn).ReadFrom(c)
		d.Close()
	}()
	_, _ = c.(*net.TCPConn).ReadFrom(d)
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = true
	for c := range p.conns {
		c.Close()
	}
}

func (p *proxy) mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = false
}
