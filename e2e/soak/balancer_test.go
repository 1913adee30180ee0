package soak_test

import (
	"net"
	"sync"
	"testing"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// balancer stands for the Service: it sends every new connection to the next replica that is ready, and leaves the ones
// that there are alone.
type balancer struct {
	url string

	mu       sync.Mutex
	replicas []*replica
	turn     int
}

// newBalancer listens until the test ends.
func newBalancer(t *testing.T) *balancer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	b := &balancer{url: "https://" + l.Addr().String()}
	go func() {
		for {
			connection, err := l.Accept()
			if err != nil {
				return
			}
			go b.serve(connection)
		}
	}()
	return b
}

// replace sets the replicas that the Service selects.
func (b *balancer) replace(replicas ...*replica) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.replicas = replicas
}

func (b *balancer) serve(client net.Conn) {
	r := b.next()
	if r == nil {
		_ = client.Close() // as a Service without endpoints
		return
	}
	cluster.Forward(client, r.address)
}

// next is the replica whose turn it is; nil if none is ready.
func (b *balancer) next() *replica {
	b.mu.Lock()
	defer b.mu.Unlock()
	for range b.replicas {
		b.turn++
		if r := b.replicas[b.turn%len(b.replicas)]; r.ready.Load() {
			return r
		}
	}
	return nil
}
