// Package drift holds a policy against the other layers that say who lives where: Polyaxon's own workloads, nodes, what
// starts nodes, queues, presets, the native twin, and the policy in force. It judges what it is handed, and sends nothing.
package drift

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/layers"
)

// Layer is what says who lives where.
type Layer string

// The layers, in the order in which drifts are told.
const (
	Policies    Layer = "policy"
	Twin        Layer = "twin"
	Core        Layer = "core"
	Nodes       Layer = "nodes"
	Autoscalers Layer = "autoscalers"
	Queues      Layer = "queues"
	Presets     Layer = "presets"
)

// Drift is one place where a layer says something else than the policy.
type Drift struct {
	Layer  Layer  `json:"layer"`
	Object string `json:"object"` // as kubectl names it: "node/core-1"
	What   string `json:"drift"`  // a clause whose subject is the object: "lacks the taint polyaxon=core:NoSchedule"
	Fix    string `json:"fix"`    // a command to copy; words in capitals are to be replaced
}

// Facts are all that was read. Everything but Policies may be missing.
type Facts struct {
	// Policies are what the layers are held against.
	Policies []v1alpha1.File
	// InForce are those of the cluster, where they are others; nil where Policies are those in force.
	InForce []v1alpha1.File
	// Map is the name of the ConfigMap with the policies in force, Replicas the one that each replica runs, by its name.
	Map      string
	Replicas map[string]string
	// Twin are the objects of the native twin in the cluster and their hashes, by "Kind/name".
	Twin      map[string]string
	Workloads []Workload
	Nodes     []corev1.Node
	Groups    []Group
	// UnseenGroups says that a cluster-autoscaler runs whose groups of nodes the cluster does not show.
	UnseenGroups bool
	Flavors      []Flavor
	Presets      []Preset
}

// Find are the drifts, by layer.
func Find(f *Facts) []Drift {
	if f.InForce == nil {
		f = f.inForce()
	}
	pools := layers.Pools(f.Policies)
	return slices.Concat(
		f.policies(), f.replicas(), f.twin(), f.core(), f.nodes(pools), FindGroups(f.Policies, f.Groups), f.flavors(pools), f.presets(),
	)
}

// inForce are the same facts, whose policies are those in force.
func (f *Facts) inForce() *Facts {
	copied := *f
	copied.InForce = f.Policies
	return &copied
}

// carries says whether the taint is among those of a node.
func carries(has []corev1.Taint, t corev1.Taint) bool {
	return slices.ContainsFunc(has, func(o corev1.Taint) bool { return o.ToString() == t.ToString() })
}

// lacks are the taints of the pool that are not among those of a node.
func lacks(pool v1alpha1.NodePool, has []corev1.Taint) []corev1.Taint {
	return slices.DeleteFunc(slices.Clone(pool.Taints), func(t corev1.Taint) bool { return carries(has, t) })
}

// tainted says whether the pool has taints that keep pods off, and a node has all of them.
func tainted(pool v1alpha1.NodePool, has []corev1.Taint) bool {
	repels := slices.ContainsFunc(pool.Taints, func(t corev1.Taint) bool { return landing.Repels(&t) })
	return repels && len(lacks(pool, has)) == 0
}

// untolerated are the taints that keep pods off and that none of the tolerations tolerates.
func untolerated(taints []corev1.Taint, tolerations []corev1.Toleration) []corev1.Taint {
	return slices.DeleteFunc(slices.Clone(taints), func(t corev1.Taint) bool {
		return !landing.Repels(&t) || landing.Tolerating(tolerations, &t) >= 0
	})
}

// words are taints for a sentence: "a=b:NoSchedule, c:NoExecute".
func words(taints []corev1.Taint) string {
	texts := make([]string, len(taints))
	for i, t := range taints {
		texts[i] = t.ToString()
	}
	return strings.Join(texts, ", ")
}
