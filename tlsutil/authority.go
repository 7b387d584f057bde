package tlsutil

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/internal/event"
)

// Several processes may open one folder at once, without a lock that could be left behind. The key comes first and is
// published by a hard link, which exactly one process can make; all others read it. The certificate follows in the same way. Two
// certificates for one key have the same subject and key identifier, so that each proves what was signed under the other.

const (
	caFile       = "ca.pem"
	caKeyFile    = "ca.key"
	caLife       = 5 * 365 * 24 * time.Hour
	caMargin     = 90 * 24 * time.Hour
	organization = "Sallyport development"
)

func devFault(what string, err error) error { return fmt.Errorf("tlsutil: DevCA: %s: %w", what, err) }

// openAuthority returns the authority in dir and makes what is missing.
func openAuthority(dir string, log *event.Log) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("tlsutil: DevCAConfig.Dir %s: %w", dir, cause(err))
	}
	info, err := os.Stat(dir)
	if err == nil {
		err = checkMode(info, 0o022) // who can write here can exchange both files
	}
	if err != nil {
		return nil, nil, fmt.Errorf("tlsutil: DevCAConfig.Dir %s: %w", dir, cause(err))
	}
	key, err := openKey(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("tlsutil: DevCAConfig.Dir: %w", err)
	}
	cert, action, err := openRoot(filepath.Join(dir, caFile), key)
	if err != nil {
		return nil, nil, fmt.Errorf("tlsutil: DevCAConfig.Dir: %w", err)
	}
	if action != "" {
		log.Emit(context.Background(), slog.LevelInfo, event.CertificateChange, slog.String("action", action),
			slog.String("file", filepath.Join(dir, caFile)), slog.Time("not_after", cert.NotAfter))
	}
	return cert, key, nil
}

func openKey(dir string) (*ecdsa.PrivateKey, error) {
	path := filepath.Join(dir, caKeyFile)
	// Looked for before the key: what was published after the key cannot be here while the key is not.
	_, rootErr := os.Stat(filepath.Join(dir, caFile))
	data, err := readFile(path, 0o077)
	if errors.Is(err, fs.ErrNotExist) {
		if rootErr == nil {
			return nil, fmt.Errorf("%s has no %s beside it: bring the key back, or remove the certificate to begin anew", filepath.Join(dir, caFile), caKeyFile)
		}
		if err := publishKey(path); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		data, err = readFile(path, 0o077)
	}
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, fmt.Errorf("%s: holds no private key in PEM: %w", path, errNotOurs)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(*ecdsa.PrivateKey)
	if err != nil || !ok || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%s: holds no P-256 key: %w", path, errNotOurs)
	}
	return key, nil
}

var errNotOurs = errors.New("it was not made by NewDevCA: choose another folder, or remove ca.key and ca.pem to begin anew")

func publishKey(path string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return publish(path, &pem.Block{Type: "PRIVATE KEY", Bytes: der}, 0o600, os.Link)
}

// openRoot returns the certificate of the key, and what was done to get it: "created", "renewed" or nothing.
func openRoot(path string, key *ecdsa.PrivateKey) (cert *x509.Certificate, action string, err error) {
	cert, err = readRoot(path, key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = publishRoot(path, key, os.Link)
		if action = "created"; errors.Is(err, fs.ErrExist) {
			action, err = "", nil
		}
	case err == nil && time.Until(cert.NotAfter) < caMargin:
		action = "renewed"
		err = publishRoot(path, key, os.Rename)
	default:
		return cert, "", err
	}
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", path, err)
	}
	cert, err = readRoot(path, key)
	return cert, action, err
}

func readRoot(path string, key *ecdsa.PrivateKey) (*x509.Certificate, error) {
	data, err := readFile(path, 0o022)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, fmt.Errorf("%s: holds no certificate in PEM: %w", path, errNotOurs)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, err, errNotOurs)
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		return nil, fmt.Errorf("%s: does not belong to %s: %w", path, caKeyFile, errNotOurs)
	}
	// A certificate that someone else made may sign for the whole world, and here it would be trusted for development.
	if cert.CheckSignatureFrom(cert) != nil || !constrained(cert) {
		return nil, fmt.Errorf("%s: is not limited to local names: %w", path, errNotOurs)
	}
	return cert, nil
}

func publishRoot(path string, key *ecdsa.PrivateKey, place func(from, to string) error) error {
	template, err := rootTemplate(key, time.Now())
	if err != nil {
		return err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	return publish(path, &pem.Block{Type: "CERTIFICATE", Bytes: der}, 0o644, place)
}

// rootTemplate depends on nothing but the key and the time.
func rootTemplate(key *ecdsa.PrivateKey, now time.Time) (*x509.Certificate, error) {
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(spki)
	c := &x509.Certificate{
		Subject:               pkix.Name{Organization: []string{organization}, CommonName: organization + " CA " + hex.EncodeToString(id[:4])},
		SubjectKeyId:          id[:20],
		NotBefore:             now.Add(-clockDrift),
		NotAfter:              now.Add(caLife),
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	constrain(c)
	return c, nil
}

// constrain lets c sign for local names only. E-mail addresses and URIs are kinds of their own: a kind that is not mentioned is
// free (RFC 5280, section 4.2.1.10).
func constrain(c *x509.Certificate) {
	c.PermittedDNSDomainsCritical = true
	c.PermittedDNSDomains = []string{"localhost", "test"}
	c.PermittedIPRanges = []*net.IPNet{
		{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)},
		{IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)},
	}
	c.PermittedEmailAddresses = []string{"localhost"}
	c.PermittedURIDomains = []string{"localhost"}
}

func constrained(c *x509.Certificate) bool {
	var want x509.Certificate
	constrain(&want)
	sameNet := func(a, b *net.IPNet) bool { return a.String() == b.String() }
	return c.PermittedDNSDomainsCritical && c.MaxPathLenZero &&
		slices.Equal(c.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}) && len(c.UnknownExtKeyUsage) == 0 &&
		slices.Equal(c.PermittedDNSDomains, want.PermittedDNSDomains) &&
		slices.EqualFunc(c.PermittedIPRanges, want.PermittedIPRanges, sameNet) &&
		slices.Equal(c.PermittedEmailAddresses, want.PermittedEmailAddresses) &&
		slices.Equal(c.PermittedURIDomains, want.PermittedURIDomains)
}

// publish writes a whole file under a name of its own and then gives it its name: by os.Link if there must be none yet, by
// os.Rename to take the place of one. No reader ever sees half of it.
func publish(path string, block *pem.Block, mode fs.FileMode, place func(from, to string) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*") // 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	err = errors.Join(pem.Encode(file, block), file.Chmod(mode), file.Sync(), file.Close())
	if err != nil {
		return err
	}
	return place(file.Name(), path)
}
