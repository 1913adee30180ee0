package displacement

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/landing"
)

// spread looks for a topologySpreadConstraint that counts core's pods, on nodes where the run cannot go: its group has so
// many of them deleted that the run's domain is not too full. Which nodes count is nodeAffinityPolicy's and
// nodeTaintsPolicy's to say.
func spread(p pair) (Witness, bool) {
	for i := range p.Spec.TopologySpreadConstraints {
		c := &p.Spec.TopologySpreadConstraints[i]
		selector, err := metav1.LabelSelectorAsSelector(c.LabelSelector)
		if !hard(c) || err != nil || c.TopologyKey == corev1.LabelHostname || !p.reaches(selector, c.MatchLabelKeys, p.core.Labels) {
			continue
		}
		counted, others := p.counted(c), p.otherKeys(c)
		run, of, ok := p.together(c.TopologyKey, counted, others...)
		if !ok {
			continue
		}
		w := Witness{Field: field.NewPath("spec", "topologySpreadConstraints").Index(i), RunNode: run, CoreNode: of}
		w.Replicas = int(c.MaxSkew) + 1
		if p.reaches(selector, c.MatchLabelKeys, p.Labels) {
			w.Replicas--
		}
		if c.MinDomains != nil && *c.MinDomains > 1 {
			return w, true // there are fewer domains, and then the emptiest counts as empty
		}
		away := counted.And(others...).And(exists(c.TopologyKey), notIn(c.TopologyKey, run.Labels[c.TopologyKey]))
		if empty, ok := another(run, away, p.of); ok {
			empty.Name += "-2"
			w.Empty = []landing.Node{empty}
			return w, true
		}
	}
	return Witness{}, false
}

func hard(c *corev1.TopologySpreadConstraint) bool {
	return c.WhenUnsatisfiable != corev1.ScheduleAnyway
}

// counted are what a node must meet for its pods to be counted.
func (p pair) counted(c *corev1.TopologySpreadConstraint) landing.Constraints {
	counted := p.asks
	counted.NodeName = ""
	if c.NodeAffinityPolicy != nil && *c.NodeAffinityPolicy == corev1.NodeInclusionPolicyIgnore {
		counted.NodeSelector, counted.Affinity = nil, nil
	}
	if c.NodeTaintsPolicy == nil || *c.NodeTaintsPolicy != corev1.NodeInclusionPolicyHonor {
		counted.Tolerations = anywhere.Tolerations
	}
	return counted
}

// otherKeys has nodes carry the keys of the run's other constraints: without one of them no node counts.
func (p pair) otherKeys(but *corev1.TopologySpreadConstraint) []corev1.NodeSelectorRequirement {
	var keys []corev1.NodeSelectorRequirement
	for i := range p.Spec.TopologySpreadConstraints {
		if c := &p.Spec.TopologySpreadConstraints[i]; hard(c) && c.TopologyKey != but.TopologyKey {
			keys = append(keys, exists(c.TopologyKey))
		}
	}
	return keys
}
