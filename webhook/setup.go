package webhook

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"

	"github.com/polymoat/polymoat/certs"
	"github.com/polymoat/polymoat/internal/auditor"
	"github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/readiness"
	"github.com/polymoat/polymoat/internal/tracing"
	"github.com/polymoat/polymoat/webhook/serve"
)

// setup makes a server out of its parts.
type setup struct {
	*server
	policies *Policies
	metrics  *metrics
	cert     certificates
	events   teller        // nil where no owner is told
	facts    cluster.Facts // empty without a cluster
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

// connect prepares what is known of the cluster, if there is to be one.
func (s *setup) connect() (err error) {
	if !s.options.Cluster {
		return nil
	}
	s.facts, err = cluster.NewFacts(s.options.Kubeconfig, s.options.WebhookConfiguration, s.policies.compiled)
	s.add(s.facts.Run)
	return err
}

func (s *setup) openCertificate() (err error) {
	c := s.options.Certificate
	if c.Source == certs.SelfManaged {
		s.cert, err = certs.Keep(s.options.Kubeconfig, c.Secret, c.DNSNames, s.facts.Configurations, s.log)
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
		p.NodesSynced, p.WorkloadsSynced, p.ClassesSynced = s.facts.Nodes.Synced, s.facts.Workloads.Synced, s.facts.Priorities.Synced
		p.Configurations = s.facts.Configurations.List
	}
	return p
}

// watchAndTell prepares what works beside the reviews. Only here does this package know of what writes to the cluster.
func (s *setup) watchAndTell() error {
	o := s.options
	s.add(func(ctx context.Context) { auditor.WarnOfExceptions(ctx, s.policies.files, s.log) })
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
		Nodes: s.facts.Nodes, Workloads: s.facts.Workloads, Log: s.log,
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
	s.tracer, err = tracing.New(s.options.TracingEndpoint)
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

func (s *setup) decider() *decider {
	f := s.facts
	d := &decider{policy: s.policies.compiled, nodes: f.Nodes, owners: f.Owners, coreWorkloads: f.Workloads, log: s.log, today: utcToday}
	if s.options.Cluster {
		d.configurations, d.mayUseCore, d.known = f.Configurations.List, f.Access.MayUseCore, f.Priorities.Known
	}
	return d
}
