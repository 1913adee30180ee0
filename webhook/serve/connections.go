package serve

import (
	"container/list"
	"context"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// connections are those without a complete request, by the address of their client. Where there are too many, or too many
// bytes have arrived on them, the oldest goes first, of the address that holds most. So one address cannot push out another,
// and whoever sends a whole request in one go is not the oldest.
type connections struct {
	most    int    // that there may be
	share   int64  // of bytes that may have arrived on them
	crowded func() // is told when there are too many

	mu      sync.Mutex
	begun   uint64 // since the start
	count   int
	bytes   int64      // of bodies that have arrived and are held, those of connections that were pushed out included
	leaving int64      // of these, the bytes of those that were pushed out
	freed   *sync.Cond // bytes are
	clients map[netip.Addr]*client
}

// client is an address.
type client struct {
	address    netip.Addr
	unfinished list.List // connections, the oldest first
	bytes      int64     // that have arrived on these
	handshakes *semaphore.Weighted
}

// errPushedOut is like a deadline that has passed: net/http closes the connection then, and says nothing.
var errPushedOut net.Error = pushedOutError{}

type pushedOutError struct{}

func (pushedOutError) Error() string   { return "others were too many, and this was the oldest" }
func (pushedOutError) Timeout() bool   { return true }
func (pushedOutError) Temporary() bool { return false }

func newConnections(most int, share int64, crowded func()) *connections {
	c := &connections{most: most, share: share, crowded: crowded, clients: map[netip.Addr]*client{}}
	c.freed = sync.NewCond(&c.mu)
	return c
}

// take counts a connection that the listener took.
func (c *connections) take(taken net.Conn) *connection {
	one := &connection{Conn: taken, all: c, client: &client{handshakes: semaphore.NewWeighted(mostHandshakes)}}
	one.gone, one.end = context.WithCancel(context.Background())
	if tcp, ok := taken.RemoteAddr().(*net.TCPAddr); ok {
		one.client.address = tcp.AddrPort().Addr().Unmap()
	}
	c.begin(one)
	return one
}

// begin counts a connection that has no request.
func (c *connections) begin(one *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget(one)
	if known := c.clients[one.client.address]; known != nil {
		one.client = known
	} else {
		c.clients[one.client.address] = one.client
	}
	c.begun++
	one.begun = c.begun
	one.state, one.place = unfinished, one.client.unfinished.PushBack(one)
	if c.count++; c.count > c.most {
		c.pushOut(c.oldest(func(of *client) int64 { return int64(of.unfinished.Len()) }, func(*connection) bool { return true }))
		c.crowded()
	}
}

// finish ends what is counted of a connection, because its request is complete or it is closed. It says whether it was
// pushed out before.
func (c *connections) finish(one *connection) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	one.pause()
	return c.forget(one) == pushedOut
}

// forget says what the connection was.
func (c *connections) forget(one *connection) (was state) {
	switch was = one.state; was {
	case unfinished:
		c.remove(one)
	case pushedOut:
		c.leaving -= one.bytes
	case complete: // nothing is counted of it
	}
	if c.bytes -= one.bytes; one.bytes > 0 {
		c.freed.Broadcast()
	}
	one.state, one.bytes = complete, 0
	return was
}

// arrived counts bytes. Where they are too many it returns when enough others are gone, with what they held.
func (c *connections) arrived(one *connection, n int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if one.state == unfinished {
		one.bytes += n
		one.client.bytes += n
		c.bytes += n
	}
	for one.state == unfinished && c.bytes > c.share {
		if c.bytes-c.leaving > c.share {
			c.pushOut(c.oldest(func(of *client) int64 { return of.bytes }, func(one *connection) bool { return one.bytes > 0 }))
		} else {
			c.freed.Wait()
		}
	}
	if one.state == pushedOut {
		return errPushedOut
	}
	return nil
}

// pushOut ends an unfinished request: no more of it is read. Where its header is whole, a handler answers with the reason.
func (c *connections) pushOut(one *connection) {
	c.remove(one)
	c.leaving += one.bytes
	one.state = pushedOut
	one.end()
	c.freed.Broadcast()                           // it may be waiting itself
	one.setLinger(0)                              // so that the kernel keeps nothing of it
	_ = one.Conn.SetReadDeadline(time.Unix(1, 0)) // Close would wait here until its goroutine has run
}

func (c *connections) remove(one *connection) {
	one.client.unfinished.Remove(one.place)
	one.client.bytes -= one.bytes
	c.count--
	if one.client.unfinished.Len() == 0 {
		delete(c.clients, one.client.address)
	}
}

// first is the number of the oldest connection.
func (c *client) first() uint64 { return c.unfinished.Front().Value.(*connection).begun }

// oldest is the first connection that counts, of the address that holds most.
func (c *connections) oldest(held func(*client) int64, counts func(*connection) bool) *connection {
	var most *client
	for _, of := range c.clients {
		if most == nil || held(of) > held(most) || held(of) == held(most) && of.first() < most.first() {
			most = of
		}
	}
	for e := most.unfinished.Front(); e != nil; e = e.Next() {
		if one := e.Value.(*connection); counts(one) {
			return one
		}
	}
	return nil
}

// few says whether there are so few that each may have memory for a small body.
func (c *connections) few() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count <= fewUnfinished
}

// arriving is how many bytes there are of requests that are not complete.
func (c *connections) arriving() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}
