package landing

import corev1 "k8s.io/api/core/v1"

// Constraints are what a pod says about the nodes it may run on.
type Constraints struct {
	NodeName     string
	NodeSelector map[string]string
	Affinity     *corev1.NodeAffinity
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

// Pool describes nodes: each carries the label and the taints; everything else about it is free.
type Pool struct {
	Name       string
	Key, Value string // the node label
	Taints     []corev1.Taint
}

// Node is what the scheduler looks at: a name, labels and taints.
type Node struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels"`
	Taints []corev1.Taint    `json:"taints,omitempty"`
}
