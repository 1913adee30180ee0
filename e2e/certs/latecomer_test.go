package certs_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	beat = 50 * time.Millisecond
	late = time.Second
)

// latecomer stands for an API server that hears of every change a second late, and that shakes hands anew for every
// request. The real one here hears within milliseconds and keeps its connections: what is shown too early it would
// hardly ever meet.
type latecomer struct {
	admin client.Client
	b     *balancer
	heard [late / beat][]byte // caBundles, the oldest at the next position
	beats atomic.Int64
}

// run shakes hands until the context is done, and notes every handshake that fails.
func (c *latecomer) run(ctx context.Context, note func(error)) {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		if err := c.beat(ctx); err != nil && ctx.Err() == nil {
			note(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// beat hears of the caBundle of now, and goes by the one of a second ago.
func (c *latecomer) beat(ctx context.Context) error {
	var configuration admissionregistrationv1.ValidatingWebhookConfiguration
	if err := c.admin.Get(ctx, client.ObjectKey{Name: "polymoat"}, &configuration); err != nil {
		return err
	}
	position := c.beats.Load() % int64(len(c.heard))
	bundle := c.heard[position]
	c.heard[position] = configuration.Webhooks[0].ClientConfig.CABundle
	defer c.beats.Add(1)
	if bundle == nil {
		return nil // the first second
	}
	s := c.b.next()
	if s == nil {
		return errors.New("no server is ready")
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: 5 * time.Second}, Config: &tls.Config{RootCAs: roots}}
	connection, err := dialer.DialContext(ctx, "tcp", s.address)
	if err != nil {
		return fmt.Errorf("a handshake by the caBundle of a second ago: %w", err)
	}
	return connection.Close()
}
