package tlsutil

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/internal/event"
)

// FilesConfig configures [Files]. Cert and Key are required.
type FilesConfig struct {
	// Cert is the path of the certificate in PEM, followed in the file by the intermediate certificates.
	Cert string
	// Key is the path of its private key in PEM: PKCS #8, PKCS #1 or SEC 1, not encrypted. A file that group or others can
	// write to is refused, and one that others can read.
	Key string
	// InsecureKeyMode takes a key file that everyone can read, as some orchestrators mount their secrets.
	InsecureKeyMode bool
	// Logger receives an event crypt_certificate_change for each certificate that is loaded or not. Nil means slog.Default.
	Logger *slog.Logger
	_      struct{} // keyed literals only: fields may be added later
}

// Files are [Certs] from a pair of files. A handshake takes the certificate from memory and never waits for a file. One
// that expires stays in use until [Files.Reload] finds its successor. It is safe for concurrent use. Make one with [NewFiles].
type Files struct {
	config  FilesConfig
	log     *event.Log
	reload  sync.Mutex // one reader at a time, so that the last to read is the last to store
	current atomic.Pointer[tls.Certificate]
}

// NewFiles reads and checks the pair. An error names each fault of the Config, and the file and the reason if a file cannot
// be read, is no PEM, has a mode that exposes the key, does not belong to the other, or holds a certificate that is expired, not
// yet valid, names no host, is not for servers, is signed with SHA-1 or MD5, or has an RSA key under 2048 bits.
func NewFiles(c FilesConfig) (*Files, error) {
	var f faults
	if c.Cert == "" {
		f.add("FilesConfig.Cert is empty: give the path of a certificate in PEM")
	}
	if c.Key == "" {
		f.add("FilesConfig.Key is empty: give the path of its private key in PEM")
	}
	for _, field := range []struct{ name, path string }{{"Cert", c.Cert}, {"Key", c.Key}} {
		if strings.ContainsAny(field.path, "\r\n\x00") { // most likely the key itself, which must not be quoted in any error
			f.add("FilesConfig.%s is not the path of a file, but has line breaks like PEM text: give the path", field.name)
		}
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	files := &Files{config: c, log: event.New(c.Logger, nil)}
	cert, err := files.load()
	if err != nil {
		return nil, err
	}
	files.store(cert)
	return files, nil
}

// GetCertificate returns the certificate that was loaded last. It never fails.
func (f *Files) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return f.current.Load(), nil
}

// Reload reads the files again. If they hold a sound pair, handshakes from now on use it; if not, Reload returns what NewFiles
// would, writes an event, and the pair in use stays.
func (f *Files) Reload() error {
	f.reload.Lock()
	defer f.reload.Unlock()
	cert, err := f.load()
	if err != nil {
		f.log.Emit(context.Background(), slog.LevelError, event.CertificateChange,
			slog.String("action", "kept_old"), slog.String("reason", err.Error()), slog.Time("not_after", f.current.Load().Leaf.NotAfter))
		return err
	}
	if !sameChain(cert, f.current.Load()) {
		f.store(cert)
	}
	return nil
}

func (f *Files) store(cert *tls.Certificate) {
	f.current.Store(cert)
	f.log.Emit(context.Background(), slog.LevelInfo, event.CertificateChange,
		slog.String("action", "loaded"), slog.String("file", f.config.Cert), slog.Time("not_after", cert.Leaf.NotAfter))
}

func sameChain(a, b *tls.Certificate) bool {
	return bytes.Equal(bytes.Join(a.Certificate, nil), bytes.Join(b.Certificate, nil))
}

func (f *Files) load() (*tls.Certificate, error) {
	forbidden := fs.FileMode(0o026)
	if f.config.InsecureKeyMode {
		forbidden = 0o022
	}
	var all faults
	certPEM, err := readFile(f.config.Cert, 0)
	if err != nil {
		all.add("FilesConfig.Cert %w", err)
	}
	keyPEM, err := readFile(f.config.Key, forbidden)
	if err != nil {
		all.add("FilesConfig.Key %w", err)
	}
	if err := all.err(); err != nil {
		return nil, err
	}
	cert, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("tlsutil: FilesConfig.Cert %s and Key %s are no pair: %w", f.config.Cert, f.config.Key, err)
	}
	checkLeaf(&all, "FilesConfig.Cert "+f.config.Cert, cert.Leaf, time.Now())
	if err := all.err(); err != nil {
		return nil, err
	}
	return &cert, nil
}

// covers says whether clients will take the certificate for host.
func (f *Files) covers(host string) error {
	return f.current.Load().Leaf.VerifyHostname(host)
}
