package tlsutil_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/tlsutil"
)

func TestFilesConfigFaults(t *testing.T) {
	_, err := tlsutil.NewFiles(tlsutil.FilesConfig{})
	assertFaults(t, err, "FilesConfig.Cert is empty", "FilesConfig.Key is empty")
}

func TestBothMissingFilesAreNamed(t *testing.T) {
	dir := t.TempDir()
	c := tlsutil.FilesConfig{Cert: filepath.Join(dir, "a.pem"), Key: filepath.Join(dir, "a.key")}
	_, err := tlsutil.NewFiles(c)
	assertFaults(t, err, "FilesConfig.Cert "+c.Cert+": no such file", "FilesConfig.Key "+c.Key+": no such file")
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestCertificatesThatClientsWouldRefuse(t *testing.T) {
	a := newAuthority(t)
	cases := map[string]struct {
		change func(*x509.Certificate)
		want   string
	}{
		"expired":       {func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }, " expired at 20"},
		"not yet valid": {func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }, " is not valid before 20"},
		"no names":      {func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = nil, nil; c.Subject.CommonName = "localhost" }, " names no host"},
		"for clients": {func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} },
			" is not for servers"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			certPEM, keyPEM := a.pair(nil, c.change)
			config := a.write(t.TempDir(), certPEM, keyPEM)
			_, err := tlsutil.NewFiles(config)
			assertFaults(t, err, "FilesConfig.Cert "+config.Cert+c.want)
		})
	}
}

func TestWeakRSAKey(t *testing.T) {
	a := newAuthority(t)
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	certPEM, keyPEM := a.pair(key, nil)
	_, err = tlsutil.NewFiles(a.write(t.TempDir(), certPEM, keyPEM))
	assert.ErrorContains(t, err, "has an RSA key of 1024 bits")
}

func TestSoundKinds(t *testing.T) {
	a := newAuthority(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	for _, purpose := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageAny} {
		certPEM, keyPEM := a.pair(rsaKey, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{purpose} })
		_, err = tlsutil.NewFiles(a.write(t.TempDir(), certPEM, keyPEM))
		assert.NoError(t, err)
	}
	certPEM, keyPEM := a.pair(edKey, nil)
	_, err = tlsutil.NewFiles(a.write(t.TempDir(), certPEM, keyPEM))
	assert.NoError(t, err)
}

func TestFilesThatAreNoPair(t *testing.T) {
	a := newAuthority(t)
	certPEM, keyPEM := a.pair(nil, nil)
	_, otherKey := a.pair(nil, nil)
	cases := map[string]struct{ cert, key []byte }{
		"key of another":  {certPEM, otherKey},
		"exchanged":       {keyPEM, certPEM},
		"empty":           {nil, nil},
		"no PEM":          {[]byte("hello"), keyPEM},
		"half a key":      {certPEM, keyPEM[:len(keyPEM)/2]},
		"half a cert":     {certPEM[:len(certPEM)/2], keyPEM},
		"too large":       {append(certPEM, make([]byte, 1<<20)...), keyPEM},
		"broken ASN.1":    {[]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), keyPEM},
		"encrypted key":   {certPEM, []byte(strings.ReplaceAll(string(certPEM), "CERTIFICATE", "ENCRYPTED PRIVATE KEY"))},
		"public key only": {certPEM, []byte(strings.ReplaceAll(string(keyPEM), "PRIVATE", "PUBLIC"))},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			config := a.write(t.TempDir(), c.cert, c.key)
			_, err := tlsutil.NewFiles(config)
			require.Error(t, err)
			assert.ErrorContains(t, err, config.Cert)
			for _, line := range strings.Split(string(keyPEM), "\n")[1:2] {
				assert.NotContains(t, err.Error(), line, "no key in an error")
			}
		})
	}
}

