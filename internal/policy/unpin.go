package policy

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// unpin frees the pod of a role that is moved of the labels of nodes that it asks for, whatever they are: Polyaxon gives its
// cleaner the selectors of the chart, which are those of core, by whatever label the cluster tells core's nodes. Those of
// node pools are left to place. What the role, an override or the image's platform asks for stays.
func (s *subject) unpin(e *edit) {
	if !s.role.replace || len(s.pools) == 0 {
		return
	}
	selector := e.pod.Spec.NodeSelector
	for _, key := range slices.Sorted(maps.Keys(selector)) {
		if was := selector[key]; !s.keepsKey(key) {
			delete(selector, key)
			e.record(func() Change { return changeOf(pathNodeSelector.Key(key), was, nil, FromPool) })
		}
	}
	e.releaseTerms(func(r corev1.NodeSelectorRequirement) bool {
		asks := r.Operator != corev1.NodeSelectorOpNotIn && r.Operator != corev1.NodeSelectorOpDoesNotExist
		return asks && !s.keepsKey(r.Key)
	})
}

// keepsKey says whether a label of nodes that the pod asks for stays when it is moved.
func (s *subject) keepsKey(key string) bool {
	_, ofRole := s.role.nodeSelector[key]
	_, asked := s.asked.NodeSelector[key]
	return ofRole || asked || key == corev1.LabelOSStable || key == corev1.LabelArchStable ||
		slices.Contains(s.in.poolKeys, key) || requiresKey(s.role.affinity, key)
}

// requiresKey says whether the affinity requires something of the label.
func requiresKey(a *corev1.Affinity, key string) bool {
	if a == nil || a.NodeAffinity == nil || a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return false
	}
	return slices.ContainsFunc(a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms, func(t corev1.NodeSelectorTerm) bool {
		return slices.ContainsFunc(t.MatchExpressions, func(r corev1.NodeSelectorRequirement) bool { return r.Key == key })
	})
}
