package tlsutil_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/tlsutil"
)

func TestEmptyConfigNamesWhatIsMissing(t *testing.T) {
	_, err := tlsutil.New(tlsutil.Config{})
	assertFaults(t, err, "Config.Handler is nil", "Config.Certs is nil")
}

func TestConfigFaultsComeTogether(t *testing.T) {
	_, err := tlsutil.New(tlsutil.Config{
		Addr: "8443", RedirectAddr: ":nosuchport", RedirectPort: 70000, Profile: -1,
		ReadHeaderTimeout: -1, ReadTimeout: 5, WriteTimeout: 2 * time.Hour, IdleTimeout: -1, ShutdownTimeout: 3, MaxHeaderBytes: -1,
	})
	assertFaults(t, err, `Config.Addr "8443" is not host:port`, "Config.Handler", `Config.RedirectAddr ":nosuchport" is not`, "Config.RedirectPort 70000 is not a port",
		"Config.Hosts is empty", "Config.Certs", "Config.Profile -1", "Config.ReadHeaderTimeout -1ns is negative", "Config.IdleTimeout -1ns is negative",
		"Config.ReadTimeout 5ns is less than 10ms", "Config.WriteTimeout 2h0m0s is more than 1h0m0s", "Config.ShutdownTimeout 3ns is less", "Config.MaxHeaderBytes -1 is not in 4096 to 1048576")
	_, err = tlsutil.New(tlsutil.Config{Handler: http.NotFoundHandler(), Certs: newAuthority(t).files(), RedirectPort: 443})
	assertFaults(t, err, "Config.RedirectPort 443 has no effect without RedirectAddr")
}

func TestHostsOutsideTheCertificateAreFoundAtStart(t *testing.T) {
	files := newAuthority(t).files()
	config := tlsutil.Config{Handler: http.NotFoundHandler(), Certs: files, Hosts: []string{"localhost", "api.example.com", "192.0.2.1"}}
	_, err := tlsutil.New(config)
	assertFaults(t, err, `Config.Hosts[1] "api.example.com" cannot be served with Config.Certs`, `Config.Hosts[2] "192.0.2.1" cannot be served`)

	config.Certs = anyCerts{files} // who cannot be asked is believed
	_, err = tlsutil.New(config)
	assert.NoError(t, err)
}

type anyCerts struct{ tlsutil.Certs }

// The error of NewFiles was not looked at: no panic, at start or later.
func TestNilCertificateSourceIsAFault(t *testing.T) {
	for _, certs := range []tlsutil.Certs{(*tlsutil.Files)(nil), (*tlsutil.DevCA)(nil)} {
		for _, hosts := range [][]string{nil, {"localhost"}} {
			_, err := tlsutil.New(tlsutil.Config{Handler: http.NotFoundHandler(), Certs: certs, Hosts: hosts})
			assert.ErrorContains(t, err, "tlsutil: Config.Certs is")
			_, err = tlsutil.ServerConfig(tlsutil.Intermediate, certs)
			assert.ErrorContains(t, err, "tlsutil: certs is")
		}
	}
}

func TestBothBusyPortsAreReported(t *testing.T) {
	busy := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { _ = l.Close() })
		return l.Addr().String()
	}
	a, b := busy(), busy()
	config := tlsutil.Config{Addr: a, RedirectAddr: b, Hosts: []string{"localhost"}, Handler: http.NotFoundHandler(), Certs: newAuthority(t).files()}
	server, err := tlsutil.New(config)
	require.NoError(t, err)
	for _, err := range []error{server.Listen(), server.Run(t.Context())} {
		assertFaults(t, err, "Config.Addr: listen tcp "+a, "Config.RedirectAddr: listen tcp "+b)
	}
	assert.Nil(t, server.Addr())
	assert.Nil(t, server.RedirectAddr())
}

func TestPortThatWasBoundIsGivenBack(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	free := probe.Addr().String()
	require.NoError(t, probe.Close())
	server, err := tlsutil.New(tlsutil.Config{Addr: free, RedirectAddr: busy.Addr().String(), Hosts: []string{"localhost"},
		Handler: http.NotFoundHandler(), Certs: newAuthority(t).files()})
	require.NoError(t, err)
	assertFaults(t, server.Listen(), "Config.RedirectAddr: listen tcp")
	again, err := net.Listen("tcp", free)
	require.NoError(t, err)
	_ = again.Close()
}

