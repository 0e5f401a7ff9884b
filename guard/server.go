package guard

import (
	"log/slog"
	"net/http"
	"time"
)

// Server serves callers. It has no deadline for a whole request or answer: streams
// last as long as they last, and Pace bounds how slow a peer may be on the way.
func Server(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
}
