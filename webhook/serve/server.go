// Package serve is the server of the admission webhooks: it takes connections, reads reviews whole, and lets as many be decided
// at once as memory takes. What it gives to handlers is a request with a deadline and a body that is complete.
//
// A connection is first without a complete request: in its handshake, its header or its body, or idle. There may be many of
// those, so the oldest go first. Then the request is complete: it waits for room, is decided, and is answered. Only bytes that
// have arrived count anywhere; what a client promises costs nothing.
package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
)

// Options say where a server listens, and how much it takes at once.
type Options struct {
	// Listener is the port, without TLS: whoever takes it first knows that it is free.
	Listener net.Listener
	// TLS has the certificate, as GetCertificate, and the authorities of clients.
	TLS *tls.Config
	// Bytes is how many bytes of complete reviews there are at once: an eighth is decided, which takes ten times as much
	// memory, and the rest waits. Half as many may be arriving. 0: 32 MiB. A review counts for 64 KiB at least.
	Bytes int64
	// Weigh is how many bytes a review counts for, where it takes more than ten times its length in memory; nil: none does.
	Weigh func(body []byte) int64
	// Reserved are paths with room of their own, all together for one largest review: "/mutate/core".
	Reserved []string
	// Leaving says that the server is to stop soon: answers then end their connection, so that no caller sends another review
	// over one that is closed meanwhile. nil: it never is.
	Leaving func() bool
	// ShutdownTimeout is how long reviews in flight are waited for.
	ShutdownTimeout time.Duration
	// SentAway counts reviews that are not decided, by why: "overload", "too-large", "slow", "body". nil: nobody counts.
	SentAway func(why string)
	Log      *slog.Logger
}

// Server is a webhook.Server, in place of the one that controller-runtime has. That one cannot serve here for three reasons.
// It owns its listener, so nobody can close connections that are idle or unfinished when there are too many. It gives a
// handshake and a header 32 seconds each, and a body any time. And its BaseContext is the context given to Start: what is in
// flight is cancelled when the server is to stop.
type Server struct {
	options     Options
	mux         *http.ServeMux
	connections *connections
	handlers    handlers
	shared      *room
	reserved    *room
	goodbyes    *semaphore.Weighted
	rare        *rate.Limiter // of the log
	started     atomic.Bool
}

var _ webhook.Server = (*Server)(nil)

// New returns a server with no paths.
func New(o Options) *Server {
	if o.Bytes == 0 {
		o.Bytes = defaultBytes
	}
	if o.Leaving == nil {
		o.Leaving = func() bool { return false }
	}
	if o.Weigh == nil {
		o.Weigh = func([]byte) int64 { return 0 }
	}
	if o.SentAway == nil {
		o.SentAway = func(string) {}
	}
	decided := o.Bytes / decidedShare
	s := &Server{
		options:  o,
		mux:      http.NewServeMux(),
		handlers: handlers{since: map[*connection]time.Time{}},
		shared:   newRoom(decided, o.Bytes-decided),
		reserved: newRoom(LargestReview, LargestReview),
		goodbyes: semaphore.NewWeighted(mostGoodbyes),
		rare:     rate.NewLimiter(1, 1),
	}
	s.connections = newConnections(mostUnfinished, max(o.Bytes/arrivingShare, largestArriving), s.crowded)
	return s
}

// NeedLeaderElection says that every replica serves.
func (*Server) NeedLeaderElection() bool { return false }

// Register serves a path. It panics if the path is served already.
func (s *Server) Register(path string, hook http.Handler) { s.mux.Handle(path, hook) }

// WebhookMux is what is served, without the limits.
func (s *Server) WebhookMux() *http.ServeMux { return s.mux }

// Start serves until the context is done, then finishes what is in flight. After the timeout it closes what is left, and says
// so.
func (s *Server) Start(ctx context.Context) error {
	s.started.Store(true)
	server := s.server(ctx)
	finished := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { finished <- s.finish(server) })
	err := server.Serve(tls.NewListener(acceptor{s.options.Listener, s.connections}, onlyHTTP1(s.options.TLS)))
	if stop() || !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-finished
}

// server gives requests the values of the context, and not its end: what is in flight is finished.
func (s *Server) server(ctx context.Context) *http.Server {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Server{
		Handler:   http.HandlerFunc(s.serve),
		Protocols: &protocols,
		// A request that never comes to the handler would have no deadline.
		DisableGeneralOptionsHandler: true,
		MaxHeaderBytes:               mostHeader,
		ReadHeaderTimeout:            handshakeTime, // connection.speak leaves the first header less
		IdleTimeout:                  idleTime,
		ErrorLog:                     slog.NewLogLogger(rarely{s.options.Log.Handler(), rate.NewLimiter(1, 10)}, slog.LevelWarn),
		BaseContext:                  func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
		ConnContext:                  withConnection,
		ConnState:                    s.connections.changed,
	}
}

func (s *Server) finish(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.options.ShutdownTimeout)
	defer cancel()
	if server.Shutdown(ctx) == nil {
		return nil
	}
	_ = server.Close() // of connections that are given up
	return fmt.Errorf("shut down: reviews were still in flight after %s", s.options.ShutdownTimeout)
}

// onlyHTTP1 is the configuration without HTTP/2: API servers speak HTTP/1.1 with webhooks, and a connection holds one review.
func onlyHTTP1(config *tls.Config) *tls.Config {
	config = config.Clone()
	config.NextProtos = []string{"http/1.1"}
	if choose := config.GetConfigForClient; choose != nil {
		config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			chosen, err := choose(hello)
			if chosen == nil {
				return nil, err
			}
			chosen = chosen.Clone()
			chosen.NextProtos = []string{"http/1.1"}
			return chosen, err
		}
	}
	return config
}

// StartedChecker is for a startup probe: it greets the server over TLS, which takes a handshake each time.
func (s *Server) StartedChecker() healthz.Checker {
	dialer := &tls.Dialer{
		NetDialer: &net.Dialer{Timeout: headerTime},
		Config:    &tls.Config{InsecureSkipVerify: true}, // it asks whether somebody answers, and sends nothing
	}
	return func(r *http.Request) error {
		if !s.started.Load() {
			return errors.New("the webhook server has not been started yet")
		}
		address := s.options.Listener.Addr()
		connection, err := dialer.DialContext(r.Context(), address.Network(), address.String())
		if err != nil {
			return fmt.Errorf("the webhook server is not reachable: %w", err)
		}
		return connection.Close()
	}
}
