package webhook

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"

	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/polymoat/polymoat/certs"
	"github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/reporter"
)

// newServer makes and checks everything that will run.
func newServer(o Options, p *Policies, log *slog.Logger) (*server, error) {
	s := &server{options: o, limits: cmp.Or(o.limits, patient), log: log, files: p.files}
	if err := s.connect(p); err != nil {
		return nil, err
	}
	if err := s.openCertificate(); err != nil {
		return nil, fmt.Errorf("serving certificate: %w", err)
	}
	s.ready = s.newReadiness()
	metrics := newMetrics(p.documents)
	metrics.registry.MustRegister(exceptionEnds(p.files), certificateExpiry(s.cert, o.Certificate.Source))
	if err := s.watchAndTell(p, metrics); err != nil {
		return nil, err
	}
	if o.ClientCAFile != "" {
		authorities, err := certs.OpenClientCAs(o.ClientCAFile, log)
		if err != nil {
			return nil, err
		}
		s.callers = &callers{authorities, o.ClientNames, metrics, log}
	}
	var err error
	if s.tracer, err = newTracer(o.TracingEndpoint); err != nil {
		return nil, err
	}
	gate := newGate(o.InFlight, metrics, log)
	metrics.registry.MustRegister(gate.inFlight()...)
	reviews := newMux(parts{s.decider(p), metrics, s.ready, s.callers, gate, s.tracer, s.events, log})
	err = errors.Join(
		s.listen(o.MetricsAddress, metricsMux(metrics), nil),
		s.listen(o.ProbeAddress, probeMux(s.ready), nil),
		s.listen(fmt.Sprintf(":%d", o.Port), reviews, s.tlsConfig()),
	)
	return s, err
}

// connect prepares what is known of the cluster, if there is to be one.
func (s *server) connect(p *Policies) (err error) {
	if !s.options.Cluster {
		return nil
	}
	if s.nodes, err = cluster.NewNodes(s.options.Kubeconfig); err != nil {
		return err
	}
	if s.workloads, err = cluster.NewWorkloads(s.options.Kubeconfig, p.compiled); err != nil {
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

// watchAndTell prepares what looks at the cluster beside the reviews, and what is written there.
func (s *server) watchAndTell(p *Policies, m *metrics) (err error) {
	var controllers *cluster.Controllers
	if s.options.AuditReports || s.options.Events {
		if controllers, err = cluster.NewControllers(s.options.Kubeconfig); err != nil {
			return err
		}
	}
	if s.options.Events {
		if s.events, err = newEvents(s.options.Kubeconfig, p.compiled.Namespaces(), controllers, m, s.log); err != nil {
			return err
		}
	}
	if s.options.AuditLease.Name == "" {
		return nil
	}
	s.auditor = newAuditor(s.options, p, s.nodes, s.workloads, s.log)
	s.auditor.places = newPlaces(s.events)
	m.registry.MustRegister(s.auditor)
	if s.options.AuditReports {
		s.auditor.reports = &reports{controllers, reporter.NewMetrics()}
		m.registry.MustRegister(s.auditor.reports.metrics.Collectors()...)
	}
	return nil
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
		r.nodesSynced, r.workloadsSynced, r.configurations = s.nodes.Synced, s.workloads.Synced, s.configurations.List
	}
	return r
}

func (s *server) decider(p *Policies) *decider {
	d := &decider{policy: p.compiled, nodes: s.nodes, owners: s.owners, coreWorkloads: s.workloads, mayUseCore: s.mayUseCore(), log: s.log, today: utcToday}
	if s.options.Cluster {
		d.configurations = s.configurations.List
	}
	return d
}

// mayUseCore asks RBAC; nil without a cluster.
func (s *server) mayUseCore() func(context.Context, authenticationv1.UserInfo) (bool, error) {
	if s.access == nil {
		return nil
	}
	return s.access.MayUseCore
}

func (s *server) tlsConfig() *tls.Config {
	c := &tls.Config{
		GetCertificate: s.cert.GetCertificate,
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
	}
	if s.callers != nil {
		s.callers.configureTLS(c)
	}
	return c
}
