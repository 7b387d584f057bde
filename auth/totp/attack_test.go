package totp_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/totp"
)

func TestAttackReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		codes := newCodes(t, totp.Config{Drift: 2})
		s := codes.NewSecret()
		code := at(s, 0)
		require.NoError(t, codes.Verify(t.Context(), "alice", s, code))
		for range 6 { // as long as the window lasts
			err := codes.Verify(t.Context(), "alice", s, code)
			assert.Error(t, err)
			time.Sleep(30 * time.Second)
		}
		assert.NoError(t, codes.Verify(t.Context(), "alice", s, at(s, 0)), "the next code is good")
	})
}

func TestAttackCodeOlderThanTheLastOneUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		codes := newCodes(t, totp.Config{})
		s := codes.NewSecret()
		seen := at(s, 0) // over the shoulder, and not sent yet
		require.NoError(t, codes.Verify(t.Context(), "alice", s, at(s, 1)))
		assert.ErrorIs(t, codes.Verify(t.Context(), "alice", s, seen), totp.ErrUsed)
	})
}

func TestAttackOfAHundredParallelUsesOneWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		codes := newCodes(t, totp.Config{})
		s := codes.NewSecret()
		code := at(s, 0)
		var won, used atomic.Int64
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				err := codes.Verify(t.Context(), "alice", s, code)
				if err == nil {
					won.Add(1)
				} else if assert.ErrorIs(t, err, totp.ErrUsed) {
					used.Add(1)
				}
			})
		}
		wg.Wait()
		assert.Equal(t, int64(1), won.Load())
		assert.Equal(t, int64(99), used.Load())
	})
}

func TestAttackTextsThatAreNoCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		steps := totp.StepsFunc(func(context.Context, string, int64, time.Time) (bool, error) {
			t.Error("the store was asked")
			return true, nil
		})
		codes := newCodes(t, totp.Config{Steps: steps})
		s := codes.NewSecret()
		right := at(s, 0)
		for _, code := range []string{"", " ", right[:5], right + "0", "0" + right, "-" + right[1:], "+" + right, right + "\n", right + "\x00",
			"0x" + right, strings.Replace(right, right[:1], "٣", 1), "１２３４５６", strings.Repeat(" ", 1<<20) + right, strings.Repeat("0", 1<<20)} {
			assert.ErrorIs(t, codes.Verify(t.Context(), "alice", s, code), totp.ErrCode, "%.20q", code)
		}
	})
}

// With an empty key the codes are known to everybody.
func TestAttackUserWithoutASecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		codes := newCodes(t, totp.Config{})
		empty := totp.RawSecret(nil, totp.SHA1, 6)
		opened, err := codes.Open("alice", "")
		require.NoError(t, err)
		for _, s := range []totp.Secret{{}, opened} {
			assert.True(t, s.IsZero())
			for _, code := range []string{at(empty, 0), "", "000000"} {
				assert.ErrorIs(t, codes.Verify(t.Context(), "alice", s, code), totp.ErrCode)
			}
		}
	})
}

func TestAttackCodeOfAnotherUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		codes := newCodes(t, totp.Config{})
		alice, bob := codes.NewSecret(), codes.NewSecret()
		assert.ErrorIs(t, codes.Verify(t.Context(), "alice", alice, at(bob, 0)), totp.ErrCode)
		require.NoError(t, codes.Verify(t.Context(), "alice", alice, at(alice, 0)))
		assert.NoError(t, codes.Verify(t.Context(), "bob", bob, at(bob, 0)), "one user uses up nobody else's")
	})
}

// Two steps of one window can have the same code. Using it once uses up both.
func TestAttackTheSameDigitsTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		codes := newCodes(t, totp.Config{Drift: 2})
		for {
			s := codes.NewSecret()
			if at(s, -2)[:2] != at(s, 2)[:2] {
				continue
			}
			s = totp.RawSecret(must32(t, s.Reveal()), totp.SHA1, 2) // so short that it happens
			if at(s, -2) != at(s, 2) {
				continue
			}
			digits := at(s, 2)
			require.NoError(t, codes.Verify(t.Context(), "alice", s, digits))
			time.Sleep(30 * time.Second) // now only the later of the two is in the window
			assert.ErrorIs(t, codes.Verify(t.Context(), "alice", s, digits), totp.ErrUsed)
			return
		}
	})
}

