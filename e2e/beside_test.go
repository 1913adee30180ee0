package e2e_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// TestBesidePolymoat: what internal/siege/README.md says that rights in core's namespace reach, they reach; a quota then
// keeps core from coming back; and doctor names the tenant, and that core and runs share the namespace.
func TestBesidePolymoat(t *testing.T) {
	admin, tenant := as(t, cluster.Admin), as(t, cluster.Tenant)
	core := besidePod("beside-core", map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"})
	create(t, admin, core)
	create(t, tenant, besidePod("beside-run", map[string]string{
		"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs",
	}))
	named := metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "beside"}
	all := &metav1.LabelSelector{}
	for _, object := range []client.Object{
		&corev1.ConfigMap{ObjectMeta: named}, &corev1.Secret{ObjectMeta: named},
		&corev1.Service{ObjectMeta: named, Spec: corev1.ServiceSpec{Selector: map[string]string{"a": "b"}, Ports: []corev1.ServicePort{{Port: 80}}}},
		&networkingv1.NetworkPolicy{ObjectMeta: named},
		&corev1.LimitRange{ObjectMeta: named, Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{
			Type: corev1.LimitTypeContainer, Max: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("4Mi")},
		}}}},
		&policyv1.PodDisruptionBudget{ObjectMeta: named, Spec: policyv1.PodDisruptionBudgetSpec{Selector: all}},
	} {
		if err := tenant.Create(t.Context(), object, client.DryRunAll); err != nil {
			t.Errorf("%T: %v", object, err)
		}
	}
	for _, right := range []authorizationv1.ResourceAttributes{
		{Verb: "create", Resource: "pods", Subresource: "exec"}, {Verb: "create", Resource: "serviceaccounts", Subresource: "token"},
		{Verb: "delete", Resource: "persistentvolumeclaims"},
	} {
		right.Namespace = cluster.Namespace
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &right}}
		if err := tenant.Create(t.Context(), review); err != nil || !review.Status.Allowed {
			t.Errorf("%s %s/%s: %v", right.Verb, right.Resource, right.Subresource, err)
		}
	}
	create(t, tenant, &corev1.ResourceQuota{ObjectMeta: named, Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("0")}}})
	err := control.Await("core that does not come back", func(ctx context.Context) error {
		again := besidePod("beside-again", core.Labels)
		if err := admin.Create(ctx, again, client.DryRunAll); err == nil || !strings.Contains(err.Error(), "exceeded quota: beside") {
			return errors.Join(errors.New("it comes back"), err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	code, out, errOut := plugin(t, cluster.Admin, "doctor", "-n", cluster.System, "--only", "core-namespace,may-change-core")
	path, got := filepath.Join("testdata", "doctor", "beside.txt"), out+errOut
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(read(t, path), got); diff != "" || code != 1 {
		t.Errorf("exit code %d (-want +got):\n%s", code, diff)
	}
}

func besidePod(name string, labels map[string]string) *corev1.Pod {
	pod := plainPod(cluster.Namespace)
	pod.Name, pod.Labels = name, labels
	pod.Spec.TerminationGracePeriodSeconds = ptr.To[int64](0)
	return pod
}
