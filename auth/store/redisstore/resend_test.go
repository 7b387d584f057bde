package redisstore_test

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/store"
	"github.com/sallyport-go/sallyport/auth/throttle"
)

// lossy loses one answer when it is told to: the server has done what it was asked for, and the client does not know.
type lossy struct {
	net.Conn
	lose *atomic.Bool
	lost *atomic.Int64
}

func (c *lossy) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err == nil && c.lose.CompareAndSwap(true, false) {
		c.lost.Add(1)
		_ = c.Conn.Close()
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

// The client sends again what was not answered. It must not be done twice, and not be taken for reuse.
func TestLostAnswersAreMadeUpFor(t *testing.T) {
	o := options(t)
	var lose atomic.Bool
	var lost atomic.Int64
	o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &lossy{conn, &lose, &lost}, nil
	}
	client := connect(t, o)
	s := newStore(t, client, freshPrefix(t, client))
	losing := func(name string, err func() error) {
		t.Helper()
		before := lost.Load()
		lose.Store(true)
		require.NoError(t, err(), name)
		require.Equal(t, before+1, lost.Load(), name)
	}
	everything(t.Context(), s) // from here on the server knows the scripts
	first, until := refresh("f", "").Hash, now.Add(time.Hour)
	losing("create", func() error { return s.Create(t.Context(), refresh("f", "alice"), now) })
	require.Error(t, s.Create(t.Context(), refresh("f", "bob"), now))
	losing("rotate", func() error { return s.Rotate(t.Context(), "f", first, store.Hash{1}, until, now) })
	rotation := store.Rotation{Family: "f", Old: store.Hash{1}, Next: store.Hash{2}, Until: until, Sealed: []byte("sealed"), GraceUntil: until}
	losing("rotate grace", func() error { _, err := s.RotateGrace(t.Context(), rotation, now); return err })
	losing("lookup", func() error {
		r, err := s.Lookup(t.Context(), "f", now)
		assert.Equal(t, store.Hash{2}, r.Hash)
		return err
	})
	losing("deny", func() error { return s.DenySession(t.Context(), "f", until, now) })
	losing("revoked", func() error {
		revoked, err := s.Revoked(t.Context(), "", "f", "", now, now)
		assert.True(t, revoked)
		return err
	})
	keys := []throttle.Key{{1}, {2}}
	update := func() error {
		return s.Update(t.Context(), keys, now, func(c []throttle.Count) bool { c[0].Heat += time.Second; return true })
	}
	require.NoError(t, update())
	losing("read the counts", update)
	losing("remember", func() error { return s.Remember(t.Context(), keys[0], keys[1], until, now) })
	losing("revoke", func() error { return s.RevokeSubject(t.Context(), "alice", now) })
	_, err := s.Lookup(t.Context(), "f", now)
	require.ErrorIs(t, err, store.ErrUnknown)

	// The answer to the second command of an update is lost, not that to the first.
	require.NoError(t, s.Update(t.Context(), keys, now, func(c []throttle.Count) bool {
		assert.Equal(t, 2*time.Second, c[0].Heat)
		c[0].Heat += time.Second
		lose.Store(true)
		return true
	}))
	assert.False(t, lose.Load())
	require.NoError(t, s.Update(t.Context(), keys, now, func(c []throttle.Count) bool {
		assert.Equal(t, 3*time.Second, c[0].Heat, "counted once")
		return false
	}))
}
