// Package certs_test rotates certificates in a real control plane, from every source, while pods are created through two
// real servers behind one address: no request may fail. It also tells the API server's identity from anybody else's.
package certs_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/check"
	"github.com/polymoat/polymoat/e2e/cluster"
)

var (
	// control is the control plane that all tests share. They clean up after themselves.
	control *cluster.Cluster
	// root is the repository, program the server.
	root, program string
	// shipped are the webhook configurations of the manifests.
	shipped []*unstructured.Unstructured
)

// serviceAccount is the user that the API server sees in our servers.
const serviceAccount = "system:serviceaccount:polymoat-system:polymoat"

// The words of these tests.
var (
	await       = check.Await
	freeAddress = check.FreeAddress
)

// TestMain starts a control plane with everything of the manifests but the webhook configurations.
func TestMain(m *testing.M) {
	cluster.Main("e2e-certs", cluster.Options{ShowCertificate: true}, func(_ context.Context, s cluster.Site) (int, error) {
		control, root, program = s.Control, s.Root, s.Program
		plain, webhooks, err := cluster.Manifests(filepath.Join(root, "manifests", "install.yaml"))
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

func decodeFile(path string) ([]*unstructured.Unstructured, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return cluster.Decode(string(text))
}

// as is a client of cluster.Admin or cluster.Tenant.
func as(t *testing.T, user string) client.Client {
	t.Helper()
	c, err := client.New(control.As(user), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
