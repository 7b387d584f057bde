package session_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/session"
	"github.com/sallyport-go/sallyport/auth/session/sessiontest"
)

var now = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

func newMemory(t testing.TB, c session.MemoryConfig) *session.Memory {
	t.Helper()
	m, err := session.NewMemory(c)
	require.NoError(t, err)
	return m
}

func record(n int, subject string) session.Record {
	return session.Record{ID: fmt.Sprintf("%022d", n), Hash: sha256.Sum256(fmt.Append(nil, n)), Subject: subject,
		Created: now, Seen: now, Until: now.Add(time.Hour), Expiry: now.Add(24 * time.Hour)}
}

func TestMemoryKeepsTheContract(t *testing.T) {
	sessiontest.StoreContract(t, func(t *testing.T) []session.Store {
		return []session.Store{newMemory(t, session.MemoryConfig{})}
	})
}

func TestNewMemoryReportsFaults(t *testing.T) {
	_, err := session.NewMemory(session.MemoryConfig{Sessions: -1})
	assert.EqualError(t, err, "session: MemoryConfig.Sessions -1 is not from 0 (for 100000) to 10000000: bring it into that range")
	_, err = session.NewMemory(session.MemoryConfig{Sessions: 10_000_001})
	assert.Error(t, err)
}

func TestAttackFullMemoryLogsNobodyOut(t *testing.T) {
	m := newMemory(t, session.MemoryConfig{Sessions: 3})
	for n := range 3 {
		require.NoError(t, m.Create(t.Context(), record(n, fmt.Sprint(n)), 10, now))
	}
	for n := 3; n < 100; n++ {
		assert.ErrorIs(t, m.Create(t.Context(), record(n, "mallory"), 1000, now), session.ErrFull)
	}
	for n := range 3 {
		_, err := m.Lookup(t.Context(), record(n, "").Hash)
		assert.NoError(t, err)
	}
	assert.NoError(t, m.Create(t.Context(), record(200, "mallory"), 10, now.Add(time.Hour)), "those that have ended make room")
	assert.NoError(t, m.End(t.Context(), record(200, "").Hash))
	assert.NoError(t, m.Create(t.Context(), record(201, "mallory"), 10, now), "and so does one that was ended")
}

func TestValidateNamesEveryFieldAndNoValue(t *testing.T) {
	err := session.Record{ID: "can ary", Subject: "canary\x00", Client: "canary\xff", ACR: "canary\n", UserAgent: "canary\r",
		Scopes: []string{"canary\n"}, Roles: []string{"canary\n"}, AMR: []string{strings.Repeat("canary", 1000)}}.Validate()
	require.Error(t, err)
	for _, field := range []string{"ID", "Hash", "Subject", "Client", "ACR", "UserAgent", "Scopes", "Roles", "AMR", "Created"} {
		assert.ErrorContains(t, err, "Record."+field)
	}
	assert.NotContains(t, err.Error(), "ary")
	assert.NoError(t, record(0, "alice").Validate())
}
