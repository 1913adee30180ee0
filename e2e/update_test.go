package e2e_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// What may be changed of a pod after its creation is judged again: a pod that came in clean stays clean.
func TestUpdatesAreJudged(t *testing.T) {
	tenant := as(t, cluster.Tenant)
	for name, tc := range map[string]struct {
		change func(*corev1.Pod)
		sub    string
		want   string
	}{
		"metadata passes": {change: func(p *corev1.Pod) { p.Annotations = map[string]string{"a": "b"} }},
		"a toleration that opens core nodes": {
			change: func(p *corev1.Pod) {
				p.Spec.Tolerations = append(p.Spec.Tolerations, corev1.Toleration{Key: "polyaxon", Operator: corev1.TolerationOpExists})
			},
			want: `admission webhook "validate.polymoat.io" denied the request: pods "gated" of role "other": ` +
				`spec.tolerations[2] lets the pod run on protected nodes; ` +
				`drop the toleration or add a required node affinity polyaxon NotIn [core] [core-nodes]: ` +
				`it could run on a node of pool "core" (labels polyaxon=core; taints polyaxon=core:NoSchedule)`,
		},
		"a privileged container for debugging": {
			sub: "ephemeralcontainers",
			change: func(p *corev1.Pod) {
				p.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
					Name: "debugger", Image: "busybox:1.37", SecurityContext: &corev1.SecurityContext{Privileged: new(true)},
				}}}
			},
			want: `admission webhook "validate.polymoat.io" denied the request: pods "gated" of role "other": ` +
				`spec.containers[*].securityContext.privileged is against the baseline Pod Security Standard; remove it [pod-security]: ` +
				`privileged (container "debugger" must not set securityContext.privileged=true)`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{Spec: corev1.PodSpec{
				SchedulingGates: []corev1.PodSchedulingGate{{Name: "example.com/wait"}},
				Containers:      []corev1.Container{{Name: "main", Image: "busybox:1.37"}},
			}}
			pod.Name, pod.Namespace = "gated", cluster.Namespace
			create(t, tenant, pod)
			tc.change(pod)
			var err error
			if tc.sub == "" {
				err = tenant.Update(t.Context(), pod)
			} else {
				err = tenant.SubResource(tc.sub).Update(t.Context(), pod)
			}
			if diff := cmp.Diff(tc.want, message(err)); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// An eviction carries no pod: drains go on.
func TestEvictionsPass(t *testing.T) {
	pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "busybox:1.37"}}}}
	pod.Name, pod.Namespace = "evicted", cluster.Namespace
	tenant := as(t, cluster.Tenant)
	create(t, tenant, pod)
	if err := tenant.SubResource("eviction").Create(t.Context(), pod, &policyv1.Eviction{}); err != nil {
		t.Error(err)
	}
}
