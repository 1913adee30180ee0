package drift

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// nodes finds those whose labels and taints are not those of their pool, and pools without any.
func (f *Facts) nodes(pools []v1alpha1.NodePool) []Drift {
	var found []Drift
	for i := range f.Nodes {
		found = append(found, f.node(&f.Nodes[i], pools)...)
	}
	for _, p := range pools {
		if !f.UnseenGroups && !slices.ContainsFunc(f.Nodes, func(n corev1.Node) bool { return has(n.Labels, p) }) &&
			!slices.ContainsFunc(f.Groups, func(g Group) bool { return g.may(p) }) {
			fix := []string{"kubectl label node NODE " + p.NodeLabel.String()}
			for _, t := range p.Taints {
				fix = append(fix, "kubectl taint node NODE "+t.ToString())
			}
			found = append(found, Drift{Nodes, poolName(p), fmt.Sprintf("has no node: none is labelled %s, and nothing that can be seen starts one", p.NodeLabel), strings.Join(fix, " && ")})
		}
	}
	return found
}

func poolName(p v1alpha1.NodePool) string { return "node pool " + p.Name }

// has says whether labels are those of the pool's nodes.
func has(labels map[string]string, p v1alpha1.NodePool) bool {
	value, ok := labels[p.NodeLabel.Key]
	return ok && value == p.NodeLabel.Value
}

func (f *Facts) node(n *corev1.Node, pools []v1alpha1.NodePool) []Drift {
	object := "node/" + n.Name
	var found []Drift
	var in []v1alpha1.NodePool
	for _, p := range pools {
		if has(n.Labels, p) {
			in = append(in, p)
		}
	}
	if len(in) > 1 {
		last := in[len(in)-1]
		return []Drift{{Nodes, object, fmt.Sprintf("is in %d node pools, %q and %q", len(in), in[0].Name, last.Name), fmt.Sprintf("kubectl label node %s %s-", n.Name, last.NodeLabel.Key)}}
	}
	if len(in) == 0 {
		for _, p := range pools {
			if tainted(p, n.Spec.Taints) {
				found = append(found, Drift{Nodes, object, fmt.Sprintf("has the taints of node pool %q, and not its label %s", p.Name, p.NodeLabel),
					fmt.Sprintf("kubectl label node %s %s --overwrite", n.Name, p.NodeLabel)})
			}
		}
		return found
	}
	for _, t := range lacks(in[0], n.Spec.Taints) {
		found = append(found, Drift{Nodes, object, fmt.Sprintf("lacks the taint %s of node pool %q", t.ToString(), in[0].Name),
			fmt.Sprintf("kubectl taint node %s %s --overwrite", n.Name, t.ToString())})
	}
	for _, t := range f.strange(in[0], n.Spec.Taints) {
		found = append(found, Drift{Nodes, object, fmt.Sprintf("has the taint %s, which no role of node pool %q tolerates", t.ToString(), in[0].Name),
			fmt.Sprintf("kubectl taint node %s %s-", n.Name, t.ToString())})
	}
	return found
}

// strange are taints that keep off the pods of every role of the pool: those that are neither the pool's nor tolerated by
// a role. Taints that come and go with the state of a node, and those for what the pool serves, are none.
func (f *Facts) strange(p v1alpha1.NodePool, taints []corev1.Taint) []corev1.Taint {
	var tolerations []corev1.Toleration
	for _, file := range f.Policies {
		for _, role := range file.Policy.Spec.Effective() {
			if slices.ContainsFunc(poolsOf(&file.Policy.Spec, role.Name), func(o v1alpha1.NodePool) bool { return o.NodeLabel == p.NodeLabel }) {
				tolerations = append(tolerations, role.Tolerations...)
			}
		}
	}
	return slices.DeleteFunc(untolerated(taints, tolerations), func(t corev1.Taint) bool {
		passes := slices.ContainsFunc(passing, func(prefix string) bool { return strings.HasPrefix(t.Key, prefix) })
		sameKey := slices.ContainsFunc(p.Taints, func(o corev1.Taint) bool { return o.Key == t.Key && o.Effect == t.Effect })
		return passes || sameKey || carries(p.Taints, t) || slices.Contains(p.Resources, t.Key)
	})
}

// passing are what taints begin with that come and go with the state of a node.
var passing = []string{
	"node.kubernetes.io/", "node.cloudprovider.kubernetes.io/", "karpenter.sh/", "node.cilium.io/",
	"ToBeDeletedByClusterAutoscaler", "DeletionCandidateOfClusterAutoscaler",
}
