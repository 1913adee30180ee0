package soak_test

import (
	"io"
	"net"
	"sync"
	"testing"
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
	defer func() { _ = client.Close() }()
	r := b.next()
	if r == nil {
		return // as a Service without endpoints
	}
	backend, err := net.Dial("tcp", r.address)
	if err != nil {
		return
	}
	defer func() { _ = backend.Close() }()
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{client, backend}, {backend, client}} {
		go func() {
			_, _ = io.Copy(way[0], way[1])
			done <- struct{}{}
		}()
	}
	<-done
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
