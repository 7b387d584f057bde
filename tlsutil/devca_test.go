package tlsutil_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/tlsutil"
)

func devCA(t testing.TB, dir string, hosts ...string) *tlsutil.DevCA {
	t.Helper()
	ca, err := tlsutil.NewDevCA(tlsutil.DevCAConfig{Dir: dir, Hosts: hosts, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return ca
}

func closedDir(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "a", "dev-ca")
}

func leafOf(t testing.TB, certs tlsutil.Certs) *x509.Certificate {
	t.Helper()
	cert, err := certs.GetCertificate(nil)
	require.NoError(t, err)
	return cert.Leaf
}

// rootFile reads ca.pem as a client does.
func rootFile(t testing.TB, path string) *x509.CertPool {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(data))
	return pool
}

func verifies(leaf *x509.Certificate, roots *x509.CertPool, host string) error {
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host})
	return err
}

func TestDevCAServesLocalNames(t *testing.T) {
	ca := devCA(t, closedDir(t), "localhost", "api.localhost", "*.shop.localhost", "*.test", "App.Example.Test", "127.0.0.1", "127.3.2.1", "::1")
	leaf := leafOf(t, ca)
	roots := rootFile(t, ca.Root())
	for _, host := range []string{"localhost", "api.localhost", "a.shop.localhost", "a.test", "app.example.test", "127.0.0.1", "127.3.2.1", "::1"} {
		assert.NoError(t, verifies(leaf, roots, host), host)
		assert.NoError(t, verifies(leaf, ca.Pool(), host), host)
	}
	for _, host := range []string{"example.com", "other.localhost", "127.0.0.2", "test"} {
		assert.Error(t, verifies(leaf, roots, host), host)
	}
}

func TestDevCADefaultHosts(t *testing.T) {
	leaf := leafOf(t, devCA(t, closedDir(t)))
	assert.Equal(t, []string{"localhost"}, leaf.DNSNames)
	assert.Len(t, leaf.IPAddresses, 2)
	assert.Equal(t, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, leaf.ExtKeyUsage)
	assert.False(t, leaf.IsCA)
	assert.LessOrEqual(t, time.Until(leaf.NotAfter), 7*24*time.Hour)
}

func TestDevCARefusesTheWorld(t *testing.T) {
	hosts := []string{"example.com", "test", "localhost.example.com", "mytest", "notlocalhost", "10.0.0.1", "192.168.1.1", "0.0.0.0", "::",
		"::ffff:127.0.0.1", "fe80::1", "*", "*.com", "*.*.test", "a.*.test", "*.127.0.0.1", "https://localhost", "localhost:8443", "", "localhost."}
	dir := closedDir(t)
	_, err := tlsutil.NewDevCA(tlsutil.DevCAConfig{Dir: dir, Hosts: hosts})
	want := make([]string, len(hosts))
	for i := range want {
		want[i] = "DevCAConfig.Hosts["
	}
	assertFaults(t, err, want...)
	assert.NoDirExists(t, dir, "nothing is made for a Config that is refused")
}

