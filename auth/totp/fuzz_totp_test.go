package totp_test

import (
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/totp"
)

// Whatever issuer and account are taken, an app reads back exactly these.
func FuzzURIIsReadBack(f *testing.F) {
	for _, s := range [][2]string{{"Acme", "alice"}, {"ACME Co", "a+b@c.example"}, {"&secret=x", "?issuer=y#z"}, {"ü%2F", "%3A"}, {"a:b", " c"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, issuer, account string) {
		codes, err := totp.New(totp.Config{Issuer: issuer, Steps: down})
		if err != nil {
			return
		}
		s := codes.NewSecret()
		text, err := codes.URI(s, account)
		if err != nil {
			return
		}
		u, err := url.Parse(text)
		require.NoError(t, err)
		assert.Equal(t, "otpauth", u.Scheme)
		assert.Equal(t, "totp", u.Host)
		label := strings.TrimPrefix(u.Path, "/")
		gotIssuer, gotAccount, found := strings.Cut(label, ":")
		assert.True(t, found)
		assert.Equal(t, issuer, gotIssuer)
		assert.Equal(t, account, gotAccount)
		assert.Equal(t, account, strings.TrimSpace(gotAccount))
		q, err := url.ParseQuery(u.RawQuery)
		require.NoError(t, err)
		assert.Equal(t, url.Values{"secret": {s.Reveal()}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}, q)
		assert.NotContains(t, text, "+")
	})
}

// A sealed text that opens seals what was sealed, and no other text opens to anything.
func FuzzOpenTakesOnlyWhatWasSealed(f *testing.F) {
	codes, err := totp.New(totp.Config{Issuer: "Acme", Steps: down, SealKeys: []totp.SealKey{newKey, oldKey}, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(f, err)
	const sealed = recorded // each process of the fuzzer draws other random numbers
	for _, s := range []string{sealed, sealed + "=", strings.ToUpper(sealed), "totp1.2030.AAAA", "totp1.2029." + sealed[11:], "."} {
		f.Add(s, "alice")
	}
	f.Add(sealed, "bob")
	f.Fuzz(func(t *testing.T, text, subject string) {
		s, err := codes.Open(subject, text)
		switch {
		case text == "":
			assert.NoError(t, err)
			assert.True(t, s.IsZero())
		case text == sealed && subject == "alice":
			require.NoError(t, err)
			assert.Equal(t, sample, s.Reveal())
		default:
			assert.ErrorIs(t, err, totp.ErrSealed)
			assert.True(t, s.IsZero())
		}
	})
}

// A secret that is read is written as it was read.
func FuzzParseSecretHasOneSpelling(f *testing.F) {
	codes, err := totp.New(totp.Config{Issuer: "Acme", Steps: down})
	require.NoError(f, err)
	for _, s := range []string{sample, strings.ToLower(sample), sample + "======", sample[:20] + "\n" + sample[20:], "JBSWY3DPEHPK3PXPJBSWY3DPEH"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := codes.ParseSecret(text); err == nil {
			assert.Equal(t, text, s.Reveal())
		}
	})
}

// Whatever the clock does, the steps of a subject that are taken only grow.
func FuzzMemoryNeverTakesAStepTwice(f *testing.F) {
	f.Add([]byte{0, 10, 10, 0, 10, 10, 1, 10, 10, 0, 40, 40, 0, 10, 10})
	f.Add([]byte{0, 200, 200, 1, 0, 0, 0, 199, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		m, err := totp.NewMemory(totp.MemoryConfig{Subjects: 4})
		require.NoError(t, err)
		last := map[byte]int64{}
		for ; len(script) >= 3; script = script[3:] {
			subject, step, clock := script[0]%8, int64(script[1]), int64(script[2])
			ok, err := m.Use(t.Context(), string('a'+rune(subject)), step, time.Unix(clock*30, 0))
			before, known := last[subject]
			if ok {
				require.NoError(t, err)
				require.True(t, !known || step > before, "step %d after %d", step, before)
				last[subject] = step
			}
		}
	})
}
