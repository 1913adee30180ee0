package webhook

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// listener serves without TLS.
type listener struct {
	net.Listener
	handler http.Handler
}

// listen takes a port for plain HTTP now, so that a port that is taken is known before anything starts.
func (s *server) listen(address string, handler http.Handler) error {
	if address == "" {
		return nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	s.listeners = append(s.listeners, listener{l, handler})
	return nil
}

func (l listener) serve(ctx context.Context) error {
	plain := &http.Server{Handler: l.handler, ReadHeaderTimeout: 10 * time.Second}
	stopped := context.AfterFunc(ctx, func() { _ = plain.Close() })
	defer stopped()
	if err := plain.Serve(l.Listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
