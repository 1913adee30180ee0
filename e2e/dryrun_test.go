package e2e_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

func TestDryRunRefusesTheSame(t *testing.T) {
	tenant := as(t, cluster.Tenant)
	for _, a := range attempts(t) {
		answer := a.Make(t.Context(), tenant, client.DryRunAll)
		if answer == nil || answer.Error() != a.Want {
			t.Errorf("%s: dry-run answers %v, want %s", a.Name, answer, a.Want)
		}
	}
}

func TestDryRunPlacesTheSameAndLeavesNothing(t *testing.T) {
	for _, w := range workloads(t) {
		t.Run(w.Name, func(t *testing.T) {
			pod, err := w.Pod()
			if err != nil {
				t.Fatal(err)
			}
			pod.Spec.AutomountServiceAccountToken = ptr.To(false) // the token's volume has a random name
			requester, tried := as(t, w.Requester()), pod.DeepCopy()
			if w.Requester() == "" || w.Role == v1alpha1.RoleCore { // controllers may claim core for pods with an owner only
				requester = as(t, cluster.Admin)
			}
			if err := requester.Create(t.Context(), tried, client.DryRunAll); err != nil {
				t.Fatal(err)
			}
			err = as(t, cluster.Admin).Get(t.Context(), client.ObjectKeyFromObject(pod), &corev1.Pod{})
			if client.IgnoreNotFound(err) != nil || err == nil {
				t.Fatalf("after the dry-run, the pod is there: %v", err)
			}
			create(t, requester, pod)
			if diff := cmp.Diff(pod.Spec, tried.Spec); diff != "" {
				t.Errorf("dry-run (-created +tried):\n%s", diff)
			}
		})
	}
}
