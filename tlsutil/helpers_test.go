package tlsutil_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/tlsutil"
)

// patience is how long a test waits for what must happen; nothing passes by waiting longer.
const patience = 10 * time.Second

// authority is a private CA of one test.
type authority struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	a := &authority{t: t, key: key}
	a.cert = &x509.Certificate{
		Subject: pkix.Name{CommonName: "test CA"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.cert = a.sign(a.cert, key.Public())
	return a
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

func (a *authority) sign(template *x509.Certificate, public crypto.PublicKey) *x509.Certificate {
	a.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, public, a.key)
	require.NoError(a.t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(a.t, err)
	return cert
}

// pair returns a certificate for localhost and 127.0.0.1, changed by change, and its key, both in PEM.
func (a *authority) pair(key crypto.Signer, change func(*x509.Certificate)) (certPEM, keyPEM []byte) {
	a.t.Helper()
	if key == nil {
		var err error
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(a.t, err)
	}
	template := &x509.Certificate{
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	if change != nil {
		change(template)
	}
	cert := a.sign(template, key.Public())
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(a.t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// write puts a pair into a folder and returns the Config for it.
func (a *authority) write(dir string, certPEM, keyPEM []byte) tlsutil.FilesConfig {
	a.t.Helper()
	c := tlsutil.FilesConfig{Cert: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key"), Logger: slog.New(slog.DiscardHandler)}
	replace(a.t, c.Cert, certPEM)
	replace(a.t, c.Key, keyPEM)
	return c
}

func replace(t testing.TB, path string, data []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(path+".new", data, 0o600))
	require.NoError(t, os.Rename(path+".new", path))
}

// files returns Files for localhost.
func (a *authority) files() *tlsutil.Files {
	a.t.Helper()
	certPEM, keyPEM := a.pair(nil, nil)
	files, err := tlsutil.NewFiles(a.write(a.t.TempDir(), certPEM, keyPEM))
	require.NoError(a.t, err)
	return files
}

// logged collects what is written to a logger.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: level}))
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// events returns the lines that carry the event.
func (l *logged) events(t testing.TB, name string) []map[string]any {
	t.Helper()
	var found []map[string]any
	for dec := json.NewDecoder(strings.NewReader(l.String())); dec.More(); {
		var line map[string]any
		require.NoError(t, dec.Decode(&line))
		if line["event"] == name {
			found = append(found, line)
		}
	}
	return found
}

// running is a server in its Run.
type running struct {
	*tlsutil.Server
	t        testing.TB
	roots    *x509.CertPool
	stop     context.CancelFunc
	finished chan error // what Run returned
}

// start runs a server on free loopback ports until the test ends.
func start(t testing.TB, c tlsutil.Config) *running {
	t.Helper()
	a := newAuthority(t)
	if c.Certs == nil {
		c.Certs = a.files()
	}
	if c.Handler == nil {
		c.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) })
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Addr = "127.0.0.1:0"
	server, err := tlsutil.New(c)
	require.NoError(t, err)
	require.NoError(t, server.Listen())
	ctx, stop := context.WithCancel(context.Background())
	s := &running{Server: server, t: t, roots: a.pool(), stop: stop, finished: make(chan error, 1)}
	ended := make(chan struct{})
	go func() {
		s.finished <- server.Run(ctx)
		close(ended)
	}()
	t.Cleanup(func() {
		stop()
		select {
		case <-ended:
		case <-time.After(2 * patience):
			t.Error("Run did not return")
		}
	})
	return s
}

// wait returns what Run returned.
func (s *running) wait() error {
	s.t.Helper()
	select {
	case err := <-s.finished:
		return err
	case <-time.After(2 * patience):
		require.FailNow(s.t, "Run did not return")
		return nil
	}
}

func (s *running) url() string { return "https://" + s.Addr().String() }

// client trusts the server and follows no redirect.
func (s *running) client() *http.Client {
	s.t.Helper()
	client, err := tlsutil.HTTPClient(tlsutil.ClientConfig{Roots: s.roots, MaxRedirects: -1})
	require.NoError(s.t, err)
	s.t.Cleanup(client.CloseIdleConnections)
	return client
}

// dial opens a TLS connection for HTTP/1.1 by hand.
func (s *running) dial(c *tls.Config) (*tls.Conn, error) {
	s.t.Helper()
	if c == nil {
		c = &tls.Config{}
	}
	c.RootCAs = s.roots
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", s.Addr().String(), c)
	if err == nil {
		s.t.Cleanup(func() { _ = conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(patience))
	}
	return conn, err
}

// raw sends bytes as they are over plain TCP and reads one response.
func raw(t testing.TB, addr net.Addr, request string) *http.Response {
	t.Helper()
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(t.Context(), addr.Network(), addr.String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return exchange(t, conn, request)
}

func exchange(t testing.TB, conn net.Conn, request string) *http.Response {
	t.Helper()
	_ = conn.SetDeadline(time.Now().Add(patience))
	_, err := io.WriteString(conn, request)
	require.NoError(t, err)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res
}

func text(t testing.TB, res *http.Response) string {
	t.Helper()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(body)
}

// get returns status and body.
func get(t testing.TB, client *http.Client, url string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	res, err := client.Do(r)
	require.NoError(t, err)
	return res.StatusCode, text(t, res)
}

func assertFaults(t testing.TB, err error, want ...string) {
	t.Helper()
	require.Error(t, err)
	lines := strings.Split(err.Error(), "\n")
	assert.Len(t, lines, len(want), err.Error())
	for _, w := range want {
		assert.Contains(t, err.Error(), "tlsutil: "+w)
	}
}

// handshake runs one full handshake over a pipe.
func handshake(t testing.TB, c *tls.Config) {
	t.Helper()
	client, server := net.Pipe()
	defer client.Close()
	defer server.Close()
	done := make(chan error, 1)
	go func() { done <- tls.Server(server, c).HandshakeContext(t.Context()) }()
	conn := tls.Client(client, &tls.Config{InsecureSkipVerify: true}) // the time of the server counts here
	go func() { _, _ = conn.Read(make([]byte, 1)) }()                 // takes the session tickets
	require.NoError(t, conn.HandshakeContext(t.Context()))
	require.NoError(t, <-done)
}

func discard() *log.Logger { return log.New(io.Discard, "", 0) }
