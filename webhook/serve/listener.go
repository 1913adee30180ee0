package serve

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
)

// acceptor takes every connection.
type acceptor struct {
	net.Listener
	connections *connections
}

func (l acceptor) Accept() (net.Conn, error) {
	taken, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.connections.take(taken), nil
}

// changed is told by net/http: a connection that is idle has no request.
func (c *connections) changed(over net.Conn, to http.ConnState) {
	if to == http.StateIdle {
		c.begin(below(over))
	}
}

type connectionKey struct{}

// withConnection tells handlers of their connection.
func withConnection(ctx context.Context, over net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, below(over))
}

// below is the connection under TLS.
func below(over net.Conn) *connection { return over.(*tls.Conn).NetConn().(*connection) }
