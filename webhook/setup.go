package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/polymoat/polymoat/certs"
	"github.com/polymoat/polymoat/internal/auditor"
	"github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/readiness"
	"github.com/polymoat/polymoat/internal/scrape"
	"github.com/polymoat/polymoat/webhook/serve"
)

// setup makes a server out of its parts.
type setup struct {
	*server
	policies       *Policies
	metrics        *metrics
	cert           certificates
	events         teller         // nil where no owner is told
	nodes          *cluster.Nodes // nil without a cluster, like those below
	workloads      *cluster.Workloads
	owners         *cluster.Owners // nil where no role accepts overrides, too
	access         *cluster.Access
	configurations *cluster.Configurations
}

// certificates is where the serving certificate comes from: certs.Open or certs.Keep.
type certificates interface {
	GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
	// Start keeps the certificate up to date until the context is done.
	Start(context.Context) error
}

// newServer makes and checks everything that will run.
func newServer(o Options, p *Policies, log *slog.Logger) (*server, error) {
	s := &setup{server: &server{options: o, log: log}, policies: p, metrics: newMetrics(p.documents)}
	for _, step := range []func() error{s.connect, s.openCertificate, s.watchAndTell, s.openTracer, s.listenForReviews, s.listenForOthers} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return s.server, nil
}

// add has a part run.
func (s *setup) add(run func(context.Context)) {
	s.runnables = append(s.runnables, everywhere(func(ctx context.Context) error { run(ctx); return nil }))
}

// connect prepares what is known of the cluster, if there is to be one. The manager's own cache is not used: it keeps whole
// objects, and of 5,000 nodes and their pods we keep what decides, several nodes as one where no pod can tell them apart.
func (s *setup) connect() (err error) {
	o := s.options
	if !o.Cluster {
		return nil
	}
	if s.nodes, err = cluster.NewNodes(o.Kubeconfig); err != nil {
		return err
	}
	if s.workloads, err = cluster.NewWorkloads(o.Kubeconfig, s.policies.compiled); err != nil {
		return err
	}
	if s.policies.compiled.NeedsOwners() {
		if s.owners, err = cluster.NewOwners(o.Kubeconfig, policy.IsOverrideKey); err != nil {
			return err
		}
		s.add(s.owners.Run)
	}
	if s.access, err = cluster.NewAccess(o.Kubeconfig); err != nil {
		return err
	}
	s.configurations, err = cluster.NewConfigurations(o.Kubeconfig, o.WebhookConfiguration)
	s.add(s.nodes.Run)
	s.add(s.workloads.Run)
	s.add(s.configurations.Run)
	return err
}

func (s *setup) openCertificate() (err error) {
	c := s.options.Certificate
	if c.Source == certs.SelfManaged {
		s.cert, err = certs.Keep(s.options.Kubeconfig, c.Secret, c.DNSNames, s.configurations, s.log)
	} else {
		s.cert, err = certs.Open(c.Dir)
	}
	if err != nil {
		return fmt.Errorf("serving certificate: %w", err)
	}
	s.metrics.registry.MustRegister(certs.ExpiryMetric(s.cert, c.Source), exceptionEnds(s.policies.files))
	s.runnables = append(s.runnables, everywhere(s.cert.Start))
	s.add(func(ctx context.Context) { certs.WarnOfExpiry(ctx, s.cert, s.log) })
	s.ready = s.newReadiness()
	return nil
}

func (s *setup) newReadiness() *readiness.Probe {
	p := &readiness.Probe{Certificate: s.cert.GetCertificate, Log: s.log}
	if s.options.Cluster {
		p.NodesSynced, p.WorkloadsSynced, p.Configurations = s.nodes.Synced, s.workloads.Synced, s.configurations.List
	}
	return p
}

// watchAndTell prepares what works beside the reviews. Only here does this package know of what writes to the cluster.
func (s *setup) watchAndTell() error {
	o := s.options
	s.runnables = append(s.runnables, &auditor.Exceptions{Files: s.policies.files, Log: s.log})
	if !o.Events && o.AuditLease.Name == "" {
		return nil
	}
	client, err := cluster.Connect(o.Kubeconfig)
	if err != nil {
		return err
	}
	controllers, err := cluster.NewControllers(o.Kubeconfig)
	if err != nil {
		return err
	}
	audits := auditor.Options{
		Client: client, Kubeconfig: o.Kubeconfig, Lease: o.AuditLease, Policy: s.policies.compiled, Files: s.policies.files,
		Nodes: s.nodes, Workloads: s.workloads, Log: s.log,
	}
	if o.Events {
		events := auditor.NewEvents(client, s.policies.compiled.Namespaces(), controllers, s.log)
		s.metrics.registry.MustRegister(events)
		s.events, audits.Events, s.runnables = events, events, append(s.runnables, events)
	}
	if o.AuditLease.Name == "" {
		return nil
	}
	if o.AuditReports {
		audits.Controllers = controllers
	}
	audit := auditor.New(audits)
	s.metrics.registry.MustRegister(audit.Collectors()...)
	s.runnables = append(s.runnables, audit)
	return nil
}

