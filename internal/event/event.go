// Package event writes security events to log/slog, with the names of the OWASP logging vocabulary.
//
//	log := event.New(config.Logger, config.ClientAddr)
//	log.Request(r, slog.LevelWarn, event.AuthzFail, slog.String("reason", "no rule allows it"))
//
// # Security model
//
// Text is cleaned, so that a request cannot forge a second log line or hide one; it is cut to [MaxText] bytes. Each name
// passes at most [Burst] at once and [PerSecond] in the long run; the next event that passes says how many were dropped, so
// that a flood fills no disk and is not silent either. The caller keeps passwords, tokens, keys and bodies out.
package event

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
)

// Log writes events. It is safe for concurrent use. Make one with [New].
type Log struct {
	logger     *slog.Logger
	clientAddr func(*http.Request) netip.Addr
	limit      limit
}

// New returns a Log. A nil logger means slog.Default at the time of each event; a nil clientAddr means the
// address of the connection.
func New(logger *slog.Logger, clientAddr func(*http.Request) netip.Addr) *Log {
	if clientAddr == nil {
		clientAddr = RemoteAddr
	}
	return &Log{logger: logger, clientAddr: clientAddr}
}

// Emit writes one event. The context carries what a handler of log/slog looks for, such as trace ids.
func (l *Log) Emit(ctx context.Context, level slog.Level, name Name, attrs ...slog.Attr) {
	logger := l.logger
	if logger == nil {
		logger = slog.Default()
	}
	if !logger.Enabled(ctx, level) {
		return
	}
	dropped, pass := l.limit.take(name)
	if !pass {
		return
	}
	all := make([]slog.Attr, 0, len(attrs)+2)
	all = append(all, slog.String("event", string(name)))
	for _, a := range attrs {
		all = append(all, cleanAttr(a))
	}
	if dropped > 0 {
		all = append(all, slog.Uint64("dropped", dropped))
	}
	logger.LogAttrs(ctx, level, string(name), all...)
}

// Request writes one event about r: its method, the route pattern that matched and the client's address.
func (l *Log) Request(r *http.Request, level slog.Level, name Name, attrs ...slog.Attr) {
	all := make([]slog.Attr, 0, len(attrs)+3)
	if addr := l.clientAddr(r); addr.IsValid() {
		all = append(all, slog.String("client_addr", addr.String()))
	}
	all = append(all, slog.String("method", r.Method), slog.String("route", r.Pattern))
	l.Emit(r.Context(), level, name, append(all, attrs...)...)
}

// RemoteAddr returns the address of the connection that r came over, or the zero Addr.
func RemoteAddr(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}
