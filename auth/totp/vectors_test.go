package totp_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/auth/totp"
)

// RFC 4226, appendix D.
func TestVectorsOfHOTP(t *testing.T) {
	s := totp.RawSecret([]byte("12345678901234567890"), totp.SHA1, 6)
	for counter, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		assert.Equal(t, want, totp.Code(s, int64(counter)), counter)
	}
}

// RFC 6238, appendix B. The text names one key; the reference code has one of each length (erratum 2866).
func TestVectorsOfTOTP(t *testing.T) {
	const digits = "1234567890123456789012345678901234567890123456789012345678901234"
	keys := map[totp.Algorithm]string{totp.SHA1: digits[:20], totp.SHA256: digits[:32], totp.SHA512: digits}
	for _, v := range []struct {
		seconds              int64
		sha1, sha256, sha512 string
	}{
		{59, "94287082", "46119246", "90693936"},
		{1111111109, "07081804", "68084774", "25091201"},
		{1111111111, "14050471", "67062674", "99943326"},
		{1234567890, "89005924", "91819424", "93441116"},
		{2000000000, "69279037", "90698825", "38618901"},
		{20000000000, "65353130", "77737706", "47863826"},
	} {
		for a, want := range map[totp.Algorithm]string{totp.SHA1: v.sha1, totp.SHA256: v.sha256, totp.SHA512: v.sha512} {
			s := totp.RawSecret([]byte(keys[a]), a, 8)
			assert.Equal(t, want, totp.Code(s, v.seconds/30), "%s at %d", a, v.seconds)
		}
	}
}

// Made by oathtool 2.6.7 of Debian 12, for each algorithm A, number of digits D and time:
//
//	oathtool --totp=A -d D -b --now '2009-02-13 23:31:30 UTC' JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP
//	oathtool --totp=A -d D -b --now '2033-05-18 03:33:20 UTC' JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP
func TestCodesOfOathtoolAreAccepted(t *testing.T) {
	for _, v := range []struct {
		algorithm   totp.Algorithm
		digits      int
		first, then string
	}{
		{totp.SHA1, 6, "401544", "978524"},
		{totp.SHA1, 7, "6401544", "4978524"},
		{totp.SHA1, 8, "56401544", "74978524"},
		{totp.SHA256, 6, "843737", "611326"},
		{totp.SHA256, 7, "4843737", "1611326"},
		{totp.SHA256, 8, "64843737", "11611326"},
		{totp.SHA512, 6, "149297", "350176"},
		{totp.SHA512, 7, "5149297", "1350176"},
		{totp.SHA512, 8, "45149297", "61350176"},
	} {
		t.Run(fmt.Sprint(v.algorithm, v.digits), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				codes := newCodes(t, totp.Config{Algorithm: v.algorithm, Digits: v.digits, Drift: -1})
				s, err := codes.ParseSecret("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
				require.NoError(t, err)
				time.Sleep(time.Until(time.Unix(1234567890, 0)))
				assert.NoError(t, codes.Verify(t.Context(), "alice", s, v.first))
				assert.ErrorIs(t, codes.Verify(t.Context(), "alice", s, v.then), totp.ErrCode)
				time.Sleep(time.Until(time.Unix(2000000000, 0)))
				assert.NoError(t, codes.Verify(t.Context(), "alice", s, v.then))
			})
		})
	}
}

func TestThereAreNoCodesBefore1970(t *testing.T) {
	s := totp.RawSecret([]byte("12345678901234567890"), totp.SHA1, 6)
	assert.True(t, totp.Finds(s, "755224", 0, 1))
	assert.False(t, totp.Finds(s, totp.Code(s, -1), 0, 1))
}
