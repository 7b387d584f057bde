package totp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/totp"
)

var errDown = errors.New("connection refused")

var down = totp.StepsFunc(func(context.Context, string, int64, time.Time) (bool, error) { return false, errDown })

func newCodes(t testing.TB, c totp.Config) *totp.Codes {
	t.Helper()
	if c.Issuer == "" {
		c.Issuer = "Acme"
	}
	if c.Steps == nil {
		steps, err := totp.NewMemory(totp.MemoryConfig{})
		require.NoError(t, err)
		c.Steps = steps
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	codes, err := totp.New(c)
	require.NoError(t, err)
	return codes
}

// at is the code of the step that is now plus so many.
func at(s totp.Secret, steps int64) string { return totp.Code(s, time.Now().Unix()/30+steps) }

func TestNewReportsAllFaults(t *testing.T) {
	_, err := totp.New(totp.Config{Issuer: "A:B", Drift: 3, Digits: 9, Algorithm: "MD5", SealKeys: []totp.SealKey{
		{}, totp.NewSealKey("a b", bytes.Repeat([]byte{7}, 32)), totp.NewSealKey("x", []byte("short")), totp.NewSealKey("x", []byte("short")),
	}})
	assert.EqualError(t, err, `totp: Config.Issuer is not 1 to 64 bytes of UTF-8 without control characters, ":" and spaces around it: give the name of the service
totp: Config.Steps is nil: give a StepsFunc of yours, or NewMemory for a single process
totp: Config.Drift 3 is more than 2: lower it, or leave it zero for 1
totp: Config.Digits 9 is not from 6 to 8: bring it into that range, or leave it zero for 6
totp: Config.Algorithm is none of SHA1, SHA256 and SHA512: leave it empty for SHA1
totp: Config.SealKeys[0] is empty: make it with NewSealKey
totp: Config.SealKeys[1] has an id that is not 1 to 16 letters, digits and hyphens: rename it
totp: Config.SealKeys[1] has a key of one byte repeated: make one with head -c 32 /dev/urandom
totp: Config.SealKeys[2] has a key of 5 bytes, not 32: make one with head -c 32 /dev/urandom
totp: Config.SealKeys[3] has a key of 5 bytes, not 32: make one with head -c 32 /dev/urandom
totp: Config.SealKeys[3] has the id of SealKeys[2]: give each its own
totp: Config.SealKeys[3] has the key of SealKeys[2]: a new id needs a new key`)

	_, err = totp.New(totp.Config{Issuer: "Acme", Steps: down, SealKeys: make([]totp.SealKey, 17)})
	assert.EqualError(t, err, "totp: Config.SealKeys has 17 keys, more than 16: leave out those that no secret is sealed with")
	for _, issuer := range []string{"", " Acme", "Acme ", "Ac\nme", "\xff", strings.Repeat("x", 65)} {
		_, err = totp.New(totp.Config{Issuer: issuer, Steps: down})
		assert.Error(t, err, "%q", issuer)
	}
}

func TestDriftWindow(t *testing.T) {
	for drift, accepted := range map[int]int64{-1: 0, 0: 1, 1: 1, 2: 2} {
		synctest.Test(t, func(t *testing.T) {
			s := newCodes(t, totp.Config{}).NewSecret()
			for step := int64(-4); step <= 4; step++ {
				err := newCodes(t, totp.Config{Drift: drift}).Verify(t.Context(), "alice", s, at(s, step))
				if step >= -accepted && step <= accepted {
					assert.NoError(t, err, "drift %d, step %d", drift, step)
				} else {
					assert.ErrorIs(t, err, totp.ErrCode, "drift %d, step %d", drift, step)
				}
			}
		})
	}
}

func TestCodeEndsWithItsStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newCodes(t, totp.Config{}).NewSecret()
		code := at(s, 0)
		time.Sleep(30*time.Second - time.Nanosecond)
		assert.NoError(t, newCodes(t, totp.Config{Drift: -1}).Verify(t.Context(), "alice", s, code))
		time.Sleep(time.Nanosecond)
		assert.ErrorIs(t, newCodes(t, totp.Config{Drift: -1}).Verify(t.Context(), "alice", s, code), totp.ErrCode)
	})
}

func TestEnrolmentOutlivesAnotherConfig(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := totp.NewSealKey("k", []byte("0123456789abcdef0123456789abcdef"))
		before := newCodes(t, totp.Config{Algorithm: totp.SHA512, Digits: 8, SealKeys: []totp.SealKey{key}})
		after := newCodes(t, totp.Config{SealKeys: []totp.SealKey{key}})
		s := before.NewSecret()
		sealed, err := before.Seal("alice", s)
		require.NoError(t, err)
		opened, err := after.Open("alice", sealed)
		require.NoError(t, err)
		assert.NoError(t, after.Verify(t.Context(), "alice", opened, at(s, 0)))
	})
}

func TestCodeIsReadAsAppsShowIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, form := range []func(string) string{
			func(c string) string { return c[:3] + " " + c[3:] },
			func(c string) string { return " " + c + " " },
		} {
			codes := newCodes(t, totp.Config{})
			s := codes.NewSecret()
			assert.NoError(t, codes.Verify(t.Context(), "alice", s, form(at(s, 0))))
		}
	})
}

func TestParseSecret(t *testing.T) {
	codes := newCodes(t, totp.Config{})
	for text, ok := range map[string]bool{
		"JBSWY3DPEHPK3PXPJBSWY3DPEE":                      true, // 128 bits
		codes.NewSecret().Reveal():                        true,
		"JBSWY3DPEHPK3PXPJBSWY3DP":                        false, // 120 bits (RFC 4226, R6)
		"jbswy3dpehpk3pxpjbswy3dpee":                      false,
		"JBSWY3DPEHPK3PXPJBSWY3DPEE======":                false,
		"JBSWY3DPEHPK3PXPJBSWY3DPEH":                      false, // another spelling of the same bytes
		"JBSWY3DPEHPK3PXP\nJBSWY3DPEE":                    false,
		"":                                                false,
		strings.Repeat("A", 205) + "":                     true, // 128 bytes
		strings.Repeat("A", 207):                          false,
		strings.Repeat("A", 1<<20):                        false,
		"canary canary canary canary canary canary canar": false,
	} {
		s, err := codes.ParseSecret(text)
		if !ok {
			require.Error(t, err, text)
			assert.NotContains(t, err.Error(), "canary")
			assert.True(t, s.IsZero())
			continue
		}
		require.NoError(t, err, text)
		assert.Equal(t, text, s.Reveal())
		assert.Equal(t, 6, totp.Digits(s))
	}
}

func TestNewSecretsHaveTheLengthOfTheirHash(t *testing.T) {
	for a, chars := range map[totp.Algorithm]int{"": 32, totp.SHA1: 32, totp.SHA256: 52, totp.SHA512: 103} {
		codes := newCodes(t, totp.Config{Algorithm: a})
		first, second := codes.NewSecret(), codes.NewSecret()
		assert.Len(t, first.Reveal(), chars)
		assert.False(t, first.Equal(second))
	}
}

func TestErrorsForClientAndLog(t *testing.T) {
	var log bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		codes := newCodes(t, totp.Config{Logger: slog.New(slog.NewJSONHandler(&log, nil))})
		broken := newCodes(t, totp.Config{Steps: down, Logger: slog.New(slog.NewJSONHandler(&log, nil))})
		s := codes.NewSecret()
		require.NoError(t, codes.Verify(t.Context(), "alice", s, at(s, 0)))
		for _, c := range []struct {
			err    error
			kind   error
			status int
			retry  string
			public string
			event  string
		}{
			{codes.Verify(t.Context(), "alice", s, at(s, 0)), totp.ErrUsed, 403, "", "The code is not valid. Wait for the next one.", "authn_token_reuse"},
			{codes.Verify(t.Context(), "alice", s, at(s, 9)), totp.ErrCode, 403, "", "The code is not valid. Wait for the next one.", "authn_login_fail"},
			{codes.Verify(t.Context(), "alice", s, "canary"), totp.ErrCode, 403, "", "The code is not valid. Wait for the next one.", "authn_login_fail"},
			{broken.Verify(t.Context(), "alice", s, at(s, 0)), totp.ErrUnavailable, 503, "5", "The service is not available at the moment. Try again later.", "sys_availability_fail"},
			{codes.Verify(t.Context(), "", s, at(s, 0)), nil, 500, "", "The request could not be served.", "sys_availability_fail"},
			{codes.Recover(t.Context(), "alice", "x"), nil, 500, "", "The request could not be served.", "sys_availability_fail"},
		} {
			var e *totp.Error
			require.ErrorAs(t, c.err, &e)
			if c.kind != nil {
				assert.ErrorIs(t, c.err, c.kind)
			}
			assert.Equal(t, c.status, e.HTTPStatus())
			assert.Equal(t, c.retry, e.Header().Get("Retry-After"))
			assert.Equal(t, c.public, e.Public())
			var line struct{ Event, Subject string }
			raw, err := log.ReadBytes('\n')
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(raw, &line))
			assert.Equal(t, c.event, line.Event)
			assert.NotContains(t, string(raw)+e.Error()+e.Public(), "canary")
			assert.NotContains(t, string(raw)+e.Error(), s.Reveal())
		}
		assert.ErrorIs(t, broken.Verify(t.Context(), "alice", s, at(s, 0)), errDown)
	})
}
