package serve

import (
	"container/list"
	"context"
	"net"
	"sync/atomic"
	"time"
)

// connection is one of TCP, below TLS.
type connection struct {
	net.Conn
	all    *connections
	client *client
	inBody atomic.Bool  // a handler reads the body
	early  atomic.Int64 // bytes that have arrived before that
	gone   context.Context
	end    context.CancelFunc // of gone, when it is pushed out
	// greeted is true from its first header on. Until then handshaking is its weight while it does not wait for its client.
	greeted     bool
	handshaking atomic.Int64
	// silent is true after the handshake, until something of the first header comes.
	silent bool

	// all.mu guards what follows.
	state state
	begun uint64 // its number
	place *list.Element
	bytes int64
}

type state int

const (
	complete   state = iota // its request has arrived, and what comes now is not counted
	unfinished              // in its handshake, its header or its body, or idle
	pushedOut               // others were too many; it is about to end
)

// Read counts what arrives, from when a handler reads the body: it can answer why the rest is not wanted. Until then it is no
// more than a header may have and what comes with it.
func (c *connection) Read(p []byte) (int, error) {
	c.pause()
	if c.gone.Err() != nil {
		return 0, errPushedOut
	}
	n, err := c.Conn.Read(p)
	if !c.inBody.Load() {
		c.early.Add(int64(n))
	} else if err := c.all.arrived(c, int64(n)); err != nil {
		return 0, err
	}
	if n > 0 {
		if err := c.handshake(); err != nil {
			return 0, err
		}
		c.speak()
	}
	return n, err
}

// SetReadDeadline lets a connection that has said nothing stay as long as one that is idle. Go's clients open more than they
// need at once, and a review over one that is closed just then would fail. net/http only knows how long a header may take.
func (c *connection) SetReadDeadline(t time.Time) error {
	switch {
	case c.greeted:
	case t.IsZero(): // the handshake is over
		c.silent = true
	case c.silent:
		t = time.Now().Add(idleTime)
	}
	return c.Conn.SetReadDeadline(t)
}

// speak gives the first header its time, now that it comes.
func (c *connection) speak() {
	if c.silent && !c.greeted {
		c.silent = false
		_ = c.Conn.SetReadDeadline(time.Now().Add(headerTime))
	}
}

// Write lets another handshake go on: what is written is the end of a step, or an answer.
func (c *connection) Write(p []byte) (int, error) {
	c.pause()
	return c.Conn.Write(p)
}

// handshake waits until it may go on with what has arrived. Go's scheduler knows no priorities: a thousand handshakes of one
// address would each take a turn between two steps of a handshake of another.
func (c *connection) handshake() error {
	if c.greeted {
		return nil
	}
	weight := c.all.weight(c)
	if c.client.handshakes.Acquire(c.gone, weight) != nil {
		return errPushedOut
	}
	c.handshaking.Store(weight)
	return nil
}

// pause lets another handshake go on.
func (c *connection) pause() {
	if weight := c.handshaking.Swap(0); weight > 0 {
		c.client.handshakes.Release(weight)
	}
}

// Close ends what is counted.
func (c *connection) Close() error {
	c.all.finish(c)
	return c.Conn.Close()
}

// setLinger is that of TCP: with 0 what was written last may be lost, with -1 the kernel delivers it.
func (c *connection) setLinger(seconds int) {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(seconds)
	}
}

// weight is what a handshake counts for.
func (c *connections) weight(one *connection) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if one.client.unfinished.Len() > crowdedAt {
		return crowdedWeight
	}
	return 1
}
