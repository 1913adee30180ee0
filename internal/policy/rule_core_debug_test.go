package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
)

func debugger(name string) corev1.EphemeralContainer {
	return corev1.EphemeralContainer{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: name, Image: "busybox"}}
}

// debug is the request that adds a debugger to a pod.
func debug(pod *corev1.Pod) policy.Request {
	old := pod.DeepCopy()
	pod.Spec.EphemeralContainers = append(pod.Spec.EphemeralContainers, debugger("debugger"))
	return policy.Request{Namespace: "polyaxon", Subresource: policy.EphemeralContainers, Pod: pod, Old: old}
}

func TestDebuggingCorePods(t *testing.T) {
	p := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) { d.Spec.DebugUsers = []string{"ops"} })
	isCore := map[string]string{"type": "polyaxon-core"}
	const refused = `pods "a" of role "other": spec.ephemeralContainers[0] is container "debugger" in a pod `
	const rest = `, where only those that the policy names may add one; have the user listed in its debugUsers [core-debug]`
	for name, tc := range map[string]struct {
		user, on string
		labels   map[string]string
		node     *landing.Node
		want     string
	}{
		"a core pod": {
			labels: isCore,
			want: `pods "a" of role "core": spec.ephemeralContainers[0] is container "debugger" in a pod of role "core"` +
				rest,
		},
		"a core pod, by one that the policy names": {user: "ops", labels: isCore},
		"a pod that waits":                         {},
		"a pod on a core node": {
			on: "n1", node: &landing.Node{Name: "n1", Labels: map[string]string{"polyaxon": "core"}},
			want: refused + `on protected node "n1"` + rest,
		},
		"a pod on another node":    {on: "n1", node: &landing.Node{Name: "n1", Labels: map[string]string{"polyaxon": "builds"}}},
		"a pod on an unknown node": {on: "n1", want: refused + `on node "n1", which may be a protected one` + rest},
	} {
		t.Run(name, func(t *testing.T) {
			r := debug(with(other(), func(pod *corev1.Pod) { pod.Labels, pod.Spec.NodeName = tc.labels, tc.on }))
			r.User.Name, r.Node = tc.user, tc.node
			if diff := cmp.Diff(tc.want, p.Validate(r).Sentence("a")); diff != "" {
				t.Errorf("sentence (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDebuggingBuilds: a debugger with the image of the builder may be what the builder may, any other one is hardened, and
// neither may be privileged.
func TestDebuggingBuilds(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	const builder = "gcr.io/kaniko-project/executor:v1.24.0"
	for name, tc := range map[string]struct {
		image string
		root  bool
		more  *corev1.SecurityContext
		want  string
	}{
		"the builder's image":             {image: "gcr.io/kaniko-project/executor:debug", root: true},
		"another image":                   {image: "busybox"},
		"another image, that asks for it": {image: "busybox", root: true, want: "run-as-root"},
		"a privileged one": {image: "gcr.io/kaniko-project/executor:debug", root: true,
			more: &corev1.SecurityContext{Privileged: ptr.To(true)}, want: "pod-security"},
	} {
		t.Run(name, func(t *testing.T) {
			pod := with(other(), func(pod *corev1.Pod) {
				pod.Labels = map[string]string{"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs"}
				pod.Spec.Containers = []corev1.Container{{Name: "polyaxon-main", Image: builder}}
			})
			placed := p.Mutate(policy.Request{Namespace: "polyaxon", Pod: pod}).Pod
			r := debug(placed.DeepCopy())
			added := &r.Pod.Spec.EphemeralContainers[0]
			added.Image, added.SecurityContext = tc.image, tc.more
			if tc.root {
				if added.SecurityContext == nil {
					added.SecurityContext = &corev1.SecurityContext{}
				}
				added.SecurityContext.RunAsUser = ptr.To[int64](0)
			}
			if mutated := p.Mutate(r).Pod; mutated != nil {
				r.Pod = mutated
			}
			d := p.Validate(r)
			got := ""
			if len(d.Violations) > 0 {
				got = d.Violations[0].Rule
			}
			if d.Role != "builds" || got != tc.want {
				t.Errorf("role %q, violates %q, want %q: %s", d.Role, got, tc.want, d.Sentence("a"))
			}
		})
	}
}

func TestAContainerOfOldDebuggingCountsAgainstNobody(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	r := debug(with(other(), func(pod *corev1.Pod) { pod.Labels = map[string]string{"type": "polyaxon-core"} }))
	r.Old = r.Pod.DeepCopy()
	if d := p.Validate(r); d.Verdict != policy.Allowed {
		t.Error(d.Sentence("a"))
	}
}

// TestOnlyAddedEphemeralContainersAreHardened: an update through the subresource changes nothing else, not even in pods
// that were there before the policy.
func TestOnlyAddedEphemeralContainersAreHardened(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	run := map[string]string{"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs"}
	r := debug(with(other(), func(pod *corev1.Pod) {
		pod.Labels = run
		pod.Spec.EphemeralContainers = []corev1.EphemeralContainer{debugger("earlier")}
	}))
	want := r.Pod.DeepCopy()
	want.Spec.EphemeralContainers[1].SecurityContext = &corev1.SecurityContext{
		AllowPrivilegeEscalation: ptr.To(false), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		RunAsUser: ptr.To[int64](2222), RunAsGroup: ptr.To[int64](2222), RunAsNonRoot: ptr.To(true),
		SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
	d := p.Mutate(r)
	if diff := cmp.Diff(want, d.Pod); diff != "" {
		t.Errorf("pod (-want +got):\n%s", diff)
	}
	if len(r.Pod.Spec.EphemeralContainers) != 2 || r.Pod.Spec.EphemeralContainers[1].SecurityContext != nil {
		t.Error("the request's pod was modified")
	}
	hardened := r
	hardened.Pod = d.Pod
	if again := p.Mutate(hardened); again.Pod != nil {
		t.Errorf("a second mutation changes %v", again.Changes)
	}
	if d := p.Validate(hardened); d.Verdict != policy.Allowed {
		t.Errorf("the hardened pod is refused: %s", d.Sentence("a"))
	}
	if d := p.Validate(r); d.Verdict != policy.Denied {
		t.Error("without being hardened, it passes")
	}
	r.Subresource = ""
	if d := p.Mutate(r); d.Pod != nil {
		t.Errorf("an update of the pod itself changes %v", d.Changes)
	}
}
