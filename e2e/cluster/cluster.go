// Package cluster runs a real control plane on this machine: etcd, kube-apiserver, kube-controller-manager and
// kube-scheduler, with kwok in the place of kubelets. Nodes and pods are real objects; no container ever starts.
package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/polymoat/polymoat/e2e/binaries"
)

// Options say what to run, and where.
type Options struct {
	Binaries binaries.Set
	// Dir takes data, logs, certificates and kubeconfigs. It is made where it is missing.
	Dir string
	// ShowCertificate makes the API server show a client certificate to webhooks. Its authority is in CallerCA.
	ShowCertificate bool
	// AuditPods makes the API server write an audit log, with the pods of the namespace polyaxon as they are sent.
	AuditPods bool
	// TracingEndpoint is the collector to which the API server sends its spans, "HOST:PORT"; empty: it makes none. It
	// traces what administrators do within a sampled trace, and nothing by itself.
	TracingEndpoint string
	// StaticPolicies is a folder with the folders mutating and validating: admission policies that the API server loads from
	// its disk. Empty: it loads none.
	StaticPolicies string
	// Gates are feature gates of API server, scheduler and controllers, "GenericWorkload=true,...". The APIs that they bring
	// are served, those that are alpha or beta as well. Empty: the defaults.
	Gates string
	// Needs is a feature without which nothing is started: the error is of type Lacks then. Nil: none.
	Needs *Feature
}

// Cluster is a running control plane. It has five processes, which end with Stop, or with the process that started it.
type Cluster struct {
	dir       string
	binaries  binaries.Set
	flags     []string // more of the API server's
	gates     []string // the flag of every component, where there is one
	host      string   // https://127.0.0.1:6443
	etcd      string   // http://127.0.0.1:2379
	tokens    map[string]string
	minor     int // of the API server's version: 36 is Kubernetes 1.36
	processes []*process
	installed Server
	// ctx ends when a process of the control plane does; its cause says which one, and why.
	ctx    context.Context
	cancel context.CancelCauseFunc
}

// Start runs a control plane and returns once its nodes are ready and the namespace polyaxon takes pods.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	ctrllog.SetLogger(logr.Discard()) // its client complains when nobody did
	c := &Cluster{dir: o.Dir, binaries: o.Binaries, tokens: map[string]string{}}
	c.ctx, c.cancel = context.WithCancelCause(ctx)
	if err := c.start(o); err != nil {
		c.Stop()
		return nil, fmt.Errorf("start the control plane: %w", err)
	}
	return c, nil
}

func (c *Cluster) start(o Options) error {
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return err
	}
	ports, err := freePorts(3)
	if err != nil {
		return err
	}
	c.host, c.etcd = fmt.Sprintf("https://127.0.0.1:%d", ports[2]), fmt.Sprintf("http://127.0.0.1:%d", ports[0])
	c.openGates(o.Gates)
	steps := []func() error{
		c.askVersion,
		func() error { return c.Lack(o.Needs) },
		c.writeCertificates,
		c.writeUsers,
		func() error { return c.writeAdmission(o.ShowCertificate, o.StaticPolicies) },
		func() error { return c.writeAuditPolicy(o.AuditPods) },
		func() error { return c.writeTracing(o.TracingEndpoint) },
		func() error { return c.startEtcd(ports[0], ports[1]) },
		func() error { return c.startAPIServer(ports[0], ports[2]) },
		c.startControllers,
		c.createBase,
		c.awaitBase,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// Stop ends every process, the last one started first, and waits for it.
func (c *Cluster) Stop() {
	for _, p := range slices.Backward(c.processes) {
		p.stop()
	}
	c.cancel(nil)
}

// Done is closed when the cluster has stopped, or when one of its processes has ended by itself.
func (c *Cluster) Done() <-chan struct{} { return c.ctx.Done() }

// Err says why Done is closed; nil while the cluster runs.
func (c *Cluster) Err() error { return context.Cause(c.ctx) }

// Etcd is where etcd serves clients, and its metrics: "http://127.0.0.1:2379".
func (c *Cluster) Etcd() string { return c.etcd }

// As is how to reach the API server as one of its users: Admin or Tenant.
func (c *Cluster) As(user string) *rest.Config {
	return &rest.Config{
		Host:            c.host,
		BearerToken:     c.tokens[user],
		TLSClientConfig: rest.TLSClientConfig{CAFile: c.file("ca.crt")},
		QPS:             -1, // no limit
		WarningHandler:  rest.NoWarnings{},
	}
}

// Impersonating is how to reach the API server as any user at all: "system:serviceaccount:polyaxon:default".
func (c *Cluster) Impersonating(user string) *rest.Config {
	config := c.As(Admin)
	config.Impersonate.UserName = user
	return config
}

// file is a file of the cluster's folder.
func (c *Cluster) file(name string) string { return filepath.Join(c.dir, name) }
