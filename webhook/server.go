package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/polymoat/polymoat/internal/build"
	"github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/readiness"
	"github.com/polymoat/polymoat/internal/tracing"
	"github.com/polymoat/polymoat/webhook/serve"
)

// closing is how long the parts that answer no reviews may take to end: servers have the whole of their own time.
const closing = time.Second

// server is everything that runs, made and checked before any of it starts.
type server struct {
	options   Options
	log       *slog.Logger
	reviews   *reviews
	runnables []manager.Runnable
	tracer    *tracing.Tracer
	ready     *readiness.Probe
}

// Run serves until the context is done, then finishes what is in flight. The error is nil if everything in flight was.
func Run(ctx context.Context, o Options, p *Policies, log *slog.Logger) error {
	s, err := newServer(o, p, log)
	if err != nil {
		return err
	}
	log.Info("starting", "version", build.Read().Version, "port", o.Port, "policies", p.documents, "namespaces", p.compiled.Namespaces(), "cluster", o.Cluster)
	return s.run(ctx)
}

// run starts everything, and stops everything when one part fails or some time after the context is done.
func (s *server) run(ctx context.Context) error {
	start, err := s.starter()
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	go func() {
		s.awaitStop(ctx, serving)
		stop()
	}()
	err = start(serving)
	if err == nil {
		err = s.reviews.failed
	}
	s.tracer.Flush(context.WithoutCancel(ctx), s.log)
	return err
}

// starter starts everything and returns when all has ended: the manager in a cluster, else the parts by themselves.
func (s *server) starter() (func(context.Context) error, error) {
	if !s.options.Cluster {
		return s.startAlone, nil
	}
	config, err := cluster.Configure(s.options.Kubeconfig)
	if err != nil {
		return nil, err
	}
	grace := s.options.ShutdownTimeout + closing
	m, err := manager.New(config, manager.Options{
		WebhookServer:           s.reviews,
		Metrics:                 metricsserver.Options{BindAddress: "0"}, // see setup.metricsHandler
		GracefulShutdownTimeout: &grace,
		Logger:                  logr.FromSlogHandler(s.log.Handler()),
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the manager: %w", err)
	}
	m.GetWebhookServer() // adds it
	for _, r := range s.runnables {
		if err := m.Add(r); err != nil {
			return nil, err
		}
	}
	return m.Start, nil
}

// startAlone starts the parts without a manager, which needs a cluster.
func (s *server) startAlone(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, r := range append(s.runnables, s.reviews) {
		group.Go(func() error { return r.Start(ctx) })
	}
	ended := make(chan error, 1)
	go func() { ended <- group.Wait() }()
	<-ctx.Done()
	select {
	case err := <-ended:
		return err
	case <-time.After(s.options.ShutdownTimeout + closing):
		return fmt.Errorf("shut down: not everything had ended after %s", s.options.ShutdownTimeout+closing)
	}
}

// awaitStop returns when the server is to take no more: some time after it was told to stop, because the API server
// goes on sending until it has heard that this replica is not ready.
func (s *server) awaitStop(ctx, serving context.Context) {
	select {
	case <-serving.Done():
		return
	case <-ctx.Done():
	}
	s.ready.Stop()
	s.log.Info("stopping", "delay", s.options.ShutdownDelay.String(), "timeout", s.options.ShutdownTimeout.String())
	select {
	case <-serving.Done():
	case <-time.After(s.options.ShutdownDelay):
	}
}

// reviews is the server of reviews, which remembers how it ended: a manager that stops only logs it.
type reviews struct {
	*serve.Server
	failed error
}

// Start serves until the context is done.
func (r *reviews) Start(ctx context.Context) error {
	if err := r.Server.Start(ctx); !errors.Is(err, context.Canceled) {
		r.failed = err
	}
	return r.failed
}

// everywhere is a part that runs in each replica. No part waits for the manager's leader election: a replica that loses
// such a lease ends its process, and with it the reviews in flight.
type everywhere func(context.Context) error

// Start runs the part until the context is done.
func (e everywhere) Start(ctx context.Context) error { return e(ctx) }

// NeedLeaderElection says that it does not.
func (everywhere) NeedLeaderElection() bool { return false }
