package tlsutil_test

import (
	"crypto/tls"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/tlsutil"
)

func TestServerConfigRefusesWhatCannotWork(t *testing.T) {
	_, err := tlsutil.ServerConfig(7, nil)
	assertFaults(t, err, "profile 7 is neither Intermediate (0) nor Modern (1)", "certs is nil")
}

func TestServerConfigsShareNothing(t *testing.T) {
	files := newAuthority(t).files()
	a, err := tlsutil.ServerConfig(tlsutil.Intermediate, files)
	require.NoError(t, err)
	a.CipherSuites[0], a.CurvePreferences[0], a.NextProtos[0] = tls.TLS_RSA_WITH_RC4_128_SHA, tls.CurveP521, "x"
	b, err := tlsutil.ServerConfig(tlsutil.Intermediate, files)
	require.NoError(t, err)
	assert.NotContains(t, b.CipherSuites, tls.TLS_RSA_WITH_RC4_128_SHA)
	assert.Equal(t, tls.X25519MLKEM768, b.CurvePreferences[0])
	assert.Equal(t, []string{"h2", "http/1.1"}, b.NextProtos)
}

func TestOnlySuitesThatGoCallsSecure(t *testing.T) {
	c, err := tlsutil.ServerConfig(tlsutil.Intermediate, newAuthority(t).files())
	require.NoError(t, err)
	var sound []uint16
	for _, s := range tls.CipherSuites() {
		sound = append(sound, s.ID)
	}
	assert.Len(t, c.CipherSuites, 6)
	assert.Subset(t, sound, c.CipherSuites)
}

func TestDowngradesAreRefused(t *testing.T) {
	intermediate := start(t, tlsutil.Config{})
	modern := start(t, tlsutil.Config{Profile: tlsutil.Modern})
	version := func(v uint16) *tls.Config { return &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: v} }
	suites := func(s ...uint16) *tls.Config { return &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: s} }
	cases := map[string]struct {
		server *running
		client *tls.Config
	}{
		"TLS 1.0":           {intermediate, version(tls.VersionTLS10)},
		"TLS 1.1":           {intermediate, version(tls.VersionTLS11)},
		"TLS 1.2 to modern": {modern, version(tls.VersionTLS12)},
		"CBC": {intermediate, suites(tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA)},
		"RC4":        {intermediate, suites(tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA)},
		"3DES":       {intermediate, suites(tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA)},
		"static RSA": {intermediate, suites(tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384)},
		"P-521 only": {intermediate, &tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP521}}},
		"other ALPN": {intermediate, &tls.Config{NextProtos: []string{"spdy/3"}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := c.server.dial(c.client)
			assert.Error(t, err)
		})
	}
}

func TestNegotiation(t *testing.T) {
	server := start(t, tlsutil.Config{})
	cases := map[string]struct {
		client  *tls.Config
		version uint16
		group   tls.CurveID
		alpn    string
	}{
		"today's client":     {&tls.Config{NextProtos: []string{"h2", "http/1.1"}}, tls.VersionTLS13, tls.X25519MLKEM768, "h2"},
		"classical first":    {&tls.Config{CurvePreferences: []tls.CurveID{tls.X25519, tls.X25519MLKEM768}}, tls.VersionTLS13, tls.X25519MLKEM768, ""},
		"no hybrid":          {&tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP256, tls.X25519}}, tls.VersionTLS13, tls.X25519, ""},
		"NIST curves":        {&tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP384}}, tls.VersionTLS13, tls.CurveP384, ""},
		"TLS 1.2":            {&tls.Config{MaxVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}, tls.VersionTLS12, tls.X25519, "http/1.1"},
		"TLS 1.2 and HTTP/2": {&tls.Config{MaxVersion: tls.VersionTLS12, NextProtos: []string{"h2"}}, tls.VersionTLS12, tls.X25519, "h2"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			conn, err := server.dial(c.client)
			require.NoError(t, err)
			state := conn.ConnectionState()
			assert.Equal(t, c.version, state.Version)
			assert.Equal(t, c.group, state.CurveID)
			assert.Equal(t, c.alpn, state.NegotiatedProtocol)
		})
	}
}

func BenchmarkHandshake(b *testing.B) {
	files := newAuthority(b).files()
	ours, err := tlsutil.ServerConfig(tlsutil.Intermediate, files)
	require.NoError(b, err)
	plain := &tls.Config{GetCertificate: files.GetCertificate}
	for name, c := range map[string]*tls.Config{"tlsutil": ours, "crypto_tls": plain} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				handshake(b, c)
			}
		})
	}
}
