package drill

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/landing"
)

// node is a node and the pods on it before anything happens.
type node struct {
	*corev1.Node
	land  landing.Node
	total amounts
	free  amounts // before anything happens
	pods  []*Pod
}

func newNode(n *corev1.Node) *node {
	taints := n.Spec.Taints
	if cordoned := landing.Cordoned(); n.Spec.Unschedulable {
		taints = append(slices.Clone(taints), cordoned)
	}
	total := amountsOf(n.Status.Allocatable)
	return &node{Node: n, land: landing.Node{Name: n.Name, Labels: n.Labels, Taints: taints}, total: total, free: maps.Clone(total)}
}

func (n *node) add(p *Pod) {
	n.pods = append(n.pods, p)
	n.free.add(p.asks, -1)
}