// Whoever has ca.key signs what it likes: no client may take it.
func TestStolenDevCAKeySignsNothingForeign(t *testing.T) {
	ca := devCA(t, closedDir(t))
	keyPEM, err := os.ReadFile(filepath.Join(filepath.Dir(ca.Root()), "ca.key"))
	require.NoError(t, err)
	block, _ := pem.Decode(keyPEM)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	rootPEM, err := os.ReadFile(ca.Root())
	require.NoError(t, err)
	block, _ = pem.Decode(rootPEM)
	root, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	thief := &authority{t: t, cert: root, key: key.(*ecdsa.PrivateKey)}
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := func() *x509.Certificate {
		return &x509.Certificate{NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour)}
	}
	uri, err := url.Parse("spiffe://example.com/admin")
	require.NoError(t, err)

	for name, change := range map[string]func(*x509.Certificate){
		"another name":   func(c *x509.Certificate) { c.DNSNames = []string{"example.com"} },
		"hidden behind":  func(c *x509.Certificate) { c.DNSNames = []string{"localhost", "example.com"} },
		"suffix":         func(c *x509.Certificate) { c.DNSNames = []string{"evillocalhost"} },
		"all names":      func(c *x509.Certificate) { c.DNSNames = []string{"*.com"} },
		"another IPv4":   func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(10, 0, 0, 1)} },
		"another IPv6":   func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.ParseIP("2001:db8::1")} },
		"e-mail address": func(c *x509.Certificate) { c.EmailAddresses = []string{"root@example.com"} },
		"URI":            func(c *x509.Certificate) { c.URIs = []*url.URL{uri} },
	} {
		c := template()
		change(c)
		_, err := thief.sign(c, own.Public()).Verify(x509.VerifyOptions{Roots: ca.Pool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		assert.ErrorContains(t, err, "is not permitted by any constraint", name)
	}

	client := template()
	client.DNSNames, client.ExtKeyUsage = []string{"localhost"}, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	_, err = thief.sign(client, own.Public()).Verify(x509.VerifyOptions{Roots: ca.Pool(), KeyUsages: client.ExtKeyUsage})
	assert.Error(t, err, "a client's certificate")

	below := template()
	below.IsCA, below.BasicConstraintsValid, below.KeyUsage = true, true, x509.KeyUsageCertSign
	below.Subject = pkix.Name{CommonName: "below"}
	intermediate := thief.sign(below, own.Public())
	c := template()
	c.DNSNames = []string{"localhost"}
	leaf := (&authority{t: t, cert: intermediate, key: own}).sign(c, own.Public())
	between := x509.NewCertPool()
	between.AddCert(intermediate)
	_, err = leaf.Verify(x509.VerifyOptions{Roots: ca.Pool(), Intermediates: between})
	assert.Error(t, err, "another authority below")
}

func TestDevCAFilesAreClosedAndKept(t *testing.T) {
	dir := closedDir(t)
	var log logged
	open := func() *tlsutil.DevCA {
		ca, err := tlsutil.NewDevCA(tlsutil.DevCAConfig{Dir: dir, Logger: log.logger(slog.LevelInfo)})
		require.NoError(t, err)
		return ca
	}
	first := open()
	for path, mode := range map[string]os.FileMode{dir: 0o700 | os.ModeDir, filepath.Join(dir, "ca.key"): 0o600, first.Root(): 0o644} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, mode, info.Mode(), path)
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 2, "no files left over")

	second := open()
	assert.True(t, first.Pool().Equal(second.Pool()))
	assert.NoError(t, verifies(leafOf(t, second), first.Pool(), "localhost"))
	assert.Len(t, log.events(t, "crypt_certificate_change"), 1, "made once")
}

