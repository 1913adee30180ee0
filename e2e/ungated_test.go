package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// gated is a run that waits for its gate to be taken off.
func gated(name string) *corev1.Pod {
	pod := jobPod(name)
	pod.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "kueue.x-k8s.io/admission"}}
	return pod
}

// createdRun is a run of the tenant's.
func createdRun(t *testing.T, name string) *corev1.Pod {
	t.Helper()
	pod := jobPod(name)
	create(t, as(t, cluster.Tenant), pod)
	return pod
}

func ungate(t *testing.T, c client.Client, pod *corev1.Pod) error {
	t.Helper()
	patch := client.RawPatch(types.JSONPatchType, []byte(`[{"op":"remove","path":"/spec/schedulingGates"}]`))
	return c.Patch(t.Context(), pod.DeepCopy(), patch)
}

// A pod from before the policy that waited for its gate to be taken off goes nowhere near core.
func TestUngatedFromBefore(t *testing.T) {
	tenant, pod := as(t, cluster.Tenant), gated("from-before")
	pod.Spec.NodeSelector = map[string]string{"polyaxon": "core"}
	pod.Spec.Tolerations = []corev1.Toleration{{Key: "polyaxon", Operator: corev1.TolerationOpExists}}
	createBefore(t, tenant, pod)
	want := `admission webhook "validate.polymoat.io" denied the request: pods "from-before" of role "jobs": ` +
		`environment.tolerations[0] lets the pod run on protected nodes; create the pod again: ` +
		`set environment.nodeSelector[polyaxon] to "experiments"; annotation polymoat.io/node-pool may ask for "builds" [core-nodes]: ` +
		`it could run on a node of pool "core" (labels polyaxon=core; taints polyaxon=core:NoSchedule)`
	if diff := cmp.Diff(want, message(ungate(t, tenant, pod))); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	note := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":{"note":"mine"}}}`))
	if err := tenant.Patch(t.Context(), pod.DeepCopy(), note); err != nil {
		t.Errorf("while it is gated: %v", err)
	}
}

// Kueue and its like take gates off runs that are in order.
func TestUngatedInOrder(t *testing.T) {
	tenant, pod := as(t, cluster.Tenant), gated("in-order")
	create(t, tenant, pod)
	if err := ungate(t, tenant, pod); err != nil {
		t.Fatal(err)
	}
	if pod = running(t, pod); pod.Spec.NodeName != "experiments-1" && pod.Spec.NodeName != "experiments-2" {
		t.Errorf("it runs on %s", pod.Spec.NodeName)
	}
}

// createBefore creates a pod as it was created before polymoat was installed, and removes it after the test.
func createBefore(t *testing.T, c client.Client, pod *corev1.Pod) {
	t.Helper()
	removeAfter(t, pod)
	dry := pod.DeepCopy()
	mutating, validating := &admissionregistrationv1.MutatingWebhookConfiguration{}, &admissionregistrationv1.ValidatingWebhookConfiguration{}
	key, admin := client.ObjectKey{Name: "polymoat"}, as(t, cluster.Admin)
	if err := errors.Join(admin.Get(t.Context(), key, mutating), admin.Get(t.Context(), key, validating)); err != nil {
		t.Fatal(err)
	}
	askedOf, judgedBy := mutating.Webhooks, validating.Webhooks
	mutating.Webhooks, validating.Webhooks = nil, nil
	if err := errors.Join(admin.Update(t.Context(), mutating), admin.Update(t.Context(), validating)); err != nil {
		t.Fatal(err)
	}
	created := control.Await("the API server to ask nobody", func(ctx context.Context) error { return c.Create(ctx, pod) })
	mutating.Webhooks, validating.Webhooks = askedOf, judgedBy
	if err := errors.Join(created, admin.Update(t.Context(), mutating), admin.Update(t.Context(), validating)); err != nil {
		t.Fatal(err)
	}
	if err := control.Await("the API server to ask again", func(ctx context.Context) error {
		again := dry.DeepCopy()
		again.Name += "-again"
		if c.Create(ctx, again, client.DryRunAll) == nil {
			return fmt.Errorf("pod %s is taken", again.Name)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
