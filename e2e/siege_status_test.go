package e2e_test

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// Runs that never come keep no room on core nodes: two that wait behind a gate are as large as a core node.
func TestSiegeNominatedRoom(t *testing.T) {
	tenant, open := as(t, cluster.Tenant), false
	for _, node := range []string{"core-1", "core-2"} {
		pod := jobPod("nominated-" + node)
		pod.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "example.com/queue"}}
		pod.Spec.Containers[0].Resources.Requests = corev1.ResourceList{"cpu": resource.MustParse("64")}
		create(t, tenant, pod)
		nominate := client.RawPatch(types.MergePatchType, []byte(`{"status":{"nominatedNodeName":"`+node+`"}}`))
		if !refused(t, tenant.SubResource("status").Patch(t.Context(), pod, nominate)) {
			open = true
		}
	}
	if !open {
		return
	}
	core := siegedPod("starved")
	core.Spec.Containers[0].Resources.Requests = corev1.ResourceList{"cpu": resource.MustParse("1")}
	create(t, as(t, cluster.Admin), core)
	if err := control.Await("the scheduler's word", func(ctx context.Context) error {
		err := tenant.Get(ctx, client.ObjectKeyFromObject(core), core)
		if err == nil && !decided(core) {
			err = fmt.Errorf("nothing is known of it yet")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if core.Spec.NodeName == "" {
		t.Errorf("core pod %s finds no room: %s", core.Name, core.Status.Conditions[0].Message)
	}
}

// siegedPod is a pod of core's.
func siegedPod(name string) *corev1.Pod {
	pod := plainPod(cluster.Namespace)
	pod.Name, pod.Labels = name, map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"}
	return pod
}

// What the control plane says about core pods is not the tenant's to say. What others say by conditions of their own is.
func TestSiegeStatusOfCore(t *testing.T) {
	core, _ := coreAPIOf(t)
	tenant := as(t, cluster.Tenant)
	if err := control.Await("an endpoint", func(ctx context.Context) error { return servedBy(ctx, tenant, core.Name) }); err != nil {
		t.Fatal(err)
	}
	for name, patch := range map[string]string{
		"phase":           `{"status":{"phase":"Failed"}}`,
		"podIP":           `[{"op":"replace","path":"/status/podIP","value":"192.0.2.1"},{"op":"replace","path":"/status/podIPs","value":[{"ip":"192.0.2.1"}]}]`,
		"hostIP":          `[{"op":"replace","path":"/status/hostIP","value":"192.0.2.1"},{"op":"replace","path":"/status/hostIPs","value":[{"ip":"192.0.2.1"}]}]`,
		"Ready":           `{"status":{"conditions":[{"type":"Ready","status":"False"}]}}`,
		"ContainersReady": `{"status":{"conditions":[{"type":"ContainersReady","status":"False"}]}}`,
		"Initialized":     `{"status":{"conditions":[{"type":"Initialized","status":"False"}]}}`,
		"PodScheduled":    `{"status":{"conditions":[{"type":"PodScheduled","status":"False"}]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, tenant.SubResource("status").Patch(t.Context(), core.DeepCopy(), typed(patch), client.DryRunAll))
		})
	}
	for name, patch := range map[string]string{
		"a readiness gate": `{"status":{"conditions":[{"type":"example.com/ready","status":"True"}]}}`,
		"a disruption":     `{"status":{"conditions":[{"type":"DisruptionTarget","status":"True"}]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if err := tenant.SubResource("status").Patch(t.Context(), core.DeepCopy(), typed(patch), client.DryRunAll); err != nil {
				t.Error(err)
			}
		})
	}
}

// typed is a JSON patch where the text is a list, else a strategic merge patch.
func typed(patch string) client.Patch {
	if patch[0] == '[' {
		return client.RawPatch(types.JSONPatchType, []byte(patch))
	}
	return client.RawPatch(types.StrategicMergePatchType, []byte(patch))
}

// A status that the tenant writes takes no core pod out of its Service.
func TestSiegeStatusEmptiesService(t *testing.T) {
	core, _ := coreAPIOf(t)
	tenant := as(t, cluster.Tenant)
	if err := control.Await("an endpoint", func(ctx context.Context) error { return servedBy(ctx, tenant, core.Name) }); err != nil {
		t.Fatal(err)
	}
	if refused(t, tenant.SubResource("status").Patch(t.Context(), core.DeepCopy(), typed(`{"status":{"phase":"Failed"}}`))) {
		return
	}
	if err := control.Await("a Service without the pod", func(ctx context.Context) error {
		if servedBy(ctx, tenant, core.Name) == nil {
			return fmt.Errorf("pod %s is still an endpoint", core.Name)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	t.Errorf("core pod %s is no endpoint of Service %s any more", core.Name, apiName)
}

// A core pod that waits is bound by the scheduler, and not by the tenant to a node where they may read its Secrets.
func TestSiegeBindingOfCore(t *testing.T) {
	core := siegedPod("pending-core")
	core.Spec.SchedulerName = "somebody-else"
	create(t, as(t, cluster.Admin), core)
	tenant, err := kubernetes.NewForConfig(control.As(cluster.Tenant))
	if err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]func(context.Context, kubernetes.Interface, *corev1.Binding) error{"pods/binding": bind, "bindings": bindLegacy} {
		if refused(t, try(t.Context(), tenant, bindingTo("builds-1", core.Name))) {
			continue
		}
		t.Errorf("%s: core pod %s is on node %s", name, core.Name, awaitPod(t, core.Name, "builds").Spec.NodeName)
		return
	}
}
