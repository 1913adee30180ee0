package landing

import (
	"iter"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
)

// Group is known nodes that a pod cannot tell apart, as far as it looks: it lands on all of them or on none.
type Group struct {
	Node  Node // one of them; its name may be none of a node, and the labels that nobody asked about be missing
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

// Keys yields the keys of all labels that the pod asks about, some more than once.
func (c Constraints) Keys() iter.Seq[string] {
	return func(yield func(string) bool) {
		for key := range c.NodeSelector {
			if !yield(key) {
				return
			}
		}
		for r := range c.Requirements() {
			if !yield(r.Key) {
				return
			}
		}
	}
}

// Requirements yields what the required affinity asks of labels, whatever the term.
func (c Constraints) Requirements() iter.Seq[corev1.NodeSelectorRequirement] {
	return func(yield func(corev1.NodeSelectorRequirement) bool) {
		for _, term := range c.terms() {
			for _, r := range term.MatchExpressions {
				if !yield(r) {
					return
				}
			}
		}
	}
}

// Names yields what the required affinity asks of the names of nodes, whatever the term.
func (c Constraints) Names() iter.Seq[corev1.NodeSelectorRequirement] {
	return func(yield func(corev1.NodeSelectorRequirement) bool) {
		for _, term := range c.terms() {
			for _, r := range term.MatchFields {
				if r.Key == metav1.ObjectNameField && !yield(r) {
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
