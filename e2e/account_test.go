package e2e_test

import (
	"context"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// TestCoreKeepsItsAccount: an account is the tenant's to use until a workload of core runs as it.
func TestCoreKeepsItsAccount(t *testing.T) {
	admin, tenant := as(t, cluster.Admin), as(t, cluster.Tenant)
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "core-account"}}
	create(t, admin, account)
	run := jobPod("borrows")
	run.Spec.ServiceAccountName = account.Name
	if err := tenant.Create(t.Context(), run.DeepCopy(), client.DryRunAll); err != nil {
		t.Fatalf("before core runs as it: %v", err)
	}

	labels := map[string]string{"app.kubernetes.io/part-of": "polyaxon-core", "app": "core-account"}
	core := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "core-account"}}
	core.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
	core.Spec.Template.Labels, core.Spec.Template.Spec = labels, plainPod(cluster.Namespace).Spec
	core.Spec.Template.Spec.ServiceAccountName = account.Name
	create(t, admin, core)

	const want = `admission webhook "validate.polymoat.io" denied the request: pods "borrows" of role "jobs": ` +
		`environment.serviceAccountName is "core-account", which role "jobs" may not use; remove it or name another account [service-account]: ` +
		`it is the account of core's Deployment "core-account"`
	err := control.Await("the run to be refused", func(ctx context.Context) error {
		if got := message(tenant.Create(ctx, run.DeepCopy(), client.DryRunAll)); got != want {
			return fmt.Errorf("the answer is %q", got)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	err = control.Await("a pod of core", func(ctx context.Context) error {
		var pods corev1.PodList
		if err := admin.List(ctx, &pods, client.InNamespace(cluster.Namespace), client.MatchingLabels(labels)); err != nil {
			return err
		}
		if len(pods.Items) != 1 {
			return fmt.Errorf("there are %d", len(pods.Items))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
