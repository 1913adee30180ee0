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
	gate := newGate(cmp.Or(o.InFlight, defaultRoom()), metrics, log)
	metrics.registry.MustRegister(gate.inFlight()...)
	reviews := newMux(s.decider(p), metrics, s.ready, s.callers, gate, log)
	err := errors.Join(
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