func TestManyStartsAtOnceShareOneDevCA(t *testing.T) {
	dir := closedDir(t)
	all := make([]*tlsutil.DevCA, 16)
	var starts sync.WaitGroup
	for i := range all {
		starts.Go(func() {
			ca, err := tlsutil.NewDevCA(tlsutil.DevCAConfig{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
			if assert.NoError(t, err) {
				all[i] = ca
			}
		})
	}
	starts.Wait()
	require.NotNil(t, all[0])
	roots := rootFile(t, all[0].Root())
	for _, ca := range all {
		assert.True(t, roots.Equal(ca.Pool()))
		assert.NoError(t, verifies(leafOf(t, ca), roots, "localhost"))
	}
}

func TestDevCARenewsItsCertificateInTime(t *testing.T) {
	dir := closedDir(t)
	synctest.Test(t, func(t *testing.T) {
		ca := devCA(t, dir)
		first := leafOf(t, ca)
		time.Sleep(4 * 24 * time.Hour)
		assert.Same(t, first, leafOf(t, ca))
		time.Sleep(24*time.Hour + time.Second)
		second := leafOf(t, ca)
		assert.NotEqual(t, first.Raw, second.Raw)
		assert.True(t, second.NotAfter.After(first.NotAfter))
		assert.NoError(t, verifies(second, ca.Pool(), "localhost"))
	})
}

func TestDevCAThatRunsOutIsRenewedWithItsKey(t *testing.T) {
	dir := closedDir(t)
	synctest.Test(t, func(t *testing.T) {
		old := devCA(t, dir)
		time.Sleep((5*365 - 91) * 24 * time.Hour)
		assert.True(t, old.Pool().Equal(devCA(t, dir).Pool()), "not before it is due")
		time.Sleep(2 * 24 * time.Hour)
		renewed := devCA(t, dir)
		assert.False(t, old.Pool().Equal(renewed.Pool()))
		assert.NoError(t, verifies(leafOf(t, renewed), old.Pool(), "localhost"), "who trusted the old one need not hurry")
		assert.NoError(t, verifies(leafOf(t, old), rootFile(t, renewed.Root()), "localhost"), "a process that still runs is trusted")
	})
}

func TestDevCAUsesNothingThatItDidNotMake(t *testing.T) {
	foreign := newAuthority(t)
	foreignPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: foreign.cert.Raw})
	der, err := x509.MarshalPKCS8PrivateKey(foreign.key)
	require.NoError(t, err)
	foreignKey := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	der, err = x509.MarshalPKCS8PrivateKey(p384)
	require.NoError(t, err)
	otherCurve := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})

	cases := map[string]struct {
		spoil func(dir string)
		want  string
	}{
		"unlimited authority": {func(dir string) {
			replace(t, filepath.Join(dir, "ca.pem"), foreignPEM)
			replace(t, filepath.Join(dir, "ca.key"), foreignKey)
		}, "ca.pem: is not limited to local names"},
		"certificate of another key": {func(dir string) { replace(t, filepath.Join(dir, "ca.pem"), foreignPEM) }, "ca.pem: does not belong to ca.key"},
		"key of another":             {func(dir string) { replace(t, filepath.Join(dir, "ca.key"), foreignKey) }, "ca.pem: does not belong to ca.key"},
		"key of another kind":        {func(dir string) { replace(t, filepath.Join(dir, "ca.key"), otherCurve) }, "ca.key: holds no P-256 key"},
		"no certificate":             {func(dir string) { replace(t, filepath.Join(dir, "ca.pem"), foreignKey) }, "ca.pem: holds no certificate in PEM"},
		"no key":                     {func(dir string) { replace(t, filepath.Join(dir, "ca.key"), foreignPEM) }, "ca.key: holds no private key in PEM"},
		"key removed":                {func(dir string) { require.NoError(t, os.Remove(filepath.Join(dir, "ca.key"))) }, "has no ca.key beside it"},
		"key readable by the group":  {func(dir string) { require.NoError(t, os.Chmod(filepath.Join(dir, "ca.key"), 0o640)) }, "ca.key: has mode 0640"},
		"certificate writable":       {func(dir string) { require.NoError(t, os.Chmod(filepath.Join(dir, "ca.pem"), 0o664)) }, "ca.pem: has mode 0664"},
		"folder writable by all":     {func(dir string) { require.NoError(t, os.Chmod(dir, 0o777|os.ModeSticky)) }, "has mode 0777"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := closedDir(t)
			devCA(t, dir)
			c.spoil(dir)
			_, err := tlsutil.NewDevCA(tlsutil.DevCAConfig{Dir: dir})
			assert.ErrorContains(t, err, "tlsutil: DevCAConfig.Dir")
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func TestDevCAWithoutItsCertificateMakesAnother(t *testing.T) {
	dir := closedDir(t)
	old := devCA(t, dir)
	require.NoError(t, os.Remove(old.Root()))
	again := devCA(t, dir)
	assert.NoError(t, verifies(leafOf(t, again), old.Pool(), "localhost"), "the key is the same")
}

func TestDevCAServesHandshakes(t *testing.T) {
	ca := devCA(t, closedDir(t))
	server := start(t, tlsutil.Config{Certs: ca, Hosts: []string{"localhost", "127.0.0.1", "::1"}})
	server.roots = ca.Pool()
	conn, err := server.dial(&tls.Config{ServerName: "localhost"})
	require.NoError(t, err)
	assert.Equal(t, tls.X25519MLKEM768, conn.ConnectionState().CurveID)
	status, _ := get(t, server.client(), server.url())
	assert.Equal(t, 200, status)
}
