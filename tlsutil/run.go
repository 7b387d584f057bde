package tlsutil

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/internal/event"
)

// Listen binds both ports, so that a program can find out about a busy port, or learn the number of a port 0, before it serves.
// Run calls it if the program did not. If one port cannot be bound then neither stays bound, and the error names both that
// failed. After Listen, clients can connect and wait; only Run serves them and closes the ports.
func (s *Server) Listen() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started || s.https != nil {
		return errors.New("tlsutil: Server.Listen was called before: make a new Server to listen again")
	}
	return s.listen()
}

func (s *Server) listen() error {
	var f faults
	https, err := net.Listen("tcp", s.config.Addr)
	if err != nil {
		f.add("Config.Addr: %w", err)
	}
	var redirect net.Listener
	if s.config.RedirectAddr != "" {
		if redirect, err = net.Listen("tcp", s.config.RedirectAddr); err != nil {
			f.add("Config.RedirectAddr: %w", err)
		}
	}
	if err := f.err(); err != nil {
		closeAll(https, redirect)
		return err
	}
	s.https, s.redirect = https, redirect
	return nil
}

func closeAll(listeners ...net.Listener) {
	for _, l := range listeners {
		if l != nil {
			_ = l.Close() // closed already, as a rule
		}
	}
}

// Addr returns the address that HTTPS is bound to, or nil before Listen.
func (s *Server) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	return addrOf(s.https)
}

// RedirectAddr returns the address that plain HTTP is bound to, or nil before Listen or without a Config.RedirectAddr.
func (s *Server) RedirectAddr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	return addrOf(s.redirect)
}

func addrOf(l net.Listener) net.Addr {
	if l == nil {
		return nil
	}
	return l.Addr()
}

// Run serves until ctx ends. Then it accepts no more, lets the requests in flight finish, within Config.ShutdownTimeout,
// closes everything and returns nil. An error says that a port could not be bound, that a listener failed, or how many
// requests had to be cut off. Connections that a handler has hijacked are the handler's.
//
// The context of a request carries the values of ctx. It does not end with ctx, but when its client leaves or it is cut off.
//
// Run listens to no signals. That is signal.NotifyContext's part, which leaves the program to decide what else a
// signal means:
//
//	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
func (s *Server) Run(ctx context.Context) error {
	if err := s.start(); err != nil {
		return err
	}
	base, cutOff := context.WithCancel(context.WithoutCancel(ctx))
	defer cutOff()
	defer closeAll(s.https, s.redirect)
	running := s.services(base)
	failed := make(chan error, len(running))
	for _, each := range running {
		go func() { failed <- each.serve() }()
	}
	s.logStart(ctx)

	var err error
	left := len(running)
	select {
	case <-ctx.Done():
	case err = <-failed:
		err = fmt.Errorf("tlsutil: serving ended: %w", err)
		left--
	}
	err = errors.Join(err, s.drain(running))
	cutOff()
	for range left {
		<-failed // what they return is that they were closed
	}
	s.log.Emit(ctx, slog.LevelInfo, event.SysShutdown, slog.Bool("clean", err == nil))
	return err
}

func (s *Server) logStart(ctx context.Context) {
	attrs := []slog.Attr{slog.String("addr", s.https.Addr().String())}
	if s.redirect != nil {
		attrs = append(attrs, slog.String("redirect_addr", s.redirect.Addr().String()))
	}
	s.log.Emit(ctx, slog.LevelInfo, event.SysStartup, attrs...)
}

// service is a server and how it is run.
type service struct {
	server *http.Server
	serve  func() error
}

func (s *Server) services(base context.Context) []service {
	https := s.newServer(base, s.handler())
	https.TLSConfig = s.tls
	all := []service{{https, func() error { return https.ServeTLS(s.https, "", "") }}}
	if s.redirect != nil {
		plain := s.newServer(base, s.newRedirect())
		plain.SetKeepAlivesEnabled(false) // there is nothing more to ask for here
		all = append(all, service{plain, func() error { return plain.Serve(s.redirect) }})
	}
	return all
}

// start binds what is not bound yet and takes the one run that there is.
func (s *Server) start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started {
		return errors.New("tlsutil: Server.Run was called before: make a new Server to run again")
	}
	if s.https == nil {
		if err := s.listen(); err != nil {
			return err
		}
	}
	s.started = true
	return nil
}

func (s *Server) newServer(base context.Context, h http.Handler) *http.Server {
	var protocols http.Protocols // said outright, so that GODEBUG does not decide
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true) // over TLS only
	return &http.Server{
		Handler:                      h,
		ErrorLog:                     newErrorLog(s.config.Logger),
		BaseContext:                  func(net.Listener) context.Context { return base },
		Protocols:                    &protocols,
		DisableGeneralOptionsHandler: true, // "OPTIONS *" is checked like any request
		ReadHeaderTimeout:            s.config.ReadHeaderTimeout,
		ReadTimeout:                  s.config.ReadTimeout,
		WriteTimeout:                 s.config.WriteTimeout,
		IdleTimeout:                  s.config.IdleTimeout,
		MaxHeaderBytes:               s.config.MaxHeaderBytes,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: 100,
			SendPingTimeout:      30 * time.Second,
			PingTimeout:          15 * time.Second,
			WriteByteTimeout:     30 * time.Second,
		},
	}
}

func (s *Server) handler() http.Handler {
	h := s.config.Handler
	if len(s.hosts) > 0 {
		h = (&Hosts{set: s.hosts, log: s.log, deny: s.config.Deny}).Handler(h)
	}
	return &countingHandler{s, h}
}

func (s *Server) newRedirect() *Redirect {
	port := s.config.RedirectPort
	if addr, ok := s.https.Addr().(*net.TCPAddr); ok && port == 0 {
		port = addr.Port
	}
	return newRedirect(s.hosts, port, s.log, s.config.Deny)
}

// countingHandler lets drain tell a request that is cut off from a connection that never sent one.
type countingHandler struct {
	server *Server
	next   http.Handler
}

func (h *countingHandler) Unwrap() http.Handler { return h.next }

func (h *countingHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.server.active.Add(1)
	defer h.server.active.Add(-1)
	h.next.ServeHTTP(w, r)
}

// drain closes the servers, after their requests or after Config.ShutdownTimeout, whichever comes first. Its own context: the one
// of Run has ended.
func (s *Server) drain(running []service) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if s.config.ShutdownTimeout > 0 {
		defer time.AfterFunc(s.config.ShutdownTimeout, cancel).Stop()
	}
	var all sync.WaitGroup
	for _, each := range running {
		all.Go(func() { _ = each.server.Shutdown(ctx) })
	}
	all.Wait()
	n := s.active.Load()
	for _, each := range running {
		_ = each.server.Close()
	}
	if n > 0 {
		return fmt.Errorf("tlsutil: %d requests still ran after Config.ShutdownTimeout %v and were cut off", n, s.config.ShutdownTimeout)
	}
	return nil
}
