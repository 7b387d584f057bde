package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
)

type step struct {
	what string
	walk func(ctx context.Context, a, b *node) error
}

// steps run in this order. After the last, node A is gone.
var steps = []step{
	{"a login at A is good at B", loginAtOne},
	{"a refresh token that A has replaced is refused by B, which ends the login at both", reuse},
	{"of forty refreshes of one token at both nodes, one wins", race},
	{"what is revoked at A is refused by B at once", revoke},
	{"guesses at A and at B are counted together", guess},
	{"A is killed under load, and every login goes on at B", killed},
}

// expect compares a status.
func expect(what string, got, want int, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if got != want {
		return fmt.Errorf("%s: status %d, want %d", what, got, want)
	}
	return nil
}

func loginAtOne(ctx context.Context, a, b *node) error {
	t, err := a.login(ctx, "alice", alicePassword)
	if err := expect("login at A", t.status, http.StatusOK, err); err != nil {
		return err
	}
	status, err := b.use(ctx, t.Access)
	if err := expect("use at B", status, http.StatusOK, err); err != nil {
		return err
	}
	next, err := b.refresh(ctx, t.Refresh)
	if err := expect("refresh at B", next.status, http.StatusOK, err); err != nil {
		return err
	}
	status, err = a.use(ctx, next.Access)
	return expect("use at A", status, http.StatusOK, err)
}

func reuse(ctx context.Context, a, b *node) error {
	t, err := a.login(ctx, "alice", alicePassword)
	if err := expect("login at A", t.status, http.StatusOK, err); err != nil {
		return err
	}
	next, err := a.refresh(ctx, t.Refresh)
	if err := expect("refresh at A", next.status, http.StatusOK, err); err != nil {
		return err
	}
	old, err := b.refresh(ctx, t.Refresh)
	if err := expect("the old token at B", old.status, http.StatusBadRequest, err); err != nil {
		return err
	}
	over, err := a.refresh(ctx, next.Refresh)
	return expect("the new token at A", over.status, http.StatusBadRequest, err)
}

func race(ctx context.Context, a, b *node) error {
	t, err := a.login(ctx, "alice", alicePassword)
	if err := expect("login at A", t.status, http.StatusOK, err); err != nil {
		return err
	}
	var won, failed atomic.Int64
	var wg sync.WaitGroup
	for i := range 40 {
		n := a
		if i%2 == 1 {
			n = b
		}
		wg.Go(func() {
			switch got, err := n.refresh(ctx, t.Refresh); {
			case err != nil || got.status >= 500:
				failed.Add(1)
			case got.status == http.StatusOK:
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || failed.Load() != 0 {
		return fmt.Errorf("%d won and %d failed, want 1 and 0", won.Load(), failed.Load())
	}
	return nil
}

func revoke(ctx context.Context, a, b *node) error {
	t, err := a.login(ctx, "alice", alicePassword)
	if err := expect("login at A", t.status, http.StatusOK, err); err != nil {
		return err
	}
	status, err := b.use(ctx, t.Access)
	if err := expect("use at B", status, http.StatusOK, err); err != nil {
		return err
	}
	gone, err := a.post(ctx, "/revoke", url.Values{"token": {t.Refresh}})
	if err := expect("revoke at A", gone.status, http.StatusOK, err); err != nil {
		return err
	}
	status, err = b.use(ctx, t.Access)
	if err := expect("use at B after that", status, http.StatusUnauthorized, err); err != nil {
		return err
	}
	over, err := b.refresh(ctx, t.Refresh)
	return expect("refresh at B after that", over.status, http.StatusBadRequest, err)
}

func guess(ctx context.Context, a, b *node) error {
	for i := range 20 {
		n := a
		if i%2 == 1 {
			n = b
		}
		t, err := n.login(ctx, "bob", "wrong")
		if err == nil && t.status == http.StatusTooManyRequests {
			if i > 12 { // five are free, a few more are delayed
				return fmt.Errorf("the limit came after %d guesses", i)
			}
			t, err = map[*node]*node{a: b, b: a}[n].login(ctx, "bob", bobPassword)
			return expect("the right password at the other node", t.status, http.StatusTooManyRequests, err)
		}
		if err := expect("a guess", t.status, http.StatusBadRequest, err); err != nil {
			return err
		}
	}
	return errors.New("twenty guesses were let through")
}

// session is a client that refreshes all the time.
type session struct {
	last    tokens
	pending bool // a request was sent and not answered
}

func killed(ctx context.Context, a, b *node) error {
	var sessions [8]session
	for i := range sessions {
		t, err := b.login(ctx, "alice", alicePassword)
		if err := expect("login", t.status, http.StatusOK, err); err != nil {
			return err
		}
		sessions[i].last = t
	}
	var wg sync.WaitGroup
	var answered atomic.Int64
	enough := make(chan struct{})
	var once sync.Once
	for i := range sessions {
		s := &sessions[i]
		wg.Go(func() {
			for {
				s.pending = true
				next, err := a.refresh(ctx, s.last.Refresh)
				if err != nil { // A is gone
					return
				}
				s.pending = false
				if next.status != http.StatusOK {
					return
				}
				s.last = next
				if answered.Add(1) == 40 {
					once.Do(func() { close(enough) })
				}
			}
		})
	}
	select {
	case <-enough:
	case <-ctx.Done():
		return ctx.Err()
	}
	a.kill()
	wg.Wait()
	return goOn(ctx, b, sessions[:])
}

// goOn wants of each session that B takes its last token. Where A died before it answered, it may have replaced the token already: then
// the client has lost it, and logs in again.
func goOn(ctx context.Context, b *node, sessions []session) error {
	for _, s := range sessions {
		status, err := b.use(ctx, s.last.Access)
		if err := expect("the last access token", status, http.StatusOK, err); err != nil {
			return err
		}
		next, err := b.refresh(ctx, s.last.Refresh)
		if err == nil && s.pending && next.status == http.StatusBadRequest {
			next, err = b.login(ctx, "alice", alicePassword)
		}
		if err := expect("the last refresh token", next.status, http.StatusOK, err); err != nil {
			return err
		}
	}
	return nil
}