func TestServerRunsOnce(t *testing.T) {
	server := start(t, tlsutil.Config{})
	assert.ErrorContains(t, server.Listen(), "Server.Listen was called before")
	status, _ := get(t, server.client(), server.url())
	assert.Equal(t, 200, status)
	assert.ErrorContains(t, server.Run(t.Context()), "Server.Run was called before")
	assert.Nil(t, server.RedirectAddr())
	server.stop()
	assert.NoError(t, server.wait())
	assert.Error(t, server.Server.Run(t.Context()))
}

func TestRunWithAnEndedContext(t *testing.T) {
	server, err := tlsutil.New(tlsutil.Config{Addr: "127.0.0.1:0", Handler: http.NotFoundHandler(), Certs: newAuthority(t).files(), Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.NoError(t, server.Run(ctx))
	_, err = net.Dial("tcp", server.Addr().String())
	assert.Error(t, err, "the port is closed")
}

func TestPlainHTTPOnTheTLSPort(t *testing.T) {
	var log logged
	server := start(t, tlsutil.Config{Logger: log.logger(slog.LevelInfo)})
	res := raw(t, server.Addr(), "GET /?token=secret HTTP/1.1\r\nHost: localhost\r\n\r\n")
	assert.Equal(t, 400, res.StatusCode)
	assert.Contains(t, text(t, res), "HTTP request to an HTTPS server")
	assert.NotContains(t, log.String(), "handshake", "what a scanner does is logged at debug")
}

func TestUnknownHostsAreRefused(t *testing.T) {
	server := start(t, tlsutil.Config{Hosts: []string{"localhost", "127.0.0.1"}})
	client := server.client()
	for host, want := range map[string]int{"": 200, "localhost": 200, "LOCALHOST:1": 200, "localhost.": 200, "evil.example": 421} {
		for _, h2 := range []bool{true, false} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.url(), nil)
			require.NoError(t, err)
			r.Host = host
			if !h2 {
				conn, err := server.dial(&tls.Config{NextProtos: []string{"http/1.1"}})
				require.NoError(t, err)
				var b strings.Builder
				require.NoError(t, r.Write(&b))
				assert.Equal(t, want, exchange(t, conn, b.String()).StatusCode, host)
				continue
			}
			res, err := client.Do(r)
			require.NoError(t, err)
			_ = res.Body.Close()
			assert.Equal(t, 2, res.ProtoMajor)
			assert.Equal(t, want, res.StatusCode, host)
		}
	}
	conn, err := server.dial(&tls.Config{NextProtos: []string{"http/1.1"}})
	require.NoError(t, err)
	assert.Equal(t, 421, exchange(t, conn, "OPTIONS * HTTP/1.1\r\nHost: evil.example\r\n\r\n").StatusCode)
}

func TestOversizeHeadersAreRefused(t *testing.T) {
	server := start(t, tlsutil.Config{MaxHeaderBytes: 8 << 10})
	conn, err := server.dial(&tls.Config{NextProtos: []string{"http/1.1"}})
	require.NoError(t, err)
	assert.Equal(t, 431, exchange(t, conn, "GET / HTTP/1.1\r\nHost: localhost\r\nX: "+strings.Repeat("a", 16<<10)+"\r\n\r\n").StatusCode)

	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.url(), nil)
	require.NoError(t, err)
	r.Header.Set("X", strings.Repeat("a", 16<<10))
	res, err := server.client().Do(r)
	if err == nil { // net/http's client knows the limit of HTTP/2 and may not send at all
		_ = res.Body.Close()
		assert.Equal(t, 431, res.StatusCode)
	}
}

