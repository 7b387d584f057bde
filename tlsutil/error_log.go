package tlsutil

import (
	"bytes"
	"context"
	"log"
	"log/slog"
	"strings"

	"github.com/sallyport-go/sallyport/internal/event"
)

// newErrorLog gives net/http, which knows only package log, a way into log/slog.
func newErrorLog(logger *slog.Logger) *log.Logger { return log.New(&errorLog{logger}, "", 0) }

type errorLog struct{ logger *slog.Logger }

// maxPanic bounds a panic with its stack, where net/http writes up to 64 KiB.
const maxPanic = 8 << 10

// Write receives one message with each call.
func (l *errorLog) Write(p []byte) (int, error) {
	logger := l.logger
	if logger == nil {
		logger = slog.Default()
	}
	level := levelOf(p)
	if ctx := context.Background(); logger.Enabled(ctx, level) {
		text := string(bytes.TrimSpace(p[:min(len(p), maxPanic)]))
		if level != slog.LevelError {
			text = event.Clean(text)
		}
		logger.LogAttrs(ctx, level, "net/http server", slog.String("error", text))
	}
	return len(p), nil
}

// levelOf sorts the messages of net/http by who can cause them. What is unknown is worth a look.
func levelOf(p []byte) slog.Level {
	text := string(p[:min(len(p), 64)])
	for _, prefix := range []string{"http: panic serving", "http2: panic serving", "http: Accept error"} {
		if strings.HasPrefix(text, prefix) {
			return slog.LevelError
		}
	}
	for _, prefix := range []string{"http: TLS handshake error", "http2: server", "http2: received GOAWAY", "timeout waiting for"} {
		if strings.HasPrefix(text, prefix) {
			return slog.LevelDebug
		}
	}
	return slog.LevelWarn
}
