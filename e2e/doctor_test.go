package e2e_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// TestDoctor breaks an installation in one place at a time. What doctor then says, and its exit code, stand in
// testdata/doctor. What a test breaks it mends: at the end nothing is found that was not there at the beginning.
func TestDoctor(t *testing.T) {
	t.Cleanup(func() { awaitNoTrial(t) }) // runs last: another test may want the namespaces
	r := newTrial(t)
	r.helm("--values="+policyValues(t, "trial", "first"), "--set=networkPolicy.apiServers={127.0.0.1}")
	good := certificate(t, 2100)
	r.certify(good)
	r.hold()
	r.awaitReplicas()
	r.examine(cluster.Admin, "healthy", 0, "--verbose")

	for _, tc := range []struct {
		name string
		hurt func(*testing.T)
	}{
		{"wrong-ca", func(t *testing.T) { r.trust(certificate(t, 2100).cert) }},
		{"expired-certificate", func(t *testing.T) { r.certify(certificate(t, 2020)) }},
		{"missing-secret", func(t *testing.T) { r.remove(t, &corev1.Secret{ObjectMeta: r.named("trial-polymoat-tls")}) }},
		{"no-disruption-budget", func(t *testing.T) { r.remove(t, &policyv1.PodDisruptionBudget{ObjectMeta: r.named("trial-polymoat")}) }},
		{"open-port", func(t *testing.T) { r.remove(t, &networkingv1.NetworkPolicy{ObjectMeta: r.named("trial-polymoat")}) }},
		{"no-lease", func(t *testing.T) { r.remove(t, &coordinationv1.Lease{ObjectMeta: r.named("trial-polymoat-audit")}) }},
		{"no-validation", func(t *testing.T) {
			r.remove(t, &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "trial-polymoat"}})
		}},
		{"fails-open", r.failOpen},
		{"core-node-without-taint", func(t *testing.T) { r.untaint(t, "core-1") }},
		{"certificate-not-ready", r.leaveUnready},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Cleanup(func() { r.certify(good) }) // after what tc.hurt mends
			tc.hurt(t)
			(&trial{t: t}).examine(cluster.Admin, tc.name, 1)
		})
	}
	r.examine(cluster.Tenant, "no-right", 1)
	r.examine(cluster.Tenant, "no-right-for-one-check", 1, "--only", "pool-labels", "--output", "json")
	r.examine(cluster.Admin, "one-check", 0, "--only", "pool-labels", "--output", "json")
	r.examine(cluster.Admin, "healthy-again", 0)
}

// examine runs doctor and compares what it prints.
func (r *trial) examine(user, name string, code int, flags ...string) {
	r.t.Helper()
	got, out, errOut := plugin(r.t, user, append([]string{"doctor", "-n", "trial-system"}, flags...)...)
	text := fmt.Sprintf("%s%s(exit code %d)\n", out, errOut, got)
	path := filepath.Join("testdata", "doctor", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
	if diff := cmp.Diff(read(r.t, path), text); diff != "" || got != code {
		r.t.Errorf("%s: exit code %d, want %d (-want +got):\n%s", path, got, code, diff)
	}
}

// awaitReplicas waits until the Deployment says that both replicas are ready.
func (r *trial) awaitReplicas() {
	r.t.Helper()
	err := control.Await("two ready replicas", func(ctx context.Context) error {
		var pods corev1.PodList
		if err := r.admin.List(ctx, &pods, client.InNamespace("trial-system")); err != nil {
			return err
		}
		nodes := map[string]bool{}
		for _, pod := range pods.Items {
			if pod.DeletionTimestamp == nil && pod.Status.Phase == corev1.PodRunning {
				nodes[pod.Spec.NodeName] = true
			}
		}
		if len(nodes) != 2 {
			return fmt.Errorf("replicas run on %v", nodes)
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// awaitNoTrial waits until the namespaces of a trial are gone, with all that was in them.
func awaitNoTrial(t *testing.T) {
	t.Helper()
	admin := as(t, cluster.Admin)
	err := control.Await("the end of the trial", func(ctx context.Context) error {
		for _, name := range []string{"trial", "trial-system"} {
			if err := admin.Get(ctx, client.ObjectKey{Name: name}, &corev1.Namespace{}); !apierrors.IsNotFound(err) {
				return fmt.Errorf("namespace %s is still there: %w", name, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
