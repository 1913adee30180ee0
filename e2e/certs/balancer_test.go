package certs_test

import (
	"net"
	"sync/atomic"
	"testing"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// balancer stands for a Service: it sends every new connection to the next server that is ready, and leaves the ones
// that there are alone.
type balancer struct {
	servers []*server
	turn    atomic.Uint64
}

// door is an address of the balancer.
type door struct {
	url    string
	passed atomic.Bool // somebody came
}

// open listens on another port, until the test ends. An API server that is sent there must shake hands anew: on a
// connection that it has, no change of certificate would ever show.
func (b *balancer) open(t *testing.T) *door {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	d := &door{url: "https://" + l.Addr().String()}
	go func() {
		for {
			connection, err := l.Accept()
			if err != nil {
				return
			}
			d.passed.Store(true)
			go b.serve(connection)
		}
	}()
	return d
}

func (b *balancer) serve(client net.Conn) {
	s := b.next()
	if s == nil {
		_ = client.Close() // as a Service without endpoints
		return
	}
	cluster.Forward(client, s.address)
}

// next is the server whose turn it is; nil if none is ready.
func (b *balancer) next() *server {
	for range b.servers {
		s := b.servers[b.turn.Add(1)%uint64(len(b.servers))]
		if s.ready.Load() {
			return s
		}
	}
	return nil
}
