package totp_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/totp"
)

var (
	oldKey = totp.NewSealKey("2029", []byte("0123456789abcdef0123456789abcdef"))
	newKey = totp.NewSealKey("2030", []byte("fedcba9876543210fedcba9876543210"))
)

// recorded is the sample secret, sealed for alice. What is in a database must open with every later version.
const recorded = "totp1.2030.thfpP98QwqciM81u9x08ulynexhYzfI6CcPgnbg-v1YykeN1XTJyMvNydTBmictWONw"

func TestRecordedTextOpens(t *testing.T) {
	codes := newCodes(t, totp.Config{SealKeys: []totp.SealKey{newKey}})
	s, err := codes.Open("alice", recorded)
	require.NoError(t, err)
	assert.Equal(t, sample, s.Reveal())
}

func TestSealedSecretOpensForItsSubject(t *testing.T) {
	codes := newCodes(t, totp.Config{SealKeys: []totp.SealKey{newKey}})
	for _, subject := range []string{"alice", "ü", strings.Repeat("s", 255)} {
		s := codes.NewSecret()
		first, err := codes.Seal(subject, s)
		require.NoError(t, err)
		second, err := codes.Seal(subject, s)
		require.NoError(t, err)
		assert.NotEqual(t, first, second)
		assert.NotContains(t, first, subject)
		opened, err := codes.Open(subject, first)
		require.NoError(t, err)
		assert.True(t, opened.Equal(s))
	}
}

func TestSealedSecretFitsItsColumn(t *testing.T) {
	key := totp.NewSealKey(strings.Repeat("k", 16), []byte("0123456789abcdef0123456789abcdef"))
	codes := newCodes(t, totp.Config{SealKeys: []totp.SealKey{key}})
	s, err := codes.ParseSecret(strings.Repeat("A", 205)) // the longest
	require.NoError(t, err)
	sealed, err := codes.Seal(strings.Repeat("s", 255), s)
	require.NoError(t, err)
	assert.LessOrEqual(t, len(sealed), 300)
	_, err = codes.Open(strings.Repeat("s", 255), sealed)
	assert.NoError(t, err)
}

func TestAttackRowOfAnotherUser(t *testing.T) {
	codes := newCodes(t, totp.Config{SealKeys: []totp.SealKey{newKey}})
	sealed, err := codes.Seal("mallory", codes.NewSecret())
	require.NoError(t, err)
	for _, subject := range []string{"alice", "", "mallory\x00", "Mallory", "mallor"} {
		s, err := codes.Open(subject, sealed)
		assert.ErrorIs(t, err, totp.ErrSealed, subject)
		assert.True(t, s.IsZero())
	}
}

func TestAttackAlteredRow(t *testing.T) {
	codes := newCodes(t, totp.Config{SealKeys: []totp.SealKey{newKey, oldKey}})
	sealed, err := codes.Seal("alice", codes.NewSecret())
	require.NoError(t, err)
	for i := range len(sealed) {
		for _, c := range []byte{'A', 'x', '_', '.', '\n', 0, 0xff} {
			if altered := sealed[:i] + string(c) + sealed[i+1:]; altered != sealed {
				_, err := codes.Open("alice", altered)
				assert.ErrorIs(t, err, totp.ErrSealed, altered)
			}
		}
		if i > 0 { // the empty text is no secret
			_, err := codes.Open("alice", sealed[:i])
			assert.ErrorIs(t, err, totp.ErrSealed)
		}
	}
	for _, other := range []string{sealed + "=", sealed + "A", " " + sealed, strings.Replace(sealed, "2030", "2029", 1), "totp1.2030.", "totp1..", strings.Repeat("x", 1<<20)} {
		_, err := codes.Open("alice", other)
		require.ErrorIs(t, err, totp.ErrSealed, "%.80q", other)
		var e *totp.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, 503, e.HTTPStatus())
		assert.NotContains(t, err.Error(), "xxx")
	}
}

// What is not one spelling could be a second row that a comparison of rows does not find.
func TestAttackSecondSpelling(t *testing.T) {
	codes := newCodes(t, totp.Config{SealKeys: []totp.SealKey{newKey}})
	s := codes.NewSecret()
	sealed, err := codes.Seal("alice", s)
	require.NoError(t, err)
	encoded := sealed[strings.LastIndex(sealed, ".")+1:]
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	require.NoError(t, err)
	for _, other := range []string{base64.URLEncoding.EncodeToString(raw), encoded[:10] + "\n" + encoded[10:], encoded[:10] + "\r" + encoded[10:]} {
		if other != encoded {
			_, err := codes.Open("alice", strings.Replace(sealed, encoded, other, 1))
			assert.ErrorIs(t, err, totp.ErrSealed)
		}
	}
}

func TestSealKeysRotate(t *testing.T) {
	before := newCodes(t, totp.Config{SealKeys: []totp.SealKey{oldKey}})
	during := newCodes(t, totp.Config{SealKeys: []totp.SealKey{newKey, oldKey}})
	after := newCodes(t, totp.Config{SealKeys: []totp.SealKey{newKey}})
	s := before.NewSecret()
	sealed, err := before.Seal("alice", s)
	require.NoError(t, err)
	assert.False(t, before.Stale(sealed))
	assert.True(t, during.Stale(sealed))
	_, err = after.Open("alice", sealed)
	require.ErrorIs(t, err, totp.ErrSealed)

	opened, err := during.Open("alice", sealed)
	require.NoError(t, err)
	renewed, err := during.Seal("alice", opened)
	require.NoError(t, err)
	assert.False(t, during.Stale(renewed))
	opened, err = after.Open("alice", renewed)
	require.NoError(t, err)
	assert.True(t, opened.Equal(s))
	assert.False(t, during.Stale(""), "there is nothing to seal")
	assert.False(t, during.Stale("plain text"))
}

func TestSealOfNothingIsRefused(t *testing.T) {
	codes := newCodes(t, totp.Config{SealKeys: []totp.SealKey{newKey}})
	without := newCodes(t, totp.Config{})
	_, err := codes.Seal("alice", totp.Secret{})
	assert.Error(t, err)
	_, err = codes.Seal("", codes.NewSecret())
	assert.Error(t, err)
	_, err = without.Seal("alice", codes.NewSecret())
	assert.Error(t, err)
	_, err = without.Open("alice", "totp1.2030.AAAA")
	assert.ErrorIs(t, err, totp.ErrSealed)
}

func TestSealKeyIsACopy(t *testing.T) {
	key := []byte("0123456789abcdef0123456789abcdef")
	k := totp.NewSealKey("k", key)
	clear(key)
	_, err := totp.New(totp.Config{Issuer: "Acme", Steps: down, SealKeys: []totp.SealKey{k}})
	assert.NoError(t, err)
}
