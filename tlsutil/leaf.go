package tlsutil

import (
	"crypto/rsa"
	"crypto/x509"
	"slices"
	"time"
)

// checkLeaf finds what would make every client refuse a server's certificate, whoever signed it.
func checkLeaf(f *faults, what string, c *x509.Certificate, now time.Time) {
	if now.After(c.NotAfter) {
		f.add("%s expired at %s: renew it", what, c.NotAfter.UTC().Format(time.RFC3339))
	}
	if now.Before(c.NotBefore) {
		f.add("%s is not valid before %s: check the clock", what, c.NotBefore.UTC().Format(time.RFC3339))
	}
	if len(c.DNSNames) == 0 && len(c.IPAddresses) == 0 {
		// RFC 9525, section 2: the common name does not count.
		f.add("%s names no host: issue it with subject alternative names", what)
	}
	if !forServers(c) {
		f.add("%s is not for servers: issue it with the extended key usage serverAuth", what)
	}
	if key, ok := c.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < 2048 {
		f.add("%s has an RSA key of %d bits: use at least 2048, or ECDSA with P-256", what, key.N.BitLen())
	}
	if slices.Contains(brokenSignatures, c.SignatureAlgorithm) {
		f.add("%s is signed with %v, which is broken: issue it with SHA-256", what, c.SignatureAlgorithm)
	}
}

// forServers follows RFC 5280, section 4.2.1.12: no extension means any purpose.
func forServers(c *x509.Certificate) bool {
	return len(c.ExtKeyUsage) == 0 && len(c.UnknownExtKeyUsage) == 0 ||
		slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth) || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny)
}

var brokenSignatures = []x509.SignatureAlgorithm{
	x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1,
}