func must32(t *testing.T, text string) []byte {
	t.Helper()
	key, ok := totp.Decode32(text)
	require.True(t, ok)
	return key
}

func TestAttackClockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, err := totp.NewMemory(totp.MemoryConfig{})
		require.NoError(t, err)
		now := time.Now()
		step := now.Unix() / 30
		ok, err := m.Use(t.Context(), "alice", step, now)
		require.NoError(t, err)
		require.True(t, ok)
		_, err = m.Use(t.Context(), "bob", step+100, now.Add(50*time.Minute)) // alice's is forgotten
		require.NoError(t, err)
		for _, subject := range []string{"alice", "bob", "carol"} {
			ok, err = m.Use(t.Context(), subject, step, now)
			require.NoError(t, err)
			assert.False(t, ok, subject)
		}
	})
}

func TestAttackFullMemoryForgetsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, err := totp.NewMemory(totp.MemoryConfig{Subjects: 3})
		require.NoError(t, err)
		codes := newCodes(t, totp.Config{Steps: m})
		s := codes.NewSecret()
		for i := range 3 {
			require.NoError(t, codes.Verify(t.Context(), fmt.Sprint(i), s, at(s, 0)))
		}
		for i := range 100 {
			err := codes.Verify(t.Context(), fmt.Sprint("x", i), s, at(s, 0))
			assert.ErrorIs(t, err, totp.ErrUnavailable)
			assert.ErrorIs(t, err, totp.ErrFull)
		}
		for i := range 3 {
			assert.ErrorIs(t, codes.Verify(t.Context(), fmt.Sprint(i), s, at(s, 0)), totp.ErrUsed)
			assert.NoError(t, codes.Verify(t.Context(), fmt.Sprint(i), s, at(s, 1)), "who is in goes on")
		}
		time.Sleep(6 * time.Minute)
		assert.NoError(t, codes.Verify(t.Context(), "x", s, at(s, 0)), "there is room when the codes are out of date")
	})
}

func TestMemoryConfigFaults(t *testing.T) {
	_, err := totp.NewMemory(totp.MemoryConfig{Subjects: -1})
	assert.EqualError(t, err, "totp: MemoryConfig.Subjects -1 is not from 0 (for 100000) to 10000000: bring it into that range")
	_, err = totp.NewMemory(totp.MemoryConfig{Subjects: 10_000_001})
	assert.Error(t, err)
}

func TestAttackSecretsInLogs(t *testing.T) {
	key := totp.NewSealKey("2030", []byte("0123456789abcdefCANARY6789abcdef"))
	codes := newCodes(t, totp.Config{SealKeys: []totp.SealKey{key}})
	recovery, _, err := codes.NewRecoveryCodes("alice")
	require.NoError(t, err)
	s := codes.NewSecret()
	raw := string(must32(t, s.Reveal()))
	for _, v := range []any{s, &s, key, recovery[0], recovery, struct{ S any }{s}, totp.Config{SealKeys: []totp.SealKey{key}}, *codes} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			out := fmt.Sprintf(verb, v)
			for _, secret := range []string{s.Reveal(), raw, fmt.Sprintf("%x", raw), fmt.Sprint([]byte(raw)), "CANARY", fmt.Sprintf("%x", "CANARY"),
				recovery[0].Reveal(), recovery[0].Reveal()[:4] + "-"} {
				assert.NotContains(t, out, secret, verb)
			}
		}
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		for _, secret := range []string{s.Reveal(), "CANARY", recovery[0].Reveal()} {
			assert.NotContains(t, log.String(), secret)
		}
	}
	for _, v := range []any{s, key, recovery[0]} {
		_, err := json.Marshal(v)
		assert.Error(t, err)
		assert.Error(t, gob.NewEncoder(&bytes.Buffer{}).Encode(v))
	}
}