func TestKeyFileModes(t *testing.T) {
	a := newAuthority(t)
	certPEM, keyPEM := a.pair(nil, nil)
	cases := []struct {
		mode           os.FileMode
		ok, okInsecure bool
	}{
		{0o600, true, true}, {0o400, true, true}, {0o640, true, true}, {0o440, true, true},
		{0o644, false, true}, {0o444, false, true}, {0o604, false, true},
		{0o660, false, false}, {0o620, false, false}, {0o602, false, false}, {0o606, false, false}, {0o666, false, false}, {0o777, false, false},
	}
	for _, c := range cases {
		t.Run(c.mode.String(), func(t *testing.T) {
			config := a.write(t.TempDir(), certPEM, keyPEM)
			require.NoError(t, os.Chmod(config.Key, c.mode))
			_, err := tlsutil.NewFiles(config)
			assert.Equal(t, c.ok, err == nil, "%v", err)
			if err != nil {
				assert.ErrorContains(t, err, "FilesConfig.Key "+config.Key+": has mode 0")
				assert.ErrorContains(t, err, "chmod")
			}
			config.InsecureKeyMode = true
			_, err = tlsutil.NewFiles(config)
			assert.Equal(t, c.okInsecure, err == nil, "%v", err)
		})
	}
}

func TestModeIsThatOfTheFileBehindALink(t *testing.T) {
	a := newAuthority(t)
	certPEM, keyPEM := a.pair(nil, nil)
	config := a.write(t.TempDir(), certPEM, keyPEM)
	link := filepath.Join(t.TempDir(), "link.key")
	require.NoError(t, os.Symlink(config.Key, link))
	require.NoError(t, os.Chmod(config.Key, 0o666))
	config.Key = link
	_, err := tlsutil.NewFiles(config)
	assert.ErrorContains(t, err, "can write")
}

func TestOnlyRegularFilesAreOpened(t *testing.T) {
	a := newAuthority(t)
	certPEM, keyPEM := a.pair(nil, nil)
	config := a.write(t.TempDir(), certPEM, keyPEM)
	config.Cert = t.TempDir()
	_, err := tlsutil.NewFiles(config)
	assertFaults(t, err, "FilesConfig.Cert "+config.Cert+": is not a regular file")
}

func TestReloadTakesTheNewPair(t *testing.T) {
	a := newAuthority(t)
	var log logged
	certPEM, keyPEM := a.pair(nil, nil)
	config := a.write(t.TempDir(), certPEM, keyPEM)
	config.Logger = log.logger(slog.LevelInfo)
	files, err := tlsutil.NewFiles(config)
	require.NoError(t, err)
	first, err := files.GetCertificate(nil)
	require.NoError(t, err)

	require.NoError(t, files.Reload())
	same, _ := files.GetCertificate(nil)
	assert.Same(t, first, same, "nothing changed")

	certPEM, keyPEM = a.pair(nil, nil)
	a.write(filepath.Dir(config.Cert), certPEM, keyPEM)
	require.NoError(t, files.Reload())
	second, _ := files.GetCertificate(nil)
	assert.NotEqual(t, first.Certificate, second.Certificate)
	events := log.events(t, "crypt_certificate_change")
	require.Len(t, events, 2)
	assert.Equal(t, "loaded", events[1]["action"])
	assert.Equal(t, config.Cert, events[1]["file"])
}

