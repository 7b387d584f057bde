// Package tlsutil gives a net/http service HTTPS all the way: protocol settings, certificates, a server that
// redirects and drains, response headers, and a client that speaks nothing but HTTPS.
//
//	files, err := tlsutil.NewFiles(tlsutil.FilesConfig{Cert: "tls.crt", Key: "tls.key"})
//	…
//	headers, err := tlsutil.NewHeaders(tlsutil.HeadersConfig{})
//	…
//	server, err := tlsutil.New(tlsutil.Config{
//		Addr:         ":443",
//		RedirectAddr: ":80",
//		Hosts:        []string{"api.example.com"},
//		Certs:        files,
//		Handler:      headers.Handler(mux),
//	})
//	…
//	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
//	defer stop()
//	err = server.Run(ctx)
//
// Call [Files.Reload] when the files have been renewed, such as on SIGHUP or once an hour: nothing else reads them again. On a
// developer's machine [NewDevCA] takes the place of [NewFiles]. Every part is useful alone: [ServerConfig] with
// any listener, [Headers], [Hosts] and [Redirect] with any router, [HTTPClient] with any service.
//
// # Security model
//
// Guaranteed: TLS 1.2 and 1.3 with forward secrecy and authenticated encryption only, a post-quantum hybrid key exchange
// with every client that offers one, and certificates that were checked before the first handshake. A [Server] bounds the
// time of each handshake, request, response and idle connection, and the size of each header. It answers only for the
// hosts it was given, and a redirect never leads anywhere else. A broken certificate file never replaces a working one.
//
// Left to the caller: the number of connections, the size of request bodies, a call of [Files.Reload] before a certificate
// expires, and the soundness of certificates that come from elsewhere than [Files] and [DevCA]. No forwarding header is read: behind a proxy,
// [ClientAddr] is the address of the proxy.
package tlsutil

import (
	"net/http"
	"net/netip"

	"github.com/sallyport-go/sallyport/internal/event"
)

// ClientAddr returns the address of the client that sent r: that of the connection, without port and zone, IPv4 also
// where it was mapped into IPv6. It returns the zero Addr if there is none, as on a Unix socket. Headers that a client could
// forge, such as X-Forwarded-For, are not read.
func ClientAddr(r *http.Request) netip.Addr { return event.RemoteAddr(r) }
