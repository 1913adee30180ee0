// Package landing answers one question exactly: could the scheduler bind this pod to a node of that pool?
//
// A pool is a description, not a list: its label is fixed, its taints are present, and everything else about a node is
// free, the nodes that do not exist yet included. So the answer is no match against known nodes but a construction:
// Witness makes the node on which the pod would land, or shows that there can be none.
//
// It decides what the scheduler's NodeName, NodeAffinity, TaintToleration and NodeUnschedulable plugins decide, with
// their own functions, and says nothing about resources, ports or volumes: room on a protected node is not a fence.
//
//	c := landing.Of(&pod.Spec)
//	if node, ok := landing.Witness(c, core); ok {
//		fmt.Println("lands on", node, "because it", landing.Because(c, core))
//	}
package landing

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Constraints are what a pod says about the nodes it may run on. They are read, never modified.
type Constraints struct {
	NodeName     string // "": any node
	NodeSelector map[string]string
	Affinity     *corev1.NodeAffinity // only the required half counts: preferences keep no pod off a node
	Tolerations  []corev1.Toleration
}

// Of returns the constraints of a pod. They share memory with it.
func Of(spec *corev1.PodSpec) Constraints {
	c := Constraints{NodeName: spec.NodeName, NodeSelector: spec.NodeSelector, Tolerations: spec.Tolerations}
	if spec.Affinity != nil {
		c.Affinity = spec.Affinity.NodeAffinity
	}
	return c
}

// required returns the required node affinity, nil when the pod has none. It is not nil but empty when the pod has one
// without terms, which matches no node.
func (c Constraints) required() *corev1.NodeSelector {
	if c.Affinity == nil {
		return nil
	}
	return c.Affinity.RequiredDuringSchedulingIgnoredDuringExecution
}

// Pool describes nodes: each carries the label and the taints; everything else about it is free.
// The label and the taints are such as the API server accepts: the policy's validation sees to it.
type Pool struct {
	Name       string
	Key, Value string // the node label
	Taints     []corev1.Taint

	Without    []Label // labels that none of its nodes carries; never its own
	WithoutKey string  // the key of a label that none of its nodes carries, whatever the value; "" for none
}

// Label is a label of a node.
type Label struct{ Key, Value string }

// lacks reports whether no node of the pool carries the label.
func (p Pool) lacks(key, value string) bool {
	return p.WithoutKey == key && key != "" || slices.Contains(p.Without, Label{key, value})
}

// Node is what the scheduler looks at: a name, labels and taints. Whether the node is cordoned is not part of it:
// that passes, and a pod that waits for it lands.
type Node struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels"`
	Taints []corev1.Taint    `json:"taints,omitempty"`
	// Extended are the extended resources of a known node (nvidia.com/gpu) and how many it can give in all. Landing on
	// a pool says nothing of them.
	Extended map[string]int64 `json:"-"`
}

// Size is how much work it is to hold the constraints against one pool, in steps of some hundred nanoseconds: regular
// expressions read every key and value that is to be a label, and the scheduler's parser copies a term with every
// requirement that it adds.
func (c Constraints) Size() int {
	const each = 8
	n := each*len(c.NodeSelector) + len(c.Tolerations)
	for _, term := range c.terms() {
		n += each
		for _, list := range [][]corev1.NodeSelectorRequirement{term.MatchExpressions, term.MatchFields} {
			n += len(list) * len(list) / 4
			for i := range list {
				n += each * (2 + len(list[i].Values))
			}
		}
	}
	return n
}

// And returns the constraints of a pod that asks for more of its node: every term is given the requirements. The receiver
// is left alone.
func (c Constraints) And(more ...corev1.NodeSelectorRequirement) Constraints {
	if len(more) == 0 {
		return c
	}
	terms := []corev1.NodeSelectorTerm{{}}
	if required := c.required(); required != nil {
		// A term that asks for nothing matches no node.
		terms = slices.DeleteFunc(slices.Clone(required.NodeSelectorTerms), func(t corev1.NodeSelectorTerm) bool {
			return len(t.MatchExpressions)+len(t.MatchFields) == 0
		})
	}
	for i := range terms {
		terms[i].MatchExpressions = slices.Concat(terms[i].MatchExpressions, more)
	}
	c.Affinity = &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms}}
	return c
}
