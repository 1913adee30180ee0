package landing

import (
	"iter"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
)

// Group is known nodes that a pod cannot tell apart, as far as it looks: it lands on all of them or on none.
type Group struct {
	Node  Node // one of them; its name and the labels that nobody asked about may be missing
	Count int
}

// Cordoned is the taint that stands for spec.unschedulable of a node: the scheduler lets those pods onto it that
// tolerate the taint, whether the node has it or not.
func Cordoned() corev1.Taint {
	return corev1.Taint{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule}
}

// Search holds one pod against many known nodes: what it asks for is parsed once.
type Search struct {
	constraints Constraints
	required    nodeaffinity.RequiredNodeAffinity
}

// NewSearch parses the constraints, which must not change afterwards.
func NewSearch(c Constraints) Search {
	return Search{c, nodeaffinity.NewRequiredNodeAffinity(c.NodeSelector, &corev1.Affinity{NodeAffinity: c.Affinity})}
}

// Lands reports whether the scheduler would bind the pod to the node, which is a known one.
func (s Search) Lands(n Node) bool {
	return !repelled(s.constraints.Tolerations, n.Taints) && s.Selects(n)
}

// Selects reports whether the pod lands on the node, its taints aside.
func (s Search) Selects(n Node) bool {
	if s.constraints.NodeName != "" && s.constraints.NodeName != n.Name {
		return false
	}
	// The error tells of malformed terms when no other term matches; the scheduler ignores it too.
	match, _ := s.required.Match(n.object())
	return match
}

// Repelling yields the taints of the node that keep the pod off.
func (s Search) Repelling(n Node) iter.Seq[corev1.Taint] {
	return func(yield func(corev1.Taint) bool) {
		for i := range n.Taints {
			if taint := &n.Taints[i]; Repels(taint) && Tolerating(s.constraints.Tolerations, taint) < 0 && !yield(*taint) {
				return
			}
		}
	}
}

// AsksForNames reports whether the pod asks for nodes by their names.
func (c Constraints) AsksForNames() bool {
	if c.NodeName != "" {
		return true
	}
	for _, term := range c.terms() {
		for _, r := range term.MatchFields {
			if r.Key == metav1.ObjectNameField {
				return true
			}
		}
	}
	return false
}

// Keys yields the keys of all labels that the pod asks about, some more than once.
func (c Constraints) Keys() iter.Seq[string] {
	return func(yield func(string) bool) {
		for key := range c.NodeSelector {
			if !yield(key) {
				return
			}
		}
		for _, term := range c.terms() {
			for _, r := range term.MatchExpressions {
				if !yield(r.Key) {
					return
				}
			}
		}
	}
}

// terms are those of the required affinity.
func (c Constraints) terms() []corev1.NodeSelectorTerm {
	if required := c.required(); required != nil {
		return required.NodeSelectorTerms
	}
	return nil
}
