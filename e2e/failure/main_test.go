// Package failure_test installs polymoat by its chart in a real control plane, with real servers behind one address, and
// takes away one part after the other, under load and without: what must wait waits with a clear message, everything
// else goes on, and all of it recovers unaided.
package failure_test

import (
	"context"
	"os"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/binaries"
	"github.com/polymoat/polymoat/e2e/chart"
	"github.com/polymoat/polymoat/e2e/check"
	"github.com/polymoat/polymoat/e2e/cluster"
)

var (
	// control is the control plane that all tests share. They clean up after themselves.
	control *cluster.Cluster
	helm    *chart.Helm
	// root is the repository.
	root string
	// servers are the programs of the versions that are installed: "0.1.0".
	servers = map[string]string{}
)

// next is a version that comes after the chart's own.
const next = "99.0.0"

// serviceAccount is the user that the API server sees in our servers.
const serviceAccount = "system:serviceaccount:polymoat-system:polymoat"

// The words of these tests.
var (
	await       = check.Await
	freeAddress = check.FreeAddress
	must        = check.Must
)

// TestMain starts a control plane without polymoat.
func TestMain(m *testing.M) {
	cluster.Main("e2e-failure", cluster.Options{}, func(ctx context.Context, s cluster.Site) (code int, err error) {
		control, root = s.Control, s.Root
		if helm, err = chart.New(ctx, root, os.Stderr); err != nil {
			return 0, err
		}
		if err := buildServers(ctx); err != nil {
			return 0, err
		}
		helm.Kubeconfig = control.Kubeconfig(cluster.Admin)
		if err := createNamespace(ctx); err != nil {
			return 0, err
		}
		return m.Run(), nil
	})
}

// buildServers builds the server of the chart's version, and the next one.
func buildServers(ctx context.Context) error {
	current, err := chart.Version(helm.Dir)
	if err != nil {
		return err
	}
	for _, version := range []string{current, next} {
		if servers[version], err = binaries.PolymoatOf(ctx, root, "v"+version); err != nil {
			return err
		}
	}
	return nil
}

// createNamespace makes polymoat's own namespace, held to the restricted standard.
func createNamespace(ctx context.Context) error {
	admin, err := client.New(control.As(cluster.Admin), client.Options{})
	if err != nil {
		return err
	}
	return admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: cluster.System, Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}})
}

// as is a client of a user: cluster.Admin, cluster.Tenant, or anybody that the administrator can impersonate.
func as(t *testing.T, user string) client.Client {
	t.Helper()
	config := control.Impersonating(user)
	if user == cluster.Admin || user == cluster.Tenant {
		config = control.As(user)
	}
	c, err := client.New(config, client.Options{})
	must(t, err)
	return c
}
