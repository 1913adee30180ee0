package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// limits are what clients may hold of a server, and for how long. An API server on the same network is far from each of
// them: they are for clients that are slow, broken or hostile, and for connections whose other end is gone.
type limits struct {
	connections int           // at once; the next one waits until the first of them is closed
	streams     int           // at once, of a connection of HTTP/2; with leastRoom for each, they must fit into window
	header      int           // bytes
	greeting    time.Duration // for a handshake, and then for the header of a request
	request     time.Duration // for a request with its body, time to wait at the gate included
	answer      time.Duration // until an answer is read
	idle        time.Duration // between two requests
	ping        time.Duration // of silence, after which the other end is asked whether it is there, and to answer that
}

// window is the most that net/http lets a connection hold unread. Reviews that wait at the gate must never fill it: those
// that were let in could not be read then.
const window = 4<<20 - 1

// patient are the limits of a server that runs. An API server waits for 30 seconds at most, and keeps a connection that it
// does not use for 90.
var patient = limits{
	connections: 1024, streams: 60, header: 64 << 10,
	greeting: 10 * time.Second, request: 15 * time.Second, answer: 40 * time.Second, idle: 90 * time.Second, ping: 15 * time.Second,
}

// listener is a port and what is served there.
type listener struct {
	net.Listener
	server *http.Server
}

// listen takes a port now, so that one that is taken is known before anything starts. config is nil for plain HTTP.
func (s *server) listen(address string, handler http.Handler, config *tls.Config) error {
	if address == "" {
		return nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	limits := s.limits
	l = netutil.LimitListener(l, limits.connections)
	if config != nil {
		l = tls.NewListener(l, config)
	}
	s.listeners = append(s.listeners, listener{l, limits.server(handler)})
	return nil
}

// server is not controller-runtime's, which lets nobody set these limits, and cancels what is in flight when it is to stop.
func (l limits) server(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		MaxHeaderBytes:    l.header,
		ReadHeaderTimeout: l.greeting,
		ReadTimeout:       l.request,
		WriteTimeout:      l.answer,
		IdleTimeout:       l.idle,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams:          l.streams,
			MaxReceiveBufferPerStream:     leastRoom,
			MaxReceiveBufferPerConnection: window,
			SendPingTimeout:               l.ping,
			PingTimeout:                   l.ping,
		},
	}
}

// serve serves until the context is done, then finishes what is in flight. After the timeout it closes what is left.
func (l listener) serve(ctx context.Context, timeout time.Duration) error {
	finished := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { finished <- l.finish(timeout) })
	if err := l.server.Serve(l.Listener); stop() || !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-finished
}

func (l listener) finish(timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if l.server.Shutdown(ctx) == nil {
		return nil
	}
	_ = l.server.Close() // of connections that are given up
	return fmt.Errorf("shut down: reviews were still in flight after %s", timeout)
}
