package landing

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Witness returns a node of the pool on which the scheduler would bind the pod; false: no such node can exist.
// The node is one that the API server would accept, and the same constraints give the same node.
//
// It is sound because the node that it constructs is given to the scheduler's own functions before it is returned, and
// complete because terms are tried one by one, and the keys of a term are independent of each other: each is either
// fixed (by the pool, by the nodeSelector) or free to take the first value that the term's requirements leave, or none.
// It takes time linear in the size of the constraints.
func Witness(c Constraints, pool Pool) (Node, bool) {
	node, _, ok := witness(c, pool)
	return node, ok
}

// Possible reports whether there is such a node, which Witness returns. Without required affinity it need not be made to
// be known.
func Possible(c Constraints, pool Pool) bool {
	if c.required() != nil {
		_, ok := Witness(c, pool)
		return ok
	}
	return !elsewhere(c.NodeSelector, pool) && !repelled(c.Tolerations, pool.Taints) && selectable(c.NodeSelector, pool) && nameable(c.NodeName)
}

// Lands reports whether the scheduler would bind the pod to the node, which is a known one and has a name.
func Lands(c Constraints, n Node) bool {
	// Parsing comes last: most pods fail for lack of a toleration.
	return !repelled(c.Tolerations, n.Taints) && NewSearch(c).Selects(n)
}

// witness also returns the index of the term that lets the pod onto the node, -1 when it has no required affinity.
// What is cheap comes first: most pods fail for lack of a toleration, and nothing needs to be parsed for that.
func witness(c Constraints, pool Pool) (Node, int, bool) {
	if elsewhere(c.NodeSelector, pool) || repelled(c.Tolerations, pool.Taints) || !selectable(c.NodeSelector, pool) || !nameable(c.NodeName) {
		return Node{}, -1, false
	}
	required := c.required()
	if required == nil {
		node, _ := satisfy(&corev1.NodeSelectorTerm{}, c, pool) // a term that asks for nothing
		node = complete(node, c, pool)
		return node, -1, Lands(c, node)
	}
	for i := range required.NodeSelectorTerms {
		// Only the keys of the term are set here: the nodeSelector is not copied once for every term.
		node, ok := satisfy(&required.NodeSelectorTerms[i], c, pool)
		if !ok || !matches(required.NodeSelectorTerms[i:i+1], node) {
			continue
		}
		if node = complete(node, c, pool); Lands(c, node) {
			return node, i, true
		}
	}
	return Node{}, -1, false
}

// elsewhere reports whether the nodeSelector asks for another value of the pool's own label. Most pods ask for one pool:
// of all others this is enough to know.
func elsewhere(selector map[string]string, pool Pool) bool {
	value, ok := selector[pool.Key]
	return ok && value != pool.Value
}

// selectable reports whether a node of the pool can meet the nodeSelector.
func selectable(selector map[string]string, pool Pool) bool {
	for key, value := range selector {
		if unmet(key, value, pool) {
			return false
		}
	}
	return true
}

// unmet reports whether no node of the pool can carry key=value. The scheduler does not validate a nodeSelector: one
// that could be no label is looked for on every node, and found on none.
func unmet(key, value string, pool Pool) bool {
	if key == pool.Key {
		return value != pool.Value
	}
	return pool.lacks(key, value) || len(validation.IsQualifiedName(key)) > 0 || len(validation.IsValidLabelValue(value)) > 0
}

// nameable reports whether a node could have the name; "" leaves it free.
func nameable(name string) bool {
	return name == "" || len(validation.IsDNS1123Subdomain(name)) == 0
}

// complete adds what is fixed: the nodeSelector, and the pool's label and taints.
func complete(node Node, c Constraints, pool Pool) Node {
	maps.Copy(node.Labels, c.NodeSelector)
	node.Labels[pool.Key] = pool.Value
	node.Taints = slices.Clone(pool.Taints)
	return node
}

// object returns the node as the scheduler's functions want it. It shares memory with n.
func (n Node) object() *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: n.Name, Labels: n.Labels},
		Spec:       corev1.NodeSpec{Taints: n.Taints},
	}
}
