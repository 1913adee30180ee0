package e2e_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// waiting is a pod of role jobs that no scheduler looks at: it waits to be bound by somebody else.
func waiting(t *testing.T, name string) *corev1.Pod {
	t.Helper()
	pod := jobPod(name)
	pod.Spec.SchedulerName = "somebody-else"
	create(t, as(t, cluster.Tenant), pod)
	return pod
}

// A Binding has two URLs, and both are a door: bind creates one of pods/binding, bindLegacy one of bindings.
func bind(ctx context.Context, c kubernetes.Interface, b *corev1.Binding) error {
	return c.CoreV1().RESTClient().Post().Namespace(cluster.Namespace).Resource("pods").Name(b.Name).SubResource("binding").Body(b).Do(ctx).Error()
}

func bindLegacy(ctx context.Context, c kubernetes.Interface, b *corev1.Binding) error {
	return c.CoreV1().RESTClient().Post().Namespace(cluster.Namespace).Resource("bindings").Body(b).Do(ctx).Error()
}

func bindingTo(node, pod string) *corev1.Binding {
	b := &corev1.Binding{Target: corev1.ObjectReference{Kind: "Node", Name: node}}
	b.Name, b.Namespace = pod, cluster.Namespace
	return b
}

func TestTenantBindsNothing(t *testing.T) {
	waiting(t, "unbound")
	corePod(t, "core-unbound", "somebody-else")
	tenant, err := kubernetes.NewForConfig(control.As(cluster.Tenant))
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]struct{ node, pod string }{
		"a run to a core node":              {"core-1", "unbound"},
		"a run to a node that is not there": {"core-9", "unbound"},
		"a run to a node of its own":        {"experiments-1", "unbound"},
		"core to a node that may be taken":  {"builds-1", "core-unbound"},
	} {
		want := fmt.Sprintf(`admission webhook "validate.polymoat.io" denied the request: bindings %q: target.name is %q, and `+
			`user "tenant" may not choose the node of a pod; leave it to the scheduler, or have the user listed in the policy's bindingUsers [binding]`, b.pod, b.node)
		for url, try := range map[string]func(context.Context, kubernetes.Interface, *corev1.Binding) error{"pods/binding": bind, "bindings": bindLegacy} {
			if diff := cmp.Diff(want, message(try(t.Context(), tenant, bindingTo(b.node, b.pod)))); diff != "" {
				t.Errorf("%s through %s (-want +got):\n%s", name, url, diff)
			}
		}
	}
}

// A scheduler binds wherever it likes.
func TestSchedulerBinds(t *testing.T) {
	pod := waiting(t, "scheduler-binds")
	c, err := kubernetes.NewForConfig(control.Impersonating("system:kube-scheduler"))
	if err != nil {
		t.Fatal(err)
	}
	if err := bind(t.Context(), c, bindingTo("core-1", pod.Name)); err != nil {
		t.Error(err)
	}
	if err := as(t, cluster.Tenant).Get(t.Context(), client.ObjectKeyFromObject(pod), pod); err != nil || pod.Spec.NodeName != "core-1" {
		t.Errorf("the pod is on %q, want core-1 (%v)", pod.Spec.NodeName, err)
	}
}

func TestEphemeralContainers(t *testing.T) {
	tenant := as(t, cluster.Tenant)
	run := waiting(t, "debugged") // nobody writes its status meanwhile
	core := corePod(t, "core-debugged", run.Spec.SchedulerName)
	const denied = `admission webhook "validate.polymoat.io" denied the request: pods `
	for name, tc := range map[string]struct {
		pod     *corev1.Pod
		context *corev1.SecurityContext
		want    string
	}{
		"a container that says nothing is hardened": {pod: run},
		"a root one is refused": {
			pod: run, context: &corev1.SecurityContext{RunAsUser: ptr.To[int64](0)},
			want: denied + `"debugged" of role "jobs": spec.ephemeralContainers[0].securityContext.runAsUser is 0: ` +
				`container "debugger" would run as root; remove it or set a uid above 0 [run-as-root]`,
		},
		"none goes into a core pod": {
			pod: core,
			want: denied + `"core-debugged" of role "core": spec.ephemeralContainers[0] is container "debugger" ` +
				`in a pod of role "core", where only those that the policy names may add one; have the user listed in its debugUsers [core-debug]`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{}
			if err := tenant.Get(t.Context(), client.ObjectKeyFromObject(tc.pod), pod); err != nil {
				t.Fatal(err)
			}
			pod.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
				Name: "debugger", Image: "busybox:1.37", SecurityContext: tc.context,
			}}}
			err := tenant.SubResource("ephemeralcontainers").Update(t.Context(), pod, client.DryRunAll)
			if diff := cmp.Diff(tc.want, message(err)); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			hardened := &corev1.SecurityContext{
				AllowPrivilegeEscalation: ptr.To(false), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			}
			if err == nil && !cmp.Equal(hardened, pod.Spec.EphemeralContainers[0].SecurityContext) {
				t.Errorf("the container has %+v", pod.Spec.EphemeralContainers[0].SecurityContext)
			}
		})
	}
}

// A resize and a change of status are updates of the pod, and not in the way of those who do nothing wrong.
func TestResizeAndStatusPass(t *testing.T) {
	tenant, pod := as(t, cluster.Tenant), jobPod("resized")
	pod.Spec.SchedulerName = "somebody-else" // kwok's nodes do not say that they can resize
	pod.Spec.Containers[0].Resources.Requests = corev1.ResourceList{"cpu": resource.MustParse("100m")}
	create(t, tenant, pod)
	for sub, patch := range map[string]string{
		"status": `{"status":{"message":"fine"},"metadata":{"labels":{"a":"b"}}}`,
		"resize": `{"spec":{"containers":[{"name":"main","resources":{"requests":{"cpu":"200m"}}}]}}`,
	} {
		raw := client.RawPatch("application/strategic-merge-patch+json", []byte(patch))
		if err := tenant.SubResource(sub).Patch(t.Context(), pod.DeepCopy(), raw); err != nil {
			t.Errorf("%s: %v", sub, err)
		}
	}
}

// Labels reach a pod through its status, too, and are judged there.
func TestStatusIsNoSideDoor(t *testing.T) {
	tenant, pod := as(t, cluster.Tenant), jobPod("relabelled")
	create(t, tenant, pod)
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"annotations":{"polymoat.io/node-pool":"core"}}}`))
	err := tenant.SubResource("status").Patch(t.Context(), pod, patch)
	want := `admission webhook "validate.polymoat.io" denied the request: pods "relabelled" is invalid: ` +
		`environment.annotations[polymoat.io/node-pool]: Invalid value: "core": ` +
		`role "jobs" accepts "experiments", "builds"`
	if diff := cmp.Diff(want, message(err)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}
