package policy

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/override"
)

// seal keeps the pod off every protected pool that its role may not use and on which it could still land after
// placement, with a required node affinity NotIn that pool's label. The kubelet checks required affinity once more, so
// the seal also holds where the scheduler is passed by. A pod to which the seal would leave no node at all is not
// sealed: it asks for such a pool, would wait forever, and core-nodes says what to change.
func (s *subject) seal(e *edit, protected []*pool) {
	for _, p := range protected {
		if s.mayUse(p) {
			continue
		}
		c := landing.Of(&e.pod.Spec)
		if _, ok := lands(c, nil, p); !ok {
			continue
		}
		sealed := &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: sealOf(p)}
		if c.Affinity != nil {
			sealed.RequiredDuringSchedulingIgnoredDuringExecution = and(
				c.Affinity.RequiredDuringSchedulingIgnoredDuringExecution, sealOf(p))
		}
		c.Affinity = sealed
		if landing.Possible(c, anywhere) {
			e.affinity().NodeAffinity = orNew(e.affinity().NodeAffinity)
			e.require(sealOf(p), FromSeal)
		}
	}
}

// anywhere describes any node: its label is one that no pod speaks of.
var anywhere = landing.Pool{Key: override.Prefix + "anywhere"}

// sealOf selects every node that is not one of the pool's.
func sealOf(p *pool) *corev1.NodeSelector {
	return &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
		MatchExpressions: []corev1.NodeSelectorRequirement{
			{Key: p.Key, Operator: corev1.NodeSelectorOpNotIn, Values: []string{p.Value}},
		},
	}}}
}

// lands returns a node of the pool on which the pod would run. A pod with spec.nodeName bypasses the scheduler, and
// only the kubelet checks it: selectors, affinity and NoExecute taints, on the node that is named. node is that one,
// nil where it is not known: then it may be any of the pool's.
func lands(c landing.Constraints, node *landing.Node, p *pool) (landing.Node, bool) {
	if c.NodeName == "" {
		return landing.Witness(c, p.Pool)
	}
	if node == nil || node.Name != c.NodeName {
		unscheduled := p.Pool
		unscheduled.Taints = landing.NoExecute(p.Taints)
		return landing.Witness(c, unscheduled)
	}
	heeded := *node
	heeded.Taints = landing.NoExecute(node.Taints)
	return *node, p.has(node) && landing.Lands(c, heeded)
}
