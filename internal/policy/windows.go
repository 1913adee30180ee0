package policy

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// windowsBy is the field that makes it a pod for Windows; nil for all others. What spec.os says counts before the label of
// the nodes that it asks for, in its selector or in every term of its affinity.
func windowsBy(spec *corev1.PodSpec) *field.Path {
	switch {
	case spec.OS != nil:
		if spec.OS.Name == corev1.Windows {
			return pathSpec.Child("os", "name")
		}
	case spec.NodeSelector[corev1.LabelOSStable] == string(corev1.Windows):
		return pathNodeSelector.Key(corev1.LabelOSStable)
	case requiresWindows(spec.Affinity):
		return pathRequired
	}
	return nil
}

// requiresWindows says whether every term asks for nodes with Windows, and there is one.
func requiresWindows(a *corev1.Affinity) bool {
	if a == nil || a.NodeAffinity == nil || a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return false
	}
	terms := a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	return len(terms) > 0 && !slices.ContainsFunc(terms, func(term corev1.NodeSelectorTerm) bool {
		return !slices.ContainsFunc(term.MatchExpressions, func(r corev1.NodeSelectorRequirement) bool {
			return r.Key == corev1.LabelOSStable && r.Operator == corev1.NodeSelectorOpIn && slices.Equal(r.Values, []string{string(corev1.Windows)})
		})
	})
}