func TestReloadKeepsTheLastGoodPair(t *testing.T) {
	a := newAuthority(t)
	var log logged
	certPEM, keyPEM := a.pair(nil, nil)
	config := a.write(t.TempDir(), certPEM, keyPEM)
	config.Logger = log.logger(slog.LevelInfo)
	files, err := tlsutil.NewFiles(config)
	require.NoError(t, err)
	good, _ := files.GetCertificate(nil)

	_, otherKey := a.pair(nil, nil)
	expired, expiredKey := a.pair(nil, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	for name, breakIt := range map[string]func(){
		"mismatch": func() { replace(t, config.Key, otherKey) },
		"expired":  func() { replace(t, config.Cert, expired); replace(t, config.Key, expiredKey) },
		"exposed":  func() { require.NoError(t, os.Chmod(config.Key, 0o644)) },
		"gone":     func() { require.NoError(t, os.Remove(config.Cert)) },
	} {
		a.write(filepath.Dir(config.Cert), certPEM, keyPEM)
		breakIt()
		assert.ErrorContains(t, files.Reload(), config.Cert[:len(config.Cert)-4], name)
		still, err := files.GetCertificate(nil)
		assert.NoError(t, err)
		assert.Same(t, good, still, name)
	}
	events := log.events(t, "crypt_certificate_change")
	require.Len(t, events, 5)
	assert.Equal(t, "kept_old", events[1]["action"])
	assert.Equal(t, "ERROR", events[1]["level"])
}

// A hundred exchanges, half of them broken, while clients connect.
func TestReloadUnderLoadFailsNoHandshake(t *testing.T) {
	a := newAuthority(t)
	certPEM, keyPEM := a.pair(nil, nil)
	config := a.write(t.TempDir(), certPEM, keyPEM)
	files, err := tlsutil.NewFiles(config)
	require.NoError(t, err)
	server := start(t, tlsutil.Config{Certs: files, Hosts: []string{"127.0.0.1"}})
	server.roots = a.pool()

	var stop atomic.Bool
	var handshakes, refused atomic.Int64
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for !stop.Load() {
				conn, err := tls.Dial("tcp", server.Addr().String(), &tls.Config{RootCAs: a.pool()})
				if !assert.NoError(t, err) {
					return
				}
				_ = conn.Close()
				handshakes.Add(1)
			}
		})
	}
	for i := range 100 {
		certPEM, keyPEM := a.pair(nil, nil)
		if i%2 == 0 {
			keyPEM, certPEM = keyPEM[:len(keyPEM)-i], certPEM[1+i:]
		}
		a.write(filepath.Dir(config.Cert), certPEM, keyPEM)
		before := handshakes.Load()
		if files.Reload() != nil {
			refused.Add(1)
		}
		require.Eventually(t, func() bool { return handshakes.Load() > before }, patience, time.Millisecond)
	}
	stop.Store(true)
	clients.Wait()
	assert.EqualValues(t, 50, refused.Load())
}

func TestConcurrentReloads(t *testing.T) {
	a := newAuthority(t)
	certPEM, keyPEM := a.pair(nil, nil)
	files, err := tlsutil.NewFiles(a.write(t.TempDir(), certPEM, keyPEM))
	require.NoError(t, err)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				assert.NoError(t, files.Reload())
				cert, err := files.GetCertificate(nil)
				assert.NoError(t, err)
				assert.NotNil(t, cert.Leaf)
			}
		})
	}
	all.Wait()
}

func BenchmarkHandshakeWhileReloading(b *testing.B) {
	a := newAuthority(b)
	certPEM, keyPEM := a.pair(nil, nil)
	config := a.write(b.TempDir(), certPEM, keyPEM)
	files, err := tlsutil.NewFiles(config)
	require.NoError(b, err)
	c, err := tlsutil.ServerConfig(tlsutil.Intermediate, files)
	require.NoError(b, err)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(10 * time.Millisecond) // a hundred a second
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				_ = files.Reload()
			}
		}
	}()
	b.ReportAllocs()
	for b.Loop() {
		handshake(b, c)
	}
	close(stop)
	<-stopped
}

// A setting that was given the key instead of its path must not end in a log.
func TestKeyInPlaceOfItsPathIsNotQuoted(t *testing.T) {
	_, err := tlsutil.NewFiles(tlsutil.FilesConfig{Cert: "cert.pem", Key: "-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----\n"})
	require.Error(t, err)
	assert.ErrorContains(t, err, "FilesConfig.Key is not the path of a file")
	assert.NotContains(t, err.Error(), "MIGHAgEA")
}
