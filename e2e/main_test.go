package e2e_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/chart"
	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/collector"
)

var (
	update = flag.Bool("update", false, "write the sentences that the API server answers to testdata; then read the diff")
	twin   = flag.Bool("twin", false, "install the native twin of the built-in policy in the place of polymoat")
)

// control is the control plane that all tests share, with polymoat installed from install.yaml. They clean up after
// themselves. server is the program that runs in it, and helm renders and installs the chart.
// spans takes what it and the API server tell of traces.
var (
	control *cluster.Cluster
	server  string
	helm    *chart.Helm
	spans   *collector.Collector
)

// TestMain starts a control plane with polymoat.
func TestMain(m *testing.M) {
	flag.Parse()
	var err error
	if spans, err = collector.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	options := cluster.Options{AuditPods: true, TracingEndpoint: spans.Address()}
	if *twin {
		options.Needs = cluster.Twin
	}
	cluster.Main("e2e", options, func(ctx context.Context, s cluster.Site) (code int, err error) {
		control, server = s.Control, s.Program
		if helm, err = chart.New(ctx, s.Root, os.Stderr); err != nil {
			return 0, err
		}
		helm.Kubeconfig = control.Kubeconfig(cluster.Admin)
		if err := createEarlier(); err != nil {
			return 0, err
		}
		if *twin {
			if err := e2e.InstallTwin(control, v1alpha1.Default()); err != nil {
				return 0, err
			}
			return m.Run(), nil
		}
		policies, err := writePolicies(s.Dir)
		if err != nil {
			return 0, err
		}
		if err := control.Install(cluster.Polymoat{Binary: server, Policy: policies, Manifests: filepath.Join(s.Root, "manifests", "install.yaml"), TracingEndpoint: spans.Address()}); err != nil {
			return 0, err
		}
		if err := createReportKind(ctx); err != nil { // later than the server, which has to notice
			return 0, err
		}
		return m.Run(), nil
	})
}

// writePolicies makes a folder of the built-in policy, for the namespace polyaxon, and of those for the namespaces asking and warned.
func writePolicies(dir string) (string, error) {
	policies := filepath.Join(dir, "policies")
	if err := os.CopyFS(policies, os.DirFS("testdata/policies")); err != nil {
		return "", err
	}
	return policies, os.WriteFile(filepath.Join(policies, "polyaxon.yaml"), []byte(v1alpha1.DefaultYAML), 0o600)
}

// as is a client of a user: cluster.Admin, cluster.Tenant, or anybody that the administrator can impersonate.
func as(t *testing.T, user string) client.Client {
	t.Helper()
	config := control.Impersonating(user)
	if user == cluster.Admin || user == cluster.Tenant {
		config = control.As(user)
	}
	c, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// create creates an object and removes it after the test.
func create(t *testing.T, c client.Client, object client.Object) {
	t.Helper()
	if err := c.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	removeAfter(t, object)
}

// removeAfter removes an object after the test, with everything that controllers made of it.
func removeAfter(t *testing.T, object client.Object) {
	t.Helper()
	admin := as(t, cluster.Admin)
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		err := admin.Delete(ctx, object, client.PropagationPolicy("Background"), client.GracePeriodSeconds(0))
		if client.IgnoreNotFound(err) != nil {
			t.Error(err)
		}
	})
}
