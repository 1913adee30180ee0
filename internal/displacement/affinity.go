package displacement

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/landing"
)

// affinity looks for required pod affinity that both core and the run itself meet. A pod that meets its own terms may go
// anywhere as long as no other pod meets them: the group has core deleted, elsewhere, and is the first.
func affinity(p pair) (Witness, bool) {
	if p.Spec.Affinity == nil || p.Spec.Affinity.PodAffinity == nil {
		return Witness{}, false
	}
	terms := p.Spec.Affinity.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	meets := func(labels map[string]string) bool {
		return !slices.ContainsFunc(terms, func(t corev1.PodAffinityTerm) bool { return !p.selects(t, labels) })
	}
	if len(terms) == 0 || !meets(p.core.Labels) || !meets(p.Labels) {
		return Witness{}, false
	}
	keys := make([]corev1.NodeSelectorRequirement, len(terms))
	for i, t := range terms {
		keys[i] = exists(t.TopologyKey)
	}
	run, ok := landing.Witness(p.asks.And(keys...), p.at)
	if !ok {
		return Witness{}, false
	}
	for i, t := range terms {
		elsewhere := anywhere.And(exists(t.TopologyKey), notIn(t.TopologyKey, run.Labels[t.TopologyKey]))
		if of, ok := another(run, elsewhere, p.of); ok {
			return Witness{Field: required("podAffinity", i), RunNode: run, CoreNode: of}, true
		}
	}
	return Witness{}, false
}

// antiAffinity looks for required pod anti-affinity to core in more than one node.
func antiAffinity(p pair) (Witness, bool) {
	if p.Spec.Affinity == nil || p.Spec.Affinity.PodAntiAffinity == nil {
		return Witness{}, false
	}
	for i, t := range p.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
		if t.TopologyKey == corev1.LabelHostname || !p.selects(t, p.core.Labels) {
			continue
		}
		if run, of, ok := p.together(t.TopologyKey, anywhere); ok {
			return Witness{Field: required("podAntiAffinity", i), RunNode: run, CoreNode: of}, true
		}
	}
	return Witness{}, false
}

func required(kind string, i int) *field.Path {
	return field.NewPath("spec", "affinity", kind, "requiredDuringSchedulingIgnoredDuringExecution").Index(i)
}

// selects says whether the term selects a pod of the run's own namespace. What a namespaceSelector selects is not known:
// it counts.
func (p pair) selects(t corev1.PodAffinityTerm, of map[string]string) bool {
	selector, err := metav1.LabelSelectorAsSelector(t.LabelSelector)
	here := len(t.Namespaces) == 0 && t.NamespaceSelector == nil || t.NamespaceSelector != nil || slices.Contains(t.Namespaces, p.Namespace)
	return err == nil && here && p.reaches(selector, t.MatchLabelKeys, of)
}
