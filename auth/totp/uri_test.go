package totp_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/totp"
)

const sample = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

func TestURI(t *testing.T) {
	for _, c := range []struct {
		config  totp.Config
		account string
		want    string
	}{
		{totp.Config{Issuer: "Acme"}, "alice", "otpauth://totp/Acme:alice?secret=" + sample + "&issuer=Acme&algorithm=SHA1&digits=6&period=30"},
		{totp.Config{Issuer: "ACME Co", Digits: 8, Algorithm: totp.SHA256}, "john.doe@email.com",
			"otpauth://totp/ACME%20Co:john.doe%40email.com?secret=" + sample + "&issuer=ACME%20Co&algorithm=SHA256&digits=8&period=30"},
		{totp.Config{Issuer: "a&b=c?d#e/f+g%h"}, "ü+1&x=y",
			"otpauth://totp/a%26b%3Dc%3Fd%23e%2Ff%2Bg%25h:%C3%BC%2B1%26x%3Dy?secret=" + sample + "&issuer=a%26b%3Dc%3Fd%23e%2Ff%2Bg%25h&algorithm=SHA1&digits=6&period=30"},
	} {
		codes := newCodes(t, c.config)
		s, err := codes.ParseSecret(sample)
		require.NoError(t, err)
		uri, err := codes.URI(s, c.account)
		require.NoError(t, err)
		assert.Equal(t, c.want, uri)
	}
}

func TestAttackLabelThatNamesAnotherIssuer(t *testing.T) {
	codes := newCodes(t, totp.Config{})
	for _, account := range []string{"", "Bank:alice", " alice", "alice ", "al\nice", "al\x00ice", "\xff", strings.Repeat("x", 256)} {
		uri, err := codes.URI(codes.NewSecret(), account)
		require.Error(t, err, "%q", account)
		assert.Empty(t, uri)
		assert.NotContains(t, err.Error(), "Bank")
	}
	_, err := codes.URI(totp.Secret{}, "alice")
	assert.Error(t, err)
}
