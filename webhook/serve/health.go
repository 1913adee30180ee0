package serve

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// handlers are the reviews that are in one, and since when.
type handlers struct {
	mu    sync.Mutex
	since map[*connection]time.Time
}

// begin returns what is to be called at the end.
func (h *handlers) begin(of *connection) (end func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.since[of] = time.Now()
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.since, of)
	}
}

// Alive is a healthz.Checker for a liveness probe. It fails when a review has been in its handler for longer than any caller
// waits: handlers have a deadline, so this one hangs and keeps its room.
func (s *Server) Alive(*http.Request) error {
	s.handlers.mu.Lock()
	defer s.handlers.mu.Unlock()
	var longest time.Duration
	for _, since := range s.handlers.since {
		longest = max(longest, time.Since(since))
	}
	if longest > stuckTime {
		return fmt.Errorf("a review has been in its handler for %s, and no API server waits longer than %s", longest.Round(time.Second), mostTimeout)
	}
	return nil
}

// InFlight is how many bytes of reviews there are, 64 KiB for each complete one at least.
type InFlight struct{ Arriving, Waiting, Deciding int64 }

// InFlight is for gauges.
func (s *Server) InFlight() InFlight {
	return InFlight{
		Arriving: s.connections.arriving(),
		Waiting:  s.shared.waiting.Load() + s.reserved.waiting.Load(),
		Deciding: s.shared.deciding.Load() + s.reserved.deciding.Load(),
	}
}

// crowded tells the log that connections are closed because there are too many.
func (s *Server) crowded() {
	if s.rare.Allow() {
		s.options.Log.Warn("connections without a request are closed, the oldest first", "most", mostUnfinished)
	}
}

// rarely is a log that leaves out what comes too often: each of ten thousand connections may fail in its handshake.
type rarely struct {
	slog.Handler
	limiter *rate.Limiter
}

func (r rarely) Handle(ctx context.Context, record slog.Record) error {
	if !r.limiter.Allow() {
		return nil
	}
	return r.Handler.Handle(ctx, record)
}
