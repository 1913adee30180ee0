package policy

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/unschedulable"
)

// unschedulable warns of a pod that no live node takes. It says nothing where the nodes are not known, of pods that have
// their node already, and where so much is asked of so many nodes that it would take long.
func (in *installation) unschedulable(r Request) []string {
	spec := &r.Pod.Spec
	if r.Nodes == nil || spec.NodeName != "" || isDaemon(r) {
		return nil
	}
	all := slices.Collect(r.Nodes(landing.Of(spec))) // once: they may be others the next time
	if !r.steps.warn(unschedulable.Steps(spec, all)) {
		return nil
	}
	var pool *unschedulable.Pool
	if p := in.selectedPool(spec); p != nil {
		pool = &unschedulable.Pool{Pool: p.Pool, Autoscaled: p.autoscaled, Resources: p.resources}
	}
	if why := unschedulable.Why(spec, pool, all); why != "" {
		return []string{why}
	}
	return nil
}

// selectedPool is the node pool that the pod selects; nil for none.
func (in *installation) selectedPool(spec *corev1.PodSpec) *pool {
	for _, p := range in.pools {
		if value, ok := spec.NodeSelector[p.Key]; ok && value == p.Value {
			return p
		}
	}
	return nil
}
