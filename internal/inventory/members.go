package inventory

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// members are the nodes of a cluster that take pods of users: all of them where every node is of the control plane.
func (c *Cluster) members() []member {
	var workers, all []member
	for i := range c.Nodes {
		m := memberOf(&c.Nodes[i])
		all = append(all, m)
		if !slices.ContainsFunc(controlPlane, m.has) {
			workers = append(workers, m)
		}
	}
	if len(workers) == 0 {
		workers = all
	}
	for _, p := range c.NodePools {
		labels := map[string]string{karpenterPool: p.Name}
		maps.Copy(labels, p.Labels)
		workers = append(workers, member{labels: labels, taints: lasting(p.Taints), resources: promised(p.Taints)})
	}
	return workers
}

func memberOf(n *corev1.Node) member {
	var resources []string
	for name, amount := range n.Status.Allocatable {
		domain, _, extended := strings.Cut(string(name), "/")
		if extended && !strings.HasSuffix(domain, "kubernetes.io") && !amount.IsZero() && isAccelerator(string(name)) {
			resources = append(resources, string(name))
		}
	}
	slices.Sort(resources)
	return member{labels: n.Labels, taints: lasting(n.Spec.Taints), resources: resources, live: true}
}

func (m member) has(key string) bool { _, ok := m.labels[key]; return ok }

// isAccelerator holds for what nodes are bought for. Clouds hand out network addresses as extended resources, too.
func isAccelerator(resource string) bool {
	_, name, _ := strings.Cut(resource, "/")
	return strings.Contains(name, "gpu") || strings.Contains(name, "mig-") || strings.Contains(name, "tpu") || strings.Contains(name, "neuron")
}

// promised are the accelerators that a taint is named after: no node says yet what it has.
func promised(taints []corev1.Taint) []string {
	var resources []string
	for _, t := range taints {
		if strings.Contains(t.Key, "/") && isAccelerator(t.Key) {
			resources = append(resources, t.Key)
		}
	}
	slices.Sort(resources)
	return slices.Compact(resources)
}

// passing are what taints begin with that come and go with the state of a node.
var passing = []string{
	"node.kubernetes.io/", "node.cloudprovider.kubernetes.io/", "karpenter.sh/", "node.cilium.io/",
	"ToBeDeletedByClusterAutoscaler", "DeletionCandidateOfClusterAutoscaler",
}

// lasting are the taints that belong to a node as long as it is there.
func lasting(taints []corev1.Taint) []corev1.Taint {
	var list []corev1.Taint
	for _, t := range taints {
		if !slices.ContainsFunc(passing, func(prefix string) bool { return strings.HasPrefix(t.Key, prefix) }) {
			list = append(list, corev1.Taint{Key: t.Key, Value: t.Value, Effect: t.Effect})
		}
	}
	return list
}
