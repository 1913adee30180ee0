package webhook

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"
	authenticationv1 "k8s.io/api/authentication/v1"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/polymoat/polymoat/certs"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/policy"
)

// heapGrowth lets the heap grow to five times what is alive before it is collected: what is alive is a few megabytes,
// and a collection for each few dozen reviews would take a tenth of the time. GOGC is 100 otherwise.
const heapGrowth = 400

// server is everything that runs, made and checked before any of it starts.
type server struct {
	options        Options
	log            *slog.Logger
	reviews        ctrlwebhook.Server
	cert           certificates
	callers        *callers       // nil where anybody may send reviews
	nodes          *cluster.Nodes // nil without a cluster, like access and configurations
	access         *cluster.Access
	owners         *cluster.Owners // nil without a cluster, and where no role accepts overrides
	configurations *cluster.Configurations
	auditor        *auditor // nil where nobody audits
	ready          *readiness
	listeners      []listener
	files          []v1alpha1.File
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
	if err := s.connect(p); err != nil {
		return nil, err
	}
	if err := s.openCertificate(); err != nil {
		return nil, fmt.Errorf("serving certificate: %w", err)
	}
	s.ready = s.newReadiness()
	metrics := newMetrics(p.documents)
	metrics.registry.MustRegister(exceptionEnds(p.files), certificateExpiry(s.cert, o.Certificate.Source))
	if o.AuditLease.Name != "" {
		s.auditor = newAuditor(o, p, s.nodes, log)
		metrics.registry.MustRegister(s.auditor)
	}
	if o.ClientCAFile != "" {
		authorities, err := certs.OpenClientCAs(o.ClientCAFile, log)
		if err != nil {
			return nil, err
		}
		s.callers = &callers{authorities, o.ClientNames, metrics, log}
	}
	if err := s.listen(o.MetricsAddress, metricsMux(metrics)); err != nil {
		return nil, err
	}
	if err := s.listen(o.ProbeAddress, probeMux(s.ready)); err != nil {
		return nil, err
	}
	s.reviews = ctrlwebhook.NewServer(ctrlwebhook.Options{
		Port:       int(o.Port),
		WebhookMux: newMux(s.decider(p), metrics, s.ready, s.callers, log),
		TLSOpts:    []func(*tls.Config){s.configureTLS},
	})
	return s, nil
}

// connect prepares what is known of the cluster, if there is to be one.
func (s *server) connect(p *Policies) (err error) {
	if !s.options.Cluster {
		return nil
	}
	if s.nodes, err = cluster.NewNodes(s.options.Kubeconfig); err != nil {
		return err
	}
	if p.compiled.HeedsOwners() {
		if s.owners, err = cluster.NewOwners(s.options.Kubeconfig, policy.IsOverrideKey); err != nil {
			return err
		}
	}
	if s.access, err = cluster.NewAccess(s.options.Kubeconfig); err != nil {
		return err
	}
	s.configurations, err = cluster.NewConfigurations(s.options.Kubeconfig, s.options.WebhookConfiguration)
	return err
}

func (s *server) openCertificate() (err error) {
	c := s.options.Certificate
	if c.Source == certs.SelfManaged {
		s.cert, err = certs.Keep(s.options.Kubeconfig, c.Secret, c.DNSNames, s.configurations, s.log)
		return err
	}
	s.cert, err = certs.Open(c.Dir)
	return err
}

func (s *server) newReadiness() *readiness {
	r := &readiness{certificate: s.cert.GetCertificate, log: s.log}
	if s.options.Cluster {
		r.nodesSynced, r.configurations = s.nodes.Synced, s.configurations.List
	}
	return r
}

func (s *server) decider(p *Policies) *decider {
	return &decider{policy: p.compiled, nodes: s.nodes, owners: s.owners, mayUseCore: s.mayUseCore(), log: s.log, today: utcToday}
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
	if s.callers != nil {
		s.callers.configureTLS(c)
	}
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
		group.Go(func() error { s.configurations.Run(serving); return nil })
	}
	if s.owners != nil {
		group.Go(func() error { s.owners.Run(serving); return nil })
	}
	if s.auditor != nil {
		group.Go(func() error { return s.auditor.Run(serving) })
	}
	group.Go(func() error { warnOfExpiry(serving, s.cert, s.log); return nil })
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
