package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

func TestAntiAffinityOfTheRoleItselfPasses(t *testing.T) {
	apart := func(zone string) *corev1.Affinity {
		return &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: zone}},
		}}
	}
	p := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) {
		d.Spec.Roles[len(d.Spec.Roles)-1].Affinity = apart("rack") // other
	})
	for name, tc := range map[string]struct {
		affinity *corev1.Affinity
		labels   map[string]string
		want     []string
	}{
		"what the role adds":      {affinity: nil},
		"what the role would add": {affinity: apart("rack")},
		"anything else":           {affinity: apart("zone"), want: []string{"pod-affinity"}},
		"core of itself":          {affinity: apart("zone"), labels: map[string]string{"type": "polyaxon-core"}},
	} {
		t.Run(name, func(t *testing.T) {
			pod := other()
			pod.Labels, pod.Spec.Affinity = tc.labels, tc.affinity
			d := p.Review(policy.Request{Namespace: "polyaxon", User: policy.UserInfo{Groups: []string{"system:masters"}}, Pod: pod})
			if diff := cmp.Diff(tc.want, rulesOf(d)); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
		})
	}
}
