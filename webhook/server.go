package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"
	authenticationv1 "k8s.io/api/authentication/v1"
	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/polymoat/polymoat/certs"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/policy"
)

// heapGrowth lets the heap grow to five times what is alive before it is collected: what is alive is a few megabytes,
// and a collection for each few dozen reviews would take a tenth of the time. GOGC is 100 otherwise.
const heapGrowth = 400

// Options say where a server listens and what it reads. The policy says what it decides.
type Options struct {
	Port           uint16 // reviews, /healthz, /readyz and /metrics, over TLS
	CertDir        string // holds tls.crt and tls.key
	Cluster        bool   // look at the nodes of a cluster and at Polyaxon's resources, and ask its RBAC who is trusted with core
	Kubeconfig     string // empty: the service account of the pod
	MetricsAddress string // "HOST:PORT" for /metrics without TLS; empty: nowhere
	ProbeAddress   string // "HOST:PORT" for /healthz and /readyz without TLS; empty: nowhere
	// ShutdownDelay is how long a server that was told to stop goes on serving, not ready, until no one sends it more.
	ShutdownDelay time.Duration
	// ShutdownTimeout is how long it then waits for what is in flight. At most a minute.
	ShutdownTimeout time.Duration
}

// server is everything that runs, made and checked before any of it starts.
type server struct {
	options   Options
	log       *slog.Logger
	reviews   ctrlwebhook.Server
	cert      *certwatcher.CertWatcher
	nodes     *cluster.Nodes // nil without a cluster, like access
	access    *cluster.Access
	owners    *cluster.Owners // nil without a cluster, and where no role accepts overrides
	ready     *readiness
	listeners []listener
	files     []v1alpha1.File
}

// listener serves without TLS.
type listener struct {
	net.Listener
	handler http.Handler
}

// Run serves until the context is done, then finishes what is in flight. The error is nil if everything in flight was.
func Run(ctx context.Context, o Options, p *Policies, log *slog.Logger) error {
	adoptLogger(log)
	debug.SetGCPercent(heapGrowth)
	s, err := newServer(o, p, log)
	if err != nil {
		return err
	}
	version, _ := Version()
	log.Info("starting", "version", version, "port", o.Port, "policies", p.documents, "namespaces", p.compiled.Namespaces(), "cluster", o.Cluster)
	return s.run(ctx)
}

func newServer(o Options, p *Policies, log *slog.Logger) (*server, error) {
	s := &server{options: o, log: log, files: p.files}
	var err error
	if s.cert, err = certs.Open(o.CertDir); err != nil {
		return nil, fmt.Errorf("serving certificate: %w", err)
	}
	s.ready = &readiness{certificate: s.cert.GetCertificate}
	if o.Cluster {
		if err = s.connect(p); err != nil {
			return nil, err
		}
	}
	metrics := newMetrics(p.documents)
	metrics.registry.MustRegister(exceptionEnds(p.files))
	if err := s.listen(o.MetricsAddress, metricsMux(metrics)); err != nil {
		return nil, err
	}
	if err := s.listen(o.ProbeAddress, probeMux(s.ready)); err != nil {
		return nil, err
	}
	s.reviews = ctrlwebhook.NewServer(ctrlwebhook.Options{
		Port:       int(o.Port),
		WebhookMux: newMux(&decider{policy: p.compiled, nodes: s.nodes, owners: s.owners, mayUseCore: s.mayUseCore(), log: log, today: utcToday}, metrics, s.ready, log),
		TLSOpts:    []func(*tls.Config){s.configureTLS},
	})
	return s, nil
}

// connect prepares what is asked of the cluster.
func (s *server) connect(p *Policies) (err error) {
	if s.nodes, err = cluster.NewNodes(s.options.Kubeconfig); err != nil {
		return err
	}
	s.ready.nodesSynced = s.nodes.Synced
	if p.compiled.HeedsOwners() {
		if s.owners, err = cluster.NewOwners(s.options.Kubeconfig, policy.IsOverrideKey); err != nil {
			return err
		}
	}
	s.access, err = cluster.NewAccess(s.options.Kubeconfig)
	return err
}

// mayUseCore asks RBAC; nil without a cluster.
func (s *server) mayUseCore() func(context.Context, authenticationv1.UserInfo) (bool, error) {
	if s.access == nil {
		return nil
	}
	return s.access.MayUseCore
}

func (s *server) configureTLS(c *tls.Config) {
	c.GetCertificate = s.cert.GetCertificate
	c.MinVersion = tls.VersionTLS12
	c.NextProtos = []string{"h2", "http/1.1"}
}

// listen takes a port for plain HTTP now, so that a port that is taken is known before anything starts.
func (s *server) listen(address string, handler http.Handler) error {
	if address == "" {
		return nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	s.listeners = append(s.listeners, listener{l, handler})
	return nil
}

// run starts everything, and stops everything when one part fails or when the context is done.
func (s *server) run(ctx context.Context) error {
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group, serving := errgroup.WithContext(serving)
	group.Go(func() error { return s.cert.Start(serving) })
	group.Go(func() error { return s.reviews.Start(serving) })
	group.Go(func() error { reportExceptions(serving, s.files, s.log); return nil })
	if s.nodes != nil {
		group.Go(func() error { s.nodes.Run(serving); return nil })
	}
	if s.owners != nil {
		group.Go(func() error { s.owners.Run(serving); return nil })
	}
	for _, l := range s.listeners {
		group.Go(func() error { return l.serve(serving) })
	}
	group.Go(func() error {
		s.awaitStop(ctx, serving)
		stop()
		return nil
	})
	ended := make(chan error, 1)
	go func() { ended <- group.Wait() }()
	<-serving.Done()
	select {
	case err := <-ended:
		return err
	case <-time.After(s.options.ShutdownTimeout):
		return fmt.Errorf("shut down: reviews were still in flight after %s", s.options.ShutdownTimeout)
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

func (l listener) serve(ctx context.Context) error {
	plain := &http.Server{Handler: l.handler, ReadHeaderTimeout: 10 * time.Second}
	stopped := context.AfterFunc(ctx, func() { _ = plain.Close() })
	defer stopped()
	if err := plain.Serve(l.Listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
