// Package soak_test wears polymoat out: a mixed load through a real API server at real servers behind one address, for as
// long as -soak says, while certificates rotate, policies are rolled out, replicas are replaced and nodes change. No
// request may fail, and neither memory nor goroutines may grow. It also shows what a person reads of an overload.
package soak_test

import (
	"context"
	"flag"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/check"
	"github.com/polymoat/polymoat/e2e/cluster"
)

var span = flag.Duration("soak", time.Minute, "how long the load goes on")

var (
	// control is the control plane that all tests share.
	control *cluster.Cluster
	// program is the server.
	program string
	// shipped are the webhook configurations of the manifests.
	shipped []*unstructured.Unstructured
)

// serviceAccount is the user that the API server sees in our servers.
const serviceAccount = "system:serviceaccount:polymoat-system:polymoat"

// The words of these tests.
var (
	await       = check.Await
	freeAddress = check.FreeAddress
	must        = check.Must
)

// TestMain starts a control plane with everything of the manifests but the webhook configurations.
func TestMain(m *testing.M) {
	cluster.Main("e2e-soak", cluster.Options{}, func(_ context.Context, s cluster.Site) (int, error) {
		control, program = s.Control, s.Program
		plain, webhooks, err := cluster.Manifests(filepath.Join(s.Root, "manifests", "install.yaml"))
		if err != nil {
			return 0, err
		}
		shipped = webhooks
		if err := control.Create(plain...); err != nil {
			return 0, err
		}
		return m.Run(), nil
	})
}

// as is a client of cluster.Admin or cluster.Tenant.
func as(t *testing.T, user string) client.Client {
	t.Helper()
	c, err := client.New(control.As(user), client.Options{})
	must(t, err)
	return c
}

// install creates the shipped webhook configurations, with the address in the place of the Service, for the test's time.
func install(t *testing.T, url string) {
	t.Helper()
	admin := as(t, cluster.Admin)
	for _, object := range shipped {
		object = object.DeepCopy()
		must(t, cluster.PointAt(object, url, nil, nil))
		must(t, admin.Create(t.Context(), object))
		t.Cleanup(func() { must(t, admin.Delete(context.WithoutCancel(t.Context()), object)) })
	}
}
