package failure_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// balancer stands for the Service: it sends every new connection to the next replica that is ready and leaves the ones
// that there are alone, as kube-proxy does. Without a replica that is ready, connections are refused.
type balancer struct {
	address string

	mu       sync.Mutex
	replicas []*replica
	turn     int
}

// newBalancer listens until the test ends.
func newBalancer(t *testing.T) *balancer {
	t.Helper()
	b := &balancer{address: freeAddress(t)}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { b.tend(ctx) })
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
	return b
}

func (b *balancer) url() string { return "https://" + b.address }

// replace sets the replicas that the Service selects.
func (b *balancer) replace(replicas []*replica) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.replicas = replicas
}

// tend listens as long as there is somebody to connect to.
func (b *balancer) tend(ctx context.Context) {
	var listener net.Listener
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		switch ready := b.next() != nil; {
		case ready && listener == nil:
			// The port may be taken for a moment: then the next tick finds it free.
			if l, err := net.Listen("tcp", b.address); err == nil {
				listener = l
				go b.accept(l)
			}
		case !ready && listener != nil:
			_ = listener.Close()
			listener = nil
		}
		select {
		case <-ctx.Done():
			if listener != nil {
				_ = listener.Close()
			}
			return
		case <-tick.C:
		}
	}
}

func (b *balancer) accept(l net.Listener) {
	for {
		connection, err := l.Accept()
		if err != nil {
			return
		}
		go b.serve(connection)
	}
}

func (b *balancer) serve(client net.Conn) {
	r := b.next()
	if r == nil {
		_ = client.Close()
		return
	}
	r.connections.Add(1)
	defer r.connections.Add(-1)
	cluster.Forward(client, r.address)
}

// next is the replica whose turn it is; nil if none is ready.
func (b *balancer) next() *replica {
	b.mu.Lock()
	defer b.mu.Unlock()
	for range b.replicas {
		b.turn++
		if r := b.replicas[b.turn%len(b.replicas)]; r.serves() {
			return r
		}
	}
	return nil
}
