package audit

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
)

// ranked is a pod of that priority.
func ranked(priority int32, change func(*corev1.Pod)) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		change(p)
		p.Spec.Priority = &priority
	}
}

// TestBesideCore: beside core, a pod is found that every core pod outranks, whichever namespace it is of.
func TestBesideCore(t *testing.T) {
	elsewhere := func(p *corev1.Pod) { p.Namespace, p.Name = "monitoring", "collector" }
	ownedBy := func(kind string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			elsewhere(p)
			p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: kind, Name: "x", Controller: ptr.To(true)}}
		}
	}
	const below = `pod-below-core: pod/collector runs beside core on node "core-1", and its priority 0 is below core's lowest, 1000: ` +
		`the scheduler may evict it for core; drop the toleration or the nodeName that lets it onto the node, and create it again`
	core2 := landing.Node{Name: "core-2", Labels: core1.Labels, Taints: core1.Taints}
	for name, tc := range map[string]struct {
		change func(*corev1.Pod)
		node   landing.Node
		want   []string
	}{
		"a pod of another namespace":       {elsewhere, core1, []string{below}},
		"one of core's lowest priority":    {ranked(1000, elsewhere), core1, nil},
		"one on a node without core":       {elsewhere, core2, nil},
		"one on a node of runs":            {elsewhere, worker, nil},
		"one of a DaemonSet":               {ownedBy("DaemonSet"), core1, nil},
		"a static one":                     {ownedBy("Node"), core1, nil},
		"one of polymoat":                  {func(p *corev1.Pod) { elsewhere(p); p.Labels = map[string]string{"app.kubernetes.io/name": "polymoat"} }, core1, nil},
		"a pod of core":                    {ranked(1000, made("ReplicaSet")), core1, nil},
		"one that may not be there at all": {func(*corev1.Pod) {}, core1, nil},
		"one whose role may be there": {func(p *corev1.Pod) { p.Labels["app.kubernetes.io/component"] = "polyaxon-services" }, core1, []string{
			`pod-below-core: pod/train runs beside core on node "core-1", and its priority 0 is below core's lowest, 1000: ` +
				`the scheduler may evict it for core; take pool "core" out of the nodePools of role "services"`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			a := auditor(t, func(d *v1alpha1.PlacementPolicy) {
				for i := range d.Spec.Roles {
					if d.Spec.Roles[i].Name == "services" {
						d.Spec.Roles[i].NodePools = []string{"core"}
					}
				}
			})
			judged := func(pod *corev1.Pod) *AuditedPod {
				if r := a.Pod(pod, nil, 0); r != nil {
					return r
				}
				return Ungoverned(pod)
			}
			core := a.CorePods()
			core.Add(judged(job("core-1", ranked(1000, made("ReplicaSet")))), core1)
			core.Add(judged(job("core-1", ranked(2000, made("ReplicaSet")))), core1)
			core.Add(judged(job("experiments-1", ranked(-5, made("ReplicaSet")))), worker) // a finding of its own
			core.Add(judged(job("core-2", ranked(-5, claimant))), core2)                   // nobody knows who made it
			if diff := cmp.Diff(tc.want, sentences(core.Below(judged(job(tc.node.Name, tc.change)), tc.node))); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
