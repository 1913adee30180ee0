package cluster

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/polymoat/polymoat/internal/freeport"
)

const (
	interval = 50 * time.Millisecond
	patience = 2 * time.Minute // a start takes five seconds; a machine that also compiles takes longer
)

// Await polls until ready returns nil. After two minutes, or when a process of the control plane ends, it gives up with
// what ready said last.
func (c *Cluster) Await(what string, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(c.ctx, patience)
	defer cancel()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w; last answer: %w", what, context.Cause(ctx), err)
		case <-tick.C:
		}
	}
}

// freePorts are n different ports that nobody listens on.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		listener, err := freeport.Listen()
		if err != nil {
			return nil, err
		}
		defer func() { _ = listener.Close() }()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
