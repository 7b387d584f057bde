package tlsutil

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/internal/event"
)

// DevCAConfig configures a [DevCA].
type DevCAConfig struct {
	// Dir is the folder of the authority, made if there is none and closed to everyone else. Empty means the folder
	// sallyport/dev-ca in os.UserConfigDir, so that all projects of a developer share one authority.
	Dir string
	// Hosts are the names in the certificate: loopback addresses, localhost, and names below .localhost and .test, whose first
	// label may be "*". Empty means localhost, 127.0.0.1 and ::1.
	Hosts []string
	// Logger receives an event crypt_certificate_change when an authority is made or renewed. Nil means slog.Default.
	Logger *slog.Logger
	_      struct{} // keyed literals only: fields may be added later
}

// DevCA are [Certs] for a developer's machine: an authority in two files, ca.pem and ca.key (mode 0600), kept from start to
// start, and a certificate in memory, valid for a week and renewed in time.
//
// The authority can sign for loopback addresses, localhost, .localhost and .test only (RFC 6761, section 6), by critical name
// constraints (RFC 5280, section 4.2.1.10). Whoever steals ca.key from a machine that trusts ca.pem can impersonate none but
// local services. Even so the key belongs in no repository and no image.
//
// Let programs trust the file that [DevCA.Root] names:
//
//	curl            curl --cacert ca.pem https://localhost:8443/
//	Go              SSL_CERT_FILE=ca.pem, or ClientConfig.Roots: ca.Pool()
//	Node.js         NODE_EXTRA_CA_CERTS=ca.pem
//	Python          REQUESTS_CA_BUNDLE=ca.pem
//	Debian, Ubuntu  sudo cp ca.pem /usr/local/share/ca-certificates/sallyport-dev.crt && sudo update-ca-certificates
//	Fedora          sudo trust anchor ca.pem
//	macOS           sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ca.pem
//	Windows         certutil -user -addstore Root ca.pem
//	Firefox         Settings, Certificates, Authorities, Import
//
// The authority is valid for five years. One that has less than 90 days left is renewed at the next start, with the same key, and
// must be trusted anew.
//
// It is safe for concurrent use, also by several processes with one folder. Make one with [NewDevCA].
type DevCA struct {
	dir   string
	dns   []string
	ips   []net.IP
	ca    *x509.Certificate
	caKey *ecdsa.PrivateKey

	issuing sync.Mutex
	current atomic.Pointer[tls.Certificate]
}

const (
	leafLife   = 7 * 24 * time.Hour
	leafMargin = 2 * 24 * time.Hour
	clockDrift = time.Hour // between this machine and a container or telephone that connects to it
)

// NewDevCA opens the authority in the folder, or makes it if there is neither file. An error names each host that is not local, and the
// file that cannot be used: one that is readable by others, not made by NewDevCA, or alone without its key.
func NewDevCA(c DevCAConfig) (*DevCA, error) {
	var f faults
	d := &DevCA{dir: c.Dir}
	if d.dir == "" {
		base, err := os.UserConfigDir()
		if err != nil {
			f.add("DevCAConfig.Dir is empty and this user has no folder for settings: set Dir (%w)", err)
		}
		d.dir = filepath.Join(base, "sallyport", "dev-ca")
	}
	hosts := c.Hosts
	if len(hosts) == 0 {
		hosts = []string{"localhost", "127.0.0.1", "::1"}
	}
	for i, h := range hosts {
		d.addHost(&f, i, h)
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	var err error
	if d.ca, d.caKey, err = openAuthority(d.dir, event.New(c.Logger, nil)); err != nil {
		return nil, err
	}
	if _, err = d.GetCertificate(nil); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *DevCA) addHost(f *faults, i int, host string) {
	name := strings.TrimPrefix(host, "*.")
	bare, err := bareHost(name)
	addr, notAddr := netip.ParseAddr(bare)
	full := strings.TrimSuffix(host, name) + bare
	local := full == "localhost" || strings.HasSuffix(full, ".localhost") || strings.HasSuffix(full, ".test")
	switch {
	case err != nil:
		f.add("DevCAConfig.Hosts[%d] %q %w", i, host, err)
	case name != host && notAddr == nil:
		f.add("DevCAConfig.Hosts[%d] %q is a wildcard for an address: list each address", i, host)
	case notAddr == nil && addr.IsLoopback() && !addr.Is4In6():
		d.ips = append(d.ips, addr.AsSlice())
	case local:
		d.dns = append(d.dns, full)
	default:
		f.add("DevCAConfig.Hosts[%d] %q is not local: take a loopback address, localhost, or a name below .localhost or .test", i, host)
	}
}

// Root returns the path of ca.pem, the certificate to trust.
func (d *DevCA) Root() string { return filepath.Join(d.dir, caFile) }

// Pool returns a new pool with that certificate alone, for [ClientConfig] and for tests.
func (d *DevCA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(d.ca)
	return pool
}

// GetCertificate returns the certificate for all hosts of the Config. Once it has less than two days left, the next call
// makes a new one.
func (d *DevCA) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if cert := d.current.Load(); fresh(cert) {
		return cert, nil
	}
	d.issuing.Lock()
	defer d.issuing.Unlock()
	if cert := d.current.Load(); fresh(cert) { // another handshake was first
		return cert, nil
	}
	cert, err := d.issue(time.Now())
	if err != nil {
		return nil, err
	}
	d.current.Store(cert)
	return cert, nil
}

func fresh(cert *tls.Certificate) bool {
	return cert != nil && time.Until(cert.Leaf.NotAfter) > leafMargin
}

func (d *DevCA) issue(now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, devFault("no key", err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		// No common name: some verifiers hold it against the name constraints.
		Subject:     pkix.Name{Organization: []string{organization}},
		NotBefore:   now.Add(-clockDrift),
		NotAfter:    now.Add(leafLife),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    d.dns,
		IPAddresses: d.ips,
	}, d.ca, key.Public(), d.caKey)
	if err != nil {
		return nil, devFault("no certificate", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, devFault("no certificate", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

// covers says whether clients will take the certificate for host.
func (d *DevCA) covers(host string) error {
	return d.current.Load().Leaf.VerifyHostname(host)
}