func TestSlowHeadersAreClosedWhileOthersAreServed(t *testing.T) {
	server := start(t, tlsutil.Config{ReadHeaderTimeout: 300 * time.Millisecond, RedirectAddr: "127.0.0.1:0", Hosts: []string{"127.0.0.1"}})
	var slow []net.Conn
	for range 50 {
		conn, err := server.dial(&tls.Config{NextProtos: []string{"http/1.1"}})
		require.NoError(t, err)
		slow = append(slow, conn)
	}
	for _, addr := range []net.Addr{server.Addr(), server.RedirectAddr()} { // a handshake that never begins, and plain HTTP
		conn, err := net.DialTimeout(addr.Network(), addr.String(), patience)
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		slow = append(slow, conn)
	}
	var drips sync.WaitGroup
	for i, conn := range slow {
		_ = conn.SetDeadline(time.Now().Add(patience))
		if i != len(slow)-2 {
			_, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-a: b")
			require.NoError(t, err)
		}
		drips.Go(func() {
			_, err := io.Copy(io.Discard, conn)
			var timeout net.Error
			assert.False(t, errors.As(err, &timeout) && timeout.Timeout(), "the server did not close it")
		})
	}
	client := server.client()
	for range 10 {
		status, _ := get(t, client, server.url())
		assert.Equal(t, 200, status)
	}
	drips.Wait()
}

func TestSlowBodiesAreCutOff(t *testing.T) {
	read := make(chan error, 1)
	server := start(t, tlsutil.Config{ReadTimeout: 200 * time.Millisecond, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		read <- err
	})})
	conn, err := server.dial(&tls.Config{NextProtos: []string{"http/1.1"}})
	require.NoError(t, err)
	_, err = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf")
	require.NoError(t, err)
	assert.Error(t, <-read)
}

// inFlight is a handler that says when a request has arrived and holds it until it is released or cut off.
type inFlight struct{ arrived, release, ended chan struct{} }

func newInFlight() *inFlight {
	return &inFlight{make(chan struct{}, 8), make(chan struct{}), make(chan struct{}, 8)}
}

func (h *inFlight) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.arrived <- struct{}{}
	select {
	case <-h.release:
		_, _ = io.WriteString(w, "served")
	case <-r.Context().Done():
		h.ended <- struct{}{}
	}
}

func TestDrainFinishesRequestsInFlight(t *testing.T) {
	for name, proto := range map[string]string{"HTTP/1.1": "http/1.1", "HTTP/2": "h2"} {
		t.Run(name, func(t *testing.T) {
			h := newInFlight()
			server := start(t, tlsutil.Config{Handler: h, RedirectAddr: "127.0.0.1:0", Hosts: []string{"127.0.0.1"}})
			transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: server.roots, NextProtos: []string{proto}}, ForceAttemptHTTP2: proto == "h2"}
			defer transport.CloseIdleConnections()
			type answer struct {
				status int
				body   string
				proto  string
			}
			answers := make(chan answer, 1)
			go func() {
				r, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, server.url(), nil)
				res, err := transport.RoundTrip(r)
				if !assert.NoError(t, err) {
					answers <- answer{}
					return
				}
				defer res.Body.Close()
				body, err := io.ReadAll(res.Body)
				assert.NoError(t, err)
				answers <- answer{res.StatusCode, string(body), res.Proto[:6]}
			}()
			<-h.arrived
			server.stop()
			for _, addr := range []net.Addr{server.Addr(), server.RedirectAddr()} {
				require.Eventually(t, func() bool {
					conn, err := net.DialTimeout(addr.Network(), addr.String(), patience)
					if err == nil {
						_ = conn.Close()
					}
					return err != nil
				}, patience, time.Millisecond, "new clients are not accepted")
			}
			assert.Empty(t, h.ended, "the request goes on")
			close(h.release)
			got := <-answers
			assert.Equal(t, 200, got.status)
			assert.Equal(t, "served", got.body)
			assert.Equal(t, name[:6], got.proto)
			assert.NoError(t, server.wait())
		})
	}
}

func TestDrainCutsOffWhatDoesNotEnd(t *testing.T) {
	var log logged
	h := newInFlight()
	server := start(t, tlsutil.Config{Handler: h, ShutdownTimeout: 100 * time.Millisecond, Logger: log.logger(slog.LevelInfo)})
	for range 2 {
		go func() {
			r, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, server.url(), nil)
			if res, err := server.client().Do(r); err == nil {
				_ = res.Body.Close()
			}
		}()
		<-h.arrived
	}
	server.stop()
	assert.EqualError(t, server.wait(), "tlsutil: 2 requests still ran after Config.ShutdownTimeout 100ms and were cut off")
	<-h.ended
	<-h.ended
	events := log.events(t, "sys_shutdown")
	require.Len(t, events, 1)
	assert.Equal(t, false, events[0]["clean"])
	assert.Len(t, log.events(t, "sys_startup"), 1)
}

