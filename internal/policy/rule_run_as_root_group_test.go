package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

// jobAs is a job with a placed and hardened container, whose identity the case decides.
func jobAs(pod corev1.PodSecurityContext, container corev1.SecurityContext) *corev1.Pod {
	return with(other(), func(p *corev1.Pod) {
		p.Labels = map[string]string{"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs"}
		pod.RunAsNonRoot, pod.SeccompProfile = ptr.To(true), &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
		container.AllowPrivilegeEscalation, container.Capabilities = ptr.To(false), &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}
		p.Spec.SecurityContext = &pod
		p.Spec.NodeSelector = map[string]string{"polyaxon": "experiments"}
		p.Spec.Containers = []corev1.Container{{Name: "main", Image: "python", SecurityContext: &container}, {Name: "side", Image: "python", SecurityContext: &container}}
	})
}

// TestRootGroup: what is judged is the pod as it is, and what mutation makes of it passes unless it asks for group 0.
func TestRootGroup(t *testing.T) {
	gid := func(id int64) *int64 { return &id }
	const fix = "; if the image needs group 0, ask for an exception in the policy [run-as-root-group]"
	const refused = `pods "a" of role "jobs": `
	for name, tc := range map[string]struct {
		pod       corev1.PodSecurityContext
		container corev1.SecurityContext
		want      string // of Validate alone
		mended    bool   // by Mutate
	}{
		"groups above 0":       {pod: corev1.PodSecurityContext{RunAsUser: gid(1), RunAsGroup: gid(1), FSGroup: gid(1), SupplementalGroups: []int64{1}}},
		"the image decides":    {},
		"a container's counts": {pod: corev1.PodSecurityContext{RunAsUser: gid(1), RunAsGroup: gid(0)}, container: corev1.SecurityContext{RunAsGroup: gid(1)}},
		"one of the pod's for all containers": {
			pod:  corev1.PodSecurityContext{RunAsUser: gid(1), RunAsGroup: gid(0)},
			want: refused + `environment.securityContext.runAsGroup is 0: container "main" would run as the root group; remove it or set a gid above 0` + fix,
		},
		"a uid of the pod's alone": {
			pod: corev1.PodSecurityContext{RunAsUser: gid(1000)}, mended: true,
			want: refused + `spec.containers[0].securityContext sets no group for container "main" beside uid 1000, which counts as group 0; set runAsGroup to a gid above 0` + fix +
				`. Also: spec.containers[1].securityContext sets no group for container "side" beside uid 1000, which counts as group 0; set runAsGroup to a gid above 0` + fix,
		},
		"a uid of the container's alone": {
			container: corev1.SecurityContext{RunAsUser: gid(7)}, mended: true,
			want: refused + `spec.containers[0].securityContext sets no group for container "main" beside uid 7, which counts as group 0; set runAsGroup to a gid above 0` + fix +
				`. Also: spec.containers[1].securityContext sets no group for container "side" beside uid 7, which counts as group 0; set runAsGroup to a gid above 0` + fix,
		},
		"groups beside its own": {
			pod: corev1.PodSecurityContext{FSGroup: gid(0), SupplementalGroups: []int64{5, 0, 0}},
			want: refused + `environment.securityContext.fsGroup is 0: all containers would be in the root group, and volumes would belong to it; remove it or set a gid above 0` + fix +
				`. Also: environment.securityContext.supplementalGroups[1] is 0: all containers would be in the root group; remove it` + fix,
		},
	} {
		t.Run(name, func(t *testing.T) {
			none := compile(t, v1alpha1.Default(), noDefaults) // nothing but the rule speaks for a group
			r := policy.Request{Namespace: "polyaxon", Pod: jobAs(tc.pod, tc.container)}
			placed := r
			placed.Pod = none.Mutate(policy.Request{Namespace: "polyaxon", Pod: jobAs(corev1.PodSecurityContext{}, corev1.SecurityContext{})}).Pod.DeepCopy()
			placed.Pod.Spec.SecurityContext, placed.Pod.Spec.Containers = r.Pod.Spec.SecurityContext, r.Pod.Spec.Containers
			if diff := cmp.Diff(tc.want, none.Validate(placed).Sentence("a")); diff != "" {
				t.Errorf("sentence (-want +got):\n%s", diff)
			}
			for policyName, p := range map[string]*policy.Policy{"no defaults": none, "defaults": compile(t, v1alpha1.Default())} {
				once := r
				if d := p.Mutate(r); d.Pod != nil {
					once.Pod = d.Pod
				}
				if again := p.Mutate(once); again.Pod != nil {
					t.Errorf("%s: a second mutation changes %v", policyName, again.Changes)
				}
				if d := p.Validate(once); (d.Verdict == policy.Allowed) != (tc.want == "" || tc.mended) {
					t.Errorf("%s: mutated, it is %s: %s", policyName, d.Verdict, d.Sentence("a"))
				}
			}
		})
	}
}

// noDefaults leaves identities to pods.
func noDefaults(d *v1alpha1.PlacementPolicy) {
	d.Spec.Defaults = &v1alpha1.SecurityDefaults{PodSecurityContext: &corev1.PodSecurityContext{}, ContainerSecurityContext: &corev1.SecurityContext{}}
}

// TestRootGroupByMode: the rule can be given another mode like any other one.
func TestRootGroupByMode(t *testing.T) {
	p := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) {
		d.Spec.Modes = []v1alpha1.RuleMode{{Mode: v1alpha1.Audit, Rules: []string{"run-as-root-group"}}}
	})
	r := policy.Request{Namespace: "polyaxon", Pod: jobAs(corev1.PodSecurityContext{RunAsUser: ptr.To[int64](1000), RunAsGroup: ptr.To[int64](0)}, corev1.SecurityContext{})}
	if d := p.Review(r); d.Verdict != policy.Allowed || len(d.Audited) != 1 || d.Audited[0].Rule != "run-as-root-group" {
		t.Errorf("%s, audited %v", d.Verdict, d.Audited)
	}
}

// TestRootGroupOfDebuggers: an added container with a uid is given a group, and one that asks for group 0 is refused.
func TestRootGroupOfDebuggers(t *testing.T) {
	p := compile(t, v1alpha1.Default(), noDefaults)
	for name, tc := range map[string]struct {
		group   *int64
		allowed bool
	}{"no group": {nil, true}, "a group": {ptr.To[int64](5), true}, "the root group": {ptr.To[int64](0), false}} {
		t.Run(name, func(t *testing.T) {
			r := debug(p.Mutate(policy.Request{Namespace: "polyaxon", Pod: jobAs(corev1.PodSecurityContext{}, corev1.SecurityContext{})}).Pod)
			r.Pod.Spec.EphemeralContainers[0].SecurityContext = &corev1.SecurityContext{
				RunAsUser: ptr.To[int64](5), RunAsGroup: tc.group,
				AllowPrivilegeEscalation: ptr.To(false), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			}
			if mutated := p.Mutate(r).Pod; mutated != nil {
				r.Pod = mutated
			}
			if d := p.Validate(r); (d.Verdict == policy.Allowed) != tc.allowed {
				t.Errorf("%s: %s", d.Verdict, d.Sentence("a"))
			}
		})
	}
}
