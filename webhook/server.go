package webhook

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cluster"
)

// closing is how long the parts that answer nobody may take to end: listeners have the whole of their own time.
const closing = time.Second

// server is everything that runs, made and checked before any of it starts.
type server struct {
	options        Options
	limits         limits
	log            *slog.Logger
	cert           certificates
	callers        *callers       // nil where anybody may send reviews
	nodes          *cluster.Nodes // nil without a cluster, like access and configurations
	access         *cluster.Access
	owners         *cluster.Owners    // nil without a cluster, and where no role accepts overrides
	workloads      *cluster.Workloads // nil without a cluster
	configurations *cluster.Configurations
	auditor        *auditor // nil where nobody audits
	tracer         *tracer  // nil where nobody traces
	events         *events  // nil where nobody is told
	ready          *readiness
	listeners      []listener
	files          []v1alpha1.File
}

// Run serves until the context is done, then finishes what is in flight. The error is nil if everything in flight was.
func Run(ctx context.Context, o Options, p *Policies, log *slog.Logger) error {
	given := leaveRoom(memoryAllowed)
	debug.SetMemoryLimit(given)
	if o.InFlight == 0 {
		o.InFlight = defaultRoom(given)
	}
	boundMemory()
	s, err := newServer(o, p, log)
	if err != nil {
		return err
	}
	version, _ := Version()
	log.Info("starting", "version", version, "port", o.Port, "policies", p.documents, "namespaces", p.compiled.Namespaces(), "cluster", o.Cluster)
	return s.run(ctx)
}

// run starts everything, and stops everything when one part fails or when the context is done.
func (s *server) run(ctx context.Context) error {
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group, serving := errgroup.WithContext(serving)
	group.Go(func() error { return s.cert.Start(serving) })
	group.Go(func() error { reportExceptions(serving, s.files, s.log); return nil })
	if s.nodes != nil {
		group.Go(func() error { s.nodes.Run(serving); return nil })
		group.Go(func() error { s.configurations.Run(serving); return nil })
	}
	if s.workloads != nil {
		group.Go(func() error { s.workloads.Run(serving); return nil })
	}
	if s.owners != nil {
		group.Go(func() error { s.owners.Run(serving); return nil })
	}
	if s.auditor != nil {
		group.Go(func() error { return s.auditor.Run(serving) })
	}
	if s.events != nil {
		group.Go(func() error { s.events.Run(serving); return nil })
	}
	group.Go(func() error { warnOfExpiry(serving, s.cert, s.log); return nil })
	for _, l := range s.listeners {
		group.Go(func() error { return l.serve(serving, s.options.ShutdownTimeout) })
	}
	group.Go(func() error {
		s.awaitStop(ctx, serving)
		stop()
		return nil
	})
	ended := make(chan error, 1)
	go func() { ended <- group.Wait() }()
	<-serving.Done()
	return s.finish(context.WithoutCancel(ctx), ended)
}

// finish waits for what is in flight, and sends the spans of it, all in one time.
func (s *server) finish(ctx context.Context, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, s.options.ShutdownTimeout+closing)
	defer cancel()
	select {
	case err := <-ended:
		s.tracer.flush(ctx, s.log)
		return err
	case <-ctx.Done():
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
	s.ready.stopping.Store(true)
	s.log.Info("stopping", "delay", s.options.ShutdownDelay.String(), "timeout", s.options.ShutdownTimeout.String())
	select {
	case <-serving.Done():
	case <-time.After(s.options.ShutdownDelay):
	}
}
