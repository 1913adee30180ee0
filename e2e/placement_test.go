package e2e_test

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

func workloads(t *testing.T) []e2e.Workload {
	t.Helper()
	all, err := e2e.Workloads()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Every role must be there, or the tests show less than they say.
func TestWorkloadsOfEveryRole(t *testing.T) {
	there := map[string]bool{}
	for _, w := range workloads(t) {
		there[w.Role] = true
	}
	for _, role := range v1alpha1.KnownRoles {
		if !there[role] {
			t.Errorf("no workload of role %s", role)
		}
	}
}

func TestSchedulerBindsToTheRightPool(t *testing.T) {
	all := workloads(t)
	for _, w := range all {
		removeAfter(t, w.Object)
	}
	place(t, all)
	onlyCoreOnCore(t, all)
}

// place creates workloads, and fails for each whose pods are not where and what the built-in policy says.
func place(t *testing.T, all []e2e.Workload) {
	t.Helper()
	placed, err := e2e.Place(t.Context(), control, all)
	if err != nil {
		t.Fatal(err)
	}
	decide, err := policy.New(v1alpha1.Default())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range placed {
		for _, fault := range p.Faults(decide) {
			t.Errorf("%s: %s", p.Workload.Name, fault)
		}
	}
}

// onlyCoreOnCore fails for every pod on a core node that belongs to no workload of Polyaxon itself.
func onlyCoreOnCore(t *testing.T, all []e2e.Workload) {
	t.Helper()
	pods, err := e2e.OnCore(t.Context(), as(t, cluster.Admin))
	if err != nil {
		t.Fatal(err)
	}
	if len(pods) == 0 {
		t.Error("no pod runs on core nodes")
	}
	for _, pod := range pods {
		if !isCore(pod, all) {
			t.Errorf("pod %s/%s runs on core node %s", pod.Namespace, pod.Name, pod.Spec.NodeName)
		}
	}
}

func isCore(pod corev1.Pod, all []e2e.Workload) bool {
	for _, w := range all {
		if w.Role == v1alpha1.RoleCore && w.Owns(pod) {
			return true
		}
	}
	return false
}

func TestRunsMeetTheRestrictedStandard(t *testing.T) {
	enforceRestricted(t)
	for _, w := range workloads(t) {
		if !w.Hardened() {
			continue
		}
		t.Run(w.Name, func(t *testing.T) {
			pod, err := w.Pod()
			if err != nil {
				t.Fatal(err)
			}
			create(t, as(t, w.Requester()), pod)
		})
	}
}

// enforceRestricted makes the namespace enforce the restricted standard during the test.
func enforceRestricted(t *testing.T) {
	t.Helper()
	label := func(ctx context.Context, value string) error {
		namespace := &corev1.Namespace{}
		namespace.Name = cluster.Namespace
		patch := fmt.Sprintf(`{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":%s}}}`, value)
		return as(t, cluster.Admin).Patch(ctx, namespace, client.RawPatch("application/merge-patch+json", []byte(patch)))
	}
	if err := label(t.Context(), `"restricted"`); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := label(context.WithoutCancel(t.Context()), "null"); err != nil {
			t.Error(err)
		}
	})
	awaitRefusal(t, "enforcement of the restricted standard")
}

// awaitRefusal waits until a pod that polymoat leaves alone is refused by somebody else.
func awaitRefusal(t *testing.T, what string) {
	t.Helper()
	tenant := as(t, cluster.Tenant)
	err := control.Await(what, func(ctx context.Context) error {
		if err := tenant.Create(ctx, plainPod(cluster.Namespace), client.DryRunAll); err == nil {
			return fmt.Errorf("the pod was taken")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// plainPod is a pod that says nothing but its image. It mounts no token, whose volume has a random name.
func plainPod(namespace string) *corev1.Pod {
	pod := &corev1.Pod{}
	pod.Name, pod.Namespace = "plain", namespace
	pod.Spec.AutomountServiceAccountToken = ptr.To(false)
	pod.Spec.Containers = []corev1.Container{{Name: "main", Image: "busybox:1.36"}}
	return pod
}