func (s *setup) openTracer() (err error) {
	s.tracer, err = newTracer(s.options.TracingEndpoint)
	return err
}

// listenForReviews takes the port of the reviews now, so that one that is taken is known before anything starts.
func (s *setup) listenForReviews() error {
	callers, err := s.openCallers()
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", fmt.Sprintf(":%d", s.options.Port))
	if err != nil {
		return err
	}
	config := &tls.Config{GetCertificate: s.cert.GetCertificate, MinVersion: tls.VersionTLS12}
	if callers != nil {
		callers.configureTLS(config)
	}
	s.reviews = &reviews{Server: serve.New(serve.Options{
		Listener: l, TLS: config, Bytes: s.options.InFlight, Reserved: corePaths, Weigh: weigh, Leaving: s.ready.Stopping,
		ShutdownTimeout: s.options.ShutdownTimeout, SentAway: s.metrics.faults.count, Log: s.log,
	})}
	s.metrics.registry.MustRegister(inFlight(s.reviews.Server)...)
	for path, handler := range newHandlers(parts{s.decider(), s.metrics, callers, s.tracer, s.events, s.log}) {
		s.reviews.Register(path, handler)
	}
	return nil
}

func (s *setup) openCallers() (*callers, error) {
	if s.options.ClientCAFile == "" {
		return nil, nil
	}
	authorities, err := certs.OpenClientCAs(s.options.ClientCAFile, s.log)
	return &callers{authorities, s.options.ClientNames, s.metrics, s.log}, err
}

// listenForOthers takes the ports of kubelets and of Prometheus. Neither sees anything of the other's, nor of the reviews.
func (s *setup) listenForOthers() error {
	metrics, config, err := s.metricsHandler()
	return errors.Join(err,
		s.listen("metrics", s.options.MetricsAddress, metrics, config),
		s.listen("probes", s.options.ProbeAddress, newProbes(s.ready, s.reviews.Alive, s.metrics.senders), nil))
}

// metricsHandler serves /metrics, and says over which TLS. The manager's own metrics server is not used: it tells no
// exemplars, and its filter of who may read brings k8s.io/apiserver and cel-go, which make the binary half as large again.
func (s *setup) metricsHandler() (http.Handler, *tls.Config, error) {
	mux := http.NewServeMux()
	if s.options.MetricsAddress == "" || s.options.MetricsOpen {
		mux.Handle("/metrics", s.metrics.handler())
		return mux, nil, nil
	}
	client, err := cluster.Connect(s.options.Kubeconfig)
	if err != nil {
		return nil, nil, err
	}
	mux.Handle("/metrics", scrape.Restricted(client, s.metrics.handler(), s.log))
	return mux, &tls.Config{GetCertificate: s.cert.GetCertificate, MinVersion: tls.VersionTLS12}, nil
}

// listen takes a port. config is nil for plain HTTP.
func (s *setup) listen(name, address string, handler http.Handler, config *tls.Config) error {
	if address == "" {
		return nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	if config != nil {
		l = tls.NewListener(l, config)
	}
	const patience = 10 * time.Second // for clients that are slow, or gone
	s.runnables = append(s.runnables, &manager.Server{
		Name: name, Listener: l, ShutdownTimeout: new(time.Second),
		Server: &http.Server{
			Handler: handler, ReadTimeout: patience, WriteTimeout: 3 * patience, IdleTimeout: 10 * patience, MaxHeaderBytes: 64 << 10,
		},
	})
	return nil
}

func (s *setup) decider() *decider {
	d := &decider{policy: s.policies.compiled, nodes: s.nodes, owners: s.owners, coreWorkloads: s.workloads, log: s.log, today: utcToday}
	if s.options.Cluster {
		d.configurations, d.mayUseCore = s.configurations.List, s.access.MayUseCore
	}
	return d
}
