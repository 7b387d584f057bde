package tlsutil_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/sallyport-go/sallyport/tlsutil"
)

// quiet keeps the events of the examples out of their output. Leave Logger nil to have them.
var quiet = slog.New(slog.DiscardHandler)

// A whole service for a developer's machine: HTTPS, headers, the redirect, and an orderly end.
func Example() {
	dir, err := os.MkdirTemp("", "dev-ca") // leave DevCAConfig.Dir empty to keep the authority
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ca, err := tlsutil.NewDevCA(tlsutil.DevCAConfig{Dir: dir, Logger: quiet})
	if err != nil {
		panic(err)
	}
	headers, err := tlsutil.NewHeaders(tlsutil.HeadersConfig{})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "hello over", r.Proto) })

	server, err := tlsutil.New(tlsutil.Config{
		Addr:         "127.0.0.1:0",
		RedirectAddr: "127.0.0.1:0",
		Hosts:        []string{"localhost", "127.0.0.1"},
		Certs:        ca,
		Handler:      headers.Handler(mux),
		Logger:       quiet,
	})
	if err != nil {
		panic(err)
	}
	if err := server.Listen(); err != nil { // only to learn the port; Run does it otherwise
		panic(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()

	client, err := tlsutil.HTTPClient(tlsutil.ClientConfig{Roots: ca.Pool()})
	if err != nil {
		panic(err)
	}
	res, err := client.Get("https://" + server.Addr().String() + "/hello")
	if err != nil {
		panic(err)
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	fmt.Print(string(body))
	fmt.Println(res.Header.Get("Content-Security-Policy"))

	client.CloseIdleConnections()
	stop() // as SIGTERM would
	fmt.Println("drained:", <-done)
	// Output:
	// hello over HTTP/2.0
	// default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
	// drained: <nil>
}

// All that is wrong is said at once, before a port is bound.
func ExampleNew_faults() {
	_, err := tlsutil.New(tlsutil.Config{
		Handler:      http.NotFoundHandler(),
		RedirectAddr: ":80",
		ReadTimeout:  30, // nanoseconds
	})
	fmt.Println(err)
	// Output:
	// tlsutil: Config.Hosts is empty: with RedirectAddr, list the hosts that a redirect may lead to
	// tlsutil: Config.ReadTimeout 30ns is less than 10ms: write a duration with its unit, such as 5*time.Second
	// tlsutil: Config.Certs is nil: give a *Files, a *DevCA or another GetCertificate
}

// A service with a listener of its own uses the settings alone.
func ExampleServerConfig() {
	dir, err := os.MkdirTemp("", "dev-ca")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ca, err := tlsutil.NewDevCA(tlsutil.DevCAConfig{Dir: dir, Logger: quiet})
	if err != nil {
		panic(err)
	}
	config, err := tlsutil.ServerConfig(tlsutil.Modern, ca)
	if err != nil {
		panic(err)
	}
	fmt.Println(config.NextProtos, config.CurvePreferences[0])
	// Output:
	// [h2 http/1.1] X25519MLKEM768
}

// A missing or broken file is an error at start-up that names it. SIGHUP is a customary time to call Reload.
func ExampleNewFiles() {
	_, err := tlsutil.NewFiles(tlsutil.FilesConfig{Cert: "/no/such/tls.crt", Key: "/no/such/tls.key"})
	fmt.Println(err)
	// Output:
	// tlsutil: FilesConfig.Cert /no/such/tls.crt: no such file or directory
	// tlsutil: FilesConfig.Key /no/such/tls.key: no such file or directory
}

// The authority of a developer's machine signs for nothing outside of it.
func ExampleNewDevCA() {
	_, err := tlsutil.NewDevCA(tlsutil.DevCAConfig{Dir: "dev-ca", Hosts: []string{"localhost", "*.shop.test", "example.com"}})
	fmt.Println(err)
	// Output:
	// tlsutil: DevCAConfig.Hosts[2] "example.com" is not local: take a loopback address, localhost, or a name below .localhost or .test
}

// A handler whose answer may be cached says so: what it sets takes the place of the standard.
func ExampleHeaders_Handler() {
	headers, err := tlsutil.NewHeaders(tlsutil.HeadersConfig{})
	if err != nil {
		panic(err)
	}
	h := headers.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=3600")
	}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://api.example.com/logo", nil))
	fmt.Println(w.Header().Get("Cache-Control"))
	fmt.Println(w.Header().Get("Strict-Transport-Security"))
	// Output:
	// public, max-age=3600
	// max-age=63072000
}

// The usual mistake is a number of seconds: it is no duration.
func ExampleNewHeaders_unit() {
	_, err := tlsutil.NewHeaders(tlsutil.HeadersConfig{HSTSMaxAge: 31536000})
	fmt.Println(err)
	headers, err := tlsutil.NewHeaders(tlsutil.HeadersConfig{HSTSMaxAge: 365 * 24 * time.Hour})
	fmt.Println(headers != nil, err)
	// Output:
	// tlsutil: HeadersConfig.HSTSMaxAge 31.536ms is less than 1m0s: write a duration with its unit, such as 365*24*time.Hour
	// true <nil>
}

func ExampleHosts_Handler() {
	hosts, err := tlsutil.NewHosts(tlsutil.HostsConfig{Hosts: []string{"api.example.com"}, Logger: quiet})
	if err != nil {
		panic(err)
	}
	h := hosts.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }))
	for _, host := range []string{"API.example.com:443", "api.example.com.evil.example"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		h.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 hello
	// 421 {"title":"Misdirected Request","status":421,"detail":"This server does not answer for the requested host."}
}

// On a port of plain HTTP that another server listens on.
func ExampleNewRedirect() {
	redirect, err := tlsutil.NewRedirect(tlsutil.RedirectConfig{Hosts: []string{"api.example.com"}, Logger: quiet})
	if err != nil {
		panic(err)
	}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		w := httptest.NewRecorder()
		redirect.ServeHTTP(w, httptest.NewRequest(method, "http://api.example.com//evil.example?a=b", nil))
		fmt.Println(w.Code, w.Header().Get("Location"))
	}
	// Output:
	// 301 https://api.example.com//evil.example?a=b
	// 403
}

// Plain HTTP is not spoken, wherever the address came from.
func ExampleHTTPClient() {
	client, err := tlsutil.HTTPClient(tlsutil.ClientConfig{Timeout: 10 * time.Second})
	if err != nil {
		panic(err)
	}
	_, err = client.Get("http://api.example.com/")
	fmt.Println(err)
	// Output:
	// Get "http://api.example.com/": tlsutil: plain HTTP: only https requests are sent
}

func ExampleClientAddr() {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = "192.0.2.7:4711"
	r.Header.Set("X-Forwarded-For", "127.0.0.1") // anyone can write this
	fmt.Println(tlsutil.ClientAddr(r))
	// Output:
	// 192.0.2.7
}
