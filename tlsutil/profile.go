package tlsutil

import (
	"crypto/tls"
	"slices"
)

// Profile chooses among Mozilla's recommended settings for servers, https://wiki.mozilla.org/Security/Server_Side_TLS.
type Profile int

const (
	// Intermediate is TLS 1.2 and 1.3: every browser, runtime and library of the last ten years. It is the zero value.
	Intermediate Profile = iota
	// Modern is TLS 1.3 alone.
	Modern
)

func (p Profile) valid() bool { return p == Intermediate || p == Modern }

func (p Profile) minVersion() uint16 {
	if p == Modern {
		return tls.VersionTLS13
	}
	return tls.VersionTLS12
}

// Certs finds the certificate for a handshake. [Files] and [DevCA] are Certs, and so is everything else with this method,
// such as autocert.Manager. It is called for many handshakes at once.
type Certs interface {
	GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
}

// The suites for TLS 1.2: an ephemeral key exchange and an AEAD, which RFC 9325, section 4.2, recommends. crypto/tls puts
// them in order by what the two machines are fast at. Those for TLS 1.3 are all sound and cannot be chosen.
var suites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

// The hybrid resists someone who records traffic now and has a quantum computer later. It needs TLS 1.3.
var groups = []tls.CurveID{tls.X25519MLKEM768, tls.X25519, tls.CurveP256, tls.CurveP384}

// ServerConfig returns settings for a server with the given certificates. They are the caller's: nothing else holds them.
//
// Both profiles prefer the key exchange X25519MLKEM768, take X25519, P-256 and P-384 as well, and offer HTTP/2 and
// HTTP/1.1 by ALPN. Intermediate has the six suites of TLS 1.2 that are ECDHE with AES-GCM or ChaCha20-Poly1305. The keys of
// session tickets are the process's own and change daily.
//
// An error says that the profile is unknown or certs is nil.
func ServerConfig(p Profile, certs Certs) (*tls.Config, error) {
	var f faults
	if !p.valid() {
		f.add("profile %d is neither Intermediate (0) nor Modern (1)", p)
	}
	if isNil(certs) {
		f.add("certs is nil: give a *Files, a *DevCA or another GetCertificate")
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	c := baseConfig(p)
	c.NextProtos = []string{"h2", "http/1.1"}
	c.GetCertificate = certs.GetCertificate
	return c, nil
}

// isNil also finds the nil pointer that is left when an error of NewFiles or NewDevCA was not looked at.
func isNil(certs Certs) bool {
	switch c := certs.(type) {
	case nil:
		return true
	case *Files:
		return c == nil
	case *DevCA:
		return c == nil
	}
	return false
}

func baseConfig(p Profile) *tls.Config {
	return &tls.Config{
		MinVersion:       p.minVersion(),
		CipherSuites:     slices.Clone(suites),
		CurvePreferences: slices.Clone(groups),
	}
}
