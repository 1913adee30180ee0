package policy

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/landing"
)

// The places in a pod that are changed and judged.
var (
	pathSpec         = field.NewPath("spec")
	pathNodeName     = field.NewPath("spec", "nodeName")
	pathNodeSelector = field.NewPath("spec", "nodeSelector")
	pathTolerations  = field.NewPath("spec", "tolerations")

	pathPriorityClass = field.NewPath("spec", "priorityClassName")
)

// place sends the pod to the pool of its override, else to a pool of its role: the one that the pod asks for where the
// role may have it, or the role's first. A pod that asks for something else is moved or left as it is, as the role's
// onConflict says.
func (s *subject) place(e *edit) {
	s.unpin(e)
	e.selectNodes(s.asked.NodeSelector, FromOverride)
	for _, t := range s.asked.Tolerations {
		e.tolerate(t, FromOverride)
	}
	if s.poolConflict {
		return
	}
	pools, source := s.targets()
	pools = serving(pools, &e.pod.Spec)
	chosen := s.choose(e.pod, pools)
	if len(chosen) == 0 && len(pools) > 0 {
		if chosen = s.move(e, pools); len(chosen) == 0 && !leaves(landing.Of(&e.pod.Spec), pools) {
			return // else what the role adds rules its pools out, and node-pool is to see it
		}
	}
	for _, p := range chosen {
		e.selectNode(p.Key, p.Value, source)
		e.tolerateTaints(p.Taints, source)
	}
	e.selectNodes(s.role.nodeSelector, FromRole)
	for _, t := range s.role.tolerations {
		e.tolerate(t, FromRole)
	}
	e.attract(s.role.affinity)
}

// mayUse says whether the pod may run on the nodes of a pool.
func (s *subject) mayUse(p *pool) bool { return slices.ContainsFunc(s.pools, p.sameNodes) }

// targets are the pools to choose from, and what their choice goes back to.
func (s *subject) targets() ([]*pool, Source) {
	switch {
	case s.askedPool != nil:
		return []*pool{s.askedPool}, FromOverride
	case s.role != s.ownRole:
		return s.pools, FromOverride
	}
	return s.pools, FromPool
}

// move frees the pod of what asks for another pool, if the role is moved rather than refused and that gives it a pool;
// nil where it does not.
func (s *subject) move(e *edit, pools []*pool) []*pool {
	if !s.role.replace {
		return nil
	}
	freed := &edit{pod: shallowCopy(e.pod), brief: e.brief}
	freed.release(s.in.known)
	chosen := s.choose(freed.pod, pools)
	if len(chosen) > 0 {
		e.pod, e.changed, e.changes = freed.pod, e.changed || freed.changed, append(e.changes, freed.changes...)
	}
	return chosen
}

// selected is the name of the pool that the pod's nodeSelector names; empty where it names none.
func (in *installation) selected(pod *corev1.Pod) string {
	if p := in.selectedPool(&pod.Spec); p != nil {
		return p.Name
	}
	return ""
}

// selectNodes adds node labels to the pod's selector. A key that is there stays as it is: the pod's own word counts.
func (e *edit) selectNodes(labels map[string]string, source Source) {
	if len(labels) == 0 {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		e.selectNode(key, labels[key], source)
	}
}

func (e *edit) selectNode(key, value string, source Source) {
	if _, ok := e.pod.Spec.NodeSelector[key]; ok {
		return
	}
	if e.pod.Spec.NodeSelector == nil {
		e.pod.Spec.NodeSelector = map[string]string{}
	}
	e.pod.Spec.NodeSelector[key] = value
	e.record(func() Change { return changeOf(pathNodeSelector.Key(key), nil, value, source) })
}

// tolerateTaints adds a toleration for each taint that the pod does not tolerate yet, for as long as it runs.
func (e *edit) tolerateTaints(taints []corev1.Taint, source Source) {
	for i := range taints {
		t := &taints[i]
		if !toleratesForGood(e.pod.Spec.Tolerations, t) {
			e.tolerate(tolerationFor(t), source)
		}
	}
}

// toleratesForGood says whether one of the tolerations holds for as long as the pod runs.
func toleratesForGood(tolerations []corev1.Toleration, t *corev1.Taint) bool {
	for i := range tolerations {
		if tolerations[i].TolerationSeconds == nil && landing.Tolerating(tolerations[i:i+1], t) >= 0 {
			return true
		}
	}
	return false
}

func tolerationFor(t *corev1.Taint) corev1.Toleration {
	return corev1.Toleration{Key: t.Key, Operator: corev1.TolerationOpEqual, Value: t.Value, Effect: t.Effect}
}

// tolerate adds a toleration unless the pod has the same one.
func (e *edit) tolerate(t corev1.Toleration, source Source) {
	if slices.ContainsFunc(e.pod.Spec.Tolerations, func(have corev1.Toleration) bool { return have.MatchToleration(&t) }) {
		return
	}
	e.record(func() Change { return changeOf(pathTolerations.Index(len(e.pod.Spec.Tolerations)), nil, t, source) })
	e.pod.Spec.Tolerations = append(e.pod.Spec.Tolerations, t)
}

// release takes from the pod whatever asks for one of the pools: their labels in the selector and in required terms.
func (e *edit) release(pools []*pool) {
	for _, p := range pools {
		if was, ok := e.pod.Spec.NodeSelector[p.Key]; ok {
			delete(e.pod.Spec.NodeSelector, p.Key)
			e.record(func() Change { return changeOf(pathNodeSelector.Key(p.Key), was, nil, FromPool) })
		}
	}
	e.releaseTerms(func(r corev1.NodeSelectorRequirement) bool {
		return slices.ContainsFunc(pools, func(p *pool) bool { return p.Key == r.Key })
	})
}

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