// A client that connects and says nothing holds a drain up, but it is no request that was cut off.
func TestIdleAndSilentConnectionsDrainCleanly(t *testing.T) {
	server := start(t, tlsutil.Config{ShutdownTimeout: 100 * time.Millisecond})
	_, err := server.dial(&tls.Config{NextProtos: []string{"h2"}})
	require.NoError(t, err)
	_, err = server.dial(&tls.Config{NextProtos: []string{"http/1.1"}})
	require.NoError(t, err)
	conn, err := server.dial(&tls.Config{NextProtos: []string{"http/1.1"}})
	require.NoError(t, err)
	assert.Equal(t, 200, exchange(t, conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").StatusCode)
	server.stop()
	assert.NoError(t, server.wait())
	_, err = bufio.NewReader(conn).ReadByte()
	assert.ErrorIs(t, err, io.EOF)
}

func TestListenerThatFailsEndsRun(t *testing.T) {
	server := start(t, tlsutil.Config{RedirectAddr: "127.0.0.1:0", Hosts: []string{"localhost"}})
	server.CloseListenerForTest()
	assert.ErrorContains(t, server.wait(), "tlsutil: serving ended: ")
}

type key struct{}

func TestRequestContextCarriesValuesOfRun(t *testing.T) {
	got := make(chan any, 1)
	server, err := tlsutil.New(tlsutil.Config{Addr: "127.0.0.1:0", Certs: newAuthority(t).files(), Logger: slog.New(slog.DiscardHandler),
		Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.Context().Value(key{}) })})
	require.NoError(t, err)
	require.NoError(t, server.Listen())
	ctx, stop := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	conn, err := tls.Dial("tcp", server.Addr().String(), &tls.Config{InsecureSkipVerify: true}) // not what is tested
	require.NoError(t, err)
	defer conn.Close()
	exchange(t, conn, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	assert.Equal(t, "value", <-got)
	stop()
	assert.NoError(t, <-done)
}

func TestErrorLog(t *testing.T) {
	var log logged
	server := start(t, tlsutil.Config{Logger: log.logger(slog.LevelDebug), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/panic" {
			panic("line one\nline two")
		}
		w.WriteHeader(200)
		w.WriteHeader(500)
	})})
	_, err := server.dial(&tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10})
	require.Error(t, err)
	for _, path := range []string{"/panic", "/twice"} {
		conn, err := server.dial(&tls.Config{NextProtos: []string{"http/1.1"}})
		require.NoError(t, err)
		_, err = io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, conn)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.url()+"/panic", nil)
	require.NoError(t, err)
	_, err = server.client().Do(r)
	require.Error(t, err)

	require.Eventually(t, func() bool { return strings.Contains(log.String(), "http2: panic") }, patience, time.Millisecond)
	for want, level := range map[string]string{"http: TLS handshake error": "DEBUG", "http: panic serving": "ERROR", "http2: panic serving": "ERROR", "http: superfluous": "WARN"} {
		var found bool
		for line := range strings.Lines(log.String()) {
			if strings.Contains(line, want) {
				found = true
				assert.Contains(t, line, `"level":"`+level+`"`)
			}
		}
		assert.True(t, found, want)
	}
}

func TestConcurrentUse(t *testing.T) {
	server := start(t, tlsutil.Config{RedirectAddr: "127.0.0.1:0", Hosts: []string{"127.0.0.1"}})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			client := server.client()
			for range 20 {
				_ = server.Addr()
				r, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, server.url(), nil)
				res, err := client.Do(r)
				if assert.NoError(t, err) {
					_ = res.Body.Close()
				}
				plain, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+server.RedirectAddr().String(), nil)
				res, err = http.DefaultTransport.RoundTrip(plain)
				if assert.NoError(t, err) {
					_ = res.Body.Close()
					assert.Equal(t, server.url()+"/", res.Header.Get("Location"))
				}
			}
		})
	}
	all.Wait()
}
