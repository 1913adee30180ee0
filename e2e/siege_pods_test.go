package e2e_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// A run may not use an account that the policy trusts: with its token, builds run as root and mount the node's Docker socket.
func TestSiegeBorrowedAccount(t *testing.T) {
	tenant := as(t, cluster.Tenant)
	const account = "polyaxon-polyaxon-serviceaccount"
	for name, pod := range map[string]*corev1.Pod{"run": jobPod("borrowing-run"), "pod of no run": plainPod(cluster.Namespace)} {
		pod.Spec.ServiceAccountName = account
		if !refused(t, tenant.Create(t.Context(), pod)) {
			t.Errorf("%s %s has account %s", name, pod.Name, pod.Spec.ServiceAccountName)
			removeAfter(t, pod)
		}
		old := pod.DeepCopy()
		old.Name, old.ResourceVersion, old.UID = pod.Name+"-old", "", ""
		old.Spec.ServiceAccountName, old.Spec.DeprecatedServiceAccount = "", account
		if !refused(t, tenant.Create(t.Context(), old, client.DryRunAll)) {
			t.Errorf("%s %s has account %s by the old field", name, old.Name, old.Spec.ServiceAccountName)
		}
	}
}

// What the token of that account is good for: a build with root and the node's Docker socket.
func TestSiegeTokenOfBorrowedAccount(t *testing.T) {
	pod := jobPod("socket")
	pod.Spec.ServiceAccountName = "polyaxon-polyaxon-serviceaccount"
	if refused(t, as(t, cluster.Tenant).Create(t.Context(), pod)) {
		return
	}
	removeAfter(t, pod)
	for _, w := range workloads(t) {
		if w.Name != "classic-0.6-build" {
			continue
		}
		build, err := w.Pod()
		if err != nil {
			t.Fatal(err)
		}
		if err := as(t, "system:serviceaccount:polyaxon:"+pod.Spec.ServiceAccountName).Create(t.Context(), build, client.DryRunAll); err == nil {
			t.Errorf("with its token, pod %s has volumes %v", build.Name, build.Spec.Volumes)
		}
	}
}

// A path below an allowed host path may be a symlink to anywhere, also where Polyaxon itself asks for the run of a user.
func TestSiegeHostPath(t *testing.T) {
	pod, requester := jobPod("below"), as(t, "system:serviceaccount:polyaxon:polyaxon-polyaxon-serviceaccount")
	pod.Spec.Volumes = []corev1.Volume{{Name: "link", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/tmp/outputs/link"}}}}
	refused(t, requester.Create(t.Context(), pod, client.DryRunAll))
	for _, path := range []string{"/tmp/outputs", "/tmp/outputs/", "//tmp/outputs"} {
		pod.Spec.Volumes[0].HostPath.Path = path
		if err := requester.Create(t.Context(), pod, client.DryRunAll); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// Non-root means the group, too.
func TestSiegeGroupZero(t *testing.T) {
	for name, set := range map[string]func(*corev1.PodSpec){
		"runAsGroup": func(s *corev1.PodSpec) { s.SecurityContext = &corev1.PodSecurityContext{RunAsGroup: ptr.To[int64](0)} },
		"fsGroup":    func(s *corev1.PodSpec) { s.SecurityContext = &corev1.PodSecurityContext{FSGroup: ptr.To[int64](0)} },
		"supplementalGroups": func(s *corev1.PodSpec) {
			s.SecurityContext = &corev1.PodSecurityContext{SupplementalGroups: []int64{0}}
		},
		"a container's own": func(s *corev1.PodSpec) {
			s.Containers[0].SecurityContext = &corev1.SecurityContext{RunAsGroup: ptr.To[int64](0)}
		},
		"an init container's": func(s *corev1.PodSpec) {
			s.InitContainers = []corev1.Container{{Name: "init", Image: "busybox", SecurityContext: &corev1.SecurityContext{RunAsGroup: ptr.To[int64](0)}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			pod := jobPod("group-zero")
			set(&pod.Spec)
			refused(t, as(t, cluster.Tenant).Create(t.Context(), pod, client.DryRunAll))
		})
	}
	// A uid alone leaves the group to the image, which is often 0: it is filled.
	pod := jobPod("uid-alone")
	pod.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: ptr.To[int64](1000)}
	if err := as(t, cluster.Tenant).Create(t.Context(), pod, client.DryRunAll); err != nil {
		t.Fatal(err)
	}
	if group := pod.Spec.SecurityContext.RunAsGroup; group == nil || *group == 0 {
		t.Errorf("a pod with a uid alone has no group of its own: %v", group)
	}
}

// late is the namespace of testdata/policies/late.yaml, with a user who may do everything there.
const late = "late"

// TestSiegeLate: what waits since before the policy is judged when its last gate is taken off, and a mode that frees runs
// frees no claim of core.
func TestSiegeLate(t *testing.T) {
	admin := as(t, cluster.Admin)
	create(t, admin, &corev1.Namespace{ObjectMeta: metaNamed(late)})
	create(t, admin, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "everything", Namespace: late},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: "joe"}},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "admin"},
	})
	joe := as(t, "joe")
	gated := plainPod(late)
	gated.Name = "gated-before"
	gated.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "example.com/queue"}}
	gated.Spec.NodeSelector = map[string]string{"polyaxon": "core"}
	gated.Spec.Tolerations = []corev1.Toleration{{Key: "polyaxon", Operator: corev1.TolerationOpExists}}
	if err := control.Await("the namespace", func(ctx context.Context) error { return joe.Create(ctx, gated) }); err != nil {
		t.Fatal(err)
	}
	removeAfter(t, gated)
	askFromNowOn(t, late)
	t.Run("a gate taken off", func(t *testing.T) { testUngating(t, joe, gated) })
	t.Run("core's labels under a run's mode", func(t *testing.T) { testModes(t, joe) })
}

func testUngating(t *testing.T, joe client.Client, gated *corev1.Pod) {
	if err := joe.Get(t.Context(), client.ObjectKeyFromObject(gated), gated); err != nil {
		t.Fatal(err)
	}
	gated.Spec.SchedulingGates = nil
	answer := joe.Update(t.Context(), gated)
	if answer != nil && strings.Contains(answer.Error(), `admission webhook "validate.late.io" denied the request: `) {
		return
	}
	if answer != nil {
		t.Fatal(answer)
	}
	if err := control.Await("the scheduler", func(ctx context.Context) error {
		err := joe.Get(ctx, client.ObjectKeyFromObject(gated), gated)
		if err == nil && !decided(gated) {
			err = fmt.Errorf("nothing is known of it yet")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Errorf("pod %s is on node %q", gated.Name, gated.Spec.NodeName)
}

func testModes(t *testing.T, joe client.Client) {
	for name, labels := range map[string]map[string]string{
		"a run that is core, too": {"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs", "type": "polyaxon-core"},
		"core that is a run, too": {"app.kubernetes.io/part-of": "polyaxon-core", "app.kubernetes.io/component": "polyaxon-jobs", "app.kubernetes.io/managed-by": "polyaxon"},
		"a run named like core":   {"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs", "app.kubernetes.io/name": apiName},
	} {
		pod := plainPod(late)
		pod.Name, pod.Labels = "moded", labels
		answer := joe.Create(t.Context(), pod, client.DryRunAll)
		if answer == nil || !strings.Contains(answer.Error(), `admission webhook "validate.late.io" denied the request: `) {
			t.Errorf("%s: want a refusal: %v", name, answer)
		}
	}
}
